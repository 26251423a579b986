"""The markup of what can be explored, which the scripts fill, and the table of all runs."""

from __future__ import annotations

from html import escape
from typing import Any

from nnlab.core.analysis.summaries import Summary
from nnlab.core.quantities import RUN_COLUMNS
from nnlab.core.report.captions import AXIS_WORDS
from nnlab.core.report.explorer.sample import Sample
from nnlab.core.report.html_parts import html_paragraph
from nnlab.core.report.style import one_line

_TIME = (
    ("gradient", "Gradient by layer"),
    ("dead", "Dead units by layer"),
    ("saturated", "Saturation by layer"),
)
"""The pictures that the slider moves together."""

_RESULTS = (
    "steps", "diverged_at", "train_loss", "test_loss", "train_accuracy", "test_accuracy",
    "test_r2", "steps_to_target", "seconds",
)  # fmt: skip


def explorer_section(document: dict[str, Any], sample: Sample, json: str) -> str:
    """The section above the pictures; hidden until the scripts have filled it.

    `document` is the payload, `json` the same as text.
    """
    lines = document["line"]
    boxes = "".join(_box("line", i, v["label"], v["shown"]) for i, v in enumerate(lines["values"]))
    seeds = "".join(_box("seed", s, str(s), True) for s in document["seeds"])
    selects = "".join(_select(axis) for axis in document["axes"])
    curves = [(q["key"], q["words"]) for q in document["curves"]]
    gradients = [q for q in document["layers"] if q["key"] in ("delta_rms", "gradient_norm")]
    has = {q["key"] for q in document["layers"]}
    wanted = {"gradient": bool(gradients), "dead": "dead_fraction" in has}
    wanted["saturated"] = "saturated_fraction" in has
    heads = {key: escape(head) for key, head in _TIME}
    if len(gradients) > 1:
        options = [(q["key"], q["words"]) for q in gradients]
        heads["gradient"] += f" {_choice('gradient-of', '', options)}"
    figures = "".join(_figure(key, heads[key]) for key, _ in _TIME if wanted[key])
    note = html_paragraph(sample.note) if sample.note else ""
    return (
        '<section id="explore" aria-labelledby="explore-head" hidden>'
        '<h2 id="explore-head">Explore</h2>'
        '<p class="quiet">A thick line is the mean over the chosen seeds (geometric for losses and '
        "gradients), thin lines are single runs; runs that diverged or failed are in no mean.</p>"
        f"{note}"
        '<div class="choose">'
        f"<fieldset><legend>{escape(_plural(lines['words']))}</legend>{boxes}</fieldset>"
        f"<fieldset><legend>Seeds</legend>{seeds}</fieldset>"
        f"{_selects(selects)}</div>"
        f'<div class="moving">{_TIME_BAR}'
        f'<div class="figures"><figure class="chart wide" id="curves">'
        f"<figcaption>{_choice('curve-of', 'Learning curve', curves)}</figcaption>"
        '<div class="plot"></div></figure>'
        f"{figures}</div>"
        '<details id="moment"><summary>The same as numbers</summary>'
        '<div class="scroll" tabindex="0" role="group" aria-label="Numbers by layer"></div>'
        "</details></div>"
        f"{_map(document)}</section>"
        f'<script type="application/json" id="explore-data">{json}</script>'
    )


_TIME_BAR = (
    '<div class="time"><label for="time">Training time</label>'
    '<input type="range" id="time" min="0" max="1" step="1" value="0">'
    '<output id="time-is" for="time"></output>'
    '<ul class="legend" id="legend" aria-label="Lines"></ul></div>'
)


def _map(document: dict[str, Any]) -> str:
    """The place of the map of a grid, where learning rate and batch size both vary."""
    keys = {axis["key"] for axis in document["axes"]} | {document["line"]["key"]}
    if not {"learning_rate", "batch_size"} <= keys or not document["results"]:
        return ""
    results = [(q["key"], q["words"]) for q in document["results"]]
    return (
        '<h3 id="grid-head">Learning rate and batch size</h3>'
        '<p class="quiet">Colour: the mean over the chosen seeds. The line joins the best rate of '
        "each batch size; a cross is a setting of which no run finished.</p>"
        f"{_choice('result-of', 'Colour', results)}"
        '<div class="figures" id="grid"></div>'
    )


def runs_section(summary: Summary, sample: Sample) -> str:
    """The table of all runs, complete as it stands; the scripts sort and filter it."""
    runs = sample.runs
    axes = [axis for axis in ("activation", *summary.varying) if axis in AXIS_WORDS]
    columns = ["run", "status", *dict.fromkeys(axes), "seed"]
    columns += [name for name in _RESULTS if runs[name].is_not_null().any()]
    head = "".join(
        f'<th scope="col" data-key="{name}" data-kind="{RUN_COLUMNS[name].kind}">{_head(name)}</th>'
        for name in columns
    )
    body = "".join(map(_row, runs.select(columns).rows()))
    note = html_paragraph(sample.note) if sample.note else ""
    return (
        '<section aria-labelledby="runs"><h2 id="runs">Runs</h2>'
        f'{note}<div id="run" hidden></div><div id="runs-tools" hidden></div>'
        '<div class="scroll tall" tabindex="0" role="group" aria-label="Runs">'
        f'<table id="runs-table"><thead><tr>{head}</tr></thead><tbody>'
        f"{body}</tbody></table></div></section>"
    )


def _row(values: tuple[Any, ...]) -> str:
    cells = "".join(f"<td>{escape(_text(value))}</td>" for value in values[1:])
    return f'<tr><th scope="row">{escape(_text(values[0]))}</th>{cells}</tr>'


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return one_line(str(value))


def _head(name: str) -> str:
    words = "diverged at step" if name == "diverged_at" else AXIS_WORDS.get(name)
    return escape(words or name.replace("train_", "training ").replace("_", " "))


def _box(kind: str, value: int, label: str, checked: bool) -> str:
    on = " checked" if checked else ""
    key = f"{kind}-{value}"
    return (
        f'<label class="box"><input type="checkbox" name="{kind}" id="{key}" value="{value}"{on}>'
        f"{escape(one_line(label))}</label>"
    )


def _select(axis: dict[str, Any]) -> str:
    values = enumerate(axis["values"])
    options = "".join(f'<option value="{i}">{escape(text)}</option>' for i, text in values)
    words, key = escape(axis["words"]), escape(axis["key"])
    return (
        f'<label class="pick">{words} <select name="axis" data-axis="{key}">'
        f'<option value="best">the best of each line</option>{options}</select></label>'
    )


def _selects(selects: str) -> str:
    return f"<fieldset><legend>Settings</legend>{selects}</fieldset>" if selects else ""


def _choice(key: str, words: str, options: list[tuple[str, str]]) -> str:
    listed = "".join(f'<option value="{k}">{escape(text)}</option>' for k, text in options)
    named = f"{words}: " if words else '<span class="unseen">quantity </span>'
    return f'<label class="pick" for="{key}">{named}<select id="{key}">{listed}</select></label>'


def _figure(key: str, head: str) -> str:
    return (
        f'<figure class="chart" id="{key}"><figcaption>{head}</figcaption>'
        '<div class="plot"></div></figure>'
    )


def _plural(words: str) -> str:
    ends = {"batch size": "Batch sizes"}
    return ends.get(words, f"{words[0].upper()}{words[1:]}s")
