"""An answer in the terminal: its sentences, its claims, its sections; and the list of questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnlab.cli.tables import column, paragraph
from nnlab.cli.wrapped_table import table_lines, wrap_table
from nnlab.core.report.answer import ORIGIN, QUICK, only_explores
from nnlab.core.report.claim_rows import ClaimRow, claim_row
from nnlab.core.report.fixed_print import MARK, fixed_lines, is_fixed
from nnlab.core.wording import shown

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.questions.question import Question
    from nnlab.core.report.answer import Section

_WIDEST_TEXT = 100
_STYLES = {
    "supported": "bold blue",
    "refuted": "bold red",
    "conditional": "bold magenta",
    "inconclusive": "bold",
}


def summary_lines(document: Mapping[str, Any], width: int) -> list[Text]:
    """Question, answer and claims of the document of an answer."""
    from rich.text import Text

    prose = min(width, _WIDEST_TEXT)
    lines = _texts(f"{document['question']}: {document['title']}", prose, "bold")
    if only_explores(document["quick"], [entry["seeds"] for entry in document["claims"]]):
        lines += _texts(QUICK, prose, "yellow")
    if document["asks"]:
        lines += _texts(document["asks"], prose, "dim")
        lines += _texts(ORIGIN, prose, "dim")
    for sentence in document["answer"]:
        lines += [Text(), *_texts(sentence, prose)]
    rows = [claim_row(entry) for entry in document["claims"]]
    if rows:
        lines += [Text(), *claim_lines(rows, width)]
    return lines


def claim_lines(rows: Sequence[ClaimRow], width: int) -> list[Text]:
    """The claims as a table; beneath each what was measured, and its scope."""
    from rich.text import Text

    table = wrap_table(
        [
            column("claim", [row.claim for row in rows], number=False),
            column("verdict", [row.signed for row in rows], number=False),
            column("estimate [95 %, Holm]", [row.estimate for row in rows], number=False),
            column("seeds", [row.seeds for row in rows]),
        ],
        width,
    )
    lines = list(table.head)
    for row, block in zip(rows, table.rows, strict=True):
        for line in block:
            start = line.plain.find(row.signed)
            if start >= 0:
                line.stylize(_STYLES[row.verdict], start, start + len(row.signed))
        lines += block
        basis = f"  Claimed: {row.claimed}. {row.basis}"
        basis += f" Control: {row.control}." if row.control else ""
        lines += [
            Text(line, style="dim") for line in paragraph(basis, min(width, _WIDEST_TEXT), indent=2)
        ]
    return lines


def section_lines(sections: Sequence[Section], width: int, unprinted: bool = False) -> list[Text]:
    """The sections that are printed, or with `unprinted` all of them: text, then tables."""
    from rich.text import Text

    lines: list[Text] = []
    prose = min(width, _WIDEST_TEXT)
    for section in sections:
        if not (section.printed or unprinted) or not (section.text or section.tables):
            continue
        lines += [Text(), *_texts(section.heading, prose, "bold")]
        for text in section.text:
            lines += _fixed(text) if is_fixed(text) else _texts(text, prose)
        for table in section.tables:
            lines += [Text(), *table_lines(table, width)]
            lines += _texts(table.note, prose, "dim") if table.note else []
    return lines


def correction_lines(corrections: Sequence[str], width: int) -> list[Text]:
    """Where the text slips."""
    from rich.text import Text

    if not corrections:
        return []
    prose = min(width, _WIDEST_TEXT)
    lines = [Text(), Text("Where the text slips", style="bold")]
    for text in corrections:
        lines += map(Text, paragraph(f"- {text}", prose, indent=2))
    return lines


def question_lines(questions: Sequence[Question], width: int) -> list[Text]:
    """A line for each question."""
    from rich.text import Text

    table = [
        column("question", [question.id for question in questions], number=False),
        column("about", [question.title for question in questions], number=False),
        column("options", [_options(question) for question in questions], number=False),
    ]
    hint = "`nnlab answer 1.4a` answers one, `nnlab answer all` answers all of them."
    about = [*_texts(ORIGIN, min(width, _WIDEST_TEXT)), *_texts(hint, width)]
    return [*wrap_table(table, width).lines, Text(), *about]


def _options(question: Question) -> str:
    return " ".join(f"--{option}" for option in question.options)


def _texts(text: str, width: int, style: str = "") -> list[Text]:
    from rich.text import Text

    return [Text(line, style=style) for line in paragraph(text, width)]


def _fixed(text: str) -> list[Text]:
    """Text that stands as it is, however wide."""
    from rich.text import Text

    lines = [Text(f"{MARK}{shown(line, None)}".rstrip()) for line in fixed_lines(text)]
    for line in lines:
        line.no_wrap = True
    return lines
