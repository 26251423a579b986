"""Vanishing gradients: deltas by layer, their two means, the factor a layer, theory beside them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.analysis.theory import predict
from nnlab.core.analysis.vanishing import Kind, Nets, nets_before_training
from nnlab.core.report.figures import draw
from nnlab.core.report.vanishing_pictures import gradient_against_theory, measured_over_theory


def nets(deltas: list[list[float]], activation: str = "sigmoid", rule: str = "glorot") -> Nets:
    """Nets of one kind with these deltas, width 4, 3 inputs."""
    table = np.array(deltas)
    kind = Kind(activation, rule, (3, *[4] * table.shape[1]))
    return Nets(kind, tuple(range(len(deltas))), table)


def test_both_means_by_hand() -> None:
    """Two nets whose deltas are 2 and 8 times layer 2's in layer 1: 4 and 5.83."""
    both = nets([[2.0, 1.0], [8.0, 1.0]])
    assert both.typical.tolist() == pytest.approx([4.0, 1.0])
    assert both.rms.tolist() == pytest.approx([math.sqrt((4 + 64) / 2), 1.0])
    assert both.reach == {0: 2.0, 1: 8.0}
    assert both.reach_interval.estimate == pytest.approx(4.0)


def test_the_mean_of_squares_is_a_ratio_of_means() -> None:
    """Not a mean of ratios: the net with the large gradient counts for more."""
    both = nets([[1.0, 1.0], [30.0, 10.0]])
    assert both.rms[0] == pytest.approx(math.sqrt((1 + 900) / (1 + 100)))


def test_the_factor_leaves_layer_1_out() -> None:
    """Layers 2..4 fall by 3 a layer on their way back; layer 1 has a fan-in of its own."""
    one = nets([[99.0, 1.0, 3.0, 9.0], [0.01, 2.0, 6.0, 18.0]])
    assert one.factors.tolist() == pytest.approx([3.0, 3.0])
    assert one.factor.estimate == pytest.approx(3.0)
    assert one.factor.n == 2


@given(st.lists(st.lists(st.floats(1e-30, 1e30), min_size=3, max_size=3), min_size=2, max_size=6))
def test_a_common_scale_of_a_net_changes_no_typical_ratio(deltas: list[list[float]]) -> None:
    plain = nets(deltas)
    scaled = nets([[value * 2.0**i for value in row] for i, row in enumerate(deltas)])
    assert scaled.typical == pytest.approx(plain.typical, rel=1e-9)
    assert scaled.factors == pytest.approx(plain.factors, rel=1e-9)


def test_squares_do_not_leave_the_range_of_doubles() -> None:
    tiny = nets([[1e-200, 1e-180], [1e-200, 1e-180]])
    assert tiny.rms[0] == pytest.approx(1e-20)


def tables(status: str = "finished") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two sigmoid nets of two hidden layers and an output layer; the second has no gradient."""
    runs = pl.DataFrame(
        {
            "run": ["a", "b"],
            "seed": [7, 8],
            "status": [status] * 2,
            "activation": ["sigmoid"] * 2,
            "initialization": ["glorot"] * 2,
            "hidden_layer_sizes": ["4-5"] * 2,
        }
    )
    layers = pl.DataFrame(
        {
            "run": ["a", "a", "a", "a", "b", "b", "b"],
            "step": [0, 0, 0, 1, 0, 0, 0],
            "layer": [2, 1, 3, 1, 1, 2, 3],
            "delta_rms": [0.5, 0.25, 9.0, 77.0, 0.0, 1.0, 1.0],
        }
    )
    return runs, layers


def test_nets_of_tables() -> None:
    """Step 0, hidden layers in order; a net without a gradient is left out and counted."""
    (found,) = nets_before_training(*tables(), inputs=3)
    assert found.kind == Kind("sigmoid", "glorot", (3, 4, 5))
    assert found.deltas.tolist() == [[0.25, 0.5]]
    assert (found.seeds, found.lost, found.kind.depth) == ((7,), (8,), 2)
    assert found.reach == {7: 0.5, 8: None}
    assert found.lost_share == 0.5


def test_prediction_is_of_their_kind() -> None:
    one = nets([[0.2, 1.0]])
    expected = predict("sigmoid", "glorot", (3, 4, 4), 0.9).delta_rms_ratio
    assert one.predicted(0.9).delta_rms_ratio.tolist() == expected.tolist()


def test_random_nets_meet_theory() -> None:
    """An independent forward and backward pass: 200 tanh nets, 5 layers of 64."""
    rng = np.random.default_rng(0)
    sizes, x = (16, 64, 64, 64, 64, 64), np.ones(16)
    rows = []
    for _ in range(200):
        a, slopes, weights = x, [], []
        for fan_in, fan_out in pairwise(sizes):
            w = rng.standard_normal((fan_in, fan_out)) / math.sqrt(fan_in)
            a = np.tanh(a @ w)
            weights.append(w)
            slopes.append(1 - a * a)
        delta, deltas = rng.standard_normal(64) * slopes[-1], []
        for l in range(4, -1, -1):
            deltas.append(float(np.sqrt(np.mean(delta**2))))
            if l:
                delta = (weights[l] @ delta) * slopes[l - 1]
        rows.append(deltas[::-1])
    table = np.array(rows)
    kind = Kind("tanh", "lecun", sizes)
    found = Nets(kind, tuple(range(200)), table)
    # The last slope is part of delta there: theory's ratio to layer L has it, too.
    assert found.rms == pytest.approx(found.predicted(1.0).delta_rms_ratio, rel=0.04)


def test_the_picture_has_points_beside_a_line() -> None:
    kinds = [nets([[0.1, 0.3, 1.0], [0.2, 0.4, 1.0]]), nets([[1.0] * 3] * 2, "relu", "he")]
    compared = [(each, each.predicted(1.0).delta_rms_ratio) for each in kinds]
    picture = gradient_against_theory(compared)
    assert [panel.title.split(":")[0] for panel in picture.panels] == ["glorot", "he"]
    line, points = picture.panels[0].lines
    assert (line.label, line.joined, points.label, points.joined) == ("sigmoid", True, "", False)
    assert line.y == pytest.approx(compared[0][1])
    assert points.y == pytest.approx(kinds[0].rms[::2])
    assert picture.title.startswith("3 layers with sigmoid from glorot leave")
    assert picture.title.endswith("relu from he keep it")
    draw(picture, 1560)


def test_the_other_picture_has_both_means() -> None:
    one = nets([[0.1, 0.3, 1.0], [0.4, 0.5, 1.0], [0.2, 0.3, 1.0]])
    theory = one.predicted(1.0).delta_rms_ratio
    (panel,) = measured_over_theory([(one, theory)]).panels
    names = [line.label for line in panel.lines]
    assert names == ["theory", "mean over nets", "typical net"]
    assert panel.lines[1].y == pytest.approx(one.rms / theory)
    assert panel.lines[2].y == pytest.approx(one.typical / theory)
    interval = one.reach_interval
    assert panel.lines[2].low[0] == pytest.approx(interval.low / theory[0])
    assert panel.lines[2].high[0] == pytest.approx(interval.high / theory[0])
    # a single net has no interval, and is drawn all the same
    draw(measured_over_theory([(nets([[0.1, 1.0]]), np.array([0.2, 1.0]))]), 1560)
