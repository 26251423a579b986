"""Draw a `LinesPicture`: panels of lines with bands or bars, named at their ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnlab.core.report.canvas import (
    Box,
    Margins,
    add_axes,
    frame,
    limits_of,
    panel_boxes,
    set_axis,
    text_height,
    with_sole_place,
)
from nnlab.core.report.end_labels import end_label_room, label_ends
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import (
    GRID_LINE,
    INK,
    LABEL,
    PANEL,
    QUIET,
    drawing,
    inert,
    new_figure,
    points,
)

ROW = 350
"""Usual height of one row of panels, labels included."""
LOW_ROW = 250


def lines_height(picture: LinesPicture, width: float) -> float:
    """The height at which this picture looks right."""
    row = ROW if picture.rows == 1 else LOW_ROW
    return text_height(picture.title, picture.caption, width) + row * picture.rows


def draw_lines(picture: LinesPicture, width: float, height: float) -> Figure:
    """The figure of a picture, so many page pixels large."""
    with drawing():
        figure = new_figure(width, height)
        inner = frame(figure, picture.title, picture.caption, width, height)
        shared = _shared_y(picture)
        boxes = panel_boxes(inner, picture.rows, _margins(picture, shared))
        for i, panel in enumerate(picture.panels):
            row, column = divmod(i, picture.columns)
            axes = add_axes(figure, boxes[row][column])
            last = i + picture.columns >= len(picture.panels)
            _draw_panel(axes, panel, picture, boxes[row][column], (shared[i], last))
    return figure


def _shared_y(picture: LinesPicture) -> list[bool]:
    """For each panel whether its left neighbour already carries its y axis."""
    panels, shared = picture.panels, []
    for i, panel in enumerate(panels):
        beside = i % picture.columns > 0
        shared.append(beside and panel.y.group != "" and panels[i - 1].y.group == panel.y.group)
    return shared


def _margins(picture: LinesPicture, shared: list[bool]) -> Margins:
    left, right = [], []
    for column in range(picture.columns):
        cells = range(column, len(picture.panels), picture.columns)
        left.append(4.0 if all(shared[i] for i in cells) else 56.0)
        labels = [line.end for i in cells if (p := picture.panels[i]).labelled for line in p.lines]
        right.append(end_label_room(labels) if labels else 0.0)
    top = 50.0 if any(panel.title for panel in picture.panels) else 28.0
    return Margins(top=top, bottom=48, left=left, right=right)


def _draw_panel(
    axes: Axes, panel: Panel, picture: LinesPicture, box: Box, edges: tuple[bool, bool]
) -> None:
    shared, last = edges
    x_limits = _limits(picture, panel, lambda p: p.x, _x_values)
    y_limits = _limits(picture, panel, lambda p: p.y, _y_values)
    x_axis = with_sole_place(panel.x, list(_x_values(panel)))
    set_axis(axes, "x", x_axis, x_limits, max(2, int(box.width / 62)))
    set_axis(axes, "y", panel.y, y_limits, max(3, int(box.height / 42)))
    axes.grid(axis="y", color=GRID_LINE, lw=points(1))
    axes.set_axisbelow(True)
    for line in panel.lines:
        _draw_line(axes, line, panel)
    for i, (x, look) in enumerate(panel.lost):
        above = sum(other == x for other, _ in panel.lost[:i])
        axes.plot(
            [x], [(6 + 14 * above) / box.height], transform=axes.get_xaxis_transform(),
            marker="x", ms=points(9), mew=points(2), color=look.color, clip_on=False, ls="none",
        )  # fmt: skip
    axes.set_title(
        inert(panel.title, 60), loc="left", y=1 + 26 / box.height, pad=0, fontsize=points(PANEL),
        weight="bold", color=INK,
    )  # fmt: skip
    if shared:
        axes.tick_params(axis="y", labelleft=False, length=0)
        axes.spines["left"].set_visible(False)
    else:
        axes.set_ylabel(
            inert(panel.y.label, 80), rotation=0, ha="left", va="bottom", fontsize=points(LABEL)
        )
        axes.yaxis.set_label_coords(0, 1 + 6 / box.height)
    if last:
        axes.set_xlabel(inert(panel.x.label, 80), fontsize=points(LABEL), labelpad=2)
    if panel.note:
        axes.text(
            0.5, 0.5, inert(panel.note), transform=axes.transAxes, ha="center", va="center",
            fontsize=points(LABEL), color=QUIET,
        )  # fmt: skip
    if panel.labelled:
        named = [line for line in panel.lines if line.x and line.label]
        ends = [(line.end, line.look, (line.x[-1], line.y[-1])) for line in named]
        label_ends(axes, ends, box)


def _draw_line(axes: Axes, line: Line, panel: Panel) -> None:
    low = [math.nan if v is None else v for v in line.low]
    high = [math.nan if v is None else v for v in line.high]
    color, many = line.look.color, len(panel.lines) > 8
    if panel.bars:
        for x, bottom, top in zip(line.x, low, high, strict=False):
            axes.plot(
                [x, x], [bottom, top], color=color, lw=points(2), alpha=0.55, solid_capstyle="butt"
            )
    elif low and high:
        axes.fill_between(line.x, low, high, color=color, alpha=0.10 if many else 0.16, lw=0)
    axes.plot(
        line.x, line.y, color=color, lw=points(2.0 if many else 2.4),
        ls=(0, line.look.dashes or None) if panel.joined and line.joined else "none",
        marker=line.look.marker if line.marks or len(line.x) == 1 else None,
        ms=points(7), mec="white", mew=points(0.8),
        solid_joinstyle="round", label=line.label,
    )  # fmt: skip


# ------------------------------------------------------------------ limits


def _limits(
    picture: LinesPicture,
    panel: Panel,
    axis_of: Callable[[Panel], Axis],
    values_of: Callable[[Panel], Iterator[float]],
) -> tuple[float, float]:
    """Limits of one axis of a panel: over all panels that share its group."""
    axis = axis_of(panel)
    family = [p for p in picture.panels if axis.group and axis_of(p).group == axis.group]
    return limits_of(axis, [v for p in family or [panel] for v in values_of(p)])


def _x_values(panel: Panel) -> Iterator[float]:
    for line in panel.lines:
        yield from line.x
    yield from (x for x, _ in panel.lost)


def _y_values(panel: Panel) -> Iterator[float]:
    """The means, and as much of the intervals as does not squeeze them.

    Two seeds can have an interval a hundred times their difference; it is cut at the edge.
    """
    means = [y for line in panel.lines for y in line.y]
    yield from means
    if not means:
        return
    ends = [end for line in panel.lines for end in (*line.low, *line.high) if end is not None]
    low, high = min(means), max(means)
    if panel.y.kind == "log":
        factor = max(math.sqrt(high / low), 2.0) if low > 0 else 2.0
        yield from (end for end in ends if low / factor <= end <= high * factor)
    else:
        room = max(high - low, 0.02 * max(abs(low), abs(high)))
        yield from (end for end in ends if low - room <= end <= high + room)
