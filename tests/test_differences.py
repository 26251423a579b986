"""Two studies compared, with numbers worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

from nnlab.core.analysis.differences import common_outcome, compare_studies, differing_keys
from nnlab.core.analysis.statistics import t_quantile
from nnlab.core.folder import schema_of
from nnlab.core.quantities import RUN_COLUMNS
from tests.small import small_spec

SCHEMA = schema_of(RUN_COLUMNS)
SETTING = {
    "status": "finished", "dataset": "xor", "activation": "relu", "depth": 1,
    "hidden_layer_sizes": "4", "initialization": "auto", "optimizer": "sgd",
    "learning_rate": 0.1, "batch_size": 8,
}  # fmt: skip


def runs(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of `runs.csv`; the hash tells the study apart unless given."""
    return pl.DataFrame([SETTING | row for row in rows], schema=SCHEMA)


def accuracies(study: str, *values: float | None, **keys: Any) -> list[dict[str, Any]]:
    """A run a seed, 0 upwards; None did not finish."""
    return [
        {
            "run": f"{study}{seed}{keys.get('activation', '')}",
            "seed": seed,
            "status": "diverged" if value is None else "finished",
            "test_accuracy": value,
            **keys,
        }
        for seed, value in enumerate(values)
    ]


A = small_spec(name="a")
B = small_spec(name="b", steps=40)


def compare(first: pl.DataFrame, second: pl.DataFrame) -> list[dict[str, Any]]:
    return compare_studies(A, first, B, second).settings.to_dicts()


def test_only_keys_with_different_values_differ_and_never_the_name() -> None:
    assert differing_keys(A, B) == {"steps": (12, 40)}
    assert differing_keys(A, A) == {}
    epochs = small_spec(steps=None, epochs=5, learning_rate=[0.1, 1e-5])
    assert differing_keys(A, epochs) == {
        "steps": (12, None),
        "epochs": (None, 5),
        "learning_rate": (0.1, [0.1, 1e-5]),
    }


def test_two_ways_to_write_an_architecture_are_no_difference() -> None:
    wide = small_spec(hidden_layer_sizes=None, width=4, depth=1)
    assert differing_keys(A, wide) == {}
    deep = small_spec(hidden_layer_sizes=None, width=4, depth=2)
    assert differing_keys(A, deep) == {
        "hidden_layer_sizes": ([4], None),
        "width": (None, 4),
        "depth": (None, 2),
    }


def test_runs_are_told_apart_by_their_hashes() -> None:
    first = runs(*accuracies("x", 0.5, 0.6, 0.7))
    second = runs(*accuracies("x", 0.5, 0.6), *accuracies("y", 0.1, activation="tanh"))
    difference = compare_studies(A, first, B, second)
    assert (difference.in_both, difference.only_first, difference.only_second) == (2, 1, 1)


def test_the_change_is_that_of_pairs_over_common_seeds() -> None:
    first = runs(*accuracies("x", 0.5, 0.6, 0.9))
    second = runs(*accuracies("y", 0.6, 0.9))
    (row,) = compare(first, second)
    # pairs: 0.6 - 0.5 = 0.1 and 0.9 - 0.6 = 0.3; mean 0.2, standard error 0.1
    assert row["change"] == pytest.approx(0.2)
    assert row["high"] - row["change"] == pytest.approx(0.1 * t_quantile(2))
    assert (row["first"], row["second"]) == (pytest.approx(0.55), pytest.approx(0.75))
    assert (row["pairs"], row["same"]) == (2, False)


def test_runs_without_a_number_are_in_no_mean_and_counted() -> None:
    (row,) = compare(runs(*accuracies("x", 0.5, None, 0.7)), runs(*accuracies("y", 0.6, 0.9, None)))
    assert (row["pairs"], row["lost_first"], row["lost_second"]) == (1, 1, 1)
    assert row["change"] == pytest.approx(0.1)
    assert (row["low"], row["high"]) == (None, None)  # one pair has no interval


