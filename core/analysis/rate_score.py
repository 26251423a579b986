"""By what a learning rate is better than another, on the seeds that only choose it.

One rule for every tuning: the fewest runs lost, then the fewest steps to the target loss, then the
lowest final training loss (medians over the seeds, a lost run ranked last), then the smaller rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nnlab.core.analysis.pairs import median_rank_last

if TYPE_CHECKING:
    import polars as pl


class RateScore(NamedTuple):
    """How one rate did; of two the smaller is the better, so that `min` finds the best."""

    lost: int
    """Runs that diverged or failed."""
    steps_to_target: float
    """Median; inf where there is no target, or half of the runs did not reach it."""
    train_loss: float
    """Median of the final losses; inf where half of the runs were lost."""
    learning_rate: float


def score_of(runs: pl.DataFrame, learning_rate: float) -> RateScore:
    """The score of a rate from its rows of `runs.csv`, one a seed."""
    import polars as pl

    finished = pl.col("status") == "finished"
    known = runs.with_columns(pl.when(finished).then(pl.col("train_loss")))
    steps: list[float | None] = [None] * len(runs)
    if "steps_to_target" in runs.columns:
        reached = pl.when(finished).then(pl.col("steps_to_target"))
        steps = runs.select(reached).to_series().to_list()
    return RateScore(
        lost=int((runs["status"] != "finished").sum()),
        steps_to_target=median_rank_last(steps),
        train_loss=median_rank_last(known["train_loss"].to_list()),
        learning_rate=learning_rate,
    )
