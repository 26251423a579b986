"""Pictures of the hidden units: how many are dead, how many saturated, by layer and over time."""

from __future__ import annotations

import polars as pl

from nnlab.core.analysis.leaders import may_be_most
from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import (
    AXIS_WORDS,
    architecture_words,
    averaged,
    joined,
    lines_among,
    time_axis,
)
from nnlab.core.report.family import columns_for, family_lines, family_maps, layer_axis
from nnlab.core.report.pictures import Axis, HeatPicture, LinesPicture, Panel, Picture
from nnlab.core.report.wording import listed, percent

MOST_LAYERS_AS_LINES = 3
"""Deeper networks get a map of layer and time instead of a panel a layer."""


def dead_units(summary: Summary) -> Picture:
    """The share of dead units in each hidden layer over training.

    How to read it: a dead unit passes no gradient for any training example, so it can only
    revive when the layers before it change. A line that climbs and stays is a net that loses
    units for good; sudden steps come from single large updates.
    """
    rule = "A unit is dead when f'(z) is exactly 0 for every training example."
    words = ("Dead units", "dead units", "share of the layer's units")
    return _unit_share(summary, ("dead_units", "dead_fraction"), words, rule)


def saturation(summary: Summary) -> Picture:
    """The share of saturated unit-example pairs in each hidden layer over training.

    How to read it: where a unit is saturated its slope is below 5 % of the largest, and little
    gradient passes. A ReLU counts as saturated for every example on its flat side, so about
    half is its normal state; for sigmoid and tanh it is a warning.
    """
    rule = (
        "Saturated: |f'(z)| below 5 % of its maximum, over units and training examples. About "
        "half is normal for ReLU."
    )
    words = ("Saturation", "saturated", "share of unit-example pairs")
    return _unit_share(summary, ("saturation", "saturated_fraction"), words, rule)


def _unit_share(
    summary: Summary, names: tuple[str, str], words: tuple[str, str, str], rule: str
) -> Picture:
    """Lines for few layers, maps for many; of the deepest architecture shown."""
    name, quantity = names
    panel, lines = summary.shown.panels[-1], summary.shown.lines
    rows = summary.layers.filter(pl.col("panel") == panel, pl.col("quantity") == quantity)
    depth = int(summary.shown.rows.filter(pl.col("panel") == panel)["depth"][0])
    title = _title(summary, rows, words[0], panel)
    ever = tuple(label for label in lines if _peak(rows, label) > 0)
    time, time_words = time_axis(summary)
    if depth > MOST_LAYERS_AS_LINES and ever:
        never = [label for label in lines if label not in ever]
        nothing = f"None at any time: {listed(never)}." if never else ""
        panels = family_maps(summary, rows, ever)
        return HeatPicture(
            name=name,
            title=title,
            caption=joined(rule, _drawn(summary), nothing),
            panels=panels,
            columns=columns_for(len(panels)),
            x=Axis(time_words),
            y=layer_axis(depth, output=False, label="layer"),
            color=Axis(words[1], "percent"),
        )
    layers = list(range(1, depth + 1)) if ever else [depth]
    return LinesPicture(
        name=name,
        title=title,
        caption=joined(
            rule, _drawn(summary), averaged(summary, "Line") if summary.seeds > 1 else ""
        ),
        panels=tuple(
            Panel(
                title=f"Layer {layer}" if ever else "Every hidden layer",
                x=Axis(time_words, group="x"),
                y=Axis(words[2], "percent", group="y", within=(0.0, 1.0)),
                lines=family_lines(summary, rows.filter(pl.col("layer") == layer), time),
                labelled=layer == depth,
                note="" if ever else "none at any time",
            )
            for layer in layers
        ),
        columns=len(layers),
    )


def _drawn(summary: Summary) -> str:
    """Which settings are not drawn: a unit may well have died at one of those."""
    if not summary.shown.picked:
        return ""
    axes = listed([AXIS_WORDS[axis] for axis in summary.shown.picked])
    what = AXIS_WORDS[summary.shown.line_axis]
    return f"Only each {what}'s best {axes} is drawn; other settings may have more, or fewer."


def _peak(rows: pl.DataFrame, label: str) -> float:
    peak = rows.filter(pl.col("line") == label)["mean"].max()
    return float(peak) if isinstance(peak, int | float) else 0.0


def _title(summary: Summary, rows: pl.DataFrame, head: str, panel: str) -> str:
    where = architecture_words(summary, panel)
    step = pl.col("step")
    last = rows.filter(step == step.max().over("line"), pl.col("mean") > 0)
    if last.is_empty():
        ever = rows.filter(pl.col("mean") > 0).height
        return f"{head}{where}: none {'left at the end' if ever else 'at any time'}"
    row = last.sort("mean", descending=True, maintain_order=True).row(0, named=True)
    share = percent(row["mean"])
    lines = lines_among(summary, may_be_most(last.filter(pl.col("layer") == row["layer"])))
    if len(lines) > 1 and len(lines) == len(summary.shown.lines):
        return f"{head} at the end{where}: no clear difference, at most {share} of a layer"
    most = "most with " if len(summary.shown.lines) > 1 else ""
    return f"{head} at the end{where}: {most}{listed(lines)}, {share} of layer {row['layer']}"
