"""A table on a page of pixels: columns as wide as their texts, long texts over several lines."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nnlab.core.report.canvas import PAD, write
from nnlab.core.report.sheet import FULL, band, rule
from nnlab.core.report.style import (
    LABEL,
    QUIET,
    drawing,
    inert,
    new_figure,
    points,
    text_width,
    wrap,
)
from nnlab.core.report.table import Table

LINE, STEP = 26, 20
"""Height of a table row of one line, and of each further line."""
_WIDEST_HEAD, _WIDEST_CELL = 150.0, 360.0
_SAMPLE, _BEST = 40.0, 52.0
"""Room for the sample of a row's line, and for the word "best"."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """A table whose texts are broken into lines, with the place of everything."""

    heads: list[list[str]]
    rows: list[list[list[str]]]
    places: list[float]
    """Left edges of the columns."""
    size: float
    """Font height."""

    def row_height(self, row: list[list[str]]) -> float:
        return LINE + STEP * (max(map(len, row)) - 1)


def page_table(table: Table) -> Figure:
    """The table as a strip of the page; smaller print where it is too wide."""
    layout = _lay_out(table)
    deep = max(map(len, layout.heads))
    notes = wrap(inert(table.note), LABEL, FULL - 2 * PAD)
    rows = sum(layout.row_height(row) for row in layout.rows)
    height = 2 * PAD + STEP * deep + rows + STEP * len(notes) + 18
    with drawing():
        figure = new_figure(FULL, height)
        y = height - PAD - STEP * deep
        for place, head in zip(layout.places, layout.heads, strict=True):
            for i, line in enumerate(reversed(head)):
                write(figure, (place, y + STEP * i + 6), line, layout.size, color=QUIET)
        rule(figure, y - 1, height)
        for i, row in enumerate(layout.rows):
            _draw_row(figure, (y, height), table, layout, i)
            y -= layout.row_height(row)
        for i, line in enumerate(reversed(notes)):
            write(figure, (PAD, PAD + STEP * i), line, LABEL, color=QUIET)
    return figure


def _draw_row(
    figure: Figure, top: tuple[float, float], table: Table, layout: _Layout, i: int
) -> None:
    """Row `i`, below `top`: there, in a figure so high."""
    y, height = top
    row, best = layout.rows[i], i == table.best
    base = y - LINE + 8
    if best:
        high = layout.row_height(row)
        band(figure, (y - high + 1, high), height)
        write(figure, (PAD + 42, base), "best", layout.size, color=QUIET)
    look = table.looks[i] if table.looks else None
    if look is not None:
        _sample(figure, base + 5, height, (look.color, look.dashes))
    for place, cell in zip(layout.places, row, strict=True):
        for j, line in enumerate(cell):
            write(figure, (place, base - STEP * j), line, layout.size, bold=best)


def _lay_out(table: Table) -> _Layout:
    heads = [wrap(inert(head), LABEL, _WIDEST_HEAD) for head in table.heads]
    rows = [[wrap(inert(cell), LABEL, _WIDEST_CELL) for cell in row] for row in table.rows]
    widths = []
    for i, head in enumerate(heads):
        texts = [text_width(line, LABEL) for line in head]
        texts += [text_width(line, LABEL, bold=True) for row in rows for line in row[i]]
        widths.append(max(texts, default=0.0))
    first = (_SAMPLE if table.looks else 0.0) + (_BEST if table.best is not None else 0.0)
    if table.best is not None and not table.looks:
        first += _SAMPLE  # "best" stands where it does beside a sample
    room, gaps = FULL - 2 * PAD - first, max(1, len(widths) - 1)
    shrink = min(1.0, (room - 14 * gaps) / sum(widths))
    gap = min((room - shrink * sum(widths)) / gaps, 70.0)
    places = [PAD + first]
    for width in widths[:-1]:
        places.append(places[-1] + shrink * width + gap)
    return _Layout(heads, rows, places, LABEL * shrink)


def _sample(figure: Figure, y: float, height: float, look: tuple[str, tuple[float, ...]]) -> None:
    color, dashes = look
    ends = [PAD / FULL, (PAD + 26) / FULL]
    figure.add_artist(
        Line2D(ends, [y / height] * 2, color=color, lw=points(3), dashes=dashes or (None, None))
    )
