"""The numbers behind what can be explored, as one JSON document.

Runs are columns of equal length. What was measured over time lies in one array a quantity, run
after run, moment after moment, layer after layer; `offset`s say where a run begins.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from nnlab.core.analysis.axes import AXES, OUTCOMES
from nnlab.core.analysis.selection import (
    architecture_labels,
    label_settings,
    ordered_values,
    setting_label,
)
from nnlab.core.analysis.statistics import Scale
from nnlab.core.analysis.summaries import GRID, Summary
from nnlab.core.report.captions import AXIS_WORDS, loss_unit
from nnlab.core.report.explorer.quantize import quantize
from nnlab.core.report.explorer.sample import Sample
from nnlab.core.report.style import Look, contrast, looks, one_line
from nnlab.core.report.wording import short

DARK_PAPER = "#16181b"
"""The background of the page in dark mode."""
CURVES: dict[str, tuple[str, Scale]] = {
    "train_loss": ("training loss", "log"),
    "test_loss": ("test loss", "log"),
    "train_accuracy": ("training accuracy", "linear"),
    "test_accuracy": ("test accuracy", "linear"),
}
LAYERS: dict[str, tuple[str, Scale]] = {
    "delta_rms": ("delta", "log"),
    "gradient_norm": ("weight gradient", "log"),
    "dead_fraction": ("dead units", "linear"),
    "saturated_fraction": ("saturation", "linear"),
}
_LABELS = {
    "delta_rms": "delta, rms (loss per unit of z)",
    "gradient_norm": "norm of dLoss/dW (loss per unit of w)",
    "dead_fraction": "share of the layer's units",
    "saturated_fraction": "share of unit-example pairs",
}
"""What is written at the axis, where that is more than the name."""


def payload(summary: Summary, sample: Sample) -> dict[str, Any]:
    """Everything the scripts of the page read, as values that JSON has."""
    runs = _with_places(summary, sample.runs)
    lines = ordered_values(summary.tables.runs, summary.shown.line_axis)
    series = _series(summary, sample)
    return {
        "line": _line_axis(summary, lines),
        "axes": [_axis(summary, axis) for axis in _others(summary)],
        "seeds": sorted(summary.tables.runs["seed"].unique().to_list()),
        "outcome": summary.outcome.column,
        "results": _results(summary, runs),
        "runs": {
            "id": runs["run"].to_list(),
            "status": runs["status"].to_list(),
            "seed": runs["seed"].to_list(),
            "place": runs["place"].to_list(),
            "steps": runs["steps"].to_list(),
            "depth": runs["depth"].to_list(),
            "line": _indices(runs[summary.shown.line_axis], lines),
            "axes": {
                axis: _indices(runs[axis], ordered_values(summary.tables.runs, axis))
                for axis in _others(summary)
            },
        },
        **series,
    }


def to_json(document: dict[str, Any]) -> str:
    """JSON that can stand inside a script element: no `<`, `>` or `&`, ASCII only."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def on_dark(color: str) -> str:
    """The colour, mixed with white until it has a contrast of 4.5 on the page in dark mode.

    >>> on_dark("#000000"), on_dark("#ffffff")
    ('#808080', '#ffffff')
    """
    paper = contrast(DARK_PAPER)
    parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    for share in np.linspace(0.0, 1.0, 101):
        mixed = "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)
        if paper / contrast(mixed) >= 4.5:
            return mixed
    return "#ffffff"


def _others(summary: Summary) -> tuple[str, ...]:
    """The axes that vary besides that of the lines."""
    return tuple(axis for axis in summary.varying if axis != summary.shown.line_axis)


def _with_places(summary: Summary, runs: pl.DataFrame) -> pl.DataFrame:
    places = summary.settings.select(*AXES, "place")
    return runs.join(places, on=list(AXES), how="left", nulls_equal=True, maintain_order="left")


def _line_axis(summary: Summary, values: list[object]) -> dict[str, Any]:
    axis = summary.shown.line_axis
    known = dict(label_settings(summary.settings, axis).select(axis, "line").rows())
    labels = [known[value] for value in values]
    family = looks(axis, labels)
    return {
        "key": axis,
        "words": AXIS_WORDS[axis],
        "values": [_line(label, family[label], label in summary.shown.lines) for label in labels],
    }


def _line(label: str, look: Look, shown: bool) -> dict[str, Any]:
    dashes = " ".join(f"{2 * length:g}" for length in look.dashes)
    light, dark = look.color, on_dark(look.color)
    return {"label": one_line(label), "light": light, "dark": dark, "dash": dashes, "shown": shown}


