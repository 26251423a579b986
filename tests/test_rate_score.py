"""The one rule by which a learning rate is chosen: hand-worked scores, and their order."""

from __future__ import annotations

import math

import polars as pl
import pytest

from nnlab.core.analysis.rate_score import RateScore, score_of


def runs(*rows: tuple[str, float | None, float | None]) -> pl.DataFrame:
    """Status, steps to the target and final loss of each seed."""
    types = {"status": pl.String, "steps_to_target": pl.Float64, "train_loss": pl.Float64}
    return pl.DataFrame(rows, schema=types, orient="row")


def test_medians_over_the_seeds_by_hand() -> None:
    score = score_of(
        runs(("finished", 30.0, 0.3), ("finished", 10.0, 0.1), ("finished", 20.0, 0.5)), 0.1
    )
    assert score == RateScore(lost=0, steps_to_target=20.0, train_loss=0.3, learning_rate=0.1)


def test_a_lost_run_ranks_last_whatever_its_row_says() -> None:
    rows = ("finished", 10.0, 0.1), ("diverged", 5.0, 0.01), ("finished", 20.0, 0.2)
    assert score_of(runs(*rows), 1.0) == (1, 20.0, 0.2, 1.0)
    assert score_of(runs(rows[1]), 1.0) == (1, math.inf, math.inf, 1.0)


def test_without_a_target_the_loss_decides() -> None:
    table = runs(("finished", None, 0.3))
    assert score_of(table, 0.1) == (0, math.inf, 0.3, 0.1)
    assert score_of(table.drop("steps_to_target"), 0.1) == score_of(table, 0.1)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((0, 99.0, 9.0, 1.0), (1, 1.0, 0.1, 0.1)),
        ((0, 10.0, 9.0, 1.0), (0, 11.0, 0.1, 0.1)),
        ((0, math.inf, 0.1, 1.0), (0, math.inf, 0.2, 0.1)),
        ((0, 10.0, 0.1, 0.1), (0, 10.0, 0.1, 1.0)),
    ],
)
def test_what_counts_first(better: tuple[float, ...], worse: tuple[float, ...]) -> None:
    first, second = (RateScore(int(each[0]), *each[1:]) for each in (better, worse))
    assert min(second, first) == first
