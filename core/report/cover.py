"""`report.png` of all answers: every question with its answer, its verdicts and one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nnlab.core.report.all_page import AllPage, Member
from nnlab.core.report.answer import QUICK
from nnlab.core.report.canvas import PAD
from nnlab.core.report.captions import made_words
from nnlab.core.report.claim_rows import claim_row
from nnlab.core.report.figures import draw, is_wide, natural_height
from nnlab.core.report.pictures import Picture
from nnlab.core.report.sheet import FULL, footer, rule, stacked, strip
from nnlab.core.report.style import LABEL, QUIET, Pixels, drawing, new_figure
from nnlab.core.report.typeset import Print, Run, lines_of, set_text
from nnlab.core.report.verdict_looks import VERDICT_LOOKS

_HALF = FULL / 2
_TITLE, _HEADING = Print(30, bold=True), Print(21, bold=True)
_NOTE, _SENTENCE, _CLAIM = Print(LABEL + 1, QUIET), Print(16), Print(LABEL)
_INDENT = 124.0
"""Room for a verdict before its claim."""


def draw_cover(page: AllPage) -> Pixels:
    """The page: half of it text, half pictures; a wide picture stands below its text."""
    strips = [strip(cover_heading(page))]
    for member in page.members:
        strips += _member(member)
    foot = [made_words(page.environment), "Everything is in report.html and report.md."]
    return stacked([*strips, strip(footer(foot))])


def cover_heading(page: AllPage) -> Figure:
    """The title, the verdicts counted, what could not be answered."""
    room = FULL - 2 * PAD
    lines = lines_of(page.title[:1].upper() + page.title[1:], _TITLE, room, gap=12)
    lines += lines_of(page.counts, _NOTE, room, gap=4)
    if page.explores:
        lines += lines_of(QUICK, Print(LABEL + 1, bold=True), room, gap=8)
    for each in page.unanswered:
        text = f"{each.question} is unanswered: {each.reason}"
        lines += lines_of(text, Print(LABEL + 1), room, gap=8)
    return set_text([lines])


def cover_picture(pictures: Sequence[Picture]) -> Picture | None:
    """The picture that stands for an answer: the first for half a page, else the first."""
    narrow = [picture for picture in pictures if not is_wide(picture)]
    return next(iter([*narrow, *pictures]), None)


def cover_text(member: Member, width: float) -> list[Run]:
    """Title, sentences, and the claims after their verdicts."""
    page, room = member.page, width - 2 * PAD
    lines = lines_of(f"{page.question}: {page.title}", _HEADING, room, gap=6)
    for text in page.answer.sentences:
        lines += lines_of(text, _SENTENCE, room, gap=8)
    for number, judged in enumerate(page.answer.claims):
        row, above = claim_row(judged.as_json()), 6.0 if number else 14.0
        verdict = Print(LABEL, VERDICT_LOOKS[row.verdict].light, bold=True)
        for i, run in enumerate(lines_of(row.claim, _CLAIM, room - _INDENT)):
            first = i == 0
            lead = row.signed if first else ""
            lines.append(Run(run.text, run.print, above if first else 0.0, _INDENT, lead, verdict))
    return lines


def _member(member: Member) -> list[Pixels]:
    """The strips of one answer, a line above."""
    picture = cover_picture(member.page.answer.pictures)
    if picture is None or is_wide(picture):
        strips = [_line(), strip(set_text([cover_text(member, FULL)]))]
        if picture is not None:
            strips.append(strip(draw(picture, FULL)))
        return strips
    text = strip(set_text([cover_text(member, _HALF)], _HALF))
    shown = strip(draw(picture, _HALF, natural_height(picture, _HALF)))
    return [_line(), np.hstack(_equally_high([text, shown]))]


def _line() -> Pixels:
    with drawing():
        figure = new_figure(FULL, 24)
        rule(figure, 12, 24)
    return strip(figure)


def _equally_high(parts: Sequence[Pixels]) -> list[Pixels]:
    """With white below the shorter ones."""
    high = max(len(part) for part in parts)
    return [
        np.pad(part, ((0, high - len(part)), (0, 0), (0, 0)), constant_values=255) for part in parts
    ]
