"""Broken specs, each with what must be said about it; see `README.md` beside this."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nnlab.core.data.datasets import DATASETS
from nnlab.core.errors import Problem
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.losses import LOSSES, OUTPUTS
from nnlab.core.nn.optimizers import OPTIMIZERS, SCHEDULES
from nnlab.core.spec import Spec
from nnlab.core.spec.keys import ACTIVATION, INITIALIZATION

FOLDER = Path(__file__).parent
_UNSEEN = re.compile(r"<<(.*?)(?: \* ([0-9]+))?>>", re.DOTALL)
TABLES = {
    "{keys}": ", ".join(Spec.model_fields),
    "{labels}": ", ".join(ACTIVATION.names),
    "{activations}": ", ".join(ACTIVATIONS),
    "{initializations}": ", ".join(INITIALIZATION.names),
    "{optimizers}": ", ".join(OPTIMIZERS),
    "{schedules}": ", ".join(SCHEDULES),
    "{datasets}": ", ".join(DATASETS),
    "{losses}": ", ".join(LOSSES),
    "{outputs}": ", ".join(OUTPUTS),
}
"""What stands for the names of a table in a message."""


@dataclass(frozen=True)
class Case:
    """One broken spec."""

    file: str
    title: str
    text: str
    """As it stands in the file of cases."""
    expected: tuple[str, ...]

    @property
    def spec(self) -> bytes:
        """The spec itself."""
        lines = [line for line in self.text.split("\n") if not line.startswith("-s ")]
        return unseen("\n".join(lines))

    @property
    def overrides(self) -> list[str]:
        """What stands behind `-s`."""
        lines = [line for line in self.text.split("\n") if line.startswith("-s ")]
        return [unseen(line[3:]).decode() for line in lines]


def unseen(text: str) -> bytes:
    r"""The bytes that a text of a case stands for: `<<\x00>>`, `<<[ * 1000>>`."""
    parts, at = [], 0
    for mark in _UNSEEN.finditer(text):
        piece = mark[1].encode().decode("unicode_escape").encode("latin-1")
        parts += [text[at : mark.start()].encode(), piece * int(mark[2] or 1)]
        at = mark.end()
    return b"".join([*parts, text[at:].encode()])


def told(problem: Problem) -> str:
    """A problem as a case has it: its place, its sentence."""
    message = problem.message
    for mark, names in TABLES.items():
        message = message.replace(names, mark)
    return message if problem.line is None else f"{problem.line}:{problem.column} {message}"


def cases() -> Iterator[Case]:
    """Every case of every file."""
    for path in sorted(FOLDER.glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split("=== ")[1:]:
            title, _, body = part.partition("\n")
            lines = body.split("\n")[:-1] if body.endswith("\n") else body.split("\n")
            text = "\n".join(line for line in lines if not line.startswith("--> "))
            expected = tuple(line[4:] for line in lines if line.startswith("--> "))
            yield Case(path.stem, title, text, expected)
