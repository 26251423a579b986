"""Deep nets in single precision: true magnitudes over fifty layers, where plain float32 has 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnlab.core.nn.activations import ACTIVATIONS, find_activation
from nnlab.core.nn.initializers import find_initializer
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP, initial_parameters, layer_views, with_ones
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Run, Stack
from tests.stacks import classification, layers, recipe, train

Array = NDArray[Any]
DEPTH, WIDTH, BATCH = 50, 32, 64
SIZES = (16, *[WIDTH] * DEPTH, 10)


def deep_net(label: str, rule: str, dtype: Any) -> MLP:
    """A net of 50 hidden layers after a forward pass."""
    activation, rng = find_activation(label), np.random.default_rng(1)
    parameters = initial_parameters(SIZES, find_initializer(rule, activation), rng)
    net = MLP(
        SIZES, [activation], PAIRS["cross_entropy", "softmax"], parameters[None].astype(dtype),
        BATCH,
    )  # fmt: skip
    net.forward(with_ones(rng.normal(size=(BATCH, 16)), dtype)[None])
    net.loss(np.eye(10, dtype=dtype)[rng.integers(10, size=BATCH)][None])
    return net


def delta_exponents(net: MLP) -> tuple[Array, int]:
    """log2 of the root mean square of every layer's delta, and how many held ones are denormal."""
    found, denormal = np.empty(DEPTH + 1), 0
    tiny = np.finfo(net.parameters.dtype).tiny

    def visit(layer: int) -> None:
        nonlocal denormal
        held = np.abs(net.delta(layer).astype(np.float64))
        denormal += int(np.count_nonzero((held > 0) & (held < tiny)))
        found[layer - 1] = np.log2(np.sqrt((held**2).mean())) - net.exponents[layer - 1, 0]

    net.backward(visit=visit)
    return found, denormal


@pytest.mark.parametrize("label", ACTIVATIONS)
@pytest.mark.parametrize("rule", ["auto", "normal:0.01"])
def test_every_delta_is_that_of_double_precision(label: str, rule: str) -> None:
    single, denormal = delta_exponents(deep_net(label, rule, np.float32))
    double, _ = delta_exponents(deep_net(label, rule, np.float64))
    assert np.abs(np.exp2(single - double) - 1).max() < 1e-3
    assert denormal == 0


def test_sigmoid_vanishes_far_below_single_precision() -> None:
    found, _ = delta_exponents(deep_net("sigmoid", "auto", np.float32))
    # 4.24 times a layer are 2.08 bits (Schoenholz 2017); a net of width 32 strays a little
    assert np.diff(found[:-1]).mean() == pytest.approx(np.log2(4.236), rel=0.05)
    assert found[0] < -100
    small, _ = delta_exponents(deep_net("sigmoid", "normal:0.01", np.float32))
    assert small[0] < -149  # not even a denormal


@pytest.mark.parametrize("rule", ["auto", "normal:0.01"])
def test_the_gradient_handed_over_is_true_or_zero(rule: str) -> None:
    nets = [deep_net("sigmoid", rule, dtype) for dtype in (np.float32, np.float64)]
    for net in nets:
        net.backward()
    single, double = (layer_views(net.gradients, SIZES) for net in nets)
    zeros = 0
    for l in range(DEPTH + 1):
        size = np.linalg.norm(double[l])
        if (single[l] == 0).all():
            zeros += 1
            assert size < 2.0**-95
        else:
            found = np.linalg.norm(single[l].astype(np.float64))
            assert found == pytest.approx(size, rel=1e-3, abs=0)
    assert (zeros > 0) == (nets[0].exponents.max() >= 100)


def test_activations_of_a_vanishing_signal_stay_normal() -> None:
    net = deep_net("relu", "normal:0.01", np.float32)
    for layer in range(1, DEPTH + 1):
        a = net.activations(layer)
        assert np.abs(a).max() > 2.0**-126
        assert (a > 0).any(axis=(1, 2)).all()  # no layer looks dead


def test_a_closed_gate_becomes_zero() -> None:
    """SiLU of -80 is -80 exp(-80) = -1.4e-33: small, but not because z is."""
    sizes, silu = (2, 3, 3, 3, 3, 2), ACTIVATIONS["silu"]
    parameters = np.zeros((1, 9 + 3 * 12 + 8), np.float32)
    for layer in layer_views(parameters, sizes)[:4]:
        layer[:, -1] = -80.0
    net = MLP(sizes, [silu], PAIRS["cross_entropy", "softmax"], parameters, 1)
    net.forward(np.zeros((1, 1, 3), np.float32))
    assert (net.activations(3) < 0).all()
    assert (net.activations(4) == 0).all()  # every fourth layer is looked at


# ------------------------------------------------------------------ through the training


def measured(label: str, rule: str, dtype: str, **changes: Any) -> RunResult:
    split = classification(n=80, test=0)
    plan = recipe(split, hidden=[WIDTH] * DEPTH, dtype=dtype, steps=12, records=4, **changes)
    (result,) = train(split, Stack(plan, (Run(plan, label, rule, 0.01, 0),)))
    assert result.status == "finished"
    return result


def assert_same_layers(single: RunResult, double: RunResult, records: slice) -> None:
    for name in ("delta_rms", "gradient_norm", "gradient_rms", "activation_std", "weight_norm"):
        expected = layers(double, name)[records]
        assert layers(single, name)[records] == pytest.approx(
            expected, rel=0.01, nan_ok=True, abs=0
        )
        assert (expected[:, :-1] > 0).all()
    for name in ("dead_units", "saturated_fraction"):
        assert layers(single, name)[records] == pytest.approx(
            layers(double, name)[records], abs=2e-3, nan_ok=True
        )


@pytest.mark.parametrize("rule", ["auto", "torch"])
@pytest.mark.parametrize("label", ["sigmoid", "tanh", "relu"])
def test_the_table_of_layers_is_that_of_double_precision(label: str, rule: str) -> None:
    single, double = (measured(label, rule, dtype) for dtype in ("float32", "float64"))
    assert single.steps.tolist() == [0, 4, 8, 12]
    assert_same_layers(single, double, slice(None))


@pytest.mark.parametrize("label", ["relu", "gelu", "tanh", "leaky_relu"])
def test_the_table_holds_where_single_precision_ends(label: str) -> None:
    """Only before the first step: then biases of 1e-40 come in that float32 does not have."""
    single, double = (measured(label, "normal:0.01", dtype) for dtype in ("float32", "float64"))
    assert layers(double, "gradient_norm")[0].min() < 1e-45
    assert_same_layers(single, double, slice(0, 1))


@pytest.mark.parametrize("rule", ["normal:0.5", "normal:1"])
def test_an_exploding_net_does_not_overflow_when_measured(rule: str) -> None:
    """Fourfold a layer: signals of 2^100, whose squares single precision does not hold."""
    single, double = (
        measured("relu", rule, dtype, optimizer="adam") for dtype in ("float32", "float64")
    )
    assert layers(single, "delta_rms")[0, 0] > 2.0**40
    for name in ("delta_rms", "gradient_norm", "activation_std"):
        found, expected = layers(single, name)[0], layers(double, name)[0]
        assert found == pytest.approx(expected, rel=0.01, nan_ok=True)
        assert np.isfinite(found[:-1]).all()
