"""`report.md` of an answer: question, answer, claims, sections, as text with links to figures."""

from __future__ import annotations

from collections.abc import Sequence

from nnlab.core.report.answer import ORIGIN, QUICK, AnswerPage, Section
from nnlab.core.report.claim_rows import HEADS, ClaimRow, claim_row
from nnlab.core.report.fixed_print import fixed_lines, is_fixed
from nnlab.core.report.markdown_parts import escape, fenced, markdown_picture, markdown_table
from nnlab.core.report.table import Table, environment_table


def answer_markdown(page: AnswerPage) -> str:
    """The whole of `report.md`."""
    parts = answer_parts(page)
    if page.environment:
        parts += ["## Environment", markdown_table(environment_table(page.environment))]
    return "\n\n".join(parts) + "\n"


def answer_parts(page: AnswerPage, level: int = 1, folder: str = "figures") -> list[str]:
    """Its blocks, the first a heading of `level`; the figures lie in `folder`."""
    answer, mark = page.answer, "#" * level
    parts = [f"{mark} {escape(f'{page.question}: {page.title}')}"]
    if page.explores:
        parts.append(f"**{escape(QUICK)}**")
    parts.append(f"*{escape(page.asks)}*")
    if level == 1:
        parts.append(f"*{escape(ORIGIN)}*")
    parts += [escape(sentence) for sentence in answer.sentences]
    if answer.claims:
        rows = [claim_row(judged.as_json()) for judged in answer.claims]
        parts += [f"{mark}# Claims", markdown_table(claims_table(rows)), _details(rows)]
    if answer.corrections:
        parts.append(f"{mark}# Where the text slips")
        parts.append("\n".join(f"- {escape(text)}" for text in answer.corrections))
    for section in answer.sections:
        parts += _section(section, level, folder)
    return parts


def claims_table(rows: Sequence[ClaimRow]) -> Table:
    """The claims with their numbers, one a row."""
    cells = [(r.claim, r.signed, r.estimate, r.claimed, r.seeds, r.control or "–") for r in rows]
    return Table(HEADS, tuple(cells))


def _details(rows: Sequence[ClaimRow]) -> str:
    """What was measured, on what, and where it is seen."""
    return "\n".join(f"- {escape(row.claim)} {escape(row.basis)}" for row in rows)


def _section(section: Section, level: int, folder: str) -> list[str]:
    parts = [f"{'#' * (level + 1)} {escape(section.heading)}"]
    for text in section.text:
        parts.append(
            fenced("\n".join(fixed_lines(text)), "text") if is_fixed(text) else escape(text)
        )
    parts += [markdown_table(table) for table in section.tables]
    parts += [markdown_picture(picture, level + 2, folder) for picture in section.pictures]
    return parts
