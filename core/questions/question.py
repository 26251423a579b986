"""A question: one row of the table of questions."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from nnlab.core.report.answer import Answer

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

Option = Literal["input", "matrix"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and which module answers it."""

    id: str
    """`1.4d`"""
    title: str
    """What it is about, in a few words."""
    asks: str
    """The question in full, and what the text that is tested answers."""
    module: str
    """The module of `nnlab.core.questions` that answers it; imported when it is asked."""
    options: tuple[Option, ...] = ()
    """What of the user's own it takes: `input` a file, `matrix` a text."""

    def answer(self, work: Work) -> Answer:
        """Compute it."""
        found: Answer = import_module(f"nnlab.core.questions.{self.module}").answer(work)
        return found
