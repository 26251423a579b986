"""Pictures of the gradient: by layer before and after training, and over layer and time."""

from __future__ import annotations

import polars as pl

from nnlab.core.analysis.leaders import may_be_least
from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import (
    architecture_words,
    averaged,
    joined,
    left_out,
    lines_among,
    time_axis,
)
from nnlab.core.report.family import columns_for, family_lines, family_maps, layer_axis
from nnlab.core.report.pictures import Axis, HeatPanel, HeatPicture, LinesPicture, Panel
from nnlab.core.report.wording import listed, ratio, short

_GRADIENTS = (
    ("delta_rms", "delta", "delta, rms (loss per unit of z)"),
    ("gradient_norm", "weight gradient", "norm of dLoss/dW (loss per unit of w)"),
)
_MOMENTS = (("start", "before training"), ("end", "after training"))


def gradient_by_layer(summary: Summary) -> LinesPicture:
    """Gradient magnitude by layer before and after training: delta left, weight gradient right.

    How to read it: the output layer is at the right of each panel, the input at the left, as in
    the network. Backpropagation runs from right to left; a line that falls towards the left is a
    gradient that vanishes on its way, one that rises explodes. The scale is logarithmic: a
    straight slope is a constant factor a layer. Weight gradients alone can hide it, which is
    why delta stands beside them.
    """
    shown, ends = summary.shown, summary.ends
    moments = [moment for moment in _MOMENTS if moment[0] in set(ends["moment"])]
    depths = dict(shown.rows.select("panel", "depth").unique().rows())
    panels = []
    for architecture in shown.panels:
        for quantity, words, label in _GRADIENTS:
            for moment, when in moments:
                rows = ends.filter(
                    pl.col("panel") == architecture,
                    pl.col("quantity") == quantity,
                    pl.col("moment") == moment,
                    pl.col("mean") > 0,
                )
                title = f"{words.capitalize()} {when}"
                if len(shown.panels) > 1:
                    title = f"{architecture}: {words}, {moment}"
                panels.append(
                    Panel(
                        title=title,
                        x=layer_axis(depths[architecture], output=True),
                        y=Axis(label, "log", group=f"{quantity} {architecture}"),
                        lines=family_lines(summary, rows, "layer", marks=True),
                        labelled=(quantity, moment) == (_GRADIENTS[-1][0], moments[-1][0]),
                        note="" if rows.height else "no gradient above 0",
                    )
                )
    return LinesPicture(
        name="gradient_by_layer",
        title=_reach_title(summary),
        caption=joined(
            "Log scales. A line that falls towards layer 1 is a gradient that vanishes on its "
            "way back.",
            averaged(summary, "Point", mean="geometric") if summary.seeds > 1 else "",
            _zeros_note(summary),
            left_out(summary),
        ),
        panels=tuple(panels),
        columns=max(1, len(_GRADIENTS) * len(moments)),
    )


def _reach_title(summary: Summary) -> str:
    deepest = summary.shown.panels[-1]
    reach = summary.reach.filter(pl.col("panel") == deepest, pl.col("moment") == "start")
    if reach.is_empty():
        return f"No gradient reaches layer 1{architecture_words(summary, deepest)}"
    row = reach.sort("mean").row(0, named=True)
    depth = int(summary.shown.rows.filter(pl.col("panel") == deepest)["depth"][0])
    whose = "the last hidden layer's" if depth > 1 else "the output layer's"
    where = architecture_words(summary, deepest)
    if reach.height == 1:
        who = f"with {row['line']}{where}"
    else:
        lines = lines_among(summary, may_be_least(reach, slack=0.02))
        alike = len(lines) == reach.height
        who = f"alike for all{where}" if alike else f"least with {listed(lines)}{where}"
    share = f"{ratio(row['mean'])} times {whose}"
    return f"Gradient reaching layer 1 before training: {who}, {share}"


def _zeros_note(summary: Summary) -> str:
    zeros = summary.ends.filter(
        pl.col("quantity").is_in([name for name, _, _ in _GRADIENTS]), pl.col("zeros") > 0
    )
    if zeros.is_empty():
        return ""
    names = zeros["line"].unique(maintain_order=True).to_list()
    return f"Gradients of exactly 0 have no place on a log scale and are left out: {listed(names)}."


HOW_TO_READ_MAPS = (
    "Dark is a small gradient. A map darker at the bottom (layer 1) than at the top: the gradient "
    "shrinks on its way back to the first layers. Darker to the right in all layers: it fades as "
    "the loss falls."
)
"""What the colours of a map of delta over layer and time mean."""


def gradient_over_time(summary: Summary) -> HeatPicture:
    """Delta over layer (upwards) and training time (to the right), a map an activation.

    How to read it: dark is a small gradient, on one scale in all maps. Dark at the bottom only is a
    gradient that does not reach the first layers; a map that darkens to the right, in all
    layers, is one that fades as the loss falls; one that brightens from below is a net that
    starts to train.
    """
    panel = summary.shown.panels[-1]
    rows = summary.layers.filter(pl.col("panel") == panel, pl.col("quantity") == "delta_rms")
    panels = family_maps(summary, rows, summary.shown.lines)
    depth = int(summary.shown.rows.filter(pl.col("panel") == panel)["depth"][0])
    mean = ", geometric mean over seeds" if summary.seeds > 1 else ""
    return HeatPicture(
        name="gradient_over_time",
        title=_span_title(summary, panels, panel),
        caption=joined(
            f"Colour: delta, root mean square over examples and units (loss per unit of z){mean}, "
            "log scale.",
            HOW_TO_READ_MAPS,
        ),
        panels=panels,
        columns=columns_for(len(panels)),
        x=Axis(time_axis(summary)[1]),
        y=layer_axis(depth, output=True, label="layer"),
        color=Axis("delta, rms", "log"),
    )


def _span_title(summary: Summary, panels: tuple[HeatPanel, ...], panel: str) -> str:
    spans = {panel.title: _span(panel) for panel in panels}
    if not spans:
        return "Gradient over layers and training"
    most = max(spans, key=lambda name: spans[name])
    least = min(spans, key=lambda name: spans[name])
    widest, narrowest = _factor(spans[most]), _factor(spans[least])
    title = (
        f"Over layers and training delta spans a factor of {widest} "
        f"with {most}{architecture_words(summary, panel)}"
    )
    return title if widest == narrowest else f"{title}, of {narrowest} with {least}"


def _factor(value: float) -> str:
    """Two digits, the thousands apart: `3.9`, `390,000`; a power of ten beyond a million."""
    if not 100 <= value < 1e6:
        return short(value, 2)
    return f"{float(f'{value:.2g}'):,.0f}"


def _span(panel: HeatPanel) -> float:
    values = [value for row in panel.values for value in row if value]
    return max(values) / min(values) if values else 1.0
