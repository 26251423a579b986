// What is chosen, and the means over it. The same rules as everywhere in nnlab: geometric on a log
// scale, where zeros do not count; runs that diverged or failed are in no mean.

const state = {
  lines: new Set(), seeds: new Set(), axes: {}, time: 1,
  curve: store.curves.length ? store.curves[0].key : "",
  gradient: LAYERS.has("delta_rms") ? "delta_rms" : "gradient_norm",
  result: store.results.length ? store.results[0].key : "",
};

function mean(values, scale) {
  let sum = 0;
  let count = 0;
  let zeros = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (scale === "log" && value <= 0) { zeros += 1; continue; }
    sum += scale === "log" ? Math.log(value) : value;
    count += 1;
  }
  if (!count) return zeros ? 0 : NaN;
  return scale === "log" ? Math.exp(sum / count) : sum / count;
}

/** The runs of a line that agree with what is chosen on every axis but `free` ones. */
function candidates(line, free = []) {
  return RUNS.filter((run) => run.line === line && store.axes.every((axis) =>
    free.includes(axis.key) || state.axes[axis.key] === "best" || state.axes[axis.key] === run.axes[axis.key]));
}

/** Of these runs those of the setting that ranks first over all seeds. */
function ofTheBest(runs) {
  const first = Math.min(...runs.map((run) => run.place));
  return runs.filter((run) => run.place === first);
}

const counted = (runs) => runs.filter((run) => run.status === "finished" && state.seeds.has(run.seed));

/** The chosen lines with their runs, those without a finished run too. */
function groups() {
  return store.line.values.flatMap((value, line) => {
    if (!state.lines.has(line)) return [];
    const found = candidates(line);
    const best = found.length ? ofTheBest(found) : [];
    return [{ line, value, label: value.label, all: best, runs: counted(best) }];
  });
}

/** The moment of a run nearest to a share of its training. */
function momentAt(run, share) {
  const wanted = share * run.steps;
  let nearest = 0;
  run.step.forEach((step, i) => {
    if (Math.abs(step - wanted) < Math.abs(run.step[nearest] - wanted)) nearest = i;
  });
  return nearest;
}

/** Means over runs of one schedule at each moment. */
function meanCurve(runs, key) {
  const { scale } = CURVES.get(key);
  return runs[0].step.map((_, k) => mean(runs.map((run) => curveOf(run, key)[k]), scale));
}

/** Means over runs of one shape in each layer at a moment. */
function meanLayers(runs, key, moment) {
  const { scale } = LAYERS.get(key);
  const rows = runs.map((run) => layersOf(run, key, moment));
  return Array.from(rows[0], (_, layer) => mean(rows.map((row) => row[layer]), scale));
}
