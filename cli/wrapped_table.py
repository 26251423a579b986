"""Tables whose texts go over several lines, and tables with more columns than there is room for.

`tables` cuts what does not fit; here nothing is lost: long texts are wrapped inside their column,
and columns for which there is no room at all stand in a table of their own below.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nnlab.cli.tables import GAP, Column, column, fits, lay_out, wide

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.report.table import Table

_HANG = 2
"""By how much the further lines of the text that names a row are indented."""
_NARROWEST = 12
"""Columns of the terminal below which a text is not wrapped, even if its words are broken."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A table that is laid out."""

    head: list[Text]
    rows: list[list[Text]]
    """The lines of each row."""

    @property
    def lines(self) -> list[Text]:
        """All of it."""
        return [*self.head, *(line for row in self.rows for line in row)]


def wrap_table(columns: Sequence[Column], width: int, hang: int = 0) -> Wrapped:
    """The lines of a table at most `width` wide, if its numbers leave room for its texts.

    The first column names the rows: its further lines are indented by `hang`.
    """
    texts = [i for i, each in enumerate(columns) if not each.number]
    fixed = sum(each.least() for each in columns if each.number) + GAP * (len(columns) - 1)
    dealt = _shares([columns[i] for i in texts], width - fixed, hang)
    shares = dict(zip(texts, dealt, strict=True))
    pieces: list[list[list[str]]] = []
    for i, each in enumerate(columns):
        room = shares.get(i)
        cells = each.cells
        indent = 0 if i else hang
        pieces.append([[cell] if room is None else _broken(cell, room, indent) for cell in cells])
    heights = [max(len(p[row]) for p in pieces) for row in range(len(columns[0].cells))]
    spread = []
    for each, found in zip(columns, pieces, strict=True):
        padded = [
            cell + [""] * (high - len(cell)) for cell, high in zip(found, heights, strict=True)
        ]
        spread.append(replace(each, cells=tuple(line for cell in padded for line in cell)))
    laid = lay_out(spread, width)
    start = len(laid) - sum(heights)
    head, rows = laid[:start], []
    for high in heights:
        rows.append(laid[start : start + high])
        start += high
    return Wrapped(head, rows)


def table_lines(table: Table, width: int) -> list[Text]:
    """The lines of a report's table; columns for which there is no room follow below."""
    from rich.text import Text

    columns = [
        column(head, [row[i] for row in table.rows], number=i > 0 and _are_numbers(table, i))
        for i, head in enumerate(table.heads)
    ]
    lines: list[Text] = []
    for group in _groups(columns, width):
        lines += [*([Text()] if lines else []), *wrap_table(group, width, hang=_HANG).lines]
    for row in [] if table.best is None else [table.rows[table.best]]:
        lines.append(Text(f"best: {row[0]}", style="dim"))
    return lines


def _groups(columns: Sequence[Column], width: int) -> list[list[Column]]:
    """The columns in tables that have room, the first column in each of them."""
    first, *rest = columns
    groups, group = [], [first]
    for each in rest:
        if len(group) > 1 and not _has_room([*group, each], width):
            groups.append(group)
            group = [first]
        group.append(each)
    return [*groups, group]


def _has_room(columns: Sequence[Column], width: int) -> bool:
    """Whether the table fits once its texts are wrapped, every word whole."""
    narrow = [
        each if each.number else replace(each, cells=("x" * _least(each, 0 if i else _HANG),))
        for i, each in enumerate(columns)
    ]
    return fits(narrow, width)


def _least(column: Column, hang: int) -> int:
    """The width in which no word of a text is broken; its further lines are indented by `hang`."""
    words = [word for text in (column.title, *column.cells) for word in text.split()]
    longest = max(map(wide, words), default=0)
    return min(longest + hang, max(longest, column.content))


def _are_numbers(table: Table, i: int) -> bool:
    """Whether a column is to stand to the right: every cell begins like a number, and is short."""
    cells = [row[i] for row in table.rows if row[i]]
    return all(cell[0] in "0123456789−-–+<≤[.∞" and len(cell) < 30 for cell in cells)


def _shares(columns: Sequence[Column], room: int, hang: int) -> list[int]:
    """The room dealt out: each gets its longest word, then what it wants, as evenly as that goes.

    Where not even the words have room the longest are broken.
    """
    shares = [_least(each, 0 if i else hang) for i, each in enumerate(columns)]
    wanted = [max(each.content, share) for each, share in zip(columns, shares, strict=True)]
    while sum(shares) > room and max(shares) > _NARROWEST:
        shares[shares.index(max(shares))] -= 1
    open_to_more = [i for i, share in enumerate(shares) if share < wanted[i]]
    left = room - sum(shares)
    while left > 0 and open_to_more:
        i = min(open_to_more, key=lambda i: shares[i])
        shares[i] += 1
        left -= 1
        open_to_more = [i for i in open_to_more if shares[i] < wanted[i]]
    return shares


def _broken(text: str, width: int, indent: int) -> list[str]:
    hang = " " * indent
    return textwrap.wrap(text, width, subsequent_indent=hang, break_on_hyphens=False) or [""]