def _axis(summary: Summary, axis: str) -> dict[str, Any]:
    runs = summary.tables.runs
    values = ordered_values(runs, axis)
    if axis == "hidden_layer_sizes":
        names = architecture_labels(runs)
        labels = [names[str(value)] for value in values]
    elif axis == "learning_rate":
        labels = [short(float(str(value))) for value in values]
    else:
        labels = [str(value) if axis in GRID else setting_label(axis, value) for value in values]
    return {"key": axis, "words": AXIS_WORDS[axis], "values": [one_line(text) for text in labels]}


def _results(summary: Summary, runs: pl.DataFrame) -> list[dict[str, Any]]:
    """The numbers a finished run ends with: what a map of a grid can show."""
    outcomes = [(o.column, o.words, o.scale, o.higher_is_better) for o in OUTCOMES]
    outcomes.append(("steps_to_target", "steps to target", "log", False))
    found = []
    for column, words, scale, higher in outcomes:
        values = runs[column].cast(pl.Float64)
        if values.is_not_null().any():
            numbers = quantize(values.fill_null(np.nan).to_numpy(), scale)
            found.append({"key": column, "words": words, "higher": higher, **numbers})
    return sorted(found, key=lambda row: row["key"] != summary.outcome.column)


def _indices(column: pl.Series, values: list[object]) -> list[int]:
    place = {value: i for i, value in enumerate(values)}
    return [place[value] for value in column.to_list()]


def _series(summary: Summary, sample: Sample) -> dict[str, Any]:
    """What was measured over time: moments, curves and layers of every run of the sample."""
    ids = sample.runs.select("run", pl.int_range(pl.len()).alias("at"))
    curves = _of(summary.tables.curves, ids, ("step", "epoch", *CURVES)).sort("at", "step")
    curves = curves.filter(_evenly(sample.moments))
    layers = _of(summary.tables.layers, ids, ("step", "layer", *LAYERS))
    layers = layers.join(curves.select("at", "step"), on=["at", "step"], how="semi")
    layers = layers.sort("at", "step", "layer")
    counts = dict(layers["at"].value_counts().rows())
    schedules, schedule = _schedules(curves, ids.height)
    return {
        "schedules": schedules,
        "schedule": schedule,
        "layerCounts": [counts.get(at, 0) for at in range(ids.height)],
        "curves": _columns(curves, CURVES, f" ({loss_unit(summary)})"),
        "layers": _columns(layers, LAYERS, ""),
    }


def _evenly(most: int) -> pl.Expr:
    """Whether a record of its run is one of `most` evenly spread ones, both ends included."""
    record, last = pl.int_range(pl.len()).over("at"), pl.len().over("at") - 1
    every = pl.max_horizontal(last / max(1, most - 1), 1.0)
    return (record == last) | ((record / every).ceil() * every < record + 1)


def _schedules(curves: pl.DataFrame, runs: int) -> tuple[list[dict[str, Any]], list[int]]:
    """The different series of moments, and which of them each run has; a run may have none."""
    places: dict[tuple[tuple[int, float], ...], int] = {(): 0}
    schedule = [0] * runs
    for (at,), own in curves.group_by(["at"], maintain_order=True):
        moments = tuple(own.select("step", pl.col("epoch").round(3)).rows())
        schedule[int(str(at))] = places.setdefault(moments, len(places))
    found = [{"step": [s for s, _ in own], "epoch": [e for _, e in own]} for own in places]
    return found, schedule


def _of(table: pl.LazyFrame, ids: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    there = table.collect_schema().names()
    absent = [pl.lit(None, pl.Float64).alias(name) for name in columns if name not in there]
    wanted = table.with_columns(absent).select("run", *columns)
    return wanted.join(ids.lazy(), on="run").drop("run").collect(engine="streaming")


def _columns(
    table: pl.DataFrame, columns: dict[str, tuple[str, Scale]], unit: str
) -> list[dict[str, Any]]:
    """The quantities of which anything was measured."""
    found = []
    for key, (words, scale) in columns.items():
        values = table[key].cast(pl.Float64)
        if values.is_not_null().any():
            label = _LABELS.get(key, words + (unit if key.endswith("loss") else ""))
            numbers = quantize(values.fill_null(np.nan).to_numpy(), scale)
            found.append({"key": key, "words": words, "label": label, **numbers})
    return found
