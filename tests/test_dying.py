"""Dying ReLU: counts of runs, births against the exact chance, and every unit watched."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nnlab.core.analysis.births import (
    Birth,
    count_births,
    count_dead_units,
    inputs_of_cosine,
)
from nnlab.core.analysis.dead_at_birth import dead_fraction
from nnlab.core.analysis.dying import by_seed, dead_by_run, dead_means
from nnlab.core.analysis.silent_units import UnitHistory, unit_history
from nnlab.core.batches import encode
from nnlab.core.report.dying_pictures import (
    dead_at_birth,
    dead_by_shape,
    dead_over_rate,
)
from nnlab.core.report.figures import draw
from nnlab.core.report.silent_pictures import silent_over_training
from nnlab.core.study import Study
from tests.small import small_study


def runs_of(*rows: tuple[str, str, float, int, str]) -> pl.DataFrame:
    """Rows of runs.csv: run, activation, rate, seed, status; two hidden layers of 4 and 2."""
    return pl.DataFrame(
        {
            "run": [row[0] for row in rows],
            "status": [row[4] for row in rows],
            "activation": [row[1] for row in rows],
            "optimizer": ["sgd"] * len(rows),
            "hidden_layer_sizes": ["4-2"] * len(rows),
            "depth": [2] * len(rows),
            "learning_rate": [row[2] for row in rows],
            "seed": [row[3] for row in rows],
            "test_accuracy": [0.5] * len(rows),
        }
    )


def layers_of(dead: dict[str, tuple[tuple[int, int], tuple[int, int]]]) -> pl.LazyFrame:
    """Rows of layers.parquet: dead units of both hidden layers at steps 0 and 9."""
    rows = [
        {"run": run, "step": step, "layer": layer, "units": units, "dead_units": count}
        for run, records in dead.items()
        for step, counts in zip((0, 9), records, strict=True)
        for layer, units, count in ((1, 4, counts[0]), (2, 2, counts[1]), (3, 10, None))
    ]
    return pl.LazyFrame(rows)


RUNS = runs_of(
    ("a", "relu", 1.0, 0, "finished"),
    ("b", "relu", 1.0, 1, "finished"),
    ("c", "relu", 1.0, 2, "diverged"),
    ("d", "leaky_relu", 1.0, 0, "finished"),
)
LAYERS = layers_of(
    {
        "a": ((1, 0), (1, 2)),
        "b": ((0, 0), (0, 0)),
        "c": ((0, 0), (0, 0)),
        "d": ((0, 0), (0, 0)),
    }
)


def test_shares_are_of_all_hidden_units_and_a_lost_run_has_none() -> None:
    """Run a: 1 of 6 units at birth, 3 of 6 in the end, both of the last layer's two."""
    found = dead_by_run(RUNS, LAYERS)
    columns = ("dead_at_birth", "dead", "dead_in_last", "test_accuracy")
    assert found.select("run", *columns).rows() == [
        ("a", 1 / 6, 0.5, 1.0, 0.5),
        ("b", 0.0, 0.0, 0.0, 0.5),
        ("c", None, None, None, None),
        ("d", 0.0, 0.0, 0.0, 0.5),
    ]


def test_means_count_the_lost_and_leave_them_out() -> None:
    means = dead_means(dead_by_run(RUNS, LAYERS), ["activation"])
    leaky, relu = means.rows(named=True)
    assert (relu["dead"], relu["runs"], relu["lost"]) == (0.25, 3, 1)
    assert relu["dead_high"] is None  # of two values an interval says nothing
    assert (leaky["dead"], leaky["dead_low"], leaky["lost"]) == (0.0, None, 0)


def test_values_by_seed_keep_the_lost_as_none() -> None:
    found = dead_by_run(RUNS, LAYERS)
    assert by_seed(found, "dead", {"activation": "relu"}) == {0: 0.5, 1: 0.0, 2: None}
    with pytest.raises(ValueError, match=r"0 runs of 0 seeds have .'activation': 'tanh'."):
        by_seed(found, "dead", {"activation": "tanh"})
    with pytest.raises(ValueError, match=r"4 runs of 3 seeds have .'optimizer': 'sgd'."):
        by_seed(found, "dead", {"optimizer": "sgd"})


