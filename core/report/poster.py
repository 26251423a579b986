"""`report.png`: one page 1,600 pixels wide out of pictures that are drawn once.

Each picture is drawn at twice the page's resolution: those pixels are its own file, their exact
half is its place on the page. Heading, table and footer are drawn the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.canvas import PAD, write
from nnlab.core.report.captions import counts_words, headline, made_words, varies_words
from nnlab.core.report.figures import draw, is_wide, natural_height
from nnlab.core.report.pictures import Picture
from nnlab.core.report.style import (
    GRID_LINE,
    LABEL,
    PAGE_WIDTH,
    QUIET,
    Pixels,
    drawing,
    halved,
    inert,
    new_figure,
    points,
    rasterize,
    text_width,
    wrap,
)
from nnlab.core.report.table import Table, scope_table, small_results_table

MARGIN = 20
"""Between the page's edge and a picture's own padding."""
FULL = PAGE_WIDTH - 2 * MARGIN
LINE = 26
"""Height of a table row."""


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


def draw_page(summary: Summary, pictures: Sequence[Picture]) -> tuple[Pixels, dict[str, Pixels]]:
    """The page, and each picture's own pixels by its name."""
    own: dict[str, Pixels] = {}
    head = (page_heading(summary), page_table(small_results_table(summary)))
    strips = [halved(rasterize(figure)) for figure in head]
    for row in page_rows(pictures):
        width = FULL / len(row)
        height = max(natural_height(picture, width) for picture in row)
        cells = []
        for picture in row:
            pixels = rasterize(draw(picture, width, height))
            own[picture.name] = pixels
            cells.append(halved(pixels))
        strips.append(np.hstack(cells))
    strips.append(halved(rasterize(page_footer(summary))))
    return np.vstack([_margins(strip) for strip in strips]), own


def _margins(strip: Pixels) -> Pixels:
    """The strip in the middle of a white row of the page's width."""
    row = np.full((strip.shape[0], PAGE_WIDTH, 3), 255, dtype=np.uint8)
    left = (PAGE_WIDTH - strip.shape[1]) // 2
    row[:, left : left + strip.shape[1]] = strip
    return row


def _cut(lines: list[str], most: int) -> list[str]:
    """The first lines; an ellipsis says that there are more."""
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][:-1]}…"]


def page_heading(summary: Summary) -> Figure:
    """Name, description, the answer in one line, and what the numbers are about."""
    tables, room = summary.tables, FULL - 2 * PAD
    description = _cut(wrap(inert(tables.description, 400), LABEL + 1, room), 2)
    facts = [f"{head}: {text}" for head, text in scope_table(summary).rows]
    lines = _cut(wrap(inert("  ·  ".join(facts), 700), LABEL, room), 3)
    answer = wrap(inert(headline(summary)), 20, room, bold=True)
    height = 24 + 42 + 22 * len(description) + 28 * len(answer) + 21 * (len(lines) + 1) + 8
    with drawing():
        figure = new_figure(FULL, height)
        y = height - 24.0 - 28
        title = inert(tables.name, 60)
        write(figure, (PAD, y), title, 30, bold=True)
        status = f"{counts_words(summary.counts)}  ·  {varies_words(summary)}"
        left = PAD + text_width(title, 30, bold=True) + 26
        if left + text_width(status, LABEL) < FULL - PAD:
            write(figure, (FULL - PAD, y), inert(status), LABEL, color=QUIET, ha="right")
        else:
            lines = [status, *lines]
        y -= 14 if description else 4
        for text in description:
            y -= 22
            write(figure, (PAD, y), text, LABEL + 1)
        y -= 8
        for text in answer:
            y -= 28
            write(figure, (PAD, y), text, 20, bold=True)
        y -= 4
        for text in lines:
            y -= 21
            write(figure, (PAD, y), text, LABEL, color=QUIET)
    return figure


def page_table(table: Table) -> Figure:
    """The table with columns as wide as their texts; smaller print where that is too wide."""
    heads = [wrap(head, LABEL, 150) for head in table.heads]
    deep = max(len(lines) for lines in heads)
    notes = wrap(inert(table.note), LABEL, FULL - 2 * PAD)
    height = 2 * PAD + 20 * deep + LINE * len(table.rows) + 20 * len(notes) + 18
    size, places = _columns(table, heads)
    with drawing():
        figure = new_figure(FULL, height)
        top = height - PAD - 20 * deep
        for place, head in zip(places, heads, strict=True):
            for i, line in enumerate(reversed(head)):
                write(figure, (place, top + 20 * i + 6), line, size, color=QUIET)
        _rule(figure, top - 1, height)
        for i, row in enumerate(table.rows):
            y = top - LINE * (i + 1) + 8
            best = i == table.best
            if best:
                _band(figure, y - 7, height)
                write(figure, (PAD + 42, y), "best", size, color=QUIET)
            look = table.looks[i] if table.looks else None
            if look is not None:
                _sample(figure, y + 5, height, (look.color, look.dashes))
            for place, cell in zip(places, row, strict=True):
                write(figure, (place, y), inert(cell, 40), size, bold=best)
        for i, line in enumerate(reversed(notes)):
            write(figure, (PAD, PAD + 20 * i), line, LABEL, color=QUIET)
    return figure


def _columns(table: Table, heads: list[list[str]]) -> tuple[float, list[float]]:
    """Font height and left edges of the columns."""
    widths = [
        max(
            *(text_width(line, LABEL) for line in head),
            *(text_width(inert(row[i], 40), LABEL, bold=True) for row in table.rows),
            0.0,
        )
        for i, head in enumerate(heads)
    ]
    first = 40.0 + (52.0 if table.best is not None else 0.0)  # the line's sample, the word "best"
    room, gaps = FULL - 2 * PAD - first, max(1, len(widths) - 1)
    shrink = min(1.0, (room - 14 * gaps) / sum(widths))
    gap = min((room - shrink * sum(widths)) / gaps, 70.0)
    places = [PAD + first]
    for width in widths[:-1]:
        places.append(places[-1] + shrink * width + gap)
    return LABEL * shrink, places


def _rule(figure: Figure, y: float, height: float) -> None:
    ends = [PAD / FULL, 1 - PAD / FULL]
    figure.add_artist(Line2D(ends, [y / height] * 2, color=GRID_LINE, lw=points(1.5)))


def _band(figure: Figure, y: float, height: float) -> None:
    size = (1 - 2 * (PAD - 6) / FULL, LINE / height)
    figure.add_artist(
        Rectangle(((PAD - 6) / FULL, y / height), *size, fc="#f1f4f8", ec="none", zorder=-1)
    )


def _sample(figure: Figure, y: float, height: float, look: tuple[str, tuple[float, ...]]) -> None:
    color, dashes = look
    ends = [PAD / FULL, (PAD + 26) / FULL]
    figure.add_artist(
        Line2D(ends, [y / height] * 2, color=color, lw=points(3), dashes=dashes or (None, None))
    )


def page_footer(summary: Summary) -> Figure:
    """With what it was made, and where the numbers are."""
    parts = [
        made_words(summary.tables.environment),
        "spec.yaml reproduces it; the numbers are in runs.csv, layers.parquet, curves.parquet.",
    ]
    lines = _cut(wrap(inert("  ·  ".join(parts), 500), 13, FULL - 2 * PAD), 2)
    height = 30 + 19 * len(lines)
    with drawing():
        figure = new_figure(FULL, height)
        _rule(figure, height - 6, height)
        for i, line in enumerate(lines):
            write(figure, (PAD, height - 26 - 19 * i), line, 13, color=QUIET)
    return figure
