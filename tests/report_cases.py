"""Made-up studies of every kind, and the pictures of their reports."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from matplotlib.figure import Figure

from nnlab.core.analysis.summaries import Summary, summarize
from nnlab.core.report.figures import draw, pictures_of
from nnlab.core.report.pictures import (
    Picture,
)
from nnlab.core.report.sheet import page_rows
from tests.frames import Grid, study

DEPTHS = tuple((8,) * depth for depth in (2, 6, 12))
TWELVE = (
    "relu", "leaky_relu", "tanh", "sigmoid", "identity", "elu", "selu", "gelu", "silu",
    "softplus", "softsign", "hard_tanh",
)  # fmt: skip
CASES = {
    "one run": Grid(activations=("relu",), seeds=1, records=8),
    "four activations": Grid(seeds=3, records=8),
    "depths": Grid(activations=("sigmoid", "relu"), sizes=DEPTHS, seeds=2, records=4),
    "rates and batches": Grid(
        activations=("relu", "tanh"), rates=(0.01, 0.1, 5.0), batches=(8, 64), seeds=2, records=4
    ),
    "rates and batches of one": Grid(
        activations=("relu",), rates=(0.01, 0.1, 5.0), batches=(8, 64), seeds=2, records=4
    ),
    "twelve activations": Grid(activations=TWELVE, seeds=2, records=4),
    "rates": Grid(activations=("relu", "tanh"), rates=(0.01, 0.1, 5.0), seeds=2, records=4),
    "initializations": Grid(
        activations=("relu", "tanh"), initializations=("he", "normal:0.01"), seeds=2, records=4
    ),
    "regression": Grid(activations=("relu", "tanh"), regression=True, seeds=2, records=4),
    "no test part": Grid(activations=("relu",), sizes=((8,),), test_part=False, records=4, seeds=1),
    "a single record": Grid(activations=("relu", "tanh"), seeds=2, records=1),
    "slopes": Grid(activations=("leaky_relu:0.1", "leaky_relu:0.25"), seeds=2, records=4),
    "all diverged": Grid(rates=(9.0,), seeds=2, records=4),
}


DRAWN = [
    "depths", "rates and batches", "twelve activations", "initializations", "a single record",
]  # fmt: skip
"""Cases whose pictures are all drawn; the others differ from them in what they say."""

# Summaries and pictures are made once for all tests.


@cache
def summary_of(case: str) -> Summary:
    return summarize(study(CASES[case], name=case))


@cache
def all_of(case: str) -> tuple[Picture, ...]:
    return pictures_of(summary_of(case))


def figures_of(case: str) -> Iterator[tuple[Picture, Figure]]:
    """Every picture of the case with its figure, as large as on the page; one at a time."""
    for row in page_rows(all_of(case)):
        for picture in row:
            yield picture, draw(picture, 1560 / len(row))


def picture_of(case: str, name: str) -> Any:
    return next(picture for picture in all_of(case) if picture.name == name)
