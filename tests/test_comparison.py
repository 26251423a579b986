"""Activations against the first, seed by seed: hand-worked numbers, blocks, what is lost."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.analysis.comparison import (
    block_axes,
    compare_activations,
    count_blocks,
)
from nnlab.core.analysis.measures import MEASURES, SECONDS, Measure, measured_runs, measures_of
from nnlab.core.analysis.multiplicity import holm
from nnlab.core.analysis.selection import own_axes
from tests.comparisons import Values, comparison_of, contrast_of, layers_of, runs_of

RELU = {"test_accuracy": [0.90, 0.92, 0.94], "steps_to_target": [100.0, 100.0, 100.0]}
TANH = {"test_accuracy": [0.92, 0.95, 0.95], "steps_to_target": [80.0, 50.0, 125.0]}

# ------------------------------------------------------------------ what is measured of a run


def test_the_gradient_ratio_is_of_the_hidden_layers_before_training() -> None:
    """Deltas 0.2, 0.8 in the hidden layers, 0.5 at the output: 0.25 of the gradient arrives."""
    runs = runs_of({"relu": {"train_loss": [0.1]}})
    measured = measured_runs(runs, layers_of(runs, deltas=[0.2, 0.8, 0.5]))
    assert measured["gradient_ratio"].to_list() == [0.25]


def test_with_one_hidden_layer_the_output_is_the_reference() -> None:
    runs = runs_of({"relu": {"train_loss": [0.1]}}, depth=1, hidden_layer_sizes="4")
    measured = measured_runs(runs, layers_of(runs, deltas=[0.2, 0.5]))
    assert measured["gradient_ratio"].to_list() == [0.4]


def test_a_gradient_that_never_left_has_no_ratio() -> None:
    runs = runs_of({"relu": {"train_loss": [0.1]}})
    measured = measured_runs(runs, layers_of(runs, deltas=[0.2, 0.0, 0.5]))
    assert measured["gradient_ratio"].to_list() == [None]


def test_dead_units_count_over_all_hidden_layers_after_training() -> None:
    """2 of 4 + 6 units; the output layer has none that could die."""
    runs = runs_of({"relu": {"train_loss": [0.1]}})
    measured = measured_runs(runs, layers_of(runs, dead=2))
    assert measured["dead_fraction"].to_list() == [0.2]
    assert measured[SECONDS].to_list() == [0.005]


def test_a_run_that_did_not_finish_has_no_number_at_all() -> None:
    """A run may reach its target and diverge later; that it got there is no success."""
    values: Values = {
        "status": ["finished", "diverged", "failed"],
        "steps_to_target": [10.0, 10.0, None],
    }
    runs = runs_of({"relu": {**values, "train_loss": [0.1, None, None]}})
    measured = measured_runs(runs, layers_of(runs))
    for column in ("steps_to_target", "gradient_ratio", "dead_fraction", SECONDS):
        assert measured[column].is_null().to_list() == [False, True, True], column
    assert measured["run"].to_list() == runs["run"].to_list()


def test_training_accuracy_stands_in_where_there_is_no_test_part() -> None:
    def columns(**values: float) -> list[str]:
        runs = runs_of({"relu": {name: [value] for name, value in values.items()}})
        return [measure.column for measure in measures_of(measured_runs(runs, layers_of(runs)))]

    always = ["train_loss", "gradient_ratio", "dead_fraction"]
    assert columns(test_accuracy=0.9, train_accuracy=1.0) == ["test_accuracy", *always]
    assert columns(train_accuracy=1.0) == ["train_accuracy", *always]
    assert columns(test_r2=0.5) == ["test_r2", *always]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.column)
def test_every_measure_can_be_compared(measure: Measure) -> None:
    runs = runs_of({"relu": {"train_loss": [0.5, 0.5]}, "tanh": {"train_loss": [0.5, 0.5]}})
    columns = {measure.column: pl.Series([0.5, 0.25, 0.75, 0.5])}
    measured = measured_runs(runs, layers_of(runs)).with_columns(**columns)
    found = {m.column: m for m in measures_of(measured)}
    if measure.column != "train_accuracy":
        assert found[measure.column] == measure
    assert found.keys() <= {m.column for m in MEASURES}


# ------------------------------------------------------------------ hand-worked numbers


def test_a_difference_by_hand() -> None:
    """0.02, 0.03, 0.01: mean 0.02, sd 0.01, t(0.975, 2) = 4.30265, so +- 0.024841.

    t = 0.02 / (0.01 / sqrt 3) = 3.4641, and with two degrees p = 1 - t / sqrt(t^2 + 2).
    """
    contrast = contrast_of(comparison_of({"relu": RELU, "tanh": TANH}), "test_accuracy")
    interval = contrast.interval
    assert interval is not None
    assert (interval.estimate, interval.low, interval.high) == pytest.approx(
        (0.02, -0.0048414, 0.0448414), abs=1e-7
    )
    assert contrast.p_value == pytest.approx(1 - 3.4641016 / math.sqrt(14), abs=1e-7)
    assert contrast.pairs == 3
    assert not contrast.clear


def test_a_ratio_by_hand() -> None:
    """0.8, 0.5, 1.25: geometric mean 0.5^(1/3); logs of sd 0.4581965, se 0.2645399."""
    contrast = contrast_of(comparison_of({"relu": RELU, "tanh": TANH}), "steps_to_target")
    interval = contrast.interval
    assert interval is not None
    assert interval.scale == "log"
    assert interval.estimate == pytest.approx(0.5 ** (1 / 3))
    reach = 4.3026527 * 0.2645399
    ends = (0.5 ** (1 / 3) * math.exp(-reach), 0.5 ** (1 / 3) * math.exp(reach))
    assert (interval.low, interval.high) == pytest.approx(ends, rel=1e-5)
    t = math.log(2) / 3 / 0.2645399
    assert contrast.p_value == pytest.approx(1 - t / math.sqrt(t * t + 2), rel=1e-5)


def test_means_are_geometric_where_ratios_are_compared() -> None:
    comparison = comparison_of({"relu": RELU, "tanh": TANH})
    tanh = comparison.blocks[0].entrants[1]
    means = {s.measure.column: s.interval.estimate for s in tanh.standings if s.interval}
    assert means["test_accuracy"] == pytest.approx(0.94)
    assert means["steps_to_target"] == pytest.approx((80 * 50 * 125) ** (1 / 3))


def test_the_first_activation_is_the_baseline() -> None:
    comparison = comparison_of({"tanh": TANH, "relu": RELU, "elu": RELU})
    assert comparison.baseline == "tanh"
    assert {c.activation for c in comparison.contrasts} == {"relu", "elu"}
    assert {c.baseline for c in comparison.contrasts} == {"tanh"}
    contrast = contrast_of(comparison, "steps_to_target", "relu")
    assert contrast.interval is not None
    assert contrast.interval.estimate == pytest.approx(2 ** (1 / 3))


def test_holm_over_all_tests_of_all_activations() -> None:
    comparison = comparison_of(
        {"relu": RELU, "tanh": TANH, "elu": {**TANH, "train_loss": [1, 2, 3]}}
    )
    tested = [c for c in comparison.contrasts if c.p_value is not None]
    # two accuracies, two numbers of steps, and elu's loss; equal values are no test
    assert comparison.tests == len(tested) == 5
    adjusted = holm([c.p_value for c in tested if c.p_value is not None])
    assert [c.p_holm for c in tested] == pytest.approx(adjusted.tolist())


@given(st.lists(st.floats(0.1, 100.0), min_size=2, max_size=8))
def test_a_baseline_compared_with_itself_is_equal(losses: list[float]) -> None:
    comparison = comparison_of({"relu": {"train_loss": losses}, "tanh": {"train_loss": losses}})
    assert all(contrast.equal for contrast in comparison.contrasts)
    assert comparison.tests == 0


@given(
    st.lists(st.floats(0.1, 100.0), min_size=2, max_size=8),
    st.floats(0.01, 100.0),
)
def test_a_factor_is_a_factor_at_any_scale(losses: list[float], factor: float) -> None:
    other = [loss * factor for loss in losses]
    comparison = comparison_of({"relu": {"train_loss": losses}, "tanh": {"train_loss": other}})
    interval = contrast_of(comparison, "train_loss").interval
    assert interval is not None
    assert interval.estimate == pytest.approx(factor)


# ------------------------------------------------------------------ few, lost and odd numbers


def test_one_seed_has_no_interval_and_no_p_value() -> None:
    comparison = comparison_of({"relu": {"train_loss": [0.2]}, "tanh": {"train_loss": [0.1]}})
    contrast = contrast_of(comparison, "train_loss")
    assert contrast.interval is not None
    assert contrast.interval.estimate == pytest.approx(0.5)
    assert math.isnan(contrast.interval.low)
    assert contrast.p_value is contrast.p_holm is None
    assert not contrast.clear
    assert comparison.explores


def test_five_seeds_explore_and_six_do_not() -> None:
    for seeds in (5, 6):
        losses = {"train_loss": [0.1] * seeds}
        assert comparison_of({"relu": losses, "tanh": losses}).explores == (seeds < 6)


def test_a_lost_pair_is_left_out_and_counted() -> None:
    """Six seeds, one diverged: 17 % lost leaves a test; the mean is over the other five."""
    losses = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    lost: Values = {"status": ["finished"] * 5 + ["diverged"], "train_loss": [*losses[:5], None]}
    comparison = comparison_of({"relu": {"train_loss": [2 * x for x in losses]}, "tanh": lost})
    contrast = contrast_of(comparison, "train_loss")
    assert (contrast.pairs, contrast.left_out) == (5, (5,))
    assert contrast.interval is not None
    assert contrast.interval.estimate == pytest.approx(0.5)
    assert contrast.p_value is not None
    tanh = comparison.blocks[0].entrants[1]
    assert (tanh.runs, tanh.finished, tanh.diverged, tanh.failed) == (6, 5, 1, 0)
    assert tanh.standings[0].lost == 1


def test_with_more_than_a_fifth_lost_nothing_is_tested() -> None:
    reached = {"steps_to_target": [10.0, 20.0, 30.0, None, None]}
    comparison = comparison_of({"relu": reached, "tanh": {"steps_to_target": [9.0] * 5}})
    contrast = contrast_of(comparison, "steps_to_target")
    assert contrast.too_few
    assert (contrast.pairs, contrast.left_out, contrast.p_value) == (3, (3, 4), None)


def test_a_measure_without_any_pair_is_no_error() -> None:
    relu, tanh = {"steps_to_target": [None, 5.0]}, {"steps_to_target": [5.0, None]}
    contrast = contrast_of(comparison_of({"relu": relu, "tanh": tanh}), "steps_to_target")
    assert contrast.interval is None
    assert (contrast.pairs, contrast.left_out) == (0, (0, 1))


def test_a_study_in_which_nothing_finished() -> None:
    gone: Values = {"status": ["diverged", "failed"], "train_loss": [None, None]}
    comparison = comparison_of({"relu": gone, "tanh": gone})
    assert comparison.measures == ()
    assert comparison.contrasts == ()
    assert [e.finished for e in comparison.blocks[0].entrants] == [0, 0]


def test_a_zero_has_no_ratio_so_differences_are_compared() -> None:
    relu, tanh = {"train_loss": [0.0, 0.2, 0.4]}, {"train_loss": [0.1, 0.3, 0.5]}
    contrast = contrast_of(comparison_of({"relu": relu, "tanh": tanh}), "train_loss")
    assert contrast.measure.scale == "linear"
    assert contrast.interval is not None
    assert contrast.interval.estimate == pytest.approx(0.1)


@pytest.mark.parametrize(("seeds", "p"), [(2, 0.5), (5, 0.0625)])
def test_equal_differences_say_no_more_than_their_signs(seeds: int, p: float) -> None:
    """Student's p is 0 without spread; counts of few examples often have none."""
    relu, tanh = {"test_accuracy": [0.5] * seeds}, {"test_accuracy": [0.75] * seeds}
    contrast = contrast_of(comparison_of({"relu": relu, "tanh": tanh}), "test_accuracy")
    assert contrast.p_value == p


