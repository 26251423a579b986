"""What tests of the command line share: a small spec, and the document of `--json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from typer.testing import Result

TINY = """\
name: tiny
dataset: {name: xor, n: 60}
hidden_layer_sizes: [4]
activation: [relu, tanh]
batch_size: 8
steps: 12
seeds: 2
records: 3
"""
"""Four runs of twelve steps."""

Nnlab = Callable[..., Result]
"""`nnlab("train", "tiny.yaml")`: a fixture."""


def document(result: Result) -> dict[str, Any]:
    """The one JSON document on standard output; NaN and Infinity are not JSON."""

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    read = json.loads(result.stdout, parse_constant=refuse)
    assert isinstance(read, dict)
    return read


def widest(text: str) -> int:
    """The length of the longest line."""
    return max(len(line) for line in text.split("\n"))
