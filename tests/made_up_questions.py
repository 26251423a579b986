"""Questions for tests in place of the real ones: their answers are at hand, nothing is trained."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from nnlab.core.questions.question import Option, Question
from nnlab.core.questions.table import QUESTIONS
from nnlab.core.questions.work import Work
from nnlab.core.report import all_answers, answer_page
from nnlab.core.report.answer import Answer, AnswerPage, Section
from nnlab.core.report.table import Table
from tests.answers import answer

Answering = Callable[[Work], Answer]


def plain_answer() -> Answer:
    """Claims of every verdict, text and tables; no picture, which takes long to draw."""
    made = answer()
    narrow, wide = (
        made.sections[2],
        Table(
            ("what", "first", "second", "where"),
            (("a name of several words", "1.25", "−3", "in a place that has a long name " * 3),),
            best=0,
        ),
    )
    sections = (
        Section(
            "The net",
            ("Small enough to follow.", "    W = [  1  2 ]\n        [ −1  0 ]"),
            (wide,),
        ),
        Section(
            "Behind it",
            ("In the report.",),
            (Table(("net", "loss"), (("small", "0.25"),)),),
            printed=False,
        ),
        narrow,
    )
    return Answer(made.sentences, sections, made.claims, made.corrections)


def draw_nothing(patch: pytest.MonkeyPatch) -> None:
    """Reports are empty files: drawing has tests of its own, and is slow."""
    empty = {"report.png": b"", "report.md": b"", "report.html": b""}

    def files(page: AnswerPage) -> dict[str, bytes]:
        names = [picture.name for picture in page.answer.pictures]
        return empty | {f"figures/{name}.png": b"" for name in names}

    patch.setattr(answer_page, "answer_files", files)
    patch.setattr(all_answers, "all_files", lambda page: empty)


def put_questions(patch: pytest.MonkeyPatch, **answering: Answering) -> None:
    """Make these the only questions: `put_questions(patch, a=lambda work: ...)`."""
    # undone from the last to the first, which brings the rows back in their order
    for name in reversed(list(QUESTIONS)):
        patch.delitem(QUESTIONS, name)
    for name, function in answering.items():
        module = ModuleType(f"nnlab.core.questions.made_up_{name}")
        module.answer = function  # type: ignore[attr-defined]
        patch.setitem(sys.modules, module.__name__, module)
        options: tuple[Option, ...] = ("matrix",) if name == "m" else ()
        row = Question(name, f"about {name}", f"What is {name}?", f"made_up_{name}", options)
        patch.setitem(QUESTIONS, name, row)
