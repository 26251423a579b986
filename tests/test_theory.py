"""Mean-field theory: published and printed values, an independent quadrature, random nets."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from nnlab.core.analysis.gaussian import gaussian_mean, mean_square, mean_square_slope
from nnlab.core.analysis.meanfield import (
    critical_points,
    depth_scale,
    fixed_point,
    gradient_gain,
    next_length,
)
from nnlab.core.analysis.nonlinearity import leaky_nonlinearity, nonlinearity
from nnlab.core.analysis.theory import (
    Scales,
    constant_scales,
    initial_scales,
    predict,
    predict_scales,
)
from nnlab.core.nn.activations import ACTIVATIONS, Activation, find_activation
from nnlab.core.nn.initializers import INITIALIZERS, find_initializer

Function = Callable[[Any], Any]

ROWS = list(ACTIVATIONS.values())
NAMES = list(ACTIVATIONS)
LENGTHS = st.floats(1e-6, 1e6)


# ------------------------------------------------------------------ Gaussian expectations


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("q", [1e-3, 1.3, 1e4])
def test_expectations_agree_with_adaptive_quadrature(name: str, q: float) -> None:
    activation, deviation = ACTIVATIONS[name], math.sqrt(q)
    ends = np.array([-30, -10, -5, -2, -1, 0, 1, 2, 5, 10, 30])
    pieces = np.unique(np.concatenate([ends, ends / 2.5 * deviation, activation.kinks]))
    pieces = pieces[np.abs(pieces) <= 12 * deviation]
    for ours, function in ((mean_square, activation.f), (mean_square_slope, activation.df)):

        def integrand(z: float, function: Function = function) -> float:
            density = math.exp(-0.5 * z * z / q) / math.sqrt(2 * math.pi * q)
            return float(function(np.array([z]))[0] ** 2 * density)

        panels = pairwise(pieces)
        theirs = sum(quad(integrand, a, b, epsabs=1e-16, epsrel=1e-12)[0] for a, b in panels)
        assert ours(activation, q) == pytest.approx(theirs, rel=1e-11)


@given(LENGTHS)
def test_expectations_with_a_closed_form(q: float) -> None:
    assert gaussian_mean(np.ones_like, q) == pytest.approx(1.0, rel=1e-13)
    assert gaussian_mean(lambda z: z**4, q) == pytest.approx(3 * q * q, rel=1e-12)
    assert gaussian_mean(np.abs, q) == pytest.approx(math.sqrt(2 * q / math.pi), rel=1e-12)
    assert gaussian_mean(np.cos, min(q, 100.0)) == pytest.approx(
        math.exp(-0.5 * min(q, 100.0)), abs=1e-12
    )
    # a jump off zero: P(z > 1), which Gauss-Hermite cannot see
    jump = gaussian_mean(lambda z: (z > 1).astype(float), q, kinks=(1.0,))
    assert jump == pytest.approx(0.5 * math.erfc(math.sqrt(0.5 / q)), abs=1e-13)


@pytest.mark.parametrize("activation", ROWS, ids=NAMES)
def test_a_length_of_zero_is_the_limit_from_above(activation: Activation) -> None:
    for expectation in (mean_square, mean_square_slope):
        near = expectation(activation, 1e-14)
        assert expectation(activation, 0.0) == pytest.approx(near, rel=1e-6, abs=1e-12)
    assert mean_square_slope(ACTIVATIONS["relu"], 0.0) == pytest.approx(0.5)


@pytest.mark.parametrize("q", [-1.0, math.inf, math.nan])
def test_a_variance_that_is_none_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="a variance is finite and not negative"):
        gaussian_mean(np.ones_like, q)


# ------------------------------------------------------------------ fixed points, edge of chaos


def test_sigmoid_shrinks_gradients_fourfold_a_layer() -> None:
    point = fixed_point(ACTIVATIONS["sigmoid"], s2=1.0)
    assert point.q == pytest.approx(0.264687, abs=5e-7)
    assert point.chi == pytest.approx(0.0557207, abs=5e-8)
    assert 1 / math.sqrt(point.chi) == pytest.approx(4.2363, abs=5e-5)
    assert point.depth_scale == pytest.approx(1 / -math.log(0.0557207), rel=1e-6)


def test_relu_keeps_every_length_under_he_and_none_otherwise() -> None:
    relu = ACTIVATIONS["relu"]
    kept = fixed_point(relu, s2=2.0, start=0.37)
    assert kept.q == 0.37
    assert kept.chi == pytest.approx(1.0, rel=1e-14)
    assert (fixed_point(relu, 1.0).q, fixed_point(relu, 3.0).q) == (0.0, math.inf)
    assert fixed_point(relu, 1.0).chi == pytest.approx(0.5)
    # with a bias: q = s2 q/2 + sb2, so q* = sb2/(1 - s2/2)
    assert fixed_point(relu, 1.0, sb2=0.3).q == pytest.approx(0.6)


def test_selu_normalizes_itself() -> None:
    for start in (0.1, 1.0, 20.0):
        point = fixed_point(ACTIVATIONS["selu"], s2=1.0, start=start)
        assert point.q == pytest.approx(1.0, rel=1e-10)
        assert point.chi == pytest.approx(1.0715749925, abs=5e-11)


def test_tanh_dies_slowly_at_its_edge_and_explodes_beyond() -> None:
    tanh = ACTIVATIONS["tanh"]
    assert fixed_point(tanh, s2=1.0).q == 0.0
    assert fixed_point(tanh, s2=1.0).chi == pytest.approx(1.0)
    assert fixed_point(tanh, s2=2.0).chi == pytest.approx(1.1055288, abs=5e-8)


@pytest.mark.parametrize("activation", ROWS, ids=NAMES)
@pytest.mark.parametrize(("s2", "sb2"), [(0.5, 0.1), (1.0, 0.0), (2.0, 0.0)])
def test_a_fixed_point_is_where_iterating_the_length_map_goes(
    activation: Activation, s2: float, sb2: float
) -> None:
    point = fixed_point(activation, s2, sb2)
    lengths = [1.0]
    for _ in range(40):
        lengths.append(next_length(activation, lengths[-1], s2, sb2))
    moves = np.diff(lengths)
    if 0.0 < point.q < math.inf:
        assert next_length(activation, point.q, s2, sb2) == pytest.approx(point.q, rel=1e-12)
        # each step goes towards q* and none passes it
        left = np.abs(np.array(lengths) - point.q)
        assert (np.diff(left) <= 1e-12).all()
        assert (moves * (point.q - 1.0) >= -1e-12).all()
    else:
        assert (moves > 0.0).all() if point.q else (moves < 0.0).all()


# tanh from the table; GELU and SiLU from Roberts, Yaida & Hanin (2022), section 5.3.4: GELU's q*
# is (3 + sqrt 17)/2.
@pytest.mark.parametrize(
    ("name", "sb2", "s2", "q", "digits"),
    [
        ("tanh", 0.0, 1.0, 0.0, 1e-12),
        ("tanh", 0.05, 1.760955, 0.570048, 5e-7),
        ("gelu", 0.17292239, 1.98305826, (3 + math.sqrt(17)) / 2, 2e-7),
        ("silu", 0.55514317, 1.98800468, 14.32017362, 2e-7),
    ],
)
def test_the_edge_of_chaos_at_published_points(
    name: str, sb2: float, s2: float, q: float, digits: float
) -> None:
    (point,) = critical_points(ACTIVATIONS[name], sb2)
    assert point.weight_variance == pytest.approx(s2, abs=digits)
    assert point.q == pytest.approx(q, abs=digits)


def test_homogeneous_activations_are_critical_at_every_length() -> None:
    for name, s2 in (("relu", 2.0), ("identity", 1.0), ("leaky_relu:0.5", 2 / 1.25)):
        (point,) = critical_points(find_activation(name))
        assert point.weight_variance == pytest.approx(s2)
        assert math.isnan(point.q)
    assert critical_points(ACTIVATIONS["relu"], sb2=0.1) == ()


@pytest.mark.parametrize("activation", ROWS, ids=NAMES)
def test_on_the_edge_of_chaos_gradients_keep_their_size(activation: Activation) -> None:
    for point in critical_points(activation, sb2=0.02):
        assert gradient_gain(activation, point.q, point.weight_variance) == pytest.approx(1.0)
        assert next_length(activation, point.q, point.weight_variance, 0.02) == pytest.approx(
            point.q
        )


def test_depth_scale_worked_by_hand() -> None:
    assert depth_scale(math.exp(-0.5)) == pytest.approx(2.0)
    assert depth_scale(math.exp(0.25)) == pytest.approx(4.0)
    assert depth_scale(1.0) == math.inf
    assert depth_scale(0.0) == 0.0


# ------------------------------------------------------------------ non-linearity


@pytest.mark.parametrize(
    ("slope", "printed", "digits"),
    [(0.0, 0.266529, 5e-7), (0.1, 0.195659, 5e-7), (0.9, 0.00100558, 5e-9), (1.0, 0.0, 1e-15)],
)
def test_nonlinearity_of_a_leaky_relu(slope: float, printed: float, digits: float) -> None:
    assert leaky_nonlinearity(slope) == pytest.approx(printed, abs=digits)
    row = find_activation(f"leaky_relu:{slope}")
    for q in (0.01, 1.0, 50.0):
        assert nonlinearity(row, q) == pytest.approx(leaky_nonlinearity(slope), abs=1e-12)


@pytest.mark.parametrize("activation", ROWS, ids=NAMES)
def test_nonlinearity_is_what_an_affine_fit_leaves(activation: Activation) -> None:
    z = 1.3 * np.random.default_rng(0).standard_normal(200_000)
    a = activation.f(z)
    left = 1.0 - np.corrcoef(z, a)[0, 1] ** 2
    assert nonlinearity(activation, 1.69) == pytest.approx(left, abs=0.004)
    kinked = activation.name in ("relu", "leaky_relu", "selu")
    at_zero = nonlinearity(activation, 0.0)  # the limit: only a kink at 0 is left
    assert at_zero > 0.02 if kinked else at_zero == pytest.approx(0.0, abs=1e-10)


# ------------------------------------------------------------------ nets


def square(width: int, depth: int) -> tuple[int, ...]:
    return (width,) * (depth + 1)


def shrinkage(name: str, s2: float, depth: int) -> float:
    """The rms of delta^1 over that of delta^L, for inputs of mean square 1."""
    scales = constant_scales(square(64, depth), s2)
    return float(predict_scales(ACTIVATIONS[name], scales, 1.0).delta_rms_ratio[0])


@pytest.mark.parametrize(
    ("name", "depth", "printed", "digits"),
    [
        ("tanh", 10, 0.2812, 5e-5),
        ("tanh", 50, 0.1210, 5e-5),
        ("elu", 10, 0.288343, 5e-7),
        ("elu", 50, 0.0592351, 5e-8),
        ("gelu", 10, 0.00407809, 5e-9),
    ],
)
def test_printed_ratios(name: str, depth: int, printed: float, digits: float) -> None:
    assert shrinkage(name, 1.0, depth) == pytest.approx(printed, abs=digits)


def test_tanh_at_its_edge_shrinks_by_a_power_of_the_depth() -> None:
    assert shrinkage("tanh", 1.0, 2000) == pytest.approx(math.sqrt(0.706 / 2000), rel=1e-3)


def test_relu_halves_the_square_in_every_layer_and_hides_it_from_the_weight_gradients() -> None:
    prediction = predict("relu", "lecun", square(64, 8), 1.0)
    assert prediction.q == pytest.approx(0.5 ** np.arange(8))
    assert prediction.chi == pytest.approx(np.full(7, 0.5))
    assert prediction.delta_ratio == pytest.approx(0.5 ** np.arange(7, -1, -1))
    assert prediction.weight_gradient_ratio == pytest.approx(np.ones(8))
    assert prediction.layer_factor == pytest.approx(math.sqrt(2))


def test_layers_of_unequal_width_worked_by_hand() -> None:
    # LeCun: s2 = 1 in every layer. q1 = 3, a1^2 = 1.5 = q2, a2^2 = 0.75 = q3. chi = 1/2.
    prediction = predict("relu", "lecun", (10, 40, 20, 5), 3.0)
    assert prediction.q.tolist() == pytest.approx([3.0, 1.5, 0.75])
    assert prediction.output_square.tolist() == pytest.approx([1.5, 0.75, 0.375])
    assert prediction.delta_ratio.tolist() == pytest.approx([0.25, 0.5, 1.0])
    # per unit: |delta|^2 over 40, 20 and 5 units
    rms = [math.sqrt(0.25 * 5 / 40), math.sqrt(0.5 * 5 / 20), 1.0]
    assert prediction.delta_rms_ratio.tolist() == pytest.approx(rms)
    # |a^{l-1}|^2 = 30, 60, 15
    ratios = [0.25 * 30 / 15, 0.5 * 60 / 15, 1.0]
    assert prediction.weight_gradient_ratio.tolist() == pytest.approx(ratios)


@pytest.mark.parametrize("rule", [*INITIALIZERS, "auto", "normal:0.3", "orthogonal:1.5"])
def test_scales_are_those_of_the_weights_that_are_drawn(rule: str) -> None:
    activation, sizes = find_activation("leaky_relu:0.5"), (30, 60, 60, 20)
    scales = initial_scales(activation, rule, sizes)
    initializer, rng = find_initializer(rule, activation), np.random.default_rng(3)
    for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        draws = [initializer.draw(rng, fan_in, fan_out, initializer.value) for _ in range(60)]
        s2 = fan_in * np.mean([weights**2 for weights, _ in draws])
        sb2 = np.mean([biases**2 for _, biases in draws])
        assert scales.s2[layer] == pytest.approx(s2, rel=0.03)
        assert scales.sb2[layer] == pytest.approx(sb2, rel=0.15, abs=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_every_activation_and_rule_has_a_prediction(name: str) -> None:
    for rule in (*INITIALIZERS, "auto"):
        prediction = predict(name, rule, (13, *square(32, 9)), 0.9)
        for values in (prediction.q, prediction.output_square, prediction.delta_ratio):
            assert values.shape == (10,)
            assert np.isfinite(values).all()
            assert (values >= 0.0).all()
        assert prediction.chi.shape == (9,)
        assert prediction.delta_ratio[-1] == prediction.weight_gradient_ratio[-1] == 1.0
        products = prediction.chi * prediction.delta_ratio[1:]
        assert prediction.delta_ratio[:-1] == pytest.approx(products, rel=1e-12)


def test_signals_that_leave_the_range_of_numbers_are_infinite_and_not_an_error() -> None:
    grown = predict("identity", "normal:100", square(64, 80), 1.0)
    assert grown.q[-1] == grown.delta_ratio[0] == math.inf
    assert math.isnan(grown.layer_factor)
    faded = predict("sigmoid", "normal:1e-12", square(64, 80), 1.0)
    assert faded.delta_ratio[0] == 0.0
    assert math.isnan(faded.layer_factor)
    assert math.isnan(predict("relu", "he", square(8, 2), 1.0).layer_factor)


def test_nets_and_rules_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown initialization 'hee'; did you mean 'he'"):
        predict("relu", "hee", square(8, 2), 1.0)
    with pytest.raises(ValueError, match="unknown activation 'rleu'"):
        predict("rleu", "he", square(8, 2), 1.0)
    with pytest.raises(ValueError, match=r"at least one hidden layer, not \(8,\)"):
        predict("relu", "he", (8,), 1.0)
    with pytest.raises(ValueError, match="2 hidden layers need 2 variances of each kind"):
        Scales((8, 8, 8), np.ones(3), np.ones(2))


# ------------------------------------------------------------------ random nets

MATHEMATICS: dict[str, tuple[Function, Function]] = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0)),
    "tanh": (np.tanh, lambda z: np.cosh(z) ** -2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: 0.25 * np.cosh(0.5 * z) ** -2),
    "elu": (
        lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
        lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
    ),
    "selu": (
        lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(z)),
        lambda z: 1.0507009873554805 * np.where(z > 0, 1.0, 1.6732632423543772 * np.exp(z)),
    ),
}


@pytest.mark.parametrize(
    ("name", "s2", "sb2"),
    [("relu", 2, 0), ("tanh", 1, 0), ("sigmoid", 1, 0), ("elu", 1, 0), ("selu", 1, 0),
     ("tanh", 1, 0.1)],
)  # fmt: skip
def test_random_nets_of_width_128_and_depth_10_follow_the_prediction(
    name: str, s2: float, sb2: float
) -> None:
    """100 nets, 32 inputs each, by plain loops over layers that know nothing of nnlab.

    Every example backpropagates an error of its own from the last hidden layer's output. The
    delta ratio has to be met within 5 %; the length of a ReLU signal and with it the weight
    gradients vary by half from net to net, so these get three standard errors where that is more.
    """
    f, df = MATHEMATICS[name]
    rng = np.random.default_rng(11)
    nets, width, depth, examples = 100, 128, 10, 32
    lengths, deltas, gradients = np.zeros((3, nets, depth))
    for net in range(nets):
        weights = math.sqrt(s2 / width) * rng.standard_normal((depth, width, width), np.float32)
        biases = math.sqrt(sb2) * rng.standard_normal((depth, width, 1), np.float32)
        a = [rng.standard_normal((width, examples), np.float32)]
        z = []
        for w, b in zip(weights, biases, strict=True):
            z.append(w @ a[-1] + b)
            a.append(f(z[-1]))
        delta = df(z[-1]) * rng.standard_normal((width, examples), np.float32)
        for l in reversed(range(depth)):
            norm = np.sum(delta**2, axis=0)
            lengths[net, l] = np.mean(z[l] ** 2)
            deltas[net, l] = np.mean(norm)
            gradients[net, l] = np.mean(norm * np.sum(a[l] ** 2, axis=0))
            if l:
                delta = df(z[l - 1]) * (weights[l].T @ delta)

    predicted = predict_scales(
        ACTIVATIONS[name], constant_scales(square(width, depth), s2, sb2), 1.0
    )
    ratio = deltas.mean(axis=0) / deltas[:, -1].mean()
    assert ratio == pytest.approx(predicted.delta_ratio, rel=0.05)
    for measured, expected in (
        (lengths, predicted.q),
        (gradients / gradients[:, -1].mean(), predicted.weight_gradient_ratio),
    ):
        mean = measured.mean(axis=0)
        error = measured.std(axis=0, ddof=1) / math.sqrt(nets)
        assert (np.abs(mean - expected) <= np.maximum(0.05 * expected, 3 * error)).all()
