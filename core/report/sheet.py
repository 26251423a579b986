"""The parts of a page 1,600 pixels wide: strips, rows of pictures, rules, a footer.

Each picture is drawn at twice the page's resolution: those pixels are its own file, their exact
half is its place on the page. Heading, tables and footer are drawn the same way: a page is a stack
of strips, each a figure of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from nnlab.core.report.canvas import PAD, write
from nnlab.core.report.figures import draw, is_wide, natural_height
from nnlab.core.report.pictures import Picture
from nnlab.core.report.style import (
    GRID_LINE,
    PAGE_WIDTH,
    QUIET,
    Pixels,
    drawing,
    halved,
    inert,
    new_figure,
    points,
    rasterize,
    wrap,
)

MARGIN = 20
"""Between the page's edge and a picture's own padding."""
FULL = PAGE_WIDTH - 2 * MARGIN


def page_rows(pictures: Sequence[Picture]) -> list[tuple[Picture, ...]]:
    """The pictures in rows, in order: a wide one alone, narrow neighbours in pairs.

    Of an odd number of narrow neighbours the first stands alone.
    """
    rows: list[tuple[Picture, ...]] = []
    for wide, group in groupby(pictures, key=is_wide):
        members = list(group)
        start = len(members) if wide else len(members) % 2
        rows.extend((picture,) for picture in members[:start])
        rows.extend(zip(members[start::2], members[start + 1 :: 2], strict=True))
    return rows


def strip(figure: Figure) -> Pixels:
    """A figure at the page's resolution."""
    return halved(rasterize(figure))


def check_names(pictures: Sequence[Picture]) -> None:
    """Raise ValueError where two pictures have one name, which is their file's."""
    names = [picture.name for picture in pictures]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two pictures of a report are named {', '.join(twice)}")


def draw_rows(pictures: Sequence[Picture]) -> tuple[list[Pixels], dict[str, Pixels]]:
    """A strip for each row of pictures, and each picture's own pixels by its name.

    Raises ValueError where two pictures have one name, which is their file's.
    """
    check_names(pictures)
    strips, own = [], {}
    for row in page_rows(pictures):
        width = FULL / len(row)
        height = max(natural_height(picture, width) for picture in row)
        for picture in row:
            own[picture.name] = rasterize(draw(picture, width, height))
        strips.append(np.hstack([halved(own[picture.name]) for picture in row]))
    return strips, own


def stacked(strips: Sequence[Pixels]) -> Pixels:
    """The page: each strip in the middle of a white row of its width."""
    rows = []
    for each in strips:
        row = np.full((each.shape[0], PAGE_WIDTH, 3), 255, dtype=np.uint8)
        left = (PAGE_WIDTH - each.shape[1]) // 2
        row[:, left : left + each.shape[1]] = each
        rows.append(row)
    return np.vstack(rows)


def cut(lines: list[str], most: int) -> list[str]:
    """The first lines; an ellipsis says that there are more."""
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][:-1]}…"]


def rule(figure: Figure, y: float, height: float) -> None:
    """A line across the page, `y` above the lower end of a figure so many pixels high."""
    ends = [PAD / FULL, 1 - PAD / FULL]
    figure.add_artist(Line2D(ends, [y / height] * 2, color=GRID_LINE, lw=points(1.5)))


def band(figure: Figure, place: tuple[float, float], height: float, color: str = "#f1f4f8") -> None:
    """A coloured band across the page behind the text; `place` is its lower end and its height."""
    y, high = place
    size = (1 - 2 * (PAD - 6) / FULL, high / height)
    figure.add_artist(
        Rectangle(((PAD - 6) / FULL, y / height), *size, fc=color, ec="none", zorder=-1)
    )


def footer(parts: Sequence[str]) -> Figure:
    """The last strip, with what it was made and where the numbers are."""
    lines = cut(wrap(inert("  ·  ".join(parts), 500), 13, FULL - 2 * PAD), 2)
    height = 30 + 19 * len(lines)
    with drawing():
        figure = new_figure(FULL, height)
        rule(figure, height - 6, height)
        for i, line in enumerate(lines):
            write(figure, (PAD, height - 26 - 19 * i), line, 13, color=QUIET)
    return figure
