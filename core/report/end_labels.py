"""Names at the right ends of lines instead of a legend, moved apart where they would collide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nnlab.core.report.canvas import PAD, Box
from nnlab.core.report.style import FAINT, LABEL, Look, inert, points, text_width

SAMPLE = 22
"""Length of the piece of line before a label, in page pixels."""


FARTHEST = 40
"""From the right edge, in page pixels, the end of a line that is led to its label. Axes leave a
few per cent of their width behind the last value."""


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near to the wanted ones as can be, in their order, `gap` apart, in [low, high].

    Least squares by pooling neighbours that are too close (isotonic regression). Where there is
    no room for so many gaps they shrink evenly.
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pools: list[list[float]] = []  # [sum of shifted places, count]
    for rank, i in enumerate(order):
        pools.append([wanted[i] - rank * gap, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    shifted = [total / count for total, count in pools for _ in range(int(count))]
    top = high - (len(wanted) - 1) * gap
    places = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        places[i] = min(max(shifted[rank], low), top) + rank * gap
    return places


def end_label_room(labels: Sequence[str]) -> float:
    """Width that labels at the ends of lines need, right of the axes."""
    return max((text_width(inert(label, 30), LABEL) for label in labels), default=0) + SAMPLE + 30


def label_ends(axes: Axes, ends: Sequence[tuple[str, Look, tuple[float, float]]], box: Box) -> None:
    """Name lines right of the axes, each beside its last point (label, look, (x, y) in data).

    Labels that would overlap are moved apart and led back to their points by a thin line. A line
    that ends well inside the axes is named beside the height of its end, by its sample alone: a
    leader from there would cross the plot and be taken for data.
    """
    to_axes = axes.transData + axes.transAxes.inverted()
    last = [to_axes.transform(point) for _, _, point in ends]
    heights = [float(np.clip(y, 0, 1)) * box.height for _, y in last]
    places = spread(heights, 18, 2 - PAD, box.height + PAD)
    for (label, look, _), (x, _), start, place in zip(ends, last, heights, places, strict=True):
        y = place / box.height
        left = 1 + 14 / box.width
        right = left + SAMPLE / box.width
        if (1.0 - float(x)) * box.width <= FARTHEST:
            lead = [(min(float(x), 1.0) + 4 / box.width, left), (start / box.height, y)]
            axes.add_line(
                Line2D(*lead, color=FAINT, lw=points(0.8), transform=axes.transAxes, clip_on=False)
            )
        sample = Line2D(
            [left, right], [y, y], color=look.color, lw=points(2.4), transform=axes.transAxes,
            dashes=look.dashes or (None, None), clip_on=False,
        )  # fmt: skip
        axes.add_line(sample)
        axes.text(
            right + 6 / box.width, y, inert(label, 30), color=look.ink, fontsize=points(LABEL),
            transform=axes.transAxes, va="center_baseline", ha="left", clip_on=False,
        )  # fmt: skip
