"""LeakyReLU's slope: accuracy by slope, where it hurts, and how bent f is where it is used."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from nnlab.core.analysis.nonlinearity import leaky_nonlinearity
from nnlab.core.analysis.slope import (
    SlopeCost,
    accuracy_by_slope,
    hurts_from,
    measured_nonlinearity,
    nonlinearity_of_net,
    slope_costs,
    slope_of,
)
from nnlab.core.analysis.statistics import Interval
from nnlab.core.analysis.trained_net import TrainedNet
from nnlab.core.nn.activations import find_activation
from nnlab.core.questions.activations.part import setting_of
from nnlab.core.questions.activations.slope_claims import CLAIMS, SETS, Slopes
from nnlab.core.report.figures import draw
from nnlab.core.report.slope_pictures import over_slope


def test_slopes_of_labels() -> None:
    labels = ("relu", "leaky_relu", "leaky_relu:0.2", "identity")
    assert [slope_of(label) for label in labels] == [0.0, 0.01, 0.2, 1.0]
    with pytest.raises(ValueError, match="tanh has no slope"):
        slope_of("tanh")


def test_accuracy_by_slope_keeps_the_lost_as_none() -> None:
    runs = pl.DataFrame(
        {
            "activation": ["leaky_relu:0.5", "leaky_relu", "leaky_relu"],
            "seed": [0, 0, 1],
            "status": ["finished", "finished", "diverged"],
            "test_accuracy": [0.8, 0.9, None],
        }
    )
    found = accuracy_by_slope(runs)
    assert list(found) == [0.01, 0.5]
    assert found == {0.01: {0: 0.9, 1: None}, 0.5: {0: 0.8}}


def test_costs_are_paired_and_hold_for_all_slopes_at_once() -> None:
    """Two slopes: each interval is at 97.5 %."""
    usual = {0: 0.9, 1: 0.8, 2: 0.7}
    accuracy = {
        0.01: usual,
        0.5: {seed: value - 0.05 for seed, value in usual.items()},
        0.9: {0: 0.5, 1: 0.5, 2: 0.5},
    }
    half, steep = slope_costs(accuracy)
    assert half.cost.estimate == pytest.approx(0.05)
    assert half.cost.high - half.cost.low < 1e-9
    assert (steep.slope, steep.cost.level) == (0.9, 0.975)
    assert steep.cost.estimate == pytest.approx(0.3)


def cost(slope: float, low: float, estimate: float) -> SlopeCost:
    return SlopeCost(slope, Interval(estimate, low, 2 * estimate - low, 10))


def test_it_hurts_from_the_first_slope_of_an_unbroken_row() -> None:
    costs = [
        cost(0.0, 0.02, 0.03),  # below the usual slope: no part of the question
        cost(0.3, 0.02, 0.03),  # hurts, but 0.5 does not certainly
        cost(0.5, 0.005, 0.02),
        cost(0.9, 0.02, 0.05),
        cost(0.99, 0.3, 0.4),
    ]
    assert hurts_from(costs) == 0.9
    assert hurts_from(costs[:3]) is None
    assert hurts_from([cost(0.9, 0.01, 0.05)]) is None  # exactly one point is not more than one


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.5, 0.9])
def test_measured_on_normal_numbers_it_is_the_formula(slope: float) -> None:
    z = np.random.default_rng(0).standard_normal(100_000)
    measured = measured_nonlinearity(find_activation(f"leaky_relu:{slope}"), z)
    assert measured == pytest.approx(leaky_nonlinearity(slope), rel=0.02)


def test_measured_non_linearity_by_hand() -> None:
    """ReLU of -1, 0, 1: the fit is a/2 + 1/3, and 1 - corr^2 = 1 - 1/(2 * 2/3) = 1/4."""
    relu = find_activation("relu")
    assert measured_nonlinearity(relu, np.array([-1.0, 0.0, 1.0])) == pytest.approx(0.25)
    assert measured_nonlinearity(find_activation("identity"), np.array([1.0, 2.0])) == 0.0
    assert math.isnan(measured_nonlinearity(relu, np.array([-1.0, -2.0])))


def test_the_non_linearity_of_a_net_is_the_mean_over_its_hidden_layers() -> None:
    """Layer 1 sees -1, 0, 1; layer 2 sees only what is positive, and is a straight line there."""

    def net(*layers: tuple[float, float]) -> TrainedNet:
        weights = tuple(np.array([[weight]]) for weight, _ in layers)
        biases = tuple(np.array([bias]) for _, bias in layers)
        return TrainedNet(weights, biases, "relu", "mse", "identity")

    x = np.array([[-1.0], [0.0], [1.0]])
    bends_once = net((1.0, 0.0), (2.0, 1.0), (1.0, 0.0))
    assert nonlinearity_of_net(bends_once, x) == pytest.approx(0.125)
    assert nonlinearity_of_net(net((1.0, 1.0), (1.0, 0.0)), x) == pytest.approx(0.0, abs=1e-12)


SLOPES = (0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.95, 0.99, 1.0)


def slopes(steep: float) -> Slopes:
    """Ten seeds; accuracy 0.9 up to 0.3, `steep` beyond, with a little noise."""
    noise = np.random.default_rng(1).normal(0.0, 0.002, (10, len(SLOPES)))
    accuracy: dict[float, dict[int, float | None]] = {
        slope: {seed: (0.9 if slope < 0.5 else steep) + noise[seed, i] for seed in range(10)}
        for i, slope in enumerate(SLOPES)
    }
    bent = {"trained": {slope: [leaky_nonlinearity(slope)] * 3 for slope in SLOPES}}
    return Slopes(dict.fromkeys(SETS, accuracy), bent, {}, "32-32, adam at 0.01")


def test_the_claims_measure_what_they_say() -> None:
    bend, tuned = (claim.measure(slopes(0.5)) for claim in CLAIMS)
    assert bend.interval.estimate == pytest.approx(-0.4, abs=0.01)
    assert bend.control is not None
    assert bend.control.interval.estimate == pytest.approx(0.0, abs=0.01)
    assert tuned.control is not None  # ReLU, which must cost nothing
    assert tuned.control.interval.estimate == pytest.approx(0.0, abs=0.01)
    parts = {name: part.interval.estimate for name, part in tuned.sub_ranges.items()}
    assert parts["slopes 0.03 to 0.3"] == pytest.approx(0.0, abs=0.01)
    assert parts["slopes 0.95 to 0.99"] == pytest.approx(0.4, abs=0.01)
    assert tuned.scope == "circles and moons, 32-32, adam at 0.01; against a slope of 0.01"


def test_the_picture_says_where_it_hurts() -> None:
    found = slopes(0.5)
    picture = over_slope(found.accuracy, found.bent, {"circles": 0.95, "moons": None})
    assert picture.title == (
        "A LeakyReLU's slope costs more than 1 % of accuracy from 0.95 on circles; on moons "
        "none is shown to"
    )
    formula, points = picture.panels[0].lines
    assert formula.y[0] == pytest.approx(0.266529, abs=1e-6)
    assert points.y == pytest.approx([leaky_nonlinearity(slope) for slope in SLOPES])
    assert picture.panels[1].lines[0].label == "circles"
    draw(picture, 1600)


def test_the_setting_leaves_out_the_data_set_of_which_there_are_two() -> None:
    """By its name, and not by what comes before a comma."""
    run = {"dataset": "circles, noisy", "hidden_layer_sizes": "32-32", "optimizer": "adam",
           "batch_size": 32, "learning_rate": 0.01}  # fmt: skip
    results = SimpleNamespace(runs=pl.DataFrame([run, run]), spec=SimpleNamespace(epochs=5))
    shared = "32-32, adam at 0.01, batch 32, 5 epochs"
    assert setting_of(results) == f"circles, noisy, {shared}"  # type: ignore[arg-type]
    assert setting_of(results, leave_out=("dataset",)) == shared  # type: ignore[arg-type]
