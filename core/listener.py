"""What a study tells while it goes: what it is about to do, how far it is, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nnlab.core.outcome import RunResult


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan would do, before it does it."""

    runs: int
    stored: int
    stacks: int
    run_steps: int
    """Steps times runs still to make."""
    seconds: float
    """Estimated."""
    measuring_seconds: float
    """What the records take of them, estimated."""
    bytes: int
    """Working memory of all workers, estimated."""


class Listener:
    """Hears how a study goes; override what is of interest. All calls come from the main thread."""

    def planned(self, outlook: Outlook) -> None:
        """The plan is known; training begins."""

    def advanced(self, run_steps: int) -> None:
        """So many steps times runs were made since the last call."""

    def finished(self, results: Sequence[RunResult]) -> None:
        """These runs were stored just now, or have failed."""

    def said(self, text: str) -> None:
        """Something worth a line happened."""

    def warned(self, text: str) -> None:
        """Something happened to the user's files that must be known, even by who wants quiet."""
        self.said(text)
