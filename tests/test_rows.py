"""Which runs are shown, in which order, and what they have in common."""

from __future__ import annotations

import polars as pl
import pytest

from nnlab.core.analysis.rows import choose_rows, values_of
from nnlab.core.errors import UsageError

RUNS = pl.DataFrame(
    {
        "run": ["a", "b", "c", "d"],
        "dataset": ["xor"] * 4,
        "activation": ["relu", "tanh", "relu", "tanh"],
        "train_loss": [0.3, None, 0.1, 0.3],
        "test_r2": [None] * 4,
        "seed": [0, 0, 1, 1],
    },
    schema_overrides={"test_r2": pl.Float64},
)


def order_of(condition: str | None = None, *order: str) -> str:
    return "".join(choose_rows(RUNS, condition, order).runs["run"])


def test_without_a_condition_all_runs_in_their_order() -> None:
    rows = choose_rows(RUNS)
    assert rows.runs.equals(RUNS)
    assert rows.varying == ("run", "activation", "train_loss", "seed")
    assert rows.shared == {"dataset": "xor"}  # test_r2 has no value that could be told
    assert rows.asked_for == ()


def test_what_varies_is_told_of_the_runs_that_match() -> None:
    rows = choose_rows(RUNS, "activation == 'relu' and seed < 9", ["-train_loss"])
    assert rows.runs["run"].to_list() == ["a", "c"]
    assert rows.varying == ("run", "train_loss", "seed")
    assert rows.shared == {"dataset": "xor", "activation": "relu"}
    assert rows.asked_for == ("activation", "seed", "train_loss")


def test_a_missing_value_is_another_value() -> None:
    assert "train_loss" in choose_rows(RUNS, "activation == 'tanh'").varying


def test_order_keeps_ties_and_puts_missing_values_last() -> None:
    assert order_of(None, "train_loss") == "cadb"
    assert order_of(None, "-train_loss") == "adcb"
    assert order_of(None, "activation", "-seed") == "cadb"


def test_no_run_matches() -> None:
    rows = choose_rows(RUNS, "activation == 'rleu'")
    assert rows.runs.is_empty()
    assert (rows.varying, rows.shared) == ((), {})


def test_an_unknown_column_to_order_by() -> None:
    with pytest.raises(UsageError, match="--sort: unknown column 'sed'; did you mean 'seed'"):
        choose_rows(RUNS, None, ["-sed"])
    with pytest.raises(UsageError, match="--sort: unknown column ''"):
        choose_rows(RUNS, None, ["seed", ""])


def test_values_are_listed_once_and_counted() -> None:
    assert values_of(RUNS, "activation") == (["relu", "tanh"], 0)
    assert values_of(RUNS, "run", most=3) == (["a", "b", "c"], 1)
    assert values_of(RUNS, "test_r2") == ([], 0)