# ------------------------------------------------------------------ births


@pytest.mark.parametrize("width", [2, 3, 5])
def test_births_are_within_three_standard_errors_of_the_exact_chance(width: int) -> None:
    births = count_births(width, 20, 800, seed=width)
    assert [birth.depth for birth in births] == list(range(1, 21))
    assert max(abs(birth.distance) for birth in births if birth.depth >= 2) < 3.0
    assert sorted(birth.dead for birth in births) == [birth.dead for birth in births]


def test_a_birth_by_hand() -> None:
    """Width 1, depth 2: dead unless both weights are positive, 3/4."""
    birth = Birth(1, 2, 100, 80)
    assert (birth.share, birth.predicted) == (0.8, 0.75)
    assert birth.standard_error == pytest.approx(math.sqrt(0.75 * 0.25 / 100))
    assert birth.distance == pytest.approx(0.05 / birth.standard_error)


def test_inputs_have_the_cosine_that_is_asked_for() -> None:
    x = inputs_of_cosine(5, 0.3)
    assert x @ x.T == pytest.approx(np.full((5, 5), 0.3) + 0.7 * np.eye(5))


def test_dead_units_at_birth_follow_the_expected_share() -> None:
    counted = count_dead_units(128, 6, inputs_of_cosine(8, 0.5), 30, seed=0)
    errors = counted.std(axis=0, ddof=1) / math.sqrt(30)
    distance = (counted.mean(axis=0) - dead_fraction(8, 0.5, 6)) / errors
    assert np.abs(distance).max() < 4.0


# ------------------------------------------------------------------ unit by unit


def dying_study(results: Path, **keys: Any) -> Study:
    """A small net at a rate at which units die."""
    defaults: dict[str, Any] = {
        "activation": ["relu"],
        "hidden_layer_sizes": [8, 8],
        "learning_rate": 2.0,
        "steps": 30,
        "records": 4,
        "seeds": 3,
    }
    study = small_study(results, **{**defaults, **keys})
    return replace(study, settings=replace(study.settings, draw=False))


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 2.0), ("adam", 0.2), ("momentum", 0.3)])
def test_the_runs_are_those_of_training(tmp_path: Path, optimizer: str, rate: float) -> None:
    """The number of silent ReLUs is `dead_units` of `layers.parquet`, at every record."""
    study = dying_study(tmp_path, optimizer=optimizer, learning_rate=rate)
    results = study.run()
    runs = list(study.plan.runs)
    history = unit_history(runs, encode(study.plan.split, runs[0].recipe), 10)
    assert history.steps == (0, 10, 20, 30)
    order = {run.id: i for i, run in enumerate(runs)}
    counted = 0
    for row in results.layers.filter(pl.col("layer") <= 2).collect().iter_rows(named=True):
        moment = history.steps.index(row["step"])
        silent = history.silent[row["layer"] - 1][moment, order[row["run"]]]
        assert int(silent.sum()) == row["dead_units"]
        counted += row["dead_units"]
    assert counted > 0


def test_plain_sgd_revives_no_unit_of_the_first_layer(tmp_path: Path) -> None:
    study = dying_study(tmp_path, seeds=6)
    runs = list(study.plan.runs)
    history = unit_history(runs, encode(study.plan.split, runs[0].recipe), 1)
    assert history.ever_silent().sum() > 0
    assert history.revived(1).sum() == 0


def test_revivals_by_hand() -> None:
    """Unit 0 dies and comes back, 1 dies for good, 2 is born dead and wakes, 3 never sleeps."""
    states = np.array([[0, 0, 1, 0], [1, 1, 0, 0], [0, 1, 0, 0]], bool)[:, None, :]
    history = UnitHistory((0, 1, 2), (states, np.zeros_like(states)))
    assert history.ever_silent().tolist() == [3]
    assert history.revived().tolist() == [2]
    assert history.revived(2).tolist() == [0]
    assert history.share(1).ravel().tolist() == [0.25, 0.5, 0.25]


