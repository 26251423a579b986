"""The rate is chosen on the seeds that are not reported."""

from __future__ import annotations

import polars as pl

from nnlab.core.analysis.tuned import Tuned, tune
from nnlab.core.questions.sigmoid_claims import CLAIMS, Found


def runs(accuracy: dict[float, list[float | None]]) -> pl.DataFrame:
    """Rates -> accuracies of seeds 0, 1 (reported) and 1000, 1001 (for choosing)."""
    rows = [
        {"learning_rate": rate, "seed": seed, "train_accuracy": value, "test_accuracy": value}
        for rate, values in accuracy.items()
        for seed, value in zip((0, 1, 1000, 1001), values, strict=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def test_the_best_on_the_seeds_for_choosing() -> None:
    found = tune(
        runs({0.1: [0.99, 0.99, 0.5, 0.5], 0.3: [0.1, 0.2, 0.9, 0.9], 1: [1, 1, 0.6, 0.7]})
    )
    assert (found.rate, found.on_edge) == (0.3, False)
    assert found.accuracy == found.train_accuracy == {0: 0.1, 1: 0.2}


def test_a_diverged_run_counts_as_nothing() -> None:
    found = tune(runs({0.1: [None, 0.7, 0.7, 0.7], 0.3: [0.9, 0.9, 1.0, None]}))
    assert (found.rate, found.on_edge) == (0.1, True)
    assert found.accuracy == {0: None, 1: 0.7}


def test_the_middle_of_a_plateau_the_smaller_of_two() -> None:
    flat: list[float | None] = [0.6, 0.6, 0.6, 0.6]
    assert tune(runs({0.1: flat, 0.3: flat, 1: flat})).rate == 0.3
    assert tune(runs({0.1: flat, 0.3: flat, 1: flat, 3: flat})).rate == 0.3


def test_a_rate_on_the_edge_of_either_side_leaves_the_deep_claim_open() -> None:
    """A rate beyond the grid might have trained the sigmoid net just as well as the ReLU net."""
    claim = next(row for row in CLAIMS if row.id == "relu-inside-trains-deeper")
    fault = {"relu": "the optimum at ReLU", "sigmoid": "the optimum at sigmoid"}
    for edged in ("relu", "sigmoid", None):
        depth = {
            (name, layers): Tuned(0.1, (name, layers) == (edged, 8), accuracies(value))
            for layers, best in ((1, 0.6), (8, 0.9))
            for name, value in (("relu", best), ("sigmoid", 0.6))
        }
        finding = claim.measure(Found(depth, {}, {}, 5, 0.6))
        told = [f"{fault[edged]} lies on the edge of the grid"] if edged else []
        assert list(finding.faults) == told


def accuracies(value: float) -> pl.DataFrame:
    found = [value + 0.001 * seed for seed in range(6)]
    return pl.DataFrame({"seed": range(6), "test_accuracy": found, "train_accuracy": found})