def test_without_common_seeds_the_means_are_compared_without_an_interval() -> None:
    second = [row | {"seed": row["seed"] + 10} for row in accuracies("y", 0.6, 0.8)]
    (row,) = compare(runs(*accuracies("x", 0.5, 0.6)), runs(*second))
    assert row["change"] == pytest.approx(0.7 - 0.55)
    assert (row["low"], row["pairs"]) == (None, 0)


def test_a_setting_in_which_one_has_nothing_has_no_change() -> None:
    other = accuracies("y", 0.5, activation="tanh"), accuracies("z", 0.5, activation="tanh")
    first = runs(*accuracies("x", None), *other[0])
    second = runs(*accuracies("w", 0.5), *other[1])
    relu, tanh = compare(first, second)
    assert (relu["first"], relu["second"], relu["change"]) == (None, 0.5, None)
    assert tanh["change"] == 0.0


def test_losses_are_compared_by_their_ratio() -> None:
    losses = [(0.1, 0.2), (0.4, 0.2)]
    first = runs(*({"run": f"x{s}", "seed": s, "train_loss": a} for s, (a, _) in enumerate(losses)))
    second = runs(
        *({"run": f"y{s}", "seed": s, "train_loss": b} for s, (_, b) in enumerate(losses))
    )
    difference = compare_studies(A, first, B, second)
    assert difference.outcome is not None
    assert difference.outcome.column == "train_loss"
    (row,) = difference.settings.to_dicts()
    # ratios 2 and 1/2: geometric mean 1; the first study's is sqrt(0.1 * 0.4) = 0.2
    assert row["change"] == pytest.approx(1.0)
    assert row["first"] == pytest.approx(0.2)
    # logs are +-log 2: standard error log 2
    assert row["high"] == pytest.approx(math.exp(math.log(2) * t_quantile(2)))


def test_a_loss_of_zero_has_no_ratio_and_is_left_out() -> None:
    first = runs(*({"run": f"x{s}", "seed": s, "train_loss": v} for s, v in enumerate([0.0, 0.2])))
    second = runs(*({"run": f"y{s}", "seed": s, "train_loss": 0.1} for s in range(2)))
    (row,) = compare(first, second)
    assert (row["change"], row["pairs"], row["lost_first"]) == (pytest.approx(0.5), 1, 1)


def test_settings_keep_the_order_of_the_first_and_only_common_ones_are_compared() -> None:
    first = [r for name in ("tanh", "relu", "elu") for r in accuracies("x", 0.5, activation=name)]
    second = [r for name in ("relu", "selu", "tanh") for r in accuracies("y", 0.5, activation=name)]
    assert [row["activation"] for row in compare(runs(*first), runs(*second))] == ["tanh", "relu"]


def test_the_same_runs_are_marked() -> None:
    table = runs(*accuracies("x", 0.5, 0.6))
    (row,) = compare(table, table)
    assert row["same"] is True
    assert (row["change"], row["low"], row["high"]) == (0.0, 0.0, 0.0)


def test_losses_of_different_kinds_are_not_compared() -> None:
    table = runs({"run": "a", "seed": 0, "train_loss": 0.5})
    assert common_outcome(table, table, same_loss=False) is None
    (row,) = compare_studies(A, table, small_spec(loss="mse"), table).settings.to_dicts()
    assert (row["first"], row["change"], row["pairs"]) == (None, None, 0)
    accurate = runs({"run": "a", "seed": 0, "train_loss": 0.5, "train_accuracy": 0.5})
    outcome = common_outcome(accurate, accurate, same_loss=False)
    assert outcome is not None
    assert outcome.column == "train_accuracy"


def test_an_outcome_needs_finished_runs_on_both_sides() -> None:
    lost = runs(*accuracies("x", None, test_r2=0.5, train_loss=0.5))
    good = runs(*accuracies("y", 0.5, train_loss=0.5))
    assert common_outcome(lost, good, same_loss=True) is None
