"""The parts of a Markdown page: text that marks nothing up, tables, figures, fenced text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nnlab.core.report.pictures import Picture
from nnlab.core.report.style import one_line
from nnlab.core.report.table import Table

# What could begin markup. A bracket does so only before another one or a colon, so that intervals
# stay readable in the file itself; "-" and "_" inside words mark nothing up.
_MARKUP = re.compile(r"[\\`*<>#|~$]|\](?=[\[(:])|(?<!\w)_|_(?!\w)")


def escape(text: str) -> str:
    r"""Text as Markdown that shows it as it is, on one line.

    >>> escape("a|b <i> *c*")
    'a\\|b \\<i\\> \\*c\\*'
    """
    return _MARKUP.sub(r"\\\g<0>", one_line(text).replace("&", "&amp;"))


def markdown_picture(picture: Picture, level: int = 3, folder: str = "figures") -> str:
    """A picture of `folder` under its title, with its caption."""
    title = escape(picture.title)
    image = f"![{title}]({folder}/{picture.name}.png)"
    return f"{'#' * level} {title}\n\n{image}\n\n{escape(picture.caption)}"


def markdown_table(table: Table) -> str:
    """A table with its note."""
    lines = [_row(table.heads), _row(["---"] * len(table.heads))]
    for i, row in enumerate(table.rows):
        cells = [escape(cell) for cell in row]
        if i == table.best:
            cells = [f"**{cell}**" if cell else "" for cell in cells]
            cells[0] += " (best)"
        lines.append("| " + " | ".join(cells) + " |")
    text = "\n".join(lines)
    return f"{text}\n\n{escape(table.note)}" if table.note else text


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell if cell == "---" else escape(cell) for cell in cells) + " |"


def fenced(text: str, language: str) -> str:
    """The text in a fence longer than any run of backticks in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
