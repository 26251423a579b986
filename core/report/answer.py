"""The answer to a question, as plain frozen values: what its page, its text and a terminal show.

Nothing here computes or draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnlab.core.analysis.axes import FEWEST_SEEDS
from nnlab.core.analysis.claims import Judged
from nnlab.core.report.pictures import Picture
from nnlab.core.report.table import Table

if TYPE_CHECKING:
    import polars as pl

QUICK = (
    "Quick: what is trained has too few seeds for a verdict and only explores. A claim has the "
    "range of its seeds for an interval; intervals elsewhere are of little use."
)
"""What a page of a quick answer says at its top, where that is so."""

ORIGIN = (
    "The questions are exercises on neural networks from a machine-learning course, under their "
    "numbers there, such as 1.4d; the text is the answer whose claims are tested."
)
"""What the questions and `the text` are, for a reader who knows neither."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of an answer: text, then tables, then pictures."""

    heading: str
    text: tuple[str, ...] = ()
    """Paragraphs. One that begins with four blanks stands as it is, in fixed-width print."""
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    printed: bool = True
    """Whether the terminal shows its text and tables unasked; False: claims say it in short."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, in the order in which a reader wants it."""

    sentences: tuple[str, ...]
    """The answer itself, from the numbers; one to eight paragraphs of a sentence or three."""
    sections: tuple[Section, ...]
    claims: tuple[Judged, ...] = ()
    corrections: tuple[str, ...] = ()
    """Where the text that was asked about slips, by name, and what is right."""
    runs: pl.DataFrame | None = None
    """The rows of `runs.csv`: all runs of the studies behind it; None where nothing was trained."""

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures, in the order of the sections."""
        return tuple(picture for section in self.sections for picture in section.pictures)


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """Everything that the report of an answer says."""

    question: str
    """`1.4d`"""
    title: str
    """A few words."""
    asks: str
    """The question in full, and what the text that is tested answers."""
    answer: Answer
    quick: bool = False
    """Fewer seeds, where that saves time."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """As `environment.json` has it."""

    @property
    def explores(self) -> bool:
        """Whether it only explores, and the page says so."""
        return only_explores(self.quick, [judged.interval.n for judged in self.answer.claims])


def only_explores(quick: bool, seeds: Sequence[int]) -> bool:
    """Whether a quick answer has claims, of so many seeds each, that cannot be judged.

    Some studies are so short that they are trained in full whatever was asked for.
    """
    return quick and (not seeds or min(seeds) < FEWEST_SEEDS)
