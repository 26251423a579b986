"""Draw a `PlanePicture`: panels with one scale on both axes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from nnlab.core.report.canvas import Box, add_axes, frame, text_height, write
from nnlab.core.report.plane import PlanePanel, PlanePicture, Region, Stroke
from nnlab.core.report.style import (
    FAINT,
    GRID_LINE,
    INK,
    LABEL,
    PANEL,
    QUIET,
    TICK,
    drawing,
    inert,
    new_figure,
    points,
    wrap,
)

HEAD, NOTE_STEP, FOOT = 32, 18, 10
"""Above a panel its title; below it a line of its note, and air."""
TICK_ROOM = 22
GAP, LEAD_GAP = 26, 96
"""Between panels; the wider one holds an arrow with a word."""
TALLEST = 560
"""A panel is no higher than this, however wide the page."""


def plane_height(picture: PlanePicture, width: float) -> float:
    """The height at which this picture looks right."""
    _, box_height = _cell(picture, width)
    room = HEAD + box_height + _below(picture, width)
    return text_height(picture.title, picture.caption, width) + picture.rows * room


def draw_plane(picture: PlanePicture, width: float, height: float) -> Figure:
    """The figure of a picture, so many page pixels large."""
    with drawing():
        figure = new_figure(width, height)
        inner = frame(figure, picture.title, picture.caption, width, height)
        box_width, box_height = _cell(picture, width)
        below = _below(picture, width)
        row_height = min(HEAD + box_height + below, inner.height / picture.rows)
        shrink = (row_height - HEAD - below) / box_height
        box_width, box_height = shrink * box_width, shrink * box_height
        step = box_width + _gap(picture)
        used = picture.columns * box_width + (picture.columns - 1) * _gap(picture)
        left = inner.left + (inner.width - used) / 2
        top = inner.bottom + inner.height
        for i, panel in enumerate(picture.panels):
            row, column = divmod(i, picture.columns)
            bottom = top - row * row_height - HEAD - box_height
            box = Box(left + column * step, bottom, box_width, box_height)
            _draw_panel(figure, panel, box)
            if panel.lead and column:
                _draw_lead(figure, panel, box, _gap(picture))
    return figure


def _gap(picture: PlanePicture) -> float:
    return LEAD_GAP if any(panel.lead for panel in picture.panels) else GAP


def _cell(picture: PlanePicture, width: float) -> tuple[float, float]:
    """Width and height of every panel's box: as large as the page and `TALLEST` allow."""
    free = width - 32 - _gap(picture) * (picture.columns - 1)
    box_width = free / picture.columns
    aspect = max((p.y[1] - p.y[0]) / (p.x[1] - p.x[0]) for p in picture.panels)
    box_height = min(box_width * aspect, TALLEST)
    return box_height / aspect, box_height


def _below(picture: PlanePicture, width: float) -> float:
    box_width, _ = _cell(picture, width)
    lines = max(len(wrap(inert(p.note), TICK, box_width)) for p in picture.panels)
    ticks = TICK_ROOM if any(panel.ticks for panel in picture.panels) else 0
    return ticks + NOTE_STEP * lines + FOOT


def _draw_panel(figure: Figure, panel: PlanePanel, box: Box) -> None:
    axes = add_axes(figure, box)
    axes.set_xlim(*panel.x)
    axes.set_ylim(*panel.y)
    axes.set_aspect("equal", adjustable="box", anchor="N")
    for spine in axes.spines.values():
        spine.set_visible(panel.origin or panel.ticks or panel.region is not None)
        spine.set_color(GRID_LINE)
    if panel.ticks:
        axes.tick_params(length=3, pad=3, labelsize=points(TICK))
        axes.locator_params(nbins=5)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
    if panel.region is not None:
        _draw_region(axes, panel, panel.region)
    elif panel.origin:
        axes.axhline(0, color=FAINT, lw=points(0.8), zorder=0.5)
        axes.axvline(0, color=FAINT, lw=points(0.8), zorder=0.5)
    for stroke in panel.strokes:
        _draw_stroke(axes, stroke)
    for dots in panel.dots:
        axes.plot(
            dots.x,
            dots.y,
            ls="none",
            marker=dots.look.marker,
            ms=points(dots.size),
            color=dots.look.color,
            mec="white",
            mew=points(0.5 if dots.size > 4 else 0.0),
            zorder=3,
        )
    for words in panel.words:
        axes.text(
            words.x,
            words.y,
            inert(words.text, 60),
            color=words.color,
            ha=words.side,
            va="center",
            fontsize=points(words.size),
            weight="bold" if words.bold else "normal",
            zorder=5,
        )
    title = (box.left, box.bottom + box.height + 8)
    write(figure, title, inert(panel.title, 60), PANEL, bold=True)
    ticks = TICK_ROOM if panel.ticks else 0
    for i, line in enumerate(wrap(inert(panel.note), TICK, box.width)):
        place = (box.left, box.bottom - ticks - NOTE_STEP * (i + 1) + 2)
        write(figure, place, line, TICK, color=QUIET)


