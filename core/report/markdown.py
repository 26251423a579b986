"""`report.md`: the report as text with tables and links to the figures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import counts_words, headline, varies_words
from nnlab.core.report.comparison import comparison_sections
from nnlab.core.report.pictures import Picture
from nnlab.core.report.style import one_line
from nnlab.core.report.table import (
    Table,
    best_run_words,
    environment_table,
    results_table,
    scope_table,
    settings_table,
)

# What could begin markup. A bracket does so only before another one or a colon, so that intervals
# stay readable in the file itself; "-" and "_" inside words mark nothing up.
_MARKUP = re.compile(r"[\\`*<>#|~$]|\](?=[\[(:])|(?<!\w)_|_(?!\w)")


def escape(text: str) -> str:
    r"""Text as Markdown that shows it as it is, on one line.

    >>> escape("a|b <i> *c*")
    'a\\|b \\<i\\> \\*c\\*'
    """
    return _MARKUP.sub(r"\\\g<0>", one_line(text).replace("&", "&amp;"))


def markdown(summary: Summary, pictures: Sequence[Picture]) -> str:
    """The whole of `report.md`."""
    tables = summary.tables
    parts = [f"# {escape(tables.name)}"]
    if tables.description.strip():
        parts.append(escape(tables.description))
    parts.append(f"**{escape(headline(summary))}**")
    parts.append(f"{escape(counts_words(summary.counts))}; {escape(varies_words(summary))}.")
    if pictures:
        parts.append("![All pictures on one page](report.png)")
    parts += ["## Results", _table(results_table(summary))]
    best = best_run_words(summary)
    if best:
        parts.append(best)
    if len(summary.settings) > len(summary.shown.rows):
        parts += ["## All settings, the best first", _table(settings_table(summary))]
    for section in comparison_sections(summary):
        parts += [f"## {escape(section.heading)}", _table(section.table)]
        parts.append("\n".join(f"- {escape(text)}" for text in section.sentences))
    if pictures:
        parts.append("## Pictures")
    for picture in pictures:
        title = escape(picture.title)
        parts.append(f"### {title}\n\n![{title}](figures/{picture.name}.png)")
        parts.append(escape(picture.caption))
    parts += ["## Scope", _table(scope_table(summary))]
    parts += ["## Environment", _table(environment_table(summary))]
    parts += ["## Spec", f"`nnlab train spec.yaml` reproduces this.\n\n{_fenced(tables.spec_text)}"]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
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


def _fenced(text: str) -> str:
    """The text in a fence longer than any run of backticks in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}yaml\n{text.rstrip()}\n{fence}"
