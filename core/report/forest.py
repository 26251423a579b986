"""Draw a `ForestPicture`: estimates with their intervals beside the line of no effect."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnlab.core.report.canvas import (
    PAD,
    Box,
    Margins,
    add_axes,
    frame,
    limits_of,
    panel_boxes,
    set_axis,
    text_height,
    write,
)
from nnlab.core.report.pictures import Estimate, ForestPanel, ForestPicture
from nnlab.core.report.style import (
    FAINT,
    GRID_LINE,
    INK,
    LABEL,
    PANEL,
    QUIET,
    TICK,
    Look,
    drawing,
    inert,
    new_figure,
    points,
    text_width,
)

ROW = 46
HEADING = 0.6
"""Height of a heading row, in rows."""
TOP, BOTTOM = 34, 48


def forest_height(picture: ForestPicture, width: float) -> float:
    """The height at which this picture looks right."""
    rows = sum(_heights(picture)) * ROW
    return text_height(picture.title, picture.caption, width) + TOP + BOTTOM + rows


def draw_forest(picture: ForestPicture, width: float, height: float) -> Figure:
    """The figure of a picture, so many page pixels large."""
    with drawing():
        figure = new_figure(width, height)
        inner = frame(figure, picture.title, picture.caption, width, height)
        names = max(text_width(inert(row.name, 40), LABEL) for row in picture.lines) + 24
        margins = Margins(
            top=TOP,
            bottom=BOTTOM,
            left=[names] + [4.0] * (picture.columns - 1),
            right=[0.0] * picture.columns,
            gap=30,
        )
        (boxes,) = panel_boxes(inner, 1, margins)
        places = _places(picture)
        for panel, box in zip(picture.panels, boxes, strict=True):
            _draw_panel(add_axes(figure, box), panel, picture, box)
        for row, place in zip(picture.lines, places, strict=True):
            y = boxes[0].bottom + boxes[0].height * (1 - place / sum(_heights(picture)))
            color = row.look.ink if row.look else INK
            left = PAD + (8 if row.look and _has_headings(picture) else 0)
            write(
                figure, (left, y), inert(row.name, 40), LABEL, color=color,
                bold=row.look is None, va="center_baseline",
            )  # fmt: skip
    return figure


def _has_headings(picture: ForestPicture) -> bool:
    return any(row.look is None for row in picture.lines)


def _heights(picture: ForestPicture) -> list[float]:
    return [1.0 if row.look else HEADING for row in picture.lines]


def _places(picture: ForestPicture) -> list[float]:
    """The middle of each row, counted in rows from the top."""
    places, top = [], 0.0
    for height in _heights(picture):
        places.append(top + height / 2)
        top += height
    return places


def _draw_panel(axes: Axes, panel: ForestPanel, picture: ForestPicture, box: Box) -> None:
    limits = limits_of(panel.x, _values(panel))
    set_axis(axes, "x", panel.x, limits, max(2, int(box.width / 62)))
    axes.set_ylim(sum(_heights(picture)), 0.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=GRID_LINE, lw=points(1))
    axes.set_axisbelow(True)
    axes.axvline(panel.none, color=FAINT, lw=points(1.6), zorder=1)
    for row, place, estimate in zip(picture.lines, _places(picture), panel.estimates, strict=True):
        if row.look and estimate:
            _draw_estimate(axes, estimate, (place + 0.14, row.look), limits, box)
        elif row.look:
            axes.text(
                0.5, place + 0.14, inert(panel.missing), transform=axes.get_yaxis_transform(),
                ha="center", va="center_baseline", fontsize=points(TICK), color=QUIET,
            )  # fmt: skip
    axes.set_title(
        inert(panel.title, 60), loc="left", y=1 + 12 / box.height, pad=0, fontsize=points(PANEL),
        weight="bold", color=INK,
    )  # fmt: skip
    axes.set_xlabel(inert(panel.x.label, 80), fontsize=points(LABEL), labelpad=2)


def _values(panel: ForestPanel) -> list[float]:
    """What the axis must show: the estimates, no effect, and intervals that do not squeeze them.

    Two seeds can have an interval a hundred times their difference; it is cut at the edge.
    """
    known = [estimate for estimate in panel.estimates if estimate is not None]
    log = panel.x.kind == "log"
    scale = math.log if log else float
    means = [scale(estimate.value) for estimate in known] + [scale(panel.none)]
    reach = max(means) - min(means)
    widest = max((scale(e.high) - scale(e.value) for e in known if e.high is not None), default=0)
    room = 3.0 * (reach or widest)
    ends = [
        min(max(scale(end), min(means) - room), max(means) + room)
        for estimate in known
        for end in (estimate.low, estimate.high)
        if end is not None
    ]
    low, high = min(means + ends), max(means + ends)
    if not high > low:
        low, high = low - 0.1, high + 0.1
    air = 0.06 * (high - low)
    back = math.exp if log else float
    return [back(low - air), back(high + air)]


def _draw_estimate(
    axes: Axes, estimate: Estimate, where: tuple[float, Look], limits: tuple[float, float], box: Box
) -> None:
    place, look = where
    if estimate.low is not None and estimate.high is not None:
        axes.plot(
            [estimate.low, estimate.high], [place, place], color=look.color, lw=points(3),
            solid_capstyle="butt", zorder=2,
        )  # fmt: skip
    axes.plot(
        [estimate.value], [place], marker=look.marker, ms=points(10), ls="none", zorder=3,
        mfc=look.color if estimate.clear else "white", mec=look.color, mew=points(2),
    )  # fmt: skip
    if not estimate.words:
        return
    # Above the mark, but whole within the panel.
    to_axes = axes.transData + axes.transAxes.inverted()
    share = float(to_axes.transform((estimate.value, place))[0])
    half = text_width(estimate.words, TICK) / 2 / box.width
    share = min(max(share, half), max(1 - half, half))
    axes.text(
        share, place - 0.3, inert(estimate.words, 40), transform=axes.get_yaxis_transform(),
        ha="center", va="center_baseline", fontsize=points(TICK), color=look.ink, zorder=1.5,
        bbox={"fc": "white", "ec": "none", "pad": 0.5},
    )  # fmt: skip
