"""Which cases are measured, and the goals that are held against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from work import Case

_BASE = Case(width=64, depth=2, batch=32, runs=64)

_SHAPES = [(64, 2), (128, 2), (256, 2), (64, 10)]

SHORT = [
    replace(_BASE, width=width, depth=depth, batch=batch)
    for width, depth, batch in [(64, 2, 8), (64, 2, 32), (128, 2, 32), (64, 10, 8), (256, 2, 128)]
] + [replace(_BASE, runs=1), replace(_BASE, activation="tanh", optimizer="adam")]
"""A few that show the picture."""

FULL = [
    *(
        replace(_BASE, width=width, depth=depth, batch=batch)
        for width, depth in _SHAPES
        for batch in (1, 8, 32, 128, 512)
    ),
    *(
        replace(_BASE, width=width, depth=depth, batch=batch, runs=runs)
        for width, depth in _SHAPES
        for batch in (8, 32)
        for runs in (1, 8)
    ),
    *(replace(_BASE, batch=batch, runs=512) for batch in (8, 32)),
    *(
        replace(_BASE, activation=activation, optimizer=optimizer)
        for activation in ("relu", "tanh", "sigmoid", "gelu")
        for optimizer in ("sgd", "adam")
        if (activation, optimizer) != ("relu", "sgd")
    ),
]
"""The shapes and batches, the sizes of a stack, the activations and optimizers."""

CASES = {"short": SHORT, "full": FULL}


def select(which: str, pattern: str) -> list[Case]:
    """The cases of a selection whose name holds every word of `pattern`."""
    words = pattern.split()
    return [case for case in CASES[which] if set(words) <= set(case.name.split())]


@dataclass(frozen=True)
class Goal:
    """A ratio of medians that should be at least, or at most, so much over some cases."""

    says: str
    contender: str
    """Whose time is divided by nnlab's; `products`: nnlab's by theirs."""
    bound: float
    cases: Callable[[Case], bool]
    at_most: bool = False
    worst: bool = False
    """The worst case counts, not the geometric mean."""

    def met(self, ratio: float) -> bool:
        """Whether this ratio is good enough."""
        return ratio <= self.bound if self.at_most else ratio >= self.bound


def _plain(case: Case) -> bool:
    return case.activation == "relu" and case.optimizer == "sgd"


def _small(case: Case) -> bool:
    return _plain(case) and case.runs == _BASE.runs and case.batch in (8, 32)


def to_128(case: Case) -> bool:
    """Up to width 128 and batch 128."""
    return case.width <= 128 and case.batch <= 128


GOALS = (
    Goal("10x PyTorch eager, width 64, batch 8 and 32", "eager", 10,
         lambda c: _small(c) and c.width == 64),
    Goal("8x scikit-learn, width 64, batch 8 and 32", "sklearn", 8,
         lambda c: _small(c) and c.width == 64),
    Goal("5x PyTorch eager, 2 x 128", "eager", 5, lambda c: _small(c) and c.width == 128),
    Goal("nowhere below PyTorch eager with 8 runs or more", "eager", 1,
         lambda c: c.runs >= 8, worst=True),
    Goal("2x PyTorch eager with a single run, batch 8 and 32", "eager", 2,
         lambda c: c.runs == 1 and c.batch in (8, 32)),
    Goal("as fast as JAX warm up to width 128, batch 128", "jax", 1, to_128),
    Goal("1.1x stacked PyTorch up to width 128, batch 128", "stacked", 1.1, to_128),
    Goal("at most 1.7x its products, width 64, batch 32 and more", "products", 1.7,
         lambda c: _plain(c) and c.runs >= 8 and c.width == 64 and c.batch >= 32, at_most=True),
    Goal("at most 1.4x its products, width 128 and more, batch 32 and more", "products", 1.4,
         lambda c: _plain(c) and c.runs >= 8 and c.width >= 128 and c.batch >= 32, at_most=True),
)  # fmt: skip
