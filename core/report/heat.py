"""Draw a `HeatPicture`: coloured cells, one scale for all panels, the best cell outlined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from nnlab.core.report.canvas import (
    Box,
    Margins,
    add_axes,
    frame,
    limits_of,
    panel_boxes,
    set_axis,
    text_height,
    ticks_of,
    with_sole_place,
    write,
)
from nnlab.core.report.pictures import Axis, HeatPanel, HeatPicture
from nnlab.core.report.style import (
    INK,
    LABEL,
    PANEL,
    QUIET,
    TICK,
    contrast,
    drawing,
    inert,
    new_figure,
    points,
    text_width,
)
from nnlab.core.report.wording import fixed, percent, short

ROW = 350
LOW_ROW = 235
BAR_ROOM = 112
"""Width of the colour scale with its numbers."""
VOID = "#ededed"
"""Of cells without a number."""


def heat_height(picture: HeatPicture, width: float) -> float:
    """The height at which this picture looks right."""
    row = ROW if picture.rows == 1 else LOW_ROW
    return text_height(picture.title, picture.caption, width) + row * picture.rows


def draw_heat(picture: HeatPicture, width: float, height: float) -> Figure:
    """The figure of a picture, so many page pixels large."""
    with drawing():
        figure = new_figure(width, height)
        inner = frame(figure, picture.title, picture.caption, width, height)
        norm, colors = _scale(picture)
        boxes = panel_boxes(
            Box(inner.left, inner.bottom, inner.width - BAR_ROOM, inner.height),
            picture.rows,
            Margins(
                top=50 if picture.rows == 1 else 46,
                bottom=48,
                left=[_label_room(picture), *([4.0] * (picture.columns - 1))],
                right=[0.0] * picture.columns,
                gap=34,
            ),
        )
        for i, panel in enumerate(picture.panels):
            row, column = divmod(i, picture.columns)
            box = boxes[row][column]
            axes = add_axes(figure, box)
            _draw_cells(axes, panel, picture, box, norm, colors)
            last = i + picture.columns >= len(picture.panels)
            _dress(axes, panel, picture, box, (column == 0, last))
        _draw_scale(figure, picture, boxes, inner, norm, colors)
    return figure


def _label_room(picture: HeatPicture) -> float:
    names = picture.y.names or ("00",)
    return max(text_width(inert(name, 24), TICK) for name in names) + 14


def _scale(picture: HeatPicture) -> tuple[Normalize, Colormap]:
    values = [v for p in picture.panels for row in p.values for v in row if v is not None]
    if picture.color.limits is not None:
        low, high = picture.color.limits
    elif picture.color.kind == "log":
        low, high = limits_of(picture.color, values) if values else (0.1, 1.0)
        positive = [v for v in values if v > 0]
        if positive and max(positive) > 2 * min(positive):
            low, high = min(positive), max(positive)
    elif picture.color.kind == "percent":
        low, high = 0.0, max([*values, 0.01])
    else:
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
    colors = mpl.colormaps["YlOrBr" if picture.color.kind == "percent" else "viridis"]
    norm = LogNorm(low, high) if picture.color.kind == "log" else Normalize(low, high)
    return norm, colors


def edges_of(axis: Axis, places: Sequence[float]) -> list[float]:
    """The n + 1 borders of cells around n places."""
    if axis.kind in ("category", "layer"):
        return [places[0] - 0.5, *(p + 0.5 for p in places)]
    if len(places) == 1:
        return [places[0] - 0.5, places[0] + 0.5]
    middles = [(a + b) / 2 for a, b in pairwise(places)]
    return [places[0], *middles, places[-1]]


def _draw_cells(
    axes: Axes, panel: HeatPanel, picture: HeatPicture, box: Box, norm: Normalize, colors: Colormap
) -> None:
    x_edges, y_edges = edges_of(picture.x, panel.x), edges_of(picture.y, panel.y)
    values = np.array(
        [[math.nan if v is None else v for v in row] for row in panel.values], dtype=float
    )
    if picture.color.kind == "log":
        values = np.where(values > 0, values, np.nan)
    axes.set_facecolor(VOID)
    mesh = axes.pcolormesh(
        x_edges, y_edges, np.ma.masked_invalid(values), norm=norm, cmap=colors, rasterized=True
    )
    mesh.set_edgecolor("white" if picture.written else "face")
    mesh.set_linewidth(points(1.5) if picture.written else 0)
    widest = max((text_width(inert(name, 24), TICK) for name in picture.x.names), default=52.0)
    x_axis = with_sole_place(picture.x, panel.x)
    set_axis(axes, "x", x_axis, (x_edges[0], x_edges[-1]), int(box.width / (widest + 8)))
    set_axis(axes, "y", picture.y, (y_edges[0], y_edges[-1]), max(2, int(box.height / 22)))
    for row, column in panel.lost:
        axes.text(
            panel.x[column], panel.y[row], "×", ha="center", va="center", color=QUIET,
            fontsize=points(TICK + 3),
        )  # fmt: skip
    if panel.best is not None:
        row, column = panel.best
        corner = (x_edges[column], y_edges[row])
        size = (x_edges[column + 1] - corner[0], y_edges[row + 1] - corner[1])
        for color, width in (("white", 6.0), (INK, 3.0)):
            axes.add_patch(
                Rectangle(
                    corner, *size, fill=False, ec=color, lw=points(width), clip_on=False, zorder=4
                )
            )
    if picture.written:
        _write_values(axes, panel, picture, box, (values, colors(norm(values))))


def _write_values(
    axes: Axes,
    panel: HeatPanel,
    picture: HeatPicture,
    box: Box,
    painted: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """The number in each cell, where cells are large enough for it."""
    values, colors = painted
    cells = np.argwhere(np.isfinite(values)).tolist()
    room = box.width / len(panel.x) - 6
    for digits in (3, 2):
        texts = {
            (row, column): _cell_text(float(values[row, column]), picture.color, digits)
            + ("*" if (row, column) in panel.partly_lost else "")
            for row, column in cells
        }
        widest = max((text_width(text, TICK) for text in texts.values()), default=1.0)
        if widest <= room:
            break
    size = min(1.0, room / widest) * TICK
    if size < 10 or box.height / len(panel.y) < 15:
        return
    for (row, column), text in texts.items():
        light = contrast(mpl.colors.to_hex(colors[row, column])) > 4.0
        axes.text(
            panel.x[column], panel.y[row], text, ha="center", va="center_baseline",
            fontsize=points(size), color="white" if light else INK,
        )  # fmt: skip


def _cell_text(value: float, color: Axis, digits: int) -> str:
    if color.kind == "percent":
        return percent(value)
    return short(value, digits) if color.kind == "log" else fixed(value, digits)


def _dress(
    axes: Axes, panel: HeatPanel, picture: HeatPicture, box: Box, edges: tuple[bool, bool]
) -> None:
    first, last = edges
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(
        inert(panel.title, 60), loc="left", y=1 + 25 / box.height, pad=0, fontsize=points(PANEL),
        weight="bold", color=INK,
    )  # fmt: skip
    if first:
        axes.set_ylabel(
            inert(picture.y.label, 80), rotation=0, ha="left", va="bottom", fontsize=points(LABEL)
        )
        axes.yaxis.set_label_coords(0, 1 + 5 / box.height)
    else:
        axes.tick_params(axis="y", labelleft=False, length=0)
    if last:
        axes.set_xlabel(inert(picture.x.label, 80), fontsize=points(LABEL), labelpad=2)


def _draw_scale(
    figure: Figure,
    picture: HeatPicture,
    boxes: list[list[Box]],
    inner: Box,
    norm: Normalize,
    colors: Colormap,
) -> None:
    """The colour scale, right of the panels, with its label on top."""
    top = boxes[0][0].bottom + boxes[0][0].height
    bottom = max(boxes[-1][0].bottom, top - 330)
    left = inner.left + inner.width - BAR_ROOM + 34
    axes = add_axes(figure, Box(left, bottom, 16, top - bottom))
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
    log = picture.color.kind == "log"
    steps = np.geomspace(low, high, 129) if log else np.linspace(low, high, 129)
    middles = (steps[1:] * steps[:-1]) ** 0.5 if log else (steps[1:] + steps[:-1]) / 2
    axes.pcolormesh([0, 1], steps, middles[:, None], norm=norm, cmap=colors, edgecolor="face")
    if log:
        axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.set_xticks([])
    spots, names = ticks_of(picture.color, (low, high), max(3, int((top - bottom) / 36)))
    axes.yaxis.set_ticks(spots, names)
    axes.yaxis.set_ticks([], minor=True)
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", length=3, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)
    right = inner.left + inner.width
    write(figure, (right, top + 8), inert(picture.color.label, 60), LABEL, color=QUIET, ha="right")
