// The page comes alive: controls, copying, sizes, printing.

function choose() {
  const boxes = (name) => Array.from(document.querySelectorAll(`#explore input[name=${name}]`));
  const chosen = (name) => new Set(boxes(name).filter((box) => box.checked).map((box) => Number(box.value)));
  state.lines = chosen("line");
  state.seeds = chosen("seed");
  for (const select of document.querySelectorAll("#explore select[name=axis]")) {
    state.axes[select.dataset.axis] = select.value === "best" ? "best" : Number(select.value);
  }
  const picked = { curve: "curve-of", gradient: "gradient-of", result: "result-of" };
  for (const [key, id] of Object.entries(picked)) if (byId(id)) state[key] = byId(id).value;
}

/** As many places of the slider as the run with most moments has. */
function setSlider() {
  const slider = byId("time");
  slider.max = Math.max(1, (d3.max(RUNS, (run) => run.step.length) || 2) - 1);
  slider.value = slider.max;
  const move = () => { state.time = Number(slider.value) / Number(slider.max); };
  slider.addEventListener("input", () => { move(); drawTime(); });
  move();
}

/** A button that copies a block of text of the page. */
function copyable() {
  for (const block of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = `Copy ${block.dataset.copy}`;
    const said = document.createElement("output");
    block.before(button, said);
    button.addEventListener("click", () => {
      const done = () => { said.textContent = "Copied"; setTimeout(() => { said.textContent = ""; }, 3000); };
      const text = block.textContent;
      const selected = () => {
        block.hidden = false;
        getSelection().selectAllChildren(block);
        if (document.execCommand("copy")) done();
        else said.textContent = "Selected: copy it with the keyboard";
      };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, selected);
      else selected();
    });
  }
}

/** On paper everything is there: what is folded opens, and closes again. */
function printable() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open])")).filter((part) => part.id !== "moment");
    opened.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
}

function drawAll() { drawTime(); drawMaps(); drawRun(); }

function begin() {
  const section = byId("explore");
  copyable();
  printable();
  sortable();
  filterable();
  clickable();
  section.hidden = false;
  for (const link of document.querySelectorAll("nav [hidden]")) link.hidden = false;
  choose();
  setSlider();
  section.addEventListener("change", (event) => {
    if (event.target.id === "time") return;
    choose();
    if (event.target.id === "curve-of" || event.target.id === "gradient-of") drawTime();
    else if (event.target.id === "result-of") drawMaps();
    else { drawTime(); drawMaps(); }
  });
  byId("moment").addEventListener("toggle", drawTime);
  dark.addEventListener("change", drawAll);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; drawAll(); } });
  drawAll();
}

begin();
