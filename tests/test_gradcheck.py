"""The gradient check: every row passes, a wrong derivative does not, kinks are skipped."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnlab.core.nn import gradcheck
from nnlab.core.nn.activations import ACTIVATIONS, find_activation
from nnlab.core.nn.calls import Calls
from nnlab.core.nn.gradcheck import GradientCheck, check_gradients
from nnlab.core.nn.losses import PAIRS

Array = NDArray[Any]
MSE = PAIRS["mse", "identity"]


def test_every_activation_pair_and_depth_passes() -> None:
    rows = list(check_gradients())
    assert [(r.activation, (r.loss, r.output), r.depth) for r in rows] == [
        (name, pair, depth) for name in ACTIVATIONS for pair in PAIRS for depth in (1, 2, 3, 4, 5)
    ]
    assert all(row.passed for row in rows)
    assert max(row.error for row in rows) < 1e-8
    assert min(row.error for row in rows) > 0  # differences are never exact
    assert sum(row.skipped for row in rows) < 0.001 * sum(row.coordinates for row in rows)
    assert {row.tolerance for row in rows} == {1e-7}
    # 4-6-3, and for every further layer 7 x 6 more
    assert [row.coordinates for row in rows[:5]] == [51, 93, 135, 177, 219]


@pytest.mark.parametrize("label", ["leaky_relu:0.2", "leaky_relu:1", "elu:2", "elu:0.5"])
def test_parameters_pass(label: str) -> None:
    for row in check_gradients([find_activation(label)], seed=3):
        assert row.passed
        assert row.activation == label


def test_random_directions_pass() -> None:
    for row in check_gradients(depths=(2, 5), seed=1, directions=8):
        assert row.coordinates == 8
        assert row.passed


def test_the_seed_chooses_the_net() -> None:
    first, again, other = (next(check_gradients(seed=s)) for s in (0, 0, 1))
    assert first == again
    assert first != other


def test_rows_come_one_by_one() -> None:
    assert len(list(islice(check_gradients(), 3))) == 3
    assert list(check_gradients(activations=[])) == []


# ------------------------------------------------------------------ it can fail


def wrong_slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
    """1 + a^2 in place of tanh's 1 - a^2."""
    yield partial(np.multiply, a, a, out=d)
    yield partial(np.add, d, 1, out=d)


def test_a_wrong_derivative_is_caught() -> None:
    wrong = replace(ACTIVATIONS["tanh"], slope=wrong_slope)
    for row in check_gradients([wrong]):
        assert not row.passed
        assert row.error > 1e-3
    assert not any(row.passed for row in check_gradients([wrong], [MSE], directions=5))


def test_a_derivative_wrong_in_its_sixth_digit_is_caught() -> None:
    def slope(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
        yield from ACTIVATIONS["tanh"].slope(z, a, d, t, p)
        yield partial(np.multiply, d, 1 + 1e-5, out=d)

    assert not any(r.passed for r in check_gradients([replace(ACTIVATIONS["tanh"], slope=slope)]))


def test_a_wrong_loss_gradient_is_caught() -> None:
    def halved(z: Array, y: Array, delta: Array) -> Array:
        loss = MSE.loss_and_delta(z, y, delta)
        delta *= 0.5
        return loss

    rows = list(check_gradients([ACTIVATIONS["relu"]], [replace(MSE, loss_and_delta=halved)]))
    # |g/2 - g| / (|g/2| + |g|) = 1/3
    assert [row.error for row in rows] == pytest.approx([1 / 3] * 5)


def test_a_check_that_compares_nothing_does_not_pass() -> None:
    def nothing(z: Array, a: Array, *rest: Any) -> Calls:
        yield partial(a.fill, 0)

    def flat(z: Array, a: Array, d: Array, t: Array, p: float) -> Calls:
        yield partial(d.fill, 0)

    # The logits are exactly 0, the kink of a ReLU output.
    dead = replace(ACTIVATIONS["relu"], forward=nothing, slope=flat)
    (row,) = check_gradients([dead], [PAIRS["mse", "relu"]], depths=(1,))
    assert math.isnan(row.error)
    assert not row.passed
    assert row.skipped == 3  # the output biases


# ------------------------------------------------------------------ kinks


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "hard_tanh"])
def test_skipping_what_crosses_a_kink_leaves_the_rest_exact(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between kinks the loss is a parabola along every coordinate: any h gives the slope."""
    monkeypatch.setattr(gradcheck, "STEP", 0.02)
    activation = ACTIVATIONS[name]
    careful = list(check_gradients([activation], [MSE]))
    assert all(row.error < 1e-10 for row in careful)
    assert all(0 < row.skipped < row.coordinates for row in careful)
    blind = list(check_gradients([replace(activation, kinks=())], [MSE]))
    assert all(row.error > 1e-6 for row in blind)
    assert all(row.skipped == 0 for row in blind)


def test_the_kink_of_a_relu_output_is_skipped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradcheck, "STEP", 0.02)
    row, smooth = check_gradients(
        [ACTIVATIONS["identity"]], [PAIRS["mse", "relu"], MSE], depths=(3,)
    )
    assert row.skipped > 0
    assert row.error < 1e-10
    assert smooth.skipped == 0


def test_passed_is_error_below_tolerance() -> None:
    row = GradientCheck("relu", "mse", "identity", 1, error=2e-7, skipped=0, coordinates=5)
    assert not row.passed
    assert replace(row, tolerance=1e-6).passed
