"""Each setting at its own best learning rate, chosen on seeds that are not reported.

Seeds from `TUNING` on choose the rate; the others are the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from nnlab.core.analysis.statistics import Interval, t_interval

TUNING = 1000
"""Seeds from here on are for choosing."""
_ALIKE = 0.005
"""Rates whose accuracy is within this of the best are as good: the middle one of them is taken."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The runs of one setting at its best rate."""

    rate: float
    on_edge: bool
    """Whether the grid does not bracket the best: it may lie outside."""
    runs: pl.DataFrame
    """The rows of the seeds that are reported."""

    @property
    def accuracy(self) -> dict[int, float | None]:
        """Test accuracy by seed; None where the run diverged."""
        return self._by_seed("test_accuracy")

    @property
    def train_accuracy(self) -> dict[int, float | None]:
        """Training accuracy by seed; None where the run diverged."""
        return self._by_seed("train_accuracy")

    def _by_seed(self, column: str) -> dict[int, float | None]:
        return dict(zip(self.runs["seed"].to_list(), self.runs[column].to_list(), strict=True))


def mean_interval(values: Sequence[float | None]) -> Interval:
    """The mean accuracy over the seeds, a run that diverged (None) counting as accuracy 0."""
    return t_interval([0.0 if value is None else value for value in values])


def tune(runs: pl.DataFrame) -> Tuned:
    """Choose the rate for the rows of one setting by the mean training accuracy.

    Not by the rule of `rate_score`, which is about losses: what is compared afterwards is
    accuracy. A diverged run counts as accuracy 0. Rates that do equally well form a plateau: its
    middle, the smaller of two.
    """
    trial = runs.filter(pl.col("seed") >= TUNING)
    found = (
        trial.group_by("learning_rate")
        .agg(pl.col("train_accuracy").fill_null(0.0).mean().alias("accuracy"))
        .sort("learning_rate")
    )
    rates, accuracy = found["learning_rate"].to_numpy(), found["accuracy"].to_numpy()
    good = np.flatnonzero(accuracy >= accuracy.max() - _ALIKE)
    chosen = int(good[(len(good) - 1) // 2])
    rate = float(rates[chosen])
    reported = runs.filter((pl.col("seed") < TUNING) & (pl.col("learning_rate") == rate))
    return Tuned(rate, chosen in (0, len(rates) - 1), reported.sort("seed"))
