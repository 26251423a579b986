"""The five steps of training, read from the loop that trains: they cannot go stale.

`core/train.py` marks the line of each step with a comment `# 1. ...` to `# 5. ...`.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from nnlab.core import train

_MARKED = re.compile(r"^\s+(?P<code>\S.*?)\s+# (?P<number>[1-5])\. (?P<comment>.+)$")


@dataclass(frozen=True, slots=True)
class Step:
    """One of the five."""

    number: int
    name: str
    code: str
    """The line of code that does it."""
    comment: str
    """What the line says of itself, for the first layer."""
    place: str
    """`core/train.py:118`"""


NAMES = ("forward pass", "loss", "zero the gradients", "backward pass", "update")


def five_steps() -> tuple[Step, ...]:
    """The steps in their order, each with its line of `core/train.py`.

    Raises RuntimeError when the marks are not there, each once and in order.
    """
    lines = inspect.getsource(train).splitlines()
    found = [(i, match) for i, line in enumerate(lines, 1) if (match := _MARKED.match(line))]
    if [int(match["number"]) for _, match in found] != [1, 2, 3, 4, 5]:
        raise RuntimeError("core/train.py no longer marks the five steps of training")
    return tuple(
        Step(
            number,
            name,
            match["code"],
            match["comment"].partition(", ...")[0],
            f"core/train.py:{line}",
        )
        for number, (name, (line, match)) in enumerate(zip(NAMES, found, strict=True), 1)
    )
