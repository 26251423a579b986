"""Dead units before training: exact chances against counted ones, three standard errors apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nnlab.core.analysis.dead_at_birth import (
    dead_for_one_input,
    dead_fraction,
    dead_on_both_sides,
    relu_cosine,
)

NETS = 20_000


def share_dead(width: int, depth: int, inputs: NDArray[np.float64], seed: int) -> float:
    """Share of random bias-free ReLU nets whose last layer is 0 for all rows of `inputs`."""
    rng = np.random.default_rng(seed)
    a = np.broadcast_to(inputs, (NETS, *inputs.shape))
    for _ in range(depth):
        a = np.maximum(a @ rng.standard_normal((NETS, a.shape[-1], width)), 0.0)
        # the scale of a signal decides nothing, and would underflow
        a = a / np.maximum(a.max(axis=(1, 2), keepdims=True), 1e-300)
    return float(np.mean(~a.any(axis=(1, 2))))


def three_standard_errors(chance: float) -> float:
    return 3 * math.sqrt(chance * (1 - chance) / NETS)


@pytest.mark.parametrize("width", [2, 3, 5])
@pytest.mark.parametrize("depth", [2, 3, 5, 10, 20])
def test_chance_for_one_input_is_the_one_counted(width: int, depth: int) -> None:
    chance = dead_for_one_input(width, depth)
    counted = share_dead(width, depth, np.array([[0.3, -1.0, 2.0]]), seed=100 * width + depth)
    assert counted == pytest.approx(chance, abs=three_standard_errors(chance))


@pytest.mark.parametrize(("width", "printed", "digits"), [(2, 0.15625, 0), (3, 0.042969, 5e-7)])
def test_chance_for_both_sides_is_the_one_printed_and_counted(
    width: int, printed: float, digits: float
) -> None:
    chance = dead_on_both_sides(width, 2)
    assert chance == pytest.approx(printed, abs=digits)
    counted = share_dead(width, 2, np.array([[-1.0], [1.0], [2.5]]), seed=width)
    assert counted == pytest.approx(chance, abs=three_standard_errors(chance))


@pytest.mark.parametrize("depth", [3, 10])
def test_deeper_nets_die_for_both_sides_less_often_than_for_one(depth: int) -> None:
    counted = share_dead(3, depth, np.array([[-1.0], [1.0]]), seed=depth)
    one = dead_for_one_input(3, depth)
    assert dead_on_both_sides(3, 2) < counted < one - three_standard_errors(one)


@given(st.integers(1, 60), st.integers(1, 100))
def test_width_saves_and_depth_kills(width: int, depth: int) -> None:
    here = dead_for_one_input(width, depth)
    assert 0.0 < here < 1.0 or width < 3
    assert dead_for_one_input(width + 1, depth) < here <= dead_for_one_input(width, depth + 1)
    assert here == pytest.approx(1 - (1 - 2.0**-width) ** depth, abs=1e-14)


def test_a_cosine_through_a_layer_worked_by_hand() -> None:
    # at right angles: 1/pi; opposite: 0; the same: 1; at 60 degrees: (sin 60 + 2 pi/3 cos 60)/pi
    assert relu_cosine(0.0) == pytest.approx(1 / math.pi)
    assert relu_cosine(-1.0) == pytest.approx(0.0, abs=1e-15)
    assert relu_cosine(1.0) == 1.0
    assert relu_cosine(0.5) == pytest.approx((math.sqrt(0.75) + math.pi / 3) / math.pi)


def test_dead_fractions_with_a_closed_form() -> None:
    # one input: half. Two: the chance that both are negative, 1/4 + arcsin(c)/(2 pi) (Sheppard).
    assert dead_fraction(1, 0.3, 4) == pytest.approx([0.5] * 4)
    assert dead_fraction(2, 0.5, 1)[0] == pytest.approx(1 / 3, rel=1e-12)
    second = 0.25 + math.asin(relu_cosine(0.5)) / (2 * math.pi)
    assert dead_fraction(2, 0.5, 2)[1] == pytest.approx(second, rel=1e-12)
    # orthogonal inputs: all n negative independently. At c = 1/2 all n + 1 normals are alike, and
    # the chance that one of them is the largest is 1/(n + 1).
    assert dead_fraction(10, 0.0, 1)[0] == pytest.approx(2.0**-10, rel=1e-12)
    for n in (10, 1000, 100_000):
        assert dead_fraction(n, 0.5, 1)[0] == pytest.approx(1 / (n + 1), rel=1e-9)
    assert dead_fraction(7, 1.0, 2).tolist() == [0.5, 0.5]


@given(st.integers(2, 500), st.floats(0.0, 0.99))
def test_more_inputs_keep_units_alive_and_depth_makes_inputs_alike(n: int, cosine: float) -> None:
    shares = dead_fraction(n, cosine, 5)
    assert (np.diff(shares) > 0.0).all()
    assert (shares < 0.5).all()
    assert (dead_fraction(2 * n, cosine, 5) < shares).all()


def test_dead_fraction_is_the_one_counted_in_wide_layers() -> None:
    rng = np.random.default_rng(4)
    n, cosine, width, depth, nets = 6, 0.3, 300, 3, 60
    shared = np.eye(n + 1)
    inputs = math.sqrt(cosine) * shared[n] + math.sqrt(1 - cosine) * shared[:n]
    assert inputs @ inputs.T == pytest.approx(np.where(np.eye(n), 1.0, cosine))
    dead = np.zeros((nets, depth))
    for net in range(nets):
        a = inputs
        for layer in range(depth):
            z = a @ rng.standard_normal((a.shape[1], width))
            dead[net, layer] = np.mean((z <= 0.0).all(axis=0))
            a = np.maximum(z, 0.0)
    error = dead.std(axis=0, ddof=1) / math.sqrt(nets)
    assert (np.abs(dead.mean(axis=0) - dead_fraction(n, cosine, depth)) < 3 * error).all()


def test_what_is_no_net_is_refused() -> None:
    with pytest.raises(ValueError, match="width is at least 1, not 0"):
        dead_for_one_input(0, 3)
    with pytest.raises(ValueError, match="inputs is at least 1, not 0"):
        dead_fraction(0, 0.5, 1)
    with pytest.raises(ValueError, match="no closed form for 3 hidden layers"):
        dead_on_both_sides(2, 3)
    with pytest.raises(ValueError, match=r"between 0 and 1 here, not at -0\.5"):
        dead_fraction(3, -0.5, 1)
    with pytest.raises(ValueError, match="between -1 and 1, not at 2"):
        relu_cosine(2)
    assert dead_on_both_sides(4, 1) == 0.0
