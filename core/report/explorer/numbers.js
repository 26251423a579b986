// The numbers of the page, unpacked: see quantize.py and payload.py, which packed them.

const store = JSON.parse(document.getElementById("explore-data").textContent);

/** The numbers of a packed column: 0 is exactly 0, NaN is missing. */
function unpack(column) {
  const bytes = atob(column.codes);
  const numbers = new Float64Array(bytes.length / 2);
  for (let i = 0; i < numbers.length; i++) {
    const code = bytes.charCodeAt(2 * i) + 256 * bytes.charCodeAt(2 * i + 1);
    const place = column.low + ((code - 1) / 65533) * (column.high - column.low);
    numbers[i] = code === 65535 ? NaN : code === 0 ? 0 : column.scale === "log" ? 10 ** place : place;
  }
  return { ...column, codes: null, numbers };
}

const byKey = (columns) => new Map(columns.map((column) => [column.key, unpack(column)]));
const CURVES = byKey(store.curves);
const LAYERS = byKey(store.layers);
const RESULTS = byKey(store.results);

/** Every run with its moments and where its numbers begin. */
const RUNS = (() => {
  let curve = 0;
  let layer = 0;
  return store.runs.id.map((id, i) => {
    const { step, epoch } = store.schedules[store.schedule[i]];
    const run = {
      id, step, epoch, at: i,
      status: store.runs.status[i], seed: store.runs.seed[i], place: store.runs.place[i],
      steps: store.runs.steps[i], line: store.runs.line[i], depth: store.runs.depth[i],
      axes: Object.fromEntries(store.axes.map((axis) => [axis.key, store.runs.axes[axis.key][i]])),
      curve, layer, layers: step.length ? store.layerCounts[i] / step.length : 0,
    };
    curve += step.length;
    layer += store.layerCounts[i];
    return run;
  });
})();

/** A quantity of a run's curve at each of its moments. */
const curveOf = (run, key) =>
  CURVES.get(key).numbers.subarray(run.curve, run.curve + run.step.length);

/** A quantity of a run in every layer at one of its moments. */
const layersOf = (run, key, moment) => {
  const start = run.layer + moment * run.layers;
  return LAYERS.get(key).numbers.subarray(start, start + run.layers);
};

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (exponent) => "10" + String(exponent).replace(/./g, (c) => RAISED[c]);

/** A number with three significant digits, as the rest of the report writes them. */
function short(value, digits = 3) {
  if (value === null || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  let text;
  if (exponent >= -3 && exponent < 6) {
    text = value.toFixed(Math.max(0, digits - 1 - exponent));
    if (text.includes(".")) text = text.replace(/\.?0+$/, "");
  } else {
    const mantissa = (value / 10 ** exponent).toFixed(digits - 1).replace(/\.?0+$/, "");
    text = mantissa === "1" ? raised(exponent) : `${mantissa}·${raised(exponent)}`;
  }
  return text.replace("-", "−");
}

const percent = (share) =>
  Number.isNaN(share) ? "–" : share > 0 && share < 0.001 ? "< 0.1 %"
    : `${(100 * share).toFixed(share === 0 || share >= 0.0995 ? 0 : 1)} %`;
const whole = (value) => Math.round(value).toLocaleString("en");
