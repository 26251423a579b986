// What every picture is drawn with: an SVG of the size of its place, axes, and words for it.

const dark = matchMedia("(prefers-color-scheme: dark)");
const inkOf = (value) => (dark.matches ? value.dark : value.light);

/** An empty figure with a title, at the end of a list of figures. */
function addFigure(figures, title) {
  const figure = figures.append("figure").attr("class", "chart");
  figure.append("figcaption").text(title);
  figure.append("div").attr("class", "plot");
  return figure.node();
}

/** A new SVG in a figure, `{svg, width, height}`; its name for a screen reader is set by `tell`. */
function canvas(figure, height) {
  const place = figure.querySelector(".plot");
  const width = Math.max(240, place.clientWidth || figure.clientWidth);
  d3.select(place).selectAll("*").remove();
  const svg = d3.select(place).append("svg").attr("width", width).attr("height", height)
    .attr("viewBox", `0 0 ${width} ${height}`).attr("role", "img");
  return { svg, width, height };
}

const tell = (svg, words) => svg.attr("aria-label", words);

/** Words where there is nothing to draw. */
function nothing(svg, width, height, words) {
  svg.append("text").attr("class", "none").attr("x", width / 2).attr("y", height / 2)
    .attr("text-anchor", "middle").text(words);
}

/** Powers of ten with room between them; 1-2-5 steps where there are few. */
function logTicks(scale, most) {
  const [low, high] = scale.domain().map(Math.log10);
  const powers = d3.range(Math.ceil(low - 1e-9), Math.floor(high + 1e-9) + 1);
  if (powers.length >= 2) {
    const every = Math.ceil(powers.length / most);
    return powers.filter((p) => p % every === 0).map((p) => 10 ** p);
  }
  return scale.ticks(4).filter((t) => [1, 2, 5].includes(Math.round(t / 10 ** Math.floor(Math.log10(t) + 1e-9))));
}

const logWords = (value) => {
  const power = Math.log10(value);
  return Number.isInteger(Math.round(power * 1e6) / 1e6) && (power < -2 || power > 3)
    ? raised(Math.round(power)) : short(value);
};

/** A scale for these numbers over pixels, `kind` log, percent or linear. */
function scaleOf(kind, values, range) {
  const finite = values.filter((v) => Number.isFinite(v) && (kind !== "log" || v > 0));
  if (!finite.length) return null;
  let [low, high] = d3.extent(finite);
  if (kind === "log") {
    const pad = Math.max(0.04 * Math.log10(high / low), low === high ? 0.3 : 0);
    return d3.scaleLog().domain([low / 10 ** pad, high * 10 ** pad]).range(range);
  }
  if (kind === "percent") return d3.scaleLinear().domain([0, Math.max(high * 1.08, 0.02)]).range(range);
  const pad = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
  return d3.scaleLinear().domain([low - pad, high + pad]).range(range);
}

/** The left axis with faint lines across. */
function yAxis(svg, scale, kind, box, label) {
  const ticks = kind === "log" ? logTicks(scale, 5) : scale.ticks(4);
  const words = kind === "log" ? logWords : kind === "percent" ? (v) => `${+(100 * v).toFixed(1)} %` : (v) => short(v);
  const axis = d3.axisLeft(scale).tickValues(ticks).tickFormat(words).tickSize(-(box.right - box.left));
  svg.append("g").attr("class", "axis y").attr("transform", `translate(${box.left},0)`).call(axis);
  svg.append("text").attr("class", "label").attr("x", 2).attr("y", 12).text(label);
}

function xAxis(svg, scale, box, label, ticks, words) {
  const axis = d3.axisBottom(scale).tickValues(ticks).tickFormat(words).tickSize(4);
  svg.append("g").attr("class", "axis x").attr("transform", `translate(0,${box.bottom})`).call(axis);
  svg.append("text").attr("class", "label").attr("x", (box.left + box.right) / 2)
    .attr("y", box.bottom + 34).attr("text-anchor", "middle").text(label);
}
