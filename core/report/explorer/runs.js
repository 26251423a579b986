// The table of runs: sorted by its heads, filtered by words and status, and any run's own curves.

const ROWS = Array.from(document.querySelectorAll("#runs-table tbody tr"));
const RUN_BY_ID = new Map(RUNS.map((run) => [run.id, run]));

function sortBy(column, kind, descending) {
  const value = (row) => row.cells[column].textContent;
  const number = (row) => Number(value(row));
  const order = (a, b) => {
    if (kind === "text") return d3.ascending(value(a), value(b));
    const missing = Number.isNaN(number(a)) - Number.isNaN(number(b));
    return missing || d3.ascending(number(a), number(b)) * (descending ? -1 : 1);
  };
  const sorted = ROWS.slice().sort(order);
  if (descending && kind === "text") sorted.reverse();
  document.querySelector("#runs-table tbody").append(...sorted);
}

/** Heads become buttons that sort, the sense in `aria-sort`. */
function sortable() {
  const heads = Array.from(document.querySelectorAll("#runs-table thead th"));
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortBy(column, head.dataset.kind, descending);
    });
  });
}

const COLUMNS = new Map(Array.from(document.querySelectorAll("#runs-table thead th"), (head, i) => [head.dataset.key, i]));
const COMPARE = {
  "=": (a, b) => a === b, "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b,
};

/** The test that a word of the filter is: `tanh` in any cell, or `learning_rate=0.1`. */
function conditionOf(word) {
  const [, column, sign, wanted] = word.match(/^([a-z0-9_]+)(<=|>=|=|<|>)(.+)$/) || [];
  if (!COLUMNS.has(column)) return (cells) => cells.some((cell) => cell.includes(word));
  const place = COLUMNS.get(column);
  return (cells) => {
    const numbers = [cells[place], wanted].map(Number);
    return numbers.some(Number.isNaN) ? sign === "=" && cells[place] === wanted : COMPARE[sign](...numbers);
  };
}

