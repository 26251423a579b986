"""The parts every picture shares: title and caption, boxes for the panels, limits and ticks.

All lengths are page pixels from the lower left corner. Nothing is measured by drawing twice:
text widths come from the font, so a picture is laid out and drawn once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nnlab.core.report.pictures import Axis
from nnlab.core.report.style import (
    FONT,
    INK,
    LABEL,
    QUIET,
    TICK,
    TITLE,
    inert,
    points,
    wrap,
)
from nnlab.core.report.wording import power_of_ten, short

PAD = 16
TITLE_STEP, CAPTION_STEP = 25, 20


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in page pixels, y upwards."""

    left: float
    bottom: float
    width: float
    height: float


def text_height(title: str, caption: str, width: float) -> float:
    """Height that title, caption and padding take of a picture of this width."""
    titles, captions = _texts(title, caption, width)
    return 2 * PAD + TITLE_STEP * len(titles) + CAPTION_STEP * len(captions) + 18


def frame(figure: Figure, title: str, caption: str, width: float, height: float) -> Box:
    """Write title and caption; the box between them is for the panels."""
    titles, captions = _texts(title, caption, width)
    for row, text in enumerate(titles):
        y = height - PAD - TITLE_STEP * row
        write(figure, (PAD, y), text, TITLE, va="top", bold=True)
    for row, text in enumerate(reversed(captions)):
        write(figure, (PAD, PAD + CAPTION_STEP * row), text, LABEL, color=QUIET)
    top = height - PAD - TITLE_STEP * len(titles) - 6
    bottom = PAD + CAPTION_STEP * len(captions) + 8
    return Box(PAD, bottom, width - 2 * PAD, top - bottom)


def _texts(title: str, caption: str, width: float) -> tuple[list[str], list[str]]:
    room = width - 2 * PAD
    return wrap(inert(title), TITLE, room, bold=True), wrap(inert(caption, 600), LABEL, room)


