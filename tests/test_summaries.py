"""What a report is made of: means over seeds, ranked settings, trajectories."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.analysis.seed_means import seed_means
from nnlab.core.analysis.selection import (
    outcome_of,
    varying_axes,
)
from nnlab.core.analysis.statistics import geometric_interval, t_interval
from nnlab.core.analysis.summaries import (
    StudyTables,
    Summary,
    best_run,
    count_status,
    result_rows,
    summarize,
)
from nnlab.core.analysis.trajectories import layer_ends, units_at_end
from nnlab.core.quantities import CURVE_COLUMNS, LAYER_COLUMNS, RUN_COLUMNS
from tests.frames import CURVE_TYPES, LAYER_TYPES, RUN_TYPES, SMALL, Grid, ranked, study


def small_runs(**columns: Any) -> pl.DataFrame:
    """The runs of `SMALL`, some columns replaced by lists."""
    runs = study(SMALL).runs
    return runs.with_columns(
        pl.Series(name, values, dtype=RUN_TYPES[name]) for name, values in columns.items()
    )


# ------------------------------------------------------------------ the made-up tables


def test_the_made_up_tables_have_the_columns_of_the_contract() -> None:
    assert list(RUN_TYPES) == list(RUN_COLUMNS)
    assert list(LAYER_TYPES) == list(LAYER_COLUMNS)
    assert list(CURVE_TYPES) == list(CURVE_COLUMNS)


# ------------------------------------------------------------------ means over seeds

positive = st.floats(1e-30, 1e6)


@given(st.lists(positive, min_size=2, max_size=8))
def test_means_over_seeds_are_those_of_the_statistics_room(values: list[float]) -> None:
    table = pl.DataFrame({"g": "a", "x": values, "y": values})
    means = seed_means(table, ["g"], {"x": "linear", "y": "log"})
    for row, expected in zip(
        means.iter_rows(named=True), (t_interval(values), geometric_interval(values)), strict=True
    ):
        found = (row["mean"], row["low"], row["high"])
        scale = max(map(abs, (expected.low, expected.high)))
        for a, b in zip(found, (expected.estimate, expected.low, expected.high), strict=True):
            assert a == pytest.approx(b, rel=1e-6, abs=1e-7 * scale)
        assert row["n"] == len(values)


def test_a_mean_counts_only_values_there_are() -> None:
    table = pl.DataFrame({"g": ["a"] * 4 + ["b"], "x": [1.0, None, math.nan, 3.0, math.inf]})
    means = seed_means(table, ["g"], {"x": "linear"})
    assert means.select("g", "mean", "n").rows() == [("a", 2.0, 2)]  # b has no value: no row


def test_one_seed_has_no_interval() -> None:
    means = seed_means(pl.DataFrame({"g": ["a"], "x": [2.0]}), ["g"], {"x": "log"})
    assert means.select("mean", "low", "high", "n").rows() == [(pytest.approx(2.0), None, None, 1)]


def test_zeros_have_no_logarithm_and_are_counted() -> None:
    table = pl.DataFrame({"g": ["a", "a", "a", "b", "b"], "x": [4.0, 1.0, 0.0, 0.0, 0.0]})
    means = seed_means(table, ["g"], {"x": "log"})
    assert means.select("g", "mean", "n", "zeros").rows() == [
        ("a", pytest.approx(2.0), 2, 1),
        ("b", 0.0, 0, 2),
    ]


def test_a_column_the_table_lacks_gives_no_rows() -> None:
    means = seed_means(pl.DataFrame({"g": ["a"], "x": [1.0]}), ["g"], {"z": "log", "x": "linear"})
    assert means["quantity"].to_list() == ["x"]


# ------------------------------------------------------------------ outcome, axes, counts


@pytest.mark.parametrize(
    ("grid", "column"),
    [
        (SMALL, "test_accuracy"),
        (dataclasses.replace(SMALL, test_part=False), "train_accuracy"),
        (dataclasses.replace(SMALL, regression=True), "test_r2"),
        (dataclasses.replace(SMALL, regression=True, test_part=False), "train_loss"),
    ],
)
def test_the_outcome_is_the_best_number_a_study_has(grid: Grid, column: str) -> None:
    assert outcome_of(study(grid).runs).column == column


def test_axes_that_vary_and_runs_by_status() -> None:
    runs = study(Grid(activations=("relu",), rates=(0.1, 5.0), batches=(8, 64), seeds=2)).runs
    assert varying_axes(runs) == ("learning_rate", "batch_size")
    counts = count_status(runs)
    assert (counts.finished, counts.diverged, counts.failed, counts.total) == (4, 4, 0, 8)


# ------------------------------------------------------------------ ranking


def test_settings_are_ranked_by_their_mean_outcome() -> None:
    runs = small_runs(test_accuracy=[0.5, 0.6, 0.7, 0.8, 0.8, 0.8])
    table = ranked(runs)
    assert table.select("activation", "place", "mean", "n").rows() == [
        ("tanh", 1, pytest.approx(0.8), 3),
        ("relu", 2, pytest.approx(0.6), 3),
    ]
    # 0.6 -+ 4.3027 * 0.1 / sqrt(3)
    assert table.row(1, named=True)["low"] == pytest.approx(0.6 - 0.24841, abs=1e-5)


def test_a_lower_loss_is_better_where_the_loss_ranks() -> None:
    grid = dataclasses.replace(SMALL, regression=True, test_part=False)
    runs = study(grid).runs.with_columns(pl.Series("train_loss", [0.1, 0.2, 0.4, 0.01, 0.01, 0.01]))
    assert ranked(runs)["activation"].to_list() == ["tanh", "relu"]
    assert ranked(runs)["mean"].to_list() == pytest.approx([0.01, 0.2])  # geometric


def test_a_setting_that_lost_runs_goes_behind_one_that_did_not() -> None:
    runs = small_runs(
        status=["finished", "diverged", "failed", "finished", "finished", "finished"],
        test_accuracy=[0.99, None, None, 0.5, 0.5, 0.5],
        diverged_at=[None, 7, None, None, None, None],
    )
    table = ranked(runs)
    assert table.select("activation", "finished", "diverged", "failed", "mean").rows() == [
        ("tanh", 3, 0, 0, pytest.approx(0.5)),
        ("relu", 1, 1, 1, pytest.approx(0.99)),
    ]
    assert table["diverged_at"].to_list() == [None, 7]


def test_steps_to_target_say_how_many_runs_reached_it() -> None:
    runs = small_runs(steps_to_target=[100.0, 400.0, None, None, None, None])
    table = ranked(runs).sort("activation")
    assert table["steps_to_target"].to_list() == [pytest.approx(200.0), None]
    assert table["reached"].to_list() == [2, None]


def test_the_best_run_breaks_ties_by_training_loss() -> None:
    runs = small_runs(
        test_accuracy=[0.9, 0.9, 0.8, 0.7, 0.7, 0.7], train_loss=[0.2, 0.1, 0.0, 0.0, 0.0, 0.0]
    )
    best = best_run(runs, outcome_of(runs))
    assert best is not None
    assert best["run"] == runs["run"][1]
    assert best_run(runs.clear(), outcome_of(runs)) is None


# ------------------------------------------------------------------ trajectories


def hand_made(**layer_columns: list[Any]) -> StudyTables:
    """Two finished runs and a diverged one of a net with two hidden layers, two records."""
    runs = study(Grid(activations=("relu",), sizes=((3, 1),), seeds=3, records=2)).runs
    runs = runs.with_columns(
        pl.Series("run", ["a", "b", "c"]), pl.Series("status", ["finished"] * 2 + ["diverged"])
    )
    columns = {
        "run": [run for run in "abc" for _ in range(6)],
        "step": [0, 0, 0, 9, 9, 9] * 3,
        "layer": [1, 2, 3] * 6,
        "units": [3, 1, 10] * 6,
        "delta_rms": [1.0] * 18,
        **layer_columns,
    }
    layers = pl.DataFrame(columns, schema_overrides=LAYER_TYPES)
    curves = pl.DataFrame(
        {
            "run": ["a", "a", "b", "b", "c"],
            "step": [0, 9, 0, 9, 0],
            "epoch": [0.0, 1.5, 0.0, 1.5, 0.0],
            "train_loss": [2.0, 0.1, 2.0, 0.4, 1e9],
            "test_accuracy": [0.1, 0.8, 0.1, 0.9, 0.0],
        }
    )
    return StudyTables("hand", "", "", runs, layers.lazy(), curves.lazy(), {})


def test_learning_curves_leave_diverged_runs_out() -> None:
    curves = summarize(hand_made()).curves
    picked = curves.select("quantity", "step", "epoch", "mean", "n").rows()
    assert picked == [
        ("train_loss", 0, 0.0, pytest.approx(2.0), 2),
        ("train_loss", 9, 1.5, pytest.approx(0.2), 2),  # sqrt(0.1 * 0.4)
        ("test_accuracy", 0, 0.0, pytest.approx(0.1), 2),
        ("test_accuracy", 9, 1.5, pytest.approx(0.85), 2),
    ]


def test_the_reach_is_layer_1_over_the_last_hidden_layer_within_each_run() -> None:
    # run a: 1/4 before, 1 after; run b: 1 before, 4 after; the diverged run does not count.
    delta = [1.0, 4.0, 9.0, 2.0, 2.0, 9.0, 3.0, 3.0, 9.0, 4.0, 1.0, 9.0] + [1e9] * 6
    reach = summarize(hand_made(delta_rms=delta)).reach
    assert reach.select("moment", "mean", "n").rows() == [
        ("end", pytest.approx(2.0), 2),
        ("start", pytest.approx(0.5), 2),
    ]


def test_with_one_hidden_layer_the_output_is_the_reference() -> None:
    tables = study(Grid(activations=("sigmoid",), sizes=((8,),), seeds=4, records=2))
    reach = summarize(tables).reach.filter(pl.col("moment") == "start")
    assert reach["mean"][0] == pytest.approx(1 / 4.2, rel=0.15)


def test_a_zero_delta_has_no_ratio_but_is_counted() -> None:
    delta = [0.0, 4.0, 9.0] * 2 + [0.0, 1.0, 9.0] * 2 + [1.0] * 6
    summary = summarize(hand_made(delta_rms=delta))
    assert summary.reach.is_empty()
    first = summary.ends.filter(pl.col("layer") == 1, pl.col("quantity") == "delta_rms")
    assert first["zeros"].to_list() == [2, 2]
    assert first["mean"].to_list() == [0.0, 0.0]


def test_dead_units_of_the_whole_net_are_weighted_by_layer_size() -> None:
    dead = [0.0, 0.0, None, 1 / 3, 1.0, None] * 2 + [1.0, 1.0, None] * 2
    units = units_at_end(summarize(hand_made(dead_fraction=dead)).ends)
    assert units["dead_fraction"].to_list() == [pytest.approx(0.5)]  # 2 of 4
    assert units["saturated_fraction"].to_list() == [None]


def test_a_single_record_is_a_start_without_an_end() -> None:
    summary = summarize(study(dataclasses.replace(SMALL, records=1)))
    assert set(layer_ends(summary.layers)["moment"]) == {"start"}


def test_layers_know_their_epoch() -> None:
    summary = summarize(hand_made())
    assert dict(summary.layers.select("step", "epoch").unique().rows()) == {0: 0.0, 9: 1.5}


# ------------------------------------------------------------------ the whole summary


def test_learning_rate_and_batch_size_make_a_grid() -> None:
    grid = Grid(activations=("relu", "tanh"), rates=(0.01, 0.1), batches=(8, 64), seeds=1)
    summary = summarize(study(dataclasses.replace(grid, records=2)))
    assert summary.sweeps == {}
    assert summary.grid is not None
    assert summary.grid.select("line", "learning_rate", "batch_size").unique().height == 8


def test_a_grid_of_one_activation_is_one_map() -> None:
    grid = Grid(activations=("relu",), rates=(0.01, 0.1), batches=(8, 64), seeds=1, records=2)
    summary = summarize(study(grid))
    assert summary.shown.line_axis == "batch_size"
    assert summary.grid is not None
    assert set(summary.grid["line"]) == {"relu"}


def test_other_axes_are_swept() -> None:
    grid = Grid(activations=("relu", "tanh"), sizes=((8,), (8, 8)), rates=(0.1, 1.0), seeds=1)
    summary = summarize(study(dataclasses.replace(grid, records=2)))
    assert list(summary.sweeps) == ["hidden_layer_sizes", "learning_rate"]
    assert all(sweep.height == 4 for sweep in summary.sweeps.values())


def test_result_rows_follow_the_lines_and_mark_the_best() -> None:
    rows = result_rows(summarize(study(SMALL)))
    assert rows["line"].to_list() == ["relu", "tanh"]
    assert rows["best"].sum() == 1
    assert rows.filter("best")["place"].to_list() == [1]


def test_nothing_finished_is_a_summary_too() -> None:
    summary = summarize(study(dataclasses.replace(SMALL, rates=(9.0,))))
    assert summary.counts.finished == 0
    assert summary.best_run is None
    assert summary.curves.is_empty()
    assert not result_rows(summary)["best"].any()


def test_no_runs_at_all_is_a_summary_too() -> None:
    tables = study(SMALL)
    empty = dataclasses.replace(tables, runs=tables.runs.clear())
    assert summarize(empty).counts.total == 0


def comparable(summary: Summary) -> list[list[tuple[Any, ...]]]:
    return [summary.curves.rows(), summary.layers.rows(), summary.reach.rows()]


def test_scanned_tables_give_the_same_summary(tmp_path: Path) -> None:
    tables = study(SMALL)
    tables.layers.collect().write_parquet(tmp_path / "layers.parquet", row_group_size=7)
    tables.curves.collect().write_parquet(tmp_path / "curves.parquet", row_group_size=7)
    scanned = dataclasses.replace(
        tables,
        layers=pl.scan_parquet(tmp_path / "layers.parquet"),
        curves=pl.scan_parquet(tmp_path / "curves.parquet"),
    )
    for one, two in zip(comparable(summarize(tables)), comparable(summarize(scanned)), strict=True):
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            assert a == pytest.approx(b)


def test_a_spec_that_cannot_be_read_is_no_spec() -> None:
    tables = dataclasses.replace(study(SMALL), spec_text="a: [")
    assert tables.spec == {}
    assert study(SMALL).spec["dataset"] == "digits"