/** Rows stay that meet every word and have the status. */
function filterRows() {
  const words = byId("runs-words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const conditions = words.map(conditionOf);
  const status = byId("runs-status").value;
  let shown = 0;
  for (const row of ROWS) {
    const cells = Array.from(row.cells, (cell) => cell.textContent.toLowerCase());
    const stays = (!status || cells[1] === status) && conditions.every((meets) => meets(cells));
    row.hidden = !stays;
    shown += stays;
  }
  byId("runs-count").textContent = `${whole(shown)} of ${whole(ROWS.length)} runs`;
}

function filterable() {
  const tools = byId("runs-tools");
  const found = Array.from(new Set(store.runs.status));
  tools.innerHTML = '<label class="pick">Filter: <input type="search" id="runs-words" placeholder="tanh learning_rate=0.1" autocomplete="off" size="28"></label>'
    + '<label class="pick">Status: <select id="runs-status"><option value="">any</option></select></label>'
    + '<output id="runs-count" for="runs-words runs-status"></output>';
  found.forEach((status) => byId("runs-status").append(new Option(status, status)));
  byId("runs-words").addEventListener("input", filterRows);
  byId("runs-status").addEventListener("change", filterRows);
  tools.hidden = false;
  filterRows();
}

/** The first cell of a row becomes a button; a click anywhere in the row does the same. */
function clickable() {
  for (const row of ROWS) {
    const cell = row.cells[0];
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    row.addEventListener("click", () => showRun(row));
  }
}

let shownRow = null;

function showRun(row) {
  if (shownRow) shownRow.classList.remove("chosen");
  shownRow = row;
  row.classList.add("chosen");
  drawRun();
  byId("run-head").focus({ preventScroll: true });
  byId("run").scrollIntoView({ block: "nearest" });
}

function closeRun() {
  const row = shownRow;
  shownRow = null;
  byId("run").hidden = true;
  row.classList.remove("chosen");
  row.querySelector("button").focus();
}

/** The chosen run's own pictures: losses, accuracies, and its layers over time. */
function drawRun() {
  const place = byId("run");
  if (!shownRow) return;
  const run = RUN_BY_ID.get(shownRow.cells[0].textContent);
  const settings = store.axes.map((axis) => `${axis.words} ${axis.values[run.axes[axis.key]]}`);
  const words = [store.line.values[run.line].label, ...settings, `seed ${run.seed}`, run.status].join(", ");
  place.innerHTML = '<h3 id="run-head" tabindex="-1"></h3><p></p><div class="figures"></div>'
    + '<button type="button" id="run-close">Close, back to the table</button>';
  place.querySelector("h3").textContent = `Run ${run.id}`;
  place.querySelector("p").textContent = words;
  place.hidden = false;
  byId("run-close").addEventListener("click", closeRun);
  const wanted = [["Loss", ["train_loss", "test_loss"]], ["Accuracy", ["train_accuracy", "test_accuracy"]]]
    .map(([title, keys]) => [title, keys.filter((key) => CURVES.has(key))])
    .filter(([, keys]) => keys.length && run.step.length);
  const list = d3.select(place.querySelector(".figures"));
  // All places first: how many there are decides how wide each is.
  const curves = wanted.map(([title, keys]) => [addFigure(list, title), title, keys]);
  const layers = run.layers ? Array.from(LAYERS, ([key, { words }]) => [addFigure(list, capital(words)), key]) : [];
  curves.forEach(([figure, title, keys]) => drawRunCurves(figure, run, title, keys));
  layers.forEach(([figure, key]) => drawRunLayers(figure, run, key));
  if (!run.step.length) place.querySelector("p").textContent += "; nothing was recorded";
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);

const runTime = (run) => ({ label: "training step", domain: [0, d3.max(run.step) || 1] });

function drawRunCurves(figure, run, title, keys) {
  const looks = [{ light: "#0072b2", dark: "#5ab4ec", dash: "" }, { light: "#b34f00", dark: "#ff9a52", dash: "6 4" }];
  const lines = keys.map((key, i) => ({
    label: CURVES.get(key).words, color: inkOf(looks[i]), dash: looks[i].dash,
    points: Array.from(curveOf(run, key), (value, k) => [run.step[k], value]),
  }));
  keyed(figure, lines);
  drawLines(figure, {
    title, kind: CURVES.get(keys[0]).scale, label: CURVES.get(keys[0]).label.replace(/^training /, ""), x: runTime(run), lines,
    range: lines.flatMap((line) => line.points.map(([, y]) => y)), empty: "nothing recorded",
  }, 220);
}

function drawRunLayers(figure, run, key) {
  const quantity = LAYERS.get(key);
  const hidden = quantity.scale === "linear";
  const count = hidden ? run.layers - 1 : run.layers;
  const tint = (i) => d3.interpolateViridis((dark.matches ? 0.3 : 0) + (0.7 * i) / Math.max(1, count - 1));
  const lines = d3.range(count).map((i) => ({
    label: i === run.depth ? "output layer" : `layer ${i + 1}`, color: tint(i), dash: "",
    points: run.step.map((step, k) => [step, layersOf(run, key, k)[i]]),
  }));
  keyed(figure, lines.length > 6 ? [lines[0], lines[lines.length - 1]] : lines);
  drawLines(figure, {
    title: quantity.words, kind: hidden ? "percent" : "log", label: quantity.label, x: runTime(run), lines,
    range: lines.flatMap((line) => line.points.map(([, y]) => y)), empty: "nothing above 0",
  }, 220);
}

/** Names the lines under the picture's title. */
function keyed(figure, lines) {
  const list = d3.select(figure.querySelector("figcaption")).append("span").attr("class", "key");
  for (const line of lines) {
    const item = list.append("span");
    const swatch = item.append("svg").attr("width", 20).attr("height", 8).attr("aria-hidden", "true");
    swatch.append("line").attr("x1", 0).attr("x2", 20).attr("y1", 4).attr("y2", 4)
      .attr("stroke", line.color).attr("stroke-width", 3).attr("stroke-dasharray", line.dash || null);
    item.append("span").text(line.label);
  }
}
