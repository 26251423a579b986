"""What a grid can vary besides the seed, how often, and the number that ranks its settings.

Plain values, told without a table at hand and without the library that reads one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

AXES = (
    "activation",
    "hidden_layer_sizes",
    "initialization",
    "optimizer",
    "learning_rate",
    "batch_size",
)
"""The columns of `runs` that a grid can vary besides the seed."""


FEWEST_SEEDS = 6
"""That a verdict takes; fewer only explore."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The number by which a study ranks its settings: a column of `runs`."""

    column: str
    words: str
    higher_is_better: bool
    scale: Literal["linear", "log"] = "linear"
    within: tuple[float, float] = (-math.inf, math.inf)
    """What it cannot leave, whatever its interval does."""

    def possible(self, value: float | None) -> float | None:
        """An end of an interval, or the bound of the outcome where that is nearer."""
        return None if value is None else min(max(value, self.within[0]), self.within[1])

    @property
    def extreme(self) -> str:
        """What the best value is among others: `highest`, or `lowest` for a loss."""
        return "highest" if self.higher_is_better else "lowest"


OUTCOMES = (
    Outcome("test_accuracy", "test accuracy", True, within=(0.0, 1.0)),
    Outcome("test_r2", "test R²", True, within=(-math.inf, 1.0)),
    Outcome("train_accuracy", "training accuracy", True, within=(0.0, 1.0)),
    Outcome("test_loss", "test loss", False, "log"),
    Outcome("train_loss", "training loss", False, "log"),
)
"""In order of preference; the first that any run has ranks the study."""


def architecture_label(sizes: str) -> str:
    """`64-64`, but `20 × 64` where writing it out would be long.

    >>> architecture_label("64-32"), architecture_label("-".join(["64"] * 20))
    ('64-32', '20 × 64')
    """
    widths = sizes.split("-")
    if len(widths) > 3 and len(set(widths)) == 1:
        return f"{len(widths)} × {widths[0]}"
    return sizes
