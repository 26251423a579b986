"""The net of two layers: hand-worked numbers, and three ways to one gradient."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from nnlab.core.analysis import five_steps as five_steps_room
from nnlab.core.analysis.five_steps import five_steps
from nnlab.core.analysis.two_layer_net import (
    RELU_SQUARED,
    SIGMOID_CROSS_ENTROPY,
    SIGMOID_SQUARED,
    TwoLayerNet,
    Variant,
)
from nnlab.core.analysis.worked_example import (
    after_step,
    agreement,
    by_backward,
    by_differences,
    by_formula,
    disagreement,
    forward,
    jacobians,
)
from nnlab.core.nn.losses import PAIRS
from nnlab.core.questions.by_hand import EXAMPLE

VARIANTS = (RELU_SQUARED, SIGMOID_SQUARED, SIGMOID_CROSS_ENTROPY)


def test_the_example_by_hand() -> None:
    # z1 = (1 + 2 - 1, 1 - 4 + 1, -1 + 2), z3 = (2 - 1 + 1, -2 + 2), yhat - y = (1, -1)
    at, d = forward(EXAMPLE, RELU_SQUARED), jacobians(EXAMPLE, RELU_SQUARED)
    assert at.z1.tolist() == [2, -2, 1]
    assert at.z2.tolist() == [2, 0, 1]
    assert at.z3.tolist() == at.yhat.tolist() == [2, 0]
    assert at.loss == 2
    assert d.dl_dyhat.tolist() == [[2, -2]]
    assert d.dyhat_dz3.tolist() == [[1, 0], [0, 1]]
    assert d.dl_dz2.tolist() == [[4, 2, -6]]  # (2, -2) W2
    assert d.dz2_dz1.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    found = by_formula(EXAMPLE, RELU_SQUARED)
    assert found.W1.tolist() == [[4, 8], [0, 0], [-6, -12]]
    assert found.b1.tolist() == [4, 0, -6]
    assert found.W2.tolist() == [[4, 0, 2], [-4, 0, -2]]
    assert found.b2.tolist() == [2, -2]


def test_sigmoids_by_hand() -> None:
    # one input, one unit, one output, all weights 0: every sigmoid is 1/2, every slope 1/4
    one, zero = np.ones(1), np.zeros(1)
    net = TwoLayerNet(one, one, zero[None], zero, zero[None], zero)
    squared, cross = (jacobians(net, v) for v in (SIGMOID_SQUARED, SIGMOID_CROSS_ENTROPY))
    assert squared.dl_dyhat.item() == -1  # 2 (1/2 - 1)
    assert squared.dl_dz3.item() == -0.25
    assert cross.dl_dyhat.item() == -2  # (1/2 - 1) / (1/2 1/2)
    assert cross.dl_dz3.item() == -0.5
    assert forward(net, SIGMOID_CROSS_ENTROPY).loss == pytest.approx(np.log(2), rel=1e-15)
    assert by_formula(net, SIGMOID_SQUARED).W2.item() == -0.125


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"{v.f}-{v.loss}")
def test_the_homeworks_loss_is_k_times_nnlabs(variant: Variant) -> None:
    assert EXAMPLE.factor == 2
    at = forward(EXAMPLE, variant)
    mean = PAIRS[variant.loss, variant.g].loss_and_delta(
        at.z3[None, None].copy(), EXAMPLE.y[None, None], np.empty((1, 1, 2))
    )
    assert at.loss == pytest.approx(2 * mean.item(), rel=1e-15)


def _numbers(*shape: int) -> st.SearchStrategy[NDArray[np.float64]]:
    return arrays(np.float64, shape, elements=st.floats(-2, 2, width=32))


@st.composite
def nets(draw: st.DrawFn) -> TwoLayerNet:
    n, m, K = (draw(st.integers(1, 4)) for _ in range(3))
    y = draw(arrays(np.float64, (K,), elements=st.floats(0, 1, width=32)))
    return TwoLayerNet(
        draw(_numbers(n)), y, draw(_numbers(m, n)), draw(_numbers(m)), draw(_numbers(K, m)),
        draw(_numbers(K)),
    )  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"{v.f}-{v.loss}")
@settings(max_examples=200, deadline=None)
@given(net=nets())
def test_three_ways_give_one_gradient(variant: Variant, net: TwoLayerNet) -> None:
    formula = by_formula(net, variant).flat
    backward, differences = by_backward(net, variant).flat, by_differences(net, variant).flat
    scale = max(1.0, float(np.abs(formula).max()))
    assert np.abs(formula - backward).max() <= 1e-9 * scale
    known = np.isfinite(differences)  # elsewhere a kink lies in between
    assert np.abs(formula - differences)[known].max(initial=0.0) <= 1e-9 * scale
    assert known.all() or variant.f == "relu"


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"{v.f}-{v.loss}")
def test_random_nets_agree_and_a_wrong_formula_shows(variant: Variant) -> None:
    apart, control = agreement(variant, 20)
    assert max(apart) < 1e-9
    assert min(apart) > 0  # differences are never exact
    # |1.001 g - g| / |2.001 g|
    assert control == pytest.approx([0.001 / 2.001] * 20, rel=1e-5)


def test_a_difference_across_a_kink_is_no_slope() -> None:
    one = np.ones(1)
    net = TwoLayerNet(one, one, one[None], -one, one[None], one)  # z1 = 1 - 1 = 0
    found = by_differences(net, RELU_SQUARED)
    assert np.isnan(found.W1).all()
    assert np.isnan(found.b1).all()
    assert np.isfinite(found.b2).all()
    assert disagreement(by_formula(net, RELU_SQUARED), found) < 1e-9


def test_fourth_order_is_closer_than_second() -> None:
    formula = by_formula(EXAMPLE, SIGMOID_SQUARED)
    errors = [
        disagreement(formula, by_differences(EXAMPLE, SIGMOID_SQUARED, 1e-2, order))
        for order in (2, 4)
    ]
    assert errors[1] < errors[0] / 100


def test_a_step_goes_down_the_gradient() -> None:
    moved = after_step(EXAMPLE, RELU_SQUARED, 0.02)
    gradient = by_formula(EXAMPLE, RELU_SQUARED)
    np.testing.assert_allclose(moved.W1, EXAMPLE.W1 - 0.02 * gradient.W1, rtol=1e-14)
    np.testing.assert_allclose(moved.b2, EXAMPLE.b2 - 0.02 * gradient.b2, rtol=1e-14)
    assert forward(moved, RELU_SQUARED).loss < forward(EXAMPLE, RELU_SQUARED).loss


def test_two_equal_zeros_do_not_disagree() -> None:
    zero = np.zeros(2)
    net = TwoLayerNet(zero[:1], zero[:1], zero[:1, None], zero[:1], zero[:1, None], zero[:1])
    found = by_formula(net, RELU_SQUARED)
    assert not found.flat.any()
    assert disagreement(found, by_backward(net, RELU_SQUARED)) == 0.0


# ------------------------------------------------------------------ the five steps


def test_the_five_steps_are_the_lines_that_train() -> None:
    steps = five_steps()
    assert [step.number for step in steps] == [1, 2, 3, 4, 5]
    assert [step.name for step in steps] == [
        "forward pass", "loss", "zero the gradients", "backward pass", "update",
    ]  # fmt: skip
    source = (Path(__file__).parents[1] / "core" / "train.py").read_text().splitlines()
    for step, call in zip(
        steps, ("forward", "loss", "zero_grad", "backward", "update"), strict=True
    ):
        file, line = step.place.split(":")
        assert file == "core/train.py"
        assert step.code in source[int(line) - 1]
        assert call in step.code
    assert steps[0].comment == "z1 = W1 x + b1, a1 = f(z1)"


def test_steps_that_are_not_marked_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(five_steps_room, "_MARKED", re.compile("never"))
    with pytest.raises(RuntimeError, match="no longer marks the five steps"):
        five_steps()
