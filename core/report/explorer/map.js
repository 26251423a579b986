// Learning rate and batch size: a map a line, and the best rate of each batch size.

const GRID = ["learning_rate", "batch_size"];

/** The values of the two axes, whether they are lines or not. */
function gridValues(key) {
  const axis = store.axes.find((a) => a.key === key);
  return axis ? axis.values : store.line.values.map((value) => value.label.replace(/^(rate|batch) /, ""));
}

const valueOn = (run, key) => (store.line.key === key ? run.line : run.axes[key]);

/** The maps to draw: one a chosen line, or a single one where the lines are rates or batches. */
function maps() {
  if (GRID.includes(store.line.key)) {
    const runs = store.line.values.flatMap((_, line) => candidates(line, GRID));
    return [{ label: "all runs", runs }];
  }
  return store.line.values.flatMap((value, line) =>
    state.lines.has(line) ? [{ label: value.label, runs: candidates(line, GRID) }] : []);
}

/** Cells `[batch][rate]` of `{mean, lost, n}`; null where no run was made. */
function cellsOf(runs) {
  const result = RESULTS.get(state.result);
  return gridValues("batch_size").map((_, j) => gridValues("learning_rate").map((__, i) => {
    const here = runs.filter((run) => valueOn(run, "batch_size") === j && valueOn(run, "learning_rate") === i);
    if (!here.length) return null;
    const best = ofTheBest(here);
    const used = counted(best);
    const whole = used.length === best.filter((run) => state.seeds.has(run.seed)).length;
    return { mean: mean(used.map((run) => result.numbers[run.at]), result.scale), n: used.length, lost: !used.length, whole };
  }));
}

/** The place of the best cell of each row, one that lost no run before one that did; -1: none. */
function optima(cells, higher) {
  return cells.map((row) => {
    let best = -1;
    row.forEach((cell, i) => {
      if (!cell || Number.isNaN(cell.mean)) return;
      const other = row[best];
      const better = best < 0 || (cell.whole === other.whole
        ? (higher ? cell.mean > other.mean : cell.mean < other.mean) : cell.whole);
      if (better) best = i;
    });
    return best;
  });
}

function drawMaps() {
  const place = document.getElementById("grid");
  if (!place) return;
  const result = RESULTS.get(state.result);
  const found = maps().map((map) => ({ ...map, cells: cellsOf(map.runs) }));
  const values = found.flatMap((map) => map.cells.flat()).filter(Boolean).map((cell) => cell.mean);
  const usable = values.filter((v) => Number.isFinite(v) && (result.scale !== "log" || v > 0));
  const [low, high] = usable.length ? d3.extent(usable) : [0, 1];
  const place01 = (v) => (result.scale === "log"
    ? Math.log(v / low) / Math.log(high / low || 1) : (v - low) / (high - low)) || 0;
  d3.select(place).selectAll("*").remove();
  // All places first: how many there are decides how wide each is.
  const figures = found.map((map) => addFigure(d3.select(place), map.label));
  found.forEach((map, i) => drawMap(figures[i], map, (v) => place01(Math.max(v, low))));
}

function drawMap(figure, map, place01) {
  const result = RESULTS.get(state.result);
  const rates = gridValues("learning_rate");
  const batches = gridValues("batch_size");
  const height = 70 + 40 * batches.length;
  const { svg, width } = canvas(figure, height);
  const box = { left: 52, right: width - 14, top: 24, bottom: height - 46 };
  const x = d3.scaleBand().domain(d3.range(rates.length)).range([box.left, box.right]).padding(0.04);
  const y = d3.scaleBand().domain(d3.range(batches.length)).range([box.bottom, box.top]).padding(0.04);
  const written = x.bandwidth() > 38;
  const texts = [];
  const write = (v) => (result.key.endsWith("accuracy") || result.key === "test_r2" ? v.toFixed(3) : short(v, 2));
  map.cells.forEach((row, j) => row.forEach((cell, i) => {
    if (!cell) return;
    const [left, top] = [x(i), y(j)];
    const none = cell.lost || Number.isNaN(cell.mean);
    const share = none ? 0 : result.higher ? place01(cell.mean) : 1 - place01(cell.mean);
    const color = none ? "none" : d3.interpolateViridis(share);
    const mark = svg.append("rect").attr("class", none ? "cell lost" : "cell").attr("x", left).attr("y", top)
      .attr("width", x.bandwidth()).attr("height", y.bandwidth()).attr("fill", color)
      .attr("data-mean", none ? "" : cell.mean);
    mark.append("title").text(`rate ${rates[i]}, batch ${batches[j]}: ${none ? "no run finished" : `${write(cell.mean)} over ${cell.n}`}`);
    if (!none && !written) return;
    const fill = none ? "currentColor" : share > 0.55 ? "#000" : "#fff";
    texts.push([left + x.bandwidth() / 2, top + y.bandwidth() / 2 - 1, fill, none ? "×" : write(cell.mean)]);
  }));
  const best = optima(map.cells, result.higher);
  const points = best.map((i, j) => [i, j]).filter(([i]) => i >= 0)
    .map(([i, j]) => [x(i) + x.bandwidth() / 2, y(j) + 0.78 * y.bandwidth(), i, j]);
  const path = d3.line()(points.map(([left, top]) => [left, top]));
  svg.append("path").attr("class", "optimum under").attr("d", path);
  svg.append("path").attr("class", "optimum").attr("d", path);
  for (const [left, top] of points) svg.append("circle").attr("class", "optimum").attr("cx", left).attr("cy", top).attr("r", 4);
  for (const [left, top, fill, words] of texts) {
    svg.append("text").attr("class", "in-cell").attr("x", left).attr("y", top).attr("text-anchor", "middle")
      .attr("fill", fill).text(words);
  }
  const every = Math.ceil((rates.length * 44) / (box.right - box.left));
  xAxis(svg, x, box, "learning rate", d3.range(0, rates.length, every), (i) => rates[i]);
  svg.append("g").attr("class", "axis y").attr("transform", `translate(${box.left},0)`)
    .call(d3.axisLeft(y).tickFormat((j) => batches[j]).tickSize(0));
  svg.append("text").attr("class", "label").attr("x", 2).attr("y", 12).text("batch size");
  const told = points.map(([, , i, j]) => `batch ${batches[j]} at rate ${rates[i]} with ${write(map.cells[j][i].mean)}`);
  tell(svg, `${map.label}: ${result.words} over learning rate and batch size. Best: ${told.join("; ") || "none"}.`);
}
