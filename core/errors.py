"""Everything nnlab raises on purpose.

    NnlabError                  exit code 1
    ├── UsageError              2  the command line asks for something that does not exist
    ├── SpecError               2  the spec is wrong; carries every problem found, with its place
    ├── DataError               2  the data set is missing, unreadable or unfit for the spec
    │   └── ColumnError         2  a column the spec names is not there, or is asked for twice
    ├── StoreError              1  a file of the results could not be written or read
    ├── ClusterError            1  a cluster does not answer, does not fit or is gone
    ├── RunsFailed              1  some runs of a grid failed; the others are stored
    └── Interrupted             130 the user stopped it; what was finished is stored

The command line catches `NnlabError` in one place and turns it into one message and
`exit_code`. Anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class NnlabError(Exception):
    """Root of every error that is the user's to mend; the text says how."""

    exit_code: ClassVar[int] = 1


class UsageError(NnlabError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a spec: what, and where (1-based; None when it has no place)."""

    message: str
    line: int | None = None
    column: int | None = None
    source_line: str | None = None
    """The text of that line, to be shown with a caret under `column`."""


class SpecError(NnlabError):
    """A spec that cannot be run; `problems` lists everything wrong with it at once."""

    exit_code = 2

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        """`source` names the file (or `-s`, or `<spec>`) that the places refer to."""
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(self._block(problem) for problem in self.problems))

    def _block(self, problem: Problem) -> str:
        if problem.line is None:
            return f"{self.source}: {problem.message}"
        head = f"{self.source}:{problem.line}:{problem.column or 1}: {problem.message}"
        if problem.source_line is None:
            return head
        gutter = f"{problem.line:>5} | "
        caret = " " * (len(gutter) + (problem.column or 1) - 1) + "^"
        return f"{head}\n{gutter}{problem.source_line}\n{caret}"


class DataError(NnlabError):
    """A data set that is missing, unreadable, or does not fit what the spec asks of it."""

    exit_code = 2


class ColumnError(DataError):
    """A column that the spec names and the table does not have, or not so."""

    def __init__(self, message: str, *path: str | int) -> None:
        """`path`: where `dataset` names it, such as `"leave_out", 1`."""
        super().__init__(message)
        self.path = path


class StoreError(NnlabError):
    """A results file that could not be written or read; names the file and the reason."""


class ClusterError(NnlabError):
    """A cluster that does not answer, whose workers do not fit, or that is gone."""


class RunsFailed(NnlabError):
    """Some runs of a grid failed; the others are stored and the tables written."""


class Interrupted(NnlabError):
    """The user stopped it; the message says how much is kept and how to go on."""

    exit_code = 130
