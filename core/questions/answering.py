"""From a question to its folder: compute the answer, write every file of it.

    results/answer-1.4d/
      claims.json       the verdicts (an empty list where the question makes no claim)
      answer.json       the whole answer as one document: sentences, tables, verdicts
      runs.csv          all runs of its studies, where any was trained
      environment.json  versions, platform, command line, started/finished
      report.png  report.md  report.html  figures/*.png
      studies/<name>/   each study as a results folder of its own: its spec, its tables

A quick answer has a folder of its own, `answer-1.4d-quick`, and never takes a full one's place.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnlab.core import environment
from nnlab.core.errors import UsageError
from nnlab.core.files import check_writable
from nnlab.core.folder import CLAIMS, ENVIRONMENT, RUNS, SPEC
from nnlab.core.pool import workers_kept
from nnlab.core.questions.answer_folder import as_json, write_answer
from nnlab.core.questions.question import Question
from nnlab.core.questions.work import Watch, Work
from nnlab.core.report.answer import AnswerPage
from nnlab.core.running import interruptible
from nnlab.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question is asked."""

    settings: Settings
    watch: Watch
    quick: bool = False
    input: Path | None = None
    matrix: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that is written."""

    page: AnswerPage
    folder: Path

    @property
    def report(self) -> Path:
        """The one-page picture."""
        return self.folder / "report.png"


def answer_question(question: Question, asked: Asked) -> Answered:
    """Compute the answer and write its folder.

    Raises `UsageError` for an option that the question does not take, and whatever its studies
    raise: `Interrupted` keeps the runs that are finished.
    """
    for option in ("input", "matrix"):
        if getattr(asked, option) is not None and option not in question.options:
            raise UsageError(f"question {question.id} takes no --{option}")
    folder = folder_named(question.id, asked)
    check_writable(asked.settings.results)
    if (folder / SPEC).exists():
        raise UsageError(
            f"{folder} holds a study of that name, not an answer; move it, or name another "
            "folder with --results"
        )
    started = environment.now()
    work = Work(asked.settings, folder, asked.watch, asked.quick, asked.input, asked.matrix)
    # Its studies are interruptible themselves; so must be what lies between them and after.
    with interruptible(), workers_kept():
        answer = question.answer(work)
        facts = facts_of(asked, started)
        page = AnswerPage(question.id, question.title, question.asks, answer, asked.quick, facts)
        _write(page, folder)
    return Answered(page, folder)


def facts_of(asked: Asked, started: str) -> dict[str, Any]:
    """What `environment.json` says of the work that began at `started` and ends now."""
    facts = environment.describe(asked.settings.command or tuple(sys.argv))
    return facts | {
        "started": started,
        "finished": environment.now(),
        "jobs": asked.settings.workers,
    }


def folder_named(question: str, asked: Asked) -> Path:
    """Where the answer to the question of this id goes."""
    return asked.settings.results / (f"answer-{question}" + ("-quick" if asked.quick else ""))


def document(page: AnswerPage) -> dict[str, Any]:
    """The answer as one JSON document; what is not finite is None."""
    answer = page.answer
    return {
        "question": page.question,
        "title": page.title,
        "asks": page.asks,
        "quick": page.quick,
        "answer": list(answer.sentences),
        "claims": [judged.as_json() for judged in answer.claims],
        "corrections": list(answer.corrections),
        "sections": [
            {
                "heading": section.heading,
                "text": list(section.text),
                "tables": [
                    {"heads": list(t.heads), "rows": [list(row) for row in t.rows], "note": t.note}
                    for t in section.tables
                ],
                "figures": [f"figures/{picture.name}.png" for picture in section.pictures],
            }
            for section in answer.sections
        ],
    }


def _write(page: AnswerPage, folder: Path) -> None:
    from nnlab.core.report.answer_page import answer_files

    claims = [judged.as_json() for judged in page.answer.claims]
    files: dict[str, bytes | str] = {CLAIMS: as_json(claims)}
    if page.answer.runs is not None:
        files[RUNS] = page.answer.runs.write_csv()
    files |= answer_files(page)
    files[ENVIRONMENT] = as_json(page.environment)
    write_answer(folder, files, document(page))
