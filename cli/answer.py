"""`nnlab answer`: a question of the homework, answered by computing and by experiment."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnlab.cli import console
from nnlab.cli.options import OutputOptions, RunningOptions

if TYPE_CHECKING:
    from nnlab.cli.progress import Progress
    from nnlab.core.questions.answering import Answered, Asked
    from nnlab.core.questions.question import Question
    from nnlab.core.questions.work import Watch

ALL = "all"


def complete_questions(incomplete: str) -> list[str]:
    """The questions whose ids begin with what is typed, for the completion of a shell."""
    from nnlab.core.questions.table import QUESTIONS

    return [name for name in (*QUESTIONS, ALL) if name.startswith(incomplete)]


def answer(
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="QUESTION",
            help="Its number, such as 1.4d, or all. Without one: a list of the questions.",
            autocompletion=complete_questions,
        ),
    ] = None,
    *,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Fewer seeds where training takes long; those only explore."),
    ] = False,
    input: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="1.2, 1.3: a YAML file with your own x, y, W1, b1, W2, b2."
        ),
    ] = None,
    matrix: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help='1.4e: your own 2 x 2 matrix, such as "2 1; 0 1".'),
    ] = None,
    tables: Annotated[
        bool,
        typer.Option("--tables", help="Print the tables behind the claims of one question, too."),
    ] = False,
    training: RunningOptions,
    output: OutputOptions,
) -> None:
    """Answer a question of the homework by experiment.

    Trains the studies of the question, or reads what is trained already, and shows the answer,
    each claim with its verdict and 95 % interval (corrected by Holm for the number of claims),
    and what was computed by hand. Writes claims.json, answer.json and a report with the tables
    and pictures behind it all to results/answer-ID.

    A verdict takes ten seeds; with --quick there are fewer, and the answer goes to a folder of its
    own, answer-ID-quick. `all` answers every question and writes one report of everything.

    Which runs a question takes depends on what its first ones find, so nothing is told of them
    beforehand; a dry run of `nnlab train` tells it of one shipped study.
    """
    from nnlab.core.errors import UsageError
    from nnlab.core.questions.answering import Asked
    from nnlab.core.questions.table import find_question

    if question is None:
        _list_questions(output)
        return
    # Nothing to agree to: no option makes the shipped studies larger, and all of them together are
    # done long before work counts as long, on one core too (a test adds them up).
    watched: list[Progress] = []
    asked = Asked(training.settings(), _watch(watched, output), quick, input, matrix)
    if question.strip().lower() == ALL:
        if tables:
            raise UsageError("--tables prints those of one question; `nnlab answer 1.4d --tables`")
        document = _answer_all(asked, output)
    else:
        document = _answer(find_question(question), asked, output, tables)
    if output.as_json:
        notes = [note for progress in watched for note in progress.notes]
        console.write_json(document | {"notes": notes})


def _list_questions(output: OutputOptions) -> None:
    from nnlab.core.questions.table import QUESTIONS

    questions = list(QUESTIONS.values())
    if output.as_json:
        rows = [
            {"id": q.id, "title": q.title, "asks": q.asks, "options": [f"--{o}" for o in q.options]}
            for q in questions
        ]
        console.write_json({"questions": rows})
        return
    from nnlab.cli.answer_text import question_lines

    console.show(*question_lines(questions, console.width()))


def _answer(
    question: Question, asked: Asked, output: OutputOptions, tables: bool
) -> dict[str, Any]:
    """Answer one question and show it; its document."""
    from nnlab.core.questions.answering import answer_question

    answered = answer_question(question, asked)
    if not output.as_json:
        _show(answered, tables)
    return _document(answered)


def _answer_all(asked: Asked, output: OutputOptions) -> dict[str, Any]:
    """Answer every question, showing each in short; the document of all.

    Raises `Shortfall` with that document where a question could not be answered.
    """
    from nnlab.core.questions.all import Failed, answer_all
    from nnlab.core.questions.table import QUESTIONS

    done = count(1)

    def heard(found: Answered | Failed) -> None:
        if isinstance(found, Failed):
            console.say(f"{found.question.id} is unanswered: {found.error}")
        elif not output.as_json:
            _show_short(found)
        number = next(done)
        if not output.quiet:
            console.say(f"{number} of {len(QUESTIONS)} questions done")

    found = answer_all(asked, heard)
    if not output.as_json:
        console.write(f"Report: {console.inert(str(found.report))}")
    document = {
        "question": ALL,
        "quick": asked.quick,
        "answers": [_document(answered) for answered in found.answered],
        "unanswered": [
            {"question": each.question.id, "error": str(each.error)} for each in found.failed
        ],
        "folder": str(found.folder),
        "report": str(found.report),
    }
    if found.failed:
        names = ", ".join(each.question.id for each in found.failed)
        total = len(found.answered) + len(found.failed)
        raise console.Shortfall(
            f"{len(found.failed)} of {total} questions are unanswered: {names}", document
        )
    return document


def _show_short(answered: Answered) -> None:
    """An answer without its sections, and a blank line."""
    from nnlab.cli.answer_text import correction_lines, summary_lines
    from nnlab.core.questions.answering import document

    width = console.width()
    corrections = correction_lines(answered.page.answer.corrections, width)
    console.show(*summary_lines(document(answered.page), width), *corrections)
    console.write("")


def _show(answered: Answered, tables: bool) -> None:
    """The answer on standard output, with `tables` all of them, and where its report is."""
    from nnlab.cli.answer_text import correction_lines, section_lines, summary_lines
    from nnlab.core.questions.answering import document

    width, answer = console.width(), answered.page.answer
    console.show(
        *summary_lines(document(answered.page), width),
        *section_lines(answer.sections, width, unprinted=tables),
        *correction_lines(answer.corrections, width),
    )
    console.write(f"\nReport: {console.inert(str(answered.report))}")
    more = any(section.tables for section in answer.sections if not section.printed)
    if tables and not more:
        console.write("It prints all of its tables without --tables, too.")
    if more and not tables:
        console.write("The tables behind the claims are in report.html; --tables prints them.")


def _document(answered: Answered) -> dict[str, Any]:
    """The answer as data, with the place of its files."""
    from nnlab.core.questions.answering import document

    places = {"folder": str(answered.folder), "report": str(answered.report)}
    return document(answered.page) | places


def _watch(watched: list[Progress], output: OutputOptions) -> Watch:
    """Gives each study a progress of its own, and keeps them for their notes."""
    from nnlab.cli.progress import Progress, face_for_stderr

    def watch(name: str) -> Progress:
        watched.append(Progress(name, face_for_stderr(output.quiet)))
        return watched[-1]

    return watch
