"""`report.png` of a study: one page 1,600 pixels wide out of pictures that are drawn once."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.canvas import PAD, write
from nnlab.core.report.captions import counts_words, made_words, varies_words
from nnlab.core.report.headline import headline
from nnlab.core.report.page_table import page_table
from nnlab.core.report.pictures import Picture
from nnlab.core.report.sheet import FULL, cut, draw_rows, footer, stacked, strip
from nnlab.core.report.style import (
    LABEL,
    QUIET,
    Pixels,
    drawing,
    inert,
    new_figure,
    text_width,
    wrap,
)
from nnlab.core.report.table import scope_table, small_results_table


def draw_page(summary: Summary, pictures: Sequence[Picture]) -> tuple[Pixels, dict[str, Pixels]]:
    """The page, and each picture's own pixels by its name."""
    rows, own = draw_rows(pictures)
    head = [page_heading(summary), page_table(small_results_table(summary))]
    return stacked([*map(strip, head), *rows, strip(page_footer(summary))]), own


def page_heading(summary: Summary) -> Figure:
    """Name, description, the answer in one line, and what the numbers are about."""
    tables, room = summary.tables, FULL - 2 * PAD
    description = cut(wrap(inert(tables.description, 400), LABEL + 1, room), 2)
    facts = [f"{head}: {text}" for head, text in scope_table(summary).rows]
    lines = cut(wrap(inert("  ·  ".join(facts), 700), LABEL, room), 3)
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


def page_footer(summary: Summary) -> Figure:
    """With what it was made, and where the numbers are."""
    return footer(
        (
            made_words(summary.tables.environment),
            "spec.yaml reproduces it; the numbers are in runs.csv, layers.parquet, curves.parquet.",
        )
    )