@pytest.mark.parametrize("keys", [{"schedule": "cosine"}, {"weight_decay": 0.1}])
def test_what_the_engine_knows_is_known_here(tmp_path: Path, keys: dict[str, Any]) -> None:
    study = dying_study(tmp_path, **keys)
    results, runs = study.run(), list(study.plan.runs)
    history = unit_history(runs, encode(study.plan.split, runs[0].recipe), 30)
    last = results.layers.filter(pl.col("layer") <= 2, pl.col("step") == 30).collect()
    assert sum(int(layer[-1].sum()) for layer in history.silent) == last["dead_units"].sum()


def test_a_run_that_diverges_has_no_history(tmp_path: Path) -> None:
    study = dying_study(tmp_path, activation="identity", learning_rate=1e6)
    runs = list(study.plan.runs)
    with pytest.raises(ValueError, match=r"run [0-9a-f]{12} ended before its last step"):
        unit_history(runs, encode(study.plan.split, runs[0].recipe), 10)


# ------------------------------------------------------------------ pictures


def test_the_picture_over_the_rate_says_where_dying_begins() -> None:
    means = dead_means(dead_by_run(RUNS, LAYERS), ["activation", "optimizer", "learning_rate"])
    picture = dead_over_rate(means, ["sgd"])
    assert picture.title == "ReLU units die of large steps: more than 5 % are dead with sgd from 1"
    dead, accuracy = picture.panels
    assert [line.label for line in dead.lines] == ["relu", "leaky_relu"]
    assert dead.lines[0].y == (0.25,)
    assert dead.lines[0].high == (None,)
    assert accuracy.lines[0].y == (0.5,)
    draw(picture, 1600)


def test_a_setting_that_lost_every_run_is_a_cross() -> None:
    lost = RUNS.with_columns(pl.lit("diverged").alias("status"))
    means = dead_means(dead_by_run(lost, LAYERS), ["activation", "optimizer", "learning_rate"])
    picture = dead_over_rate(means, ["sgd"])
    assert picture.title == "No rate that was tried kills more than 5 % of ReLU's units"
    assert [place for place, _ in picture.panels[0].lost] == [1.0, 1.0]
    draw(picture, 1600)


def test_the_picture_of_births_has_points_on_lines() -> None:
    births = [Birth(2, 2, 100, 44), Birth(2, 3, 100, 58)]
    units = {"4 inputs": (np.array([[0.2, 0.3], [0.2, 0.4]]), np.array([0.2, 0.33]))}
    picture = dead_at_birth(births, units)
    line, points = picture.panels[0].lines
    assert line.y == pytest.approx((0.4375, 0.578125))
    assert (points.y, points.joined, points.label) == ((0.44, 0.58), False, "")
    assert picture.panels[1].lines[1].y == pytest.approx((0.2, 0.35))
    axes = draw(picture, 1600).axes[0]
    drawn = {line.get_linestyle() for line in axes.lines if line.get_marker() == "o"}
    assert drawn == {"None"}  # points, not a second line
    assert [text.get_text() for text in axes.texts] == ["width 2"]


def test_the_map_by_shape_crosses_out_what_was_lost() -> None:
    means = pl.DataFrame(
        {
            "depth": [1, 2, 1, 2],
            "width": [8, 8, 16, 16],
            "learning_rate": [0.1] * 4,
            "dead_at_birth": [0.0, 0.1, 0.0, None],
            "dead": [0.0, 0.2, 0.0, None],
        }
    )
    picture = dead_by_shape(means, [0.1])
    assert picture.title == "Most units are lost at depth 2, width 8, learning rate 0.1: 20 %"
    assert picture.panels[1].values == ((0.0, 0.2), (0.0, None))
    assert picture.panels[1].lost == ((1, 1),)
    draw(picture, 1600)


def test_the_picture_over_training_counts_who_came_back() -> None:
    states = np.array([[1, 1, 0, 0], [0, 1, 0, 0]], bool)[:, None, :].repeat(2, axis=1)
    awake = UnitHistory((0, 1), (np.zeros_like(states), np.zeros_like(states)))
    picture = silent_over_training(
        {"sgd at 1": {"relu": UnitHistory((0, 1), (states, states)), "leaky_relu": awake}}
    )
    assert picture.title == (
        "Of the units that ever fell silent, 50 % of relu's and none of leaky_relu's came back"
    )
    assert picture.panels[0].lines[0].y == (0.5, 0.25)
    assert "In the layers before it 4 units ever fell silent." in picture.caption
    draw(picture, 1600)
