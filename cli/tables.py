"""Tables and paragraphs in the terminal, as wide as there is room.

What does not fit is first the titles, which go over several lines, then the columns that can be
spared, from the right, then the ends of long texts. Numbers are never cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nnlab.core.wording import shown

if TYPE_CHECKING:
    from rich.text import Text

GAP = 2
_SHORTEST = 6
"""A text is not cut below this many columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its cells, and what may be done with it when room is short."""

    title: str
    cells: tuple[str, ...]
    number: bool = True
    """Numbers stand to the right and are never cut."""
    spare: bool = False
    """Whether a narrow terminal may do without."""

    @property
    def content(self) -> int:
        """The width of the widest cell."""
        return max((wide(cell) for cell in self.cells), default=0)

    def least(self) -> int:
        """The width with the title broken at every space, the cells whole."""
        return max(self.content, *(wide(word) for word in self.title.split() or [""]))


def column(title: str, cells: Sequence[str], *, number: bool = True, spare: bool = False) -> Column:
    """A column whose cells are made inert: they may hold names out of a spec or a data file."""
    return Column(title, tuple(shown(cell, None) for cell in cells), number, spare)


def paragraph(text: str, width: int, indent: int = 0) -> list[str]:
    """Lines of words at most `width` wide, all but the first indented; long words stay whole."""
    return textwrap.wrap(
        shown(text, None),
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def fits(columns: Sequence[Column], width: int) -> bool:
    """Whether a table fits into `width` with nothing left out and nothing cut."""
    return _total([column.least() for column in columns]) <= width


def lay_out(columns: Sequence[Column], width: int, bold: Collection[int] = ()) -> list[Text]:
    """The lines of a table at most `width` wide; `bold` are the rows that stand out."""
    from rich.text import Text

    kept = _kept(columns, width)
    widths = _widths(kept, width)
    titles = [_title_lines(c.title, w) for c, w in zip(kept, widths, strict=True)]
    height = max(len(title) for title in titles)
    titles = [[""] * (height - len(title)) + title for title in titles]
    lines = [
        Text(_line(kept, widths, [title[i] for title in titles]), style="dim")
        for i in range(height)
    ]
    for i in range(len(kept[0].cells)):
        cells = [c.cells[i] for c in kept]
        lines.append(Text(_line(kept, widths, cells), style="bold" if i in bold else ""))
    for line in lines:
        line.no_wrap = True
    return lines


def _kept(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns there is room for."""
    kept = list(columns)
    for candidate in reversed(columns):
        if fits(kept, width):
            break
        if candidate.spare and len(kept) > 1:
            kept.remove(candidate)
    texts = [i for i, c in enumerate(kept) if not c.number]
    while texts and not fits(kept, width):
        widest = max(texts, key=lambda i: kept[i].least())
        room = kept[widest].least() - 1
        if room < _SHORTEST:
            break
        title = kept[widest].title if wide(kept[widest].title) <= room else ""
        cells = tuple(_cut(cell, room) for cell in kept[widest].cells)
        kept[widest] = replace(kept[widest], title=title, cells=cells)
    return kept


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """The narrowest columns whose titles have as few lines as the room allows."""
    tallest = max(len(c.title.split()) for c in columns)
    for lines in range(1, tallest + 1):
        widths = [max(c.content, _title_width(c.title, lines)) for c in columns]
        if _total(widths) <= width:
            return widths
    return [c.least() for c in columns]


def _title_width(title: str, lines: int) -> int:
    """The least width at which a title takes so many lines."""
    words = title.split() or [""]
    least = max(map(wide, words))
    return next(
        w
        for w in range(least, wide(title) + 1)
        if w >= wide(title) or len(_title_lines(title, w)) <= max(lines, 1)
    )


def _title_lines(title: str, width: int) -> list[str]:
    return textwrap.wrap(title, max(width, 1), break_on_hyphens=False) or [""]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    padded = []
    for c, w, cell in zip(columns, widths, cells, strict=True):
        space = " " * (w - wide(cell))
        padded.append(space + cell if c.number else cell + space)
    return (" " * GAP).join(padded).rstrip()


def _cut(text: str, room: int) -> str:
    if wide(text) <= room:
        return text
    while wide(text) > room - 1:
        text = text[:-1]
    return text + "…"


def wide(text: str) -> int:
    """Columns in the terminal: a Chinese character takes two."""
    from rich.cells import cell_len

    return cell_len(text)
