"""`report.png` of an answer: one page 1,600 pixels wide.

The question, the answer in large print, the claims with their verdicts, where the text slips, then
the pictures of all sections (of very many, those that the claims rest on); last, with text and
tables, the sections that have no picture.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from nnlab.core.report.answer import QUICK, Answer, AnswerPage, Section
from nnlab.core.report.canvas import PAD
from nnlab.core.report.captions import made_words
from nnlab.core.report.claim_rows import claim_row
from nnlab.core.report.claims_strip import claims_strip
from nnlab.core.report.page_table import page_table
from nnlab.core.report.pictures import Picture
from nnlab.core.report.sheet import FULL, band, check_names, draw_rows, footer, stacked, strip
from nnlab.core.report.style import LABEL, QUIET, Pixels, drawing, new_figure
from nnlab.core.report.typeset import (
    Print,
    Run,
    height_of,
    in_columns,
    lines_of,
    put,
    set_text,
)
from nnlab.core.report.wording import listed, plural

ROOM = FULL - 2 * PAD
_TITLE, _ASKS = Print(30, bold=True), Print(LABEL + 1, QUIET)
_ANSWER, _HEADING, _TEXT = Print(20), Print(19, bold=True), Print(LABEL + 1)
_QUICK_BAND = "#ffe9d6"
_FEW = 3
"""Paragraphs that stand across the page; more stand in two columns."""
_GUTTER = 40
_MOST_PICTURES = 8
"""Beyond, a page is too tall to be looked at."""


def draw_answer(page: AnswerPage) -> tuple[Pixels, dict[str, Pixels]]:
    """The page, and each picture's own pixels by its name."""
    answer = page.answer
    strips = [strip(answer_heading(page)), strip(answer_sentences(answer))]
    if answer.claims:
        rows = [claim_row(judged.as_json()) for judged in answer.claims]
        strips.append(strip(claims_strip(rows)))
    if answer.corrections:
        strips.append(strip(_corrections(answer)))
    check_names(answer.pictures)
    shown = on_the_page(answer)
    rows_of_pictures, own = draw_rows(shown)
    own |= draw_rows([picture for picture in answer.pictures if picture not in shown])[1]
    strips += rows_of_pictures
    for section in answer.sections:
        if not section.pictures:
            strips += _section(section)
    return stacked([*strips, strip(footer(_sources(page)))]), own


def on_the_page(answer: Answer) -> tuple[Picture, ...]:
    """The pictures of the one page: all, or of very many those that the claims rest on."""
    if len(answer.pictures) <= _MOST_PICTURES:
        return answer.pictures
    evidence = {judged.claim.figure for judged in answer.claims}
    chosen = tuple(picture for picture in answer.pictures if picture.name in evidence)
    return chosen or answer.pictures[:_MOST_PICTURES]


def _sources(page: AnswerPage) -> list[str]:
    """With what it was made, and where the rest is."""
    numbers = ["answer.json", "claims.json"]
    if page.answer.runs is not None:
        numbers.append("runs.csv")
    more = len(page.answer.pictures) - len(on_the_page(page.answer))
    left = f", with {plural(more, 'more picture')}" if more else ""
    return [
        made_words(page.environment),
        f"The whole answer is in report.html and report.md{left}, the numbers in "
        f"{listed(numbers)}.",
    ]


def answer_heading(page: AnswerPage) -> Figure:
    """The question: its title and what is asked."""
    lines = lines_of(f"{page.question}: {page.title}", _TITLE, ROOM)
    lines += lines_of(page.asks, _ASKS, ROOM, gap=4)
    note = lines_of(QUICK, Print(LABEL + 1, bold=True), ROOM, gap=14) if page.explores else []
    height = 20 + height_of(lines) + height_of(note) + 14
    with drawing():
        figure = new_figure(FULL, height)
        y = put(figure, (PAD, height - 20), lines)
        end = put(figure, (PAD, y), note)
        if note:
            band(figure, (end - 5, y - end - 4), height, _QUICK_BAND)
    return figure


def answer_sentences(answer: Answer) -> Figure:
    """The answer in large print; more than a few paragraphs in two columns."""
    if len(answer.sentences) <= _FEW:
        return set_text([_paragraphs(answer.sentences, _ANSWER, ROOM)])
    width = ROOM / 2 - _GUTTER
    kind = Print(18)
    return set_text(in_columns([lines_of(text, kind, width, 8) for text in answer.sentences]))


def _paragraphs(texts: tuple[str, ...], kind: Print, width: float) -> list[Run]:
    return [run for text in texts for run in lines_of(text, kind, width, gap=8)]


def _corrections(answer: Answer) -> Figure:
    heading = lines_of("Where the text slips", _HEADING, ROOM, gap=12)
    texts = tuple(f"• {text}" for text in answer.corrections)
    return set_text([[*heading, *_paragraphs(texts, _TEXT, ROOM)]])


def _section(section: Section) -> list[Pixels]:
    """A section without pictures: heading, text, tables."""
    lines = lines_of(section.heading, _HEADING, ROOM, gap=12)
    lines += _paragraphs(section.text, _TEXT, ROOM)
    return [strip(set_text([lines])), *(strip(page_table(table)) for table in section.tables)]
