"""Work that takes hours begins only when that is agreed to: `--yes`, or an answer on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from nnlab.cli import console
from nnlab.cli.pace import duration
from nnlab.core.errors import UsageError

if TYPE_CHECKING:
    from nnlab.core.spec import Spec

_YES = frozenset({"y", "yes"})


class Work(Protocol):
    """A study, or a search made of many."""

    @property
    def spec(self) -> Spec:
        """What the work is named after."""

    def long_seconds(self) -> float | None:
        """How long it would take where that is so long that it should be agreed to, else None."""


def agree(work: Work, yes: bool) -> None:
    """Return where `work` is quickly done, or long and agreed to. Raises `UsageError` if not.

    It asks only where someone can answer: with standard input and standard error on a terminal.
    A pipe or a batch job is never waited for; there long work needs `--yes`.
    """
    if yes:
        return
    seconds = work.long_seconds()
    if seconds is None:
        return
    long = f"'{work.spec.name}' would take about {duration(seconds)}"
    smaller = "or make the grid, the steps or the networks smaller (--dry-run says what there is)"
    if not _someone_is_there():
        raise UsageError(f"{long}; add --yes to begin it all the same, {smaller}")
    console.ask(f"{long}. Begin? [y/N] ")
    if console.answer().strip().casefold() not in _YES:
        raise UsageError(f"not begun: {long}; --yes begins it without asking, {smaller}")


def _someone_is_there() -> bool:
    stdin = sys.stdin
    return stdin is not None and stdin.isatty() and console.Talk().isatty()
