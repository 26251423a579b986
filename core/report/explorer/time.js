// What the slider moves: the learning curves' cursor and the pictures by layer.

const byId = (id) => document.getElementById(id);

/** Steps as the x axis of the curves, or epochs where the lines make different numbers of steps. */
function timeOf(found) {
  const steps = new Set(found.flatMap((group) => group.runs.map((run) => run.steps)));
  return steps.size > 1 ? "epoch" : "step";
}

function drawCurves(found) {
  if (!CURVES.size) return;
  const quantity = CURVES.get(state.curve);
  const drawn = found.filter((group) => group.runs.length);
  const time = timeOf(drawn);
  const many = d3.sum(drawn, (group) => group.runs.length) > 60;
  const points = (run, values) => Array.from(values, (value, k) => [run[time][k], value]);
  const lines = drawn.flatMap(({ runs, value, label }) => {
    const look = { label, color: inkOf(value), dash: value.dash };
    const single = runs.length > 1 && !many
      ? runs.map((run) => ({ ...look, thin: true, dash: "", points: points(run, curveOf(run, state.curve)) })) : [];
    return [...single, { ...look, points: points(runs[0], meanCurve(runs, state.curve)) }];
  });
  const last = d3.max(lines, (line) => d3.max(line.points, ([x]) => x)) || 1;
  drawLines(byId("curves"), {
    title: quantity.words, kind: quantity.scale, label: quantity.label,
    x: { label: time === "step" ? "training step" : "epoch", domain: [0, last] },
    lines, range: lines.flatMap((line) => line.points.map(([, y]) => y)),
    cursor: state.time * last, empty: "no finished run is chosen",
  }, 280);
}

/** The pictures of one quantity by layer at the slider's moment; axes hold all moments. */
function drawByLayer(id, key, found) {
  const figure = byId(id);
  if (!figure || !LAYERS.has(key)) return [];
  const quantity = LAYERS.get(key);
  const hidden = quantity.scale === "linear";
  const drawn = found.filter((group) => group.runs.length && group.runs[0].layers);
  const range = [];
  const rows = drawn.map(({ runs, value, label }) => {
    const means = runs[0].step.map((_, k) => meanLayers(runs, key, k));
    means.forEach((row) => range.push(...row));
    return { label, value, values: means[momentAt(runs[0], state.time)], depth: runs[0].depth };
  });
  const depth = d3.max(rows, (row) => row.depth) || 1;
  const ticks = layerTicks(depth);
  drawLines(figure, {
    title: `${quantity.words} ${momentWords(found)}`, kind: hidden ? "percent" : "log", label: quantity.label,
    x: {
      label: "layer (1: at the input)", domain: [0.75, depth + (hidden ? 0.25 : 1.25)],
      ticks: hidden ? ticks.slice(0, -1) : ticks, words: (layer) => (layer > depth ? "out" : layer),
    },
    lines: rows.map((row) => ({
      label: row.label, color: inkOf(row.value), dash: row.value.dash, marks: row.depth < 25,
      points: row.values.map((value, i) => [i + 1, value]).filter(([layer]) => !hidden || layer <= row.depth),
    })),
    range, empty: found.some((group) => group.runs.length) ? "nothing above 0" : "no finished run is chosen",
  }, 250);
  return rows;
}

/** Where the slider stands, in words. */
function momentWords(found) {
  const runs = found.flatMap((group) => group.runs);
  if (!runs.length) return "";
  const moments = new Set(runs.map((run) => `${run.step[momentAt(run, state.time)]} of ${run.steps}`));
  if (moments.size > 1) return `${Math.round(100 * state.time)} % of training`;
  const [run] = runs;
  const k = momentAt(run, state.time);
  const epoch = run.epoch[k] >= 0.05 ? `, epoch ${short(run.epoch[k])}` : "";
  return `step ${whole(run.step[k])} of ${whole(run.steps)}${epoch}`;
}

/** The legend beside the slider, a line each with how many runs stand behind it. */
function drawLegend(found) {
  const legend = d3.select(byId("legend"));
  legend.selectAll("*").remove();
  for (const { value, label, runs } of found) {
    const item = legend.append("li");
    const swatch = item.append("svg").attr("width", 26).attr("height", 10).attr("aria-hidden", "true");
    swatch.append("line").attr("x1", 0).attr("x2", 26).attr("y1", 5).attr("y2", 5)
      .attr("stroke", inkOf(value)).attr("stroke-width", 3).attr("stroke-dasharray", value.dash || null);
    const setting = runs.length ? store.axes.filter((axis) => state.axes[axis.key] === "best")
      .map((axis) => `${axis.words} ${axis.values[runs[0].axes[axis.key]]}`).join(", ") : "";
    item.append("span").text(runs.length ? label : `${label}: no finished run`);
    if (setting) item.append("span").attr("class", "quiet").text(` ${setting}`);
  }
}

/** The numbers of the pictures by layer as a table, for those who do not see them. */
function drawMoment(tables) {
  const place = d3.select("#moment .scroll");
  place.selectAll("*").remove();
  if (!byId("moment").open) return;
  const rows = tables.flatMap(({ key, rows: found }) => found.map((row) => ({ ...row, key })));
  const depth = d3.max(rows, (row) => row.values.length) || 0;
  const table = place.append("table");
  const head = table.append("thead").append("tr");
  const names = ["quantity", store.line.words, ...d3.range(1, depth + 1).map((layer) => `layer ${layer}`)];
  names.forEach((name) => head.append("th").attr("scope", "col").text(name));
  const body = table.append("tbody");
  for (const row of rows) {
    const line = body.append("tr");
    line.append("th").attr("scope", "row").text(LAYERS.get(row.key).words);
    line.append("td").text(row.label);
    const write = LAYERS.get(row.key).scale === "linear" ? percent : short;
    d3.range(depth).forEach((i) => line.append("td").text(i < row.values.length ? write(row.values[i]) : ""));
  }
}

function drawTime() {
  const found = groups();
  const words = momentWords(found);
  byId("time-is").textContent = words;
  byId("time").setAttribute("aria-valuetext", words || "no run is chosen");
  drawLegend(found);
  drawCurves(found);
  const keys = { gradient: state.gradient, dead: "dead_fraction", saturated: "saturated_fraction" };
  const tables = Object.entries(keys).map(([id, key]) => ({ key, rows: drawByLayer(id, key, found) }));
  drawMoment(tables);
}
