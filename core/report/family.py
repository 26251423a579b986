"""From tidy rows to what a picture draws: a line a member of the family, a map a member.

The family is what `Shown.lines` names: the activations, where several were trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import polars as pl

from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import has_bands, time_axis
from nnlab.core.report.pictures import Axis, Gaps, HeatPanel, Line
from nnlab.core.report.style import looks


def family_lines(
    summary: Summary,
    rows: pl.DataFrame,
    x: str,
    value: Callable[[float], str] | None = None,
    marks: bool = False,
) -> tuple[Line, ...]:
    """The lines of one panel, in the order of the family; members without rows have none.

    `rows` has the columns `line`, `x`, `mean`, `low`, `high`; `value` puts a line's last mean
    into words for its end.
    """
    family = looks(summary.shown.line_axis, summary.shown.lines)
    lines = []
    for label in summary.shown.lines:
        own = rows.filter(pl.col("line") == label).sort(x)
        if own.is_empty():
            continue
        bands = has_bands(summary) and own["low"].is_not_null().any()
        lines.append(
            Line(
                label=label,
                look=family[label],
                x=tuple(float(v) for v in own[x]),
                y=tuple(own["mean"]),
                low=tuple(own["low"]) if bands else (),
                high=tuple(own["high"]) if bands else (),
                marks=marks,
                value=value(own["mean"][-1]) if value else "",
            )
        )
    return tuple(lines)


def family_maps(
    summary: Summary, rows: pl.DataFrame, lines: tuple[str, ...]
) -> tuple[HeatPanel, ...]:
    """One map of layer (upwards) and training time for each of these members that has rows.

    `rows` has the columns `line`, `layer`, `step`, `epoch` and `mean`.
    """
    time, _ = time_axis(summary)
    panels = []
    for label in lines:
        own = rows.filter(pl.col("line") == label)
        if own.is_empty():
            continue
        times, layers = sorted(set(own[time])), sorted(set(own["layer"]))
        cells = {(layer, t): mean for layer, t, mean in own.select("layer", time, "mean").rows()}
        values: tuple[Gaps, ...] = tuple(
            tuple(cells.get((layer, t)) for t in times) for layer in layers
        )
        places = tuple(float(t) for t in times), tuple(float(layer) for layer in layers)
        panels.append(HeatPanel(label, *places, values))
    return tuple(panels)


def columns_for(count: int) -> int:
    """Columns for so many maps: one row up to five, then rows of at most six, evenly filled.

    >>> [columns_for(n) for n in (1, 5, 6, 7, 12, 14)]
    [1, 5, 6, 4, 6, 5]
    """
    if count <= 5:
        return max(1, count)
    return math.ceil(count / math.ceil(count / 6))


def layer_axis(depth: int, output: bool, label: str = "") -> Axis:
    """Ticks at the layers of a network with so many hidden layers, `out` at the output layer."""
    words = label or "layer (1: at the input, out: output layer)"
    step = 1 if depth < 10 else 5 if depth < 40 else 10
    layers = [layer for layer in range(1, depth + 1) if layer == 1 or layer % step == 0]
    if not output:
        last = [] if layers[-1] == depth or depth - layers[-1] < 2 else [depth]
        layers += last
        names, places = tuple(map(str, layers)), tuple(map(float, layers))
        return Axis(words, "layer", names, (0.75, depth + 0.25), places=places)
    layers = [layer for layer in layers if step == 1 or depth - layer > 0]
    names = (*map(str, layers), "out")
    places = (*map(float, layers), depth + 1.0)
    return Axis(words, "layer", names, (0.75, depth + 1.25), places=places)