# ------------------------------------------------------------------ blocks


def two_rates() -> pl.DataFrame:
    """Relu and tanh at two rates each; tanh twice as good at the smaller, half at the larger."""
    small = runs_of(
        {"relu": {"train_loss": [0.2, 0.4]}, "tanh": {"train_loss": [0.1, 0.2]}}, learning_rate=0.1
    )
    large = runs_of(
        {"relu": {"train_loss": [0.2, 0.4]}, "tanh": {"train_loss": [0.4, 0.8]}}, learning_rate=1.0
    )
    return pl.concat([small, large])


def test_pairs_are_made_within_equal_settings() -> None:
    runs = two_rates()
    comparison = compare_activations(runs, layers_of(runs))
    assert comparison is not None
    assert [block.setting for block in comparison.blocks] == [
        {"learning_rate": 0.1},
        {"learning_rate": 1.0},
    ]
    assert [block.label for block in comparison.blocks] == ["rate 0.1", "rate 1"]
    ratios = [
        contrast.interval.estimate
        for contrast in comparison.contrasts
        if contrast.interval and contrast.measure.column == "train_loss"
    ]
    assert ratios == pytest.approx([0.5, 2.0])
    assert count_blocks(runs) == 2
    assert block_axes(runs) == ("learning_rate",)


def test_a_value_of_its_own_makes_no_block() -> None:
    """Relu at 0.1 against tanh at 1: what a tuned comparison is."""
    own = pl.col("learning_rate") == pl.when(pl.col("activation") == "relu").then(0.1).otherwise(
        1.0
    )
    runs = two_rates().filter(own)
    assert own_axes(runs) == ("learning_rate",)
    comparison = compare_activations(runs, layers_of(runs))
    assert comparison is not None
    (block,) = comparison.blocks
    assert (block.setting, block.label) == ({}, "")
    assert [dict(entrant.own) for entrant in block.entrants] == [
        {"learning_rate": 0.1},
        {"learning_rate": 1.0},
    ]
    interval = contrast_of(comparison, "train_loss").interval
    assert interval is not None
    assert interval.estimate == pytest.approx(2.0)


def test_a_rate_that_all_share_is_nobodys_own() -> None:
    assert own_axes(two_rates()) == ()
    assert own_axes(runs_of({"relu": RELU, "tanh": TANH})) == ()


def test_one_activation_is_no_comparison() -> None:
    runs = runs_of({"relu": RELU})
    assert compare_activations(runs, layers_of(runs)) is None
