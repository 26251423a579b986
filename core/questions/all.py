"""All questions in turn, and one report of everything in `results/answer-all[-quick]/`.

Each answer has its own folder, as when it is asked alone. A question that cannot be answered is
named in the report and does not end the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nnlab.core import environment
from nnlab.core.errors import Interrupted, NnlabError, RunsFailed
from nnlab.core.folder import CLAIMS, ENVIRONMENT
from nnlab.core.pool import workers_kept
from nnlab.core.questions.answer_folder import as_json, write_answer
from nnlab.core.questions.answering import (
    Answered,
    Asked,
    answer_question,
    document,
    facts_of,
    folder_named,
)
from nnlab.core.questions.question import Question
from nnlab.core.questions.table import QUESTIONS
from nnlab.core.report.all_page import AllPage, Member, Unanswered
from nnlab.core.running import interruptible

ALL = "all"
TITLE = "all questions, answered by computing and by experiment"


@dataclass(frozen=True, slots=True)
class Failed:
    """A question that could not be answered, and why."""

    question: Question
    error: NnlabError


@dataclass(frozen=True, slots=True)
class AllAnswered:
    """What became of all questions; the report of everything is written."""

    answered: tuple[Answered, ...]
    failed: tuple[Failed, ...]
    folder: Path

    @property
    def report(self) -> Path:
        """The one-page picture."""
        return self.folder / "report.png"


def answer_all(
    asked: Asked, heard: Callable[[Answered | Failed], None], questions: Sequence[Question] = ()
) -> AllAnswered:
    """Answer every question (or those given), tell `heard` of each, write the report of all.

    An option of some questions goes to those that take it. Raises `Interrupted`, and `RunsFailed`
    where the settings want to fail fast; every other `NnlabError` makes its question a `Failed`.
    """
    started = environment.now()
    folder = folder_named(ALL, asked)
    answered: list[Answered] = []
    failed: list[Failed] = []
    with interruptible(), workers_kept():
        for question in questions or tuple(QUESTIONS.values()):
            try:
                found = answer_question(question, _for(question, asked))
            except Interrupted:
                raise
            except NnlabError as error:
                if asked.settings.fail_fast and isinstance(error, RunsFailed):
                    raise
                failed.append(Failed(question, error))
                heard(failed[-1])
                continue
            answered.append(found)
            heard(found)
        _write(asked, started, answered, failed)
    return AllAnswered(tuple(answered), tuple(failed), folder)


def _for(question: Question, asked: Asked) -> Asked:
    """The same asked of one question: with the options that it takes."""
    return replace(
        asked,
        input=asked.input if "input" in question.options else None,
        matrix=asked.matrix if "matrix" in question.options else None,
    )


def _write(
    asked: Asked, started: str, answered: Sequence[Answered], failed: Sequence[Failed]
) -> None:
    from nnlab.core.report.all_answers import all_files

    page = AllPage(
        title=TITLE,
        members=tuple(Member(each.page, each.folder.name, _images(each)) for each in answered),
        unanswered=tuple(
            Unanswered(each.question.id, each.question.title, str(each.error)) for each in failed
        ),
        quick=asked.quick,
        environment=facts_of(asked, started),
    )
    claims = [judged.as_json() for each in answered for judged in each.page.answer.claims]
    files: dict[str, bytes | str] = {CLAIMS: as_json(claims)}
    files |= all_files(page)
    files[ENVIRONMENT] = as_json(page.environment)
    write_answer(folder_named(ALL, asked), files, all_document(page, claims))


def _images(answered: Answered) -> dict[str, bytes]:
    """The picture files of an answer, by the picture's name."""
    names = [picture.name for picture in answered.page.answer.pictures]
    return {name: (answered.folder / "figures" / f"{name}.png").read_bytes() for name in names}


def all_document(page: AllPage, claims: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All answers in short as one JSON document, of the form that every answer has."""
    members = [document(member.page) for member in page.members]
    short = ("question", "title", "asks", "quick", "answer")
    return {
        "question": ALL,
        "title": page.title,
        "asks": "",
        "quick": page.quick,
        "answer": [f"{m['question']}: {text}" for m in members for text in m["answer"]],
        "claims": list(claims),
        "corrections": [f"{m['question']}: {text}" for m in members for text in m["corrections"]],
        "answers": [{key: member[key] for key in short} for member in members],
        "unanswered": [
            {"question": each.question, "error": each.reason} for each in page.unanswered
        ],
    }
