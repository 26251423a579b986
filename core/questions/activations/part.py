"""One part of the answer on activations: what a module of this package hands to `answer`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.report.answer import Section

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Part:
    """Sections to read, and claims with what was found for each; verdicts come later.

    The verdicts of all parts are given together, as Holm's correction is over all claims of the
    question: a section leaves them to the table of verdicts.
    """

    sections: tuple[Section, ...]
    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = ()
    """One a claim, in their order."""
    runs: pl.DataFrame | None = None
    """Rows of `runs.csv` of all studies behind it; None where nothing was trained."""

    def __post_init__(self) -> None:
        if len(self.claims) != len(self.findings):
            raise ValueError(f"{len(self.claims)} claims have {len(self.findings)} findings")