def write(  # noqa: PLR0913
    figure: Figure,
    place: tuple[float, float],
    text: str,
    size: float,
    *,
    color: str = INK,
    bold: bool = False,
    ha: str = "left",
    va: str = "baseline",
    family: str = FONT,
) -> None:
    """Text at a place in page pixels."""
    width, height = figure.get_size_inches() * 100
    weight = "bold" if bold else "normal"
    figure.text(
        place[0] / width, place[1] / height, text,
        fontsize=points(size), color=color, weight=weight, ha=ha, va=va, family=family,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Margins:
    """What stands around the axes of one panel, in page pixels."""

    top: float
    bottom: float
    left: Sequence[float]
    """One for each column."""
    right: Sequence[float]
    gap: float = 22.0


def panel_boxes(inner: Box, rows: int, margins: Margins) -> list[list[Box]]:
    """The boxes of the axes, by row (from the top) and column; all of one size."""
    columns = len(margins.left)
    free = inner.width - sum(margins.left) - sum(margins.right) - margins.gap * (columns - 1)
    width, cell = free / columns, inner.height / rows
    boxes = []
    for row in range(rows):
        left, line = inner.left, []
        for column in range(columns):
            left += margins.left[column]
            bottom = inner.bottom + inner.height - (row + 1) * cell + margins.bottom
            line.append(Box(left, bottom, width, cell - margins.top - margins.bottom))
            left += width + margins.right[column] + margins.gap
        boxes.append(line)
    return boxes


def add_axes(figure: Figure, box: Box) -> Axes:
    """Empty axes in a box."""
    width, height = figure.get_size_inches() * 100
    return figure.add_axes(
        (box.left / width, box.bottom / height, box.width / width, box.height / height)
    )


# ------------------------------------------------------------------ ticks


def limits_of(axis: Axis, values: Sequence[float]) -> tuple[float, float]:
    """The range an axis shows for these values, a little air around them."""
    if axis.limits is not None:
        return axis.limits
    if axis.kind == "category":
        return -0.5, len(axis.names) - 0.5
    known = [v for v in values if math.isfinite(v) and (axis.kind != "log" or v > 0)]
    if not known:
        return (0.1, 10.0) if axis.kind == "log" else (0.0, 1.0)
    low, high = min(known), max(known)
    if axis.kind == "log":
        factor = math.exp(max(0.04 * math.log(high / low), math.log(1.15)))
        return low / factor, high * factor
    if axis.within is not None:
        low, high = max(low, axis.within[0]), min(high, axis.within[1])
    below = above = 0.04 * (high - low) or 0.05 * abs(high) or 0.5
    if axis.kind == "percent":
        low, high = 0.0, max(high, 0.05)
        below, above = 0.03 * high, 0.06 * high
    elif axis.kind == "layer":
        below = above = 0.25
    return low - below, high + above


def with_sole_place(axis: Axis, values: Sequence[float]) -> Axis:
    """The axis, with its one tick at the value where all values are one."""
    if axis.kind != "linear" or axis.places or len(set(values)) != 1:
        return axis
    return replace(axis, places=(values[0],))


def ticks_of(axis: Axis, limits: tuple[float, float], most: int) -> tuple[list[float], list[str]]:
    """At most about `most` tick places within the limits, and their texts."""
    low, high = limits
    if axis.places and axis.names:
        return list(axis.places), [inert(name, 24) for name in axis.names]
    if axis.kind == "category":
        step = max(1, math.ceil(len(axis.names) / most))
        places = list(range(0, len(axis.names), step))
        return [float(i) for i in places], [inert(axis.names[i], 24) for i in places]
    if axis.places:
        step = max(1, math.ceil(len(axis.places) / most))
        return list(axis.places[::step]), [short(place) for place in axis.places[::step]]
    if axis.kind == "log":
        return _log_ticks(low, high, most)
    locator = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10])
    # the air around the values goes beyond what the quantity can be, its ticks do not
    floor, ceiling = axis.within or (low, high)
    low, high = max(low, floor - 1e-9), min(high, ceiling + 1e-9)
    spots = [float(t) for t in locator.tick_values(low, high) if low <= t <= high]
    if axis.kind == "percent":
        return spots, [f"{text} %" for text in _alike([100 * t for t in spots])]
    return spots, _alike(spots)


def _alike(numbers: Sequence[float]) -> list[str]:
    """The numbers with as many decimals each as the one that needs most."""
    needed = [f"{number:.6g}".partition(".")[2] for number in numbers]
    decimals = 0 if any("e" in text for text in needed) else max(map(len, needed), default=0)
    return [f"{number:z,.{decimals}f}".replace("-", "−") for number in numbers]


def _log_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 2:
        step = math.ceil((last - first + 1) / most)
        exponents = range(first, last + 1, step)
        names = [
            short(10.0**e) if first >= -2 and last <= 3 else power_of_ten(e) for e in exponents
        ]
        return [10.0**e for e in exponents], names
    for factors in ((1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        spots = [f * 10.0**e for e in range(first - 1, last + 1) for f in factors]
        spots = [t for t in spots if low <= t <= high]
        if len(spots) >= 3:
            break
    if len(spots) < 2:
        locator = MaxNLocator(nbins=4, steps=[1, 2, 5, 10])
        spots = [float(t) for t in locator.tick_values(low, high) if low <= t <= high]
        return spots, _alike(spots)
    return spots, [short(t) for t in spots]


def set_axis(axes: Axes, which: str, axis: Axis, limits: tuple[float, float], most: int) -> None:
    """Scale, limits and ticks of the x or y axis."""
    target = axes.xaxis if which == "x" else axes.yaxis
    if axis.kind == "log":
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(*limits)
    spots, names = ticks_of(axis, limits, most)
    target.set_ticks(spots, names)
    target.set_ticks([], minor=True)
    target.set_tick_params(length=3, pad=3, labelsize=points(TICK))
