"""The report of all answers as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nnlab.core.report.answer import AnswerPage
from nnlab.core.report.claim_rows import count_verdicts, verdicts_words
from nnlab.core.report.wording import plural


@dataclass(frozen=True, slots=True)
class Member:
    """One answer of the report."""

    page: AnswerPage
    folder: str
    """The name of its own folder, beside that of the report."""
    images: Mapping[str, bytes]
    """Its picture files, by the picture's name."""

    @property
    def verdicts(self) -> str:
        """`3 claims: 2 supported, 1 refuted`"""
        entries = [judged.as_json() for judged in self.page.answer.claims]
        return verdicts_words(count_verdicts(entries))


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that could not be answered."""

    question: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class AllPage:
    """Everything that the report says."""

    title: str
    members: tuple[Member, ...]
    unanswered: tuple[Unanswered, ...] = ()
    quick: bool = False
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def explores(self) -> bool:
        """Whether one of its answers only explores."""
        return any(member.page.explores for member in self.members)

    @property
    def counts(self) -> str:
        """`8 questions; 31 claims: 20 supported, ...`"""
        entries = [j.as_json() for member in self.members for j in member.page.answer.claims]
        lost = f", {len(self.unanswered)} of them unanswered" if self.unanswered else ""
        total = plural(len(self.members) + len(self.unanswered), "question")
        return f"{total}{lost}; {verdicts_words(count_verdicts(entries))}"
