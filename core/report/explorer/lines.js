// A picture of lines: over training time, or over the layers.

/**
 * Draws `spec` into `figure`. spec: {title, kind, label, x: {label, ticks, words, domain}, lines:
 * [{label, color, dash, thin, marks, points: [[x, y], ...]}], range: numbers the y axis must hold,
 * cursor: x or null, empty: words where there is nothing}.
 */
function drawLines(figure, spec, height = 260) {
  const { svg, width } = canvas(figure, height);
  const box = { left: 52, right: width - 24, top: 24, bottom: height - 42 };
  const y = scaleOf(spec.kind, spec.range, [box.bottom, box.top]);
  if (!y) {
    nothing(svg, width, height, spec.empty);
    tell(svg, `${spec.title}: ${spec.empty}.`);
    return;
  }
  const x = d3.scaleLinear().domain(spec.x.domain).range([box.left, box.right]);
  yAxis(svg, y, spec.kind, box, spec.label);
  xAxis(svg, x, box, spec.x.label, spec.x.ticks || x.ticks(width < 420 ? 4 : 6), spec.x.words || whole);
  const there = ([, value]) => Number.isFinite(value) && (spec.kind !== "log" || value > 0);
  const path = d3.line().defined(there).x(([place]) => x(place)).y(([, value]) => y(value));
  const body = svg.append("g");
  for (const line of spec.lines) {
    body.append("path").attr("class", line.thin ? "thin" : "line").attr("d", path(line.points) || "M0,0")
      .attr("stroke", line.color).attr("stroke-dasharray", line.dash || null).attr("data-label", line.label);
    if (!line.marks) continue;
    body.selectAll(null).data(line.points.filter(there)).enter().append("circle").attr("r", 3)
      .attr("cx", ([place]) => x(place)).attr("cy", ([, value]) => y(value)).attr("fill", line.color);
  }
  if (spec.cursor !== null && spec.cursor !== undefined) {
    svg.append("line").attr("class", "cursor").attr("x1", x(spec.cursor)).attr("x2", x(spec.cursor))
      .attr("y1", box.top).attr("y2", box.bottom);
  }
  tell(svg, inWords(spec, there));
  pointAt(figure, svg, x, box, spec);
}

/** The picture in a sentence a line: where each begins and ends. */
function inWords(spec, there) {
  const write = spec.kind === "percent" ? percent : short;
  const told = spec.lines.filter((line) => !line.thin).map((line) => {
    const points = line.points.filter(there);
    if (!points.length) return `${line.label}: none`;
    const [first, last] = [points[0], points[points.length - 1]];
    return `${line.label} from ${write(first[1])} to ${write(last[1])}`;
  });
  return `${spec.title}, ${spec.label} over ${spec.x.label}. ${told.join("; ")}.`;
}

/** A pointer over the picture reads off the lines' values at the nearest place. */
function pointAt(figure, svg, x, box, spec) {
  const write = spec.kind === "percent" ? percent : short;
  const tip = d3.select(figure.querySelector(".plot")).append("div").attr("class", "tip").attr("aria-hidden", "true");
  const lines = spec.lines.filter((line) => !line.thin && line.points.length);
  const rule = svg.append("line").attr("class", "rule").attr("y1", box.top).attr("y2", box.bottom);
  const hide = () => { tip.style("display", "none"); rule.style("display", "none"); };
  hide();
  svg.on("pointerleave", hide).on("pointermove", () => {
    const [left] = d3.mouse(svg.node());
    if (!lines.length || left < box.left - 8 || left > box.right + 8) return hide();
    const wanted = x.invert(left);
    const nearest = (line) => line.points[d3.scan(line.points, (a, b) => Math.abs(a[0] - wanted) - Math.abs(b[0] - wanted))];
    const place = nearest(lines[0])[0];
    rule.style("display", null).attr("x1", x(place)).attr("x2", x(place));
    tip.style("display", "block").selectAll("*").remove();
    tip.append("strong").text(`${spec.x.label} ${(spec.x.words || short)(place)}`);
    for (const line of lines) {
      const row = tip.append("div");
      row.append("span").attr("class", "dot").style("background", line.color);
      row.append("span").text(`${line.label} ${write(nearest(line)[1])}`);
    }
    const right = x(place) > (box.left + box.right) / 2;
    tip.style("left", right ? "auto" : `${x(place) + 10}px`)
      .style("right", right ? `${svg.node().clientWidth - x(place) + 10}px` : "auto");
    return undefined;
  });
}

/** Ticks at the layers of a net with so many hidden layers; the output layer is `out`. */
function layerTicks(depth) {
  const every = depth < 10 ? 1 : depth < 40 ? 5 : 10;
  const ticks = d3.range(1, depth + 1).filter((l) => (l === 1 || l % every === 0) && (every === 1 || depth - l > 0));
  return [...ticks, depth + 1];
}