def _draw_region(axes: Axes, panel: PlanePanel, region: Region) -> None:
    values = np.array(region.values)
    pale = [tuple(1 - 0.42 * (1 - c) for c in to_rgb(k.color)) for k in (region.low, region.high)]
    colors = LinearSegmentedColormap.from_list("region", [pale[0], (1, 1, 1), pale[1]])
    axes.imshow(
        values, origin="lower", extent=(*panel.x, *panel.y), cmap=colors, vmin=0, vmax=1,
        interpolation="bilinear", aspect="equal", zorder=0,
    )  # fmt: skip
    if values.min() < 0.5 < values.max():
        rows, columns = values.shape
        x = panel.x[0] + (np.arange(columns) + 0.5) * (panel.x[1] - panel.x[0]) / columns
        y = panel.y[0] + (np.arange(rows) + 0.5) * (panel.y[1] - panel.y[0]) / rows
        axes.contour(x, y, values, levels=[0.5], colors=[INK], linewidths=points(2.2), zorder=2)


def _draw_stroke(axes: Axes, stroke: Stroke) -> None:
    color = stroke.look.color
    if stroke.arrow:
        (x0, x1), (y0, y1) = stroke.x[-2:], stroke.y[-2:]
        axes.plot(
            stroke.x[:-1],
            stroke.y[:-1],
            color=color,
            lw=points(stroke.width),
            alpha=stroke.opacity,
        )
        axes.add_patch(
            FancyArrowPatch(
                (x0, y0),
                (x1, y1),
                arrowstyle="-|>,head_width=0.28",
                mutation_scale=points(14 + 2.0 * stroke.width),
                color=color,
                zorder=4,
                lw=points(stroke.width),
                shrinkA=0,
                shrinkB=0,
                alpha=stroke.opacity,
            )
        )
        return
    if stroke.fill:
        axes.fill(stroke.x, stroke.y, color=color, alpha=stroke.fill, lw=0, zorder=1)
    axes.plot(
        stroke.x, stroke.y, color=color, lw=points(stroke.width), alpha=stroke.opacity,
        ls=(0, stroke.look.dashes or None), solid_joinstyle="round", solid_capstyle="round",
    )  # fmt: skip


def _draw_lead(figure: Figure, panel: PlanePanel, box: Box, gap: float) -> None:
    """The arrow from the panel on the left, its word above it."""
    middle = box.bottom + box.height / 2
    width, height = figure.get_size_inches() * 100
    ends = [box.left - gap + 12, box.left - 12]
    figure.add_artist(
        FancyArrowPatch(
            (ends[0] / width, middle / height),
            (ends[1] / width, middle / height),
            transform=figure.transFigure,
            arrowstyle="-|>,head_width=0.3",
            mutation_scale=points(20),
            color=QUIET,
            lw=points(2),
            shrinkA=0,
            shrinkB=0,
        )
    )
    lines = wrap(inert(panel.lead, 60), LABEL, gap - 12)
    for i, line in enumerate(reversed(lines)):
        place = (box.left - gap / 2, middle + 14 + 18 * i)
        write(figure, place, line, LABEL, color=INK, ha="center")
