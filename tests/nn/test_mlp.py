"""The network: passes worked by hand, parameters and memory, accumulation and scale."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.buffers import Buffers
from nnlab.core.nn.initializers import find_initializer
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import (
    MLP,
    count_parameters,
    flat_parameters,
    initial_parameters,
    layer_views,
    with_ones,
)

Array = NDArray[Any]

DTYPES = (np.float32, np.float64)


def parameters_of(*layers: Any, dtype: Any = np.float64) -> Array:
    """One run's parameters from the layers' `(in + 1, out)` arrays, the bias last."""
    return np.concatenate([np.ravel(np.array(layer)) for layer in layers])[None].astype(dtype)


def train_pass(net: MLP, x: Array, y: Array, scale: Any = None) -> tuple[Array, Array]:
    """Losses `(runs, batch)` and gradients `(runs, parameters)` of one pass."""
    net.forward(x)
    loss = net.loss(y)
    net.zero_gradients()
    net.backward(scale)
    return loss.copy(), net.gradients.copy()


# ------------------------------------------------------------------ worked by hand


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_neurons_by_hand(dtype: Any) -> None:
    """Two inputs, two ReLU neurons, one linear output, squared error; all numbers are exact."""
    net = MLP(
        (2, 2, 1),
        [ACTIVATIONS["relu"]],
        PAIRS["mse", "identity"],
        #                      W1 = 0.5  -1      b1 = 0.5 -0.5    W2 = 2    b2 = -1
        #                           0.25  0.5                          3
        parameters_of([[0.5, -1], [0.25, 0.5], [0.5, -0.5]], [[2], [3], [-1]], dtype=dtype),
        batch_size=2,
    )
    x = with_ones(np.array([[1.0, 2.0], [-1.0, 3.0]]), dtype)[None]
    y = np.array([[[1.0], [6.0]]], dtype)

    # example 1: z1 = (0.5 + 0.5 + 0.5, -1 + 1 - 0.5) = (1.5, -0.5), a1 = (1.5, 0)
    #            z2 = 2 * 1.5 + 3 * 0 - 1 = 2
    # example 2: z1 = (-0.5 + 0.75 + 0.5, 1 + 1.5 - 0.5) = (0.75, 2), a1 = (0.75, 2)
    #            z2 = 2 * 0.75 + 3 * 2 - 1 = 6.5
    logits = net.forward(x)
    assert logits[0].tolist() == [[2], [6.5]]
    assert net.activations(1)[0].tolist() == [[1.5, 0], [0.75, 2]]
    assert net.slope(1)[0].T.tolist() == [[1, 0], [1, 1]]

    # losses: (2 - 1)^2 = 1 and (6.5 - 6)^2 = 0.25
    assert net.loss(y).tolist() == [[1, 0.25]]

    # delta2 = 2 (yhat - y) = 2 and 1; over the batch of two: 1 and 0.5
    # delta1 = delta2 W2^T f'(z1): (1 * 2, 1 * 3) * (1, 0) = (2, 0) and (1, 1.5) * (1, 1) = (1, 1.5)
    net.zero_gradients()
    net.backward()
    assert net.delta(2)[0].tolist() == [[1], [0.5]]
    assert net.delta(1)[0].tolist() == [[2, 0], [1, 1.5]]

    # dW2 = a1^T delta2 = (1.5 * 1 + 0.75 * 0.5, 0 * 1 + 2 * 0.5) = (1.875, 1), db2 = 1 + 0.5
    assert net.weight_gradient(2)[0].tolist() == [[1.875], [1]]
    assert net.bias_gradient(2)[0].tolist() == [1.5]
    # dW1 = x^T delta1 = 1 * 2 - 1 * 1   1 * 0 - 1 * 1.5  =  1  -1.5     db1 = 2 + 1, 0 + 1.5
    #                    2 * 2 + 3 * 1   2 * 0 + 3 * 1.5      7   4.5
    assert net.weight_gradient(1)[0].tolist() == [[1, -1.5], [7, 4.5]]
    assert net.bias_gradient(1)[0].tolist() == [3, 1.5]

    # one step of gradient descent with rate 1/2
    net.parameters -= 0.5 * net.gradients
    assert net.weights(1)[0].tolist() == [[0, -0.25], [-3.25, -1.75]]
    assert net.biases(1)[0].tolist() == [-1, -1.25]
    assert net.weights(2)[0].tolist() == [[1.0625], [2.5]]
    assert net.biases(2)[0].tolist() == [-1.75]


def test_a_sigmoid_neuron_by_hand() -> None:
    """Sigmoid behind sigmoid, binary cross-entropy: x = 1, w1 = ln 3, w2 = 4, b2 = ln 3 - 3."""
    net = MLP(
        (1, 1, 1),
        [ACTIVATIONS["sigmoid"]],
        PAIRS["binary_cross_entropy", "sigmoid"],
        parameters_of([[math.log(3)], [0]], [[4], [math.log(3) - 3]]),
        batch_size=1,
    )
    loss, _ = train_pass(net, np.ones((1, 1, 2)), np.ones((1, 1, 1)))
    # a1 = sigmoid(ln 3) = 3/4, z2 = 3 + ln 3 - 3 = ln 3, yhat = 3/4, y = 1: l = -ln(3/4)
    assert loss[0, 0] == pytest.approx(-math.log(0.75), rel=1e-15)
    # delta2 = yhat - y = -1/4; dw2 = 3/4 * -1/4 = -3/16; f'(z1) = 3/4 * 1/4 = 3/16
    # delta1 = -1/4 * 4 * 3/16 = -3/16 = dw1 = db1
    expected = [-3 / 16, -3 / 16, -3 / 16, -1 / 4]
    assert net.gradients[0].tolist() == pytest.approx(expected, rel=1e-15)


def test_without_hidden_layers_it_is_softmax_regression() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 4)), np.eye(3)[rng.integers(3, size=6)]
    parameters = rng.normal(size=(1, 15))
    net = MLP((4, 3), [ACTIVATIONS["relu"]], PAIRS["cross_entropy", "softmax"], parameters, 6)
    train_pass(net, with_ones(x, np.float64)[None], y[None])
    z = x @ net.weights(1)[0] + net.biases(1)[0]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert net.depth == 0
    assert net.weight_gradient(1)[0] == pytest.approx(x.T @ (p - y) / 6, rel=1e-12)
    assert net.bias_gradient(1)[0] == pytest.approx((p - y).mean(axis=0), rel=1e-12, abs=1e-15)


# ------------------------------------------------------------------ parameters and memory


def test_layout_of_the_parameters() -> None:
    assert count_parameters((2, 3, 1)) == (2 + 1) * 3 + (3 + 1) * 1
    flat = np.arange(26.0).reshape(2, 13)
    first, second = layer_views(flat, (2, 3, 1))
    assert first[1].tolist() == [[13, 14, 15], [16, 17, 18], [19, 20, 21]]
    assert second[:, -1].tolist() == [[12], [25]]
    second[0, 0, 0] = -1
    assert flat[0, 9] == -1  # views, not copies


def test_initial_parameters_are_drawn_layer_by_layer() -> None:
    he = find_initializer("he", ACTIVATIONS["relu"])
    flat = initial_parameters((3, 4, 2), he, np.random.default_rng(7))
    rng = np.random.default_rng(7)
    for layer, (fan_in, fan_out) in zip(
        layer_views(flat[None], (3, 4, 2)), [(3, 4), (4, 2)], strict=True
    ):
        assert np.array_equal(layer[0, :-1], he.draw(rng, fan_in, fan_out, 0.0)[0])
        assert (layer[0, -1] == 0).all()


def test_with_ones() -> None:
    x = with_ones(np.array([[1.5, 2.0]]), np.float32)
    assert x.dtype == np.float32
    assert x.tolist() == [[1.5, 2, 1]]


def test_bytes_of_the_buffers() -> None:
    one = Buffers.allocate((3, 4, 2), 2, 5, np.float64, keep_z=False)
    # runs 2, batch 5: slope, two deltas, scratch and activations (which hold z first) of 4 + 1
    # units, twice 2 logits; and every array begins on a line of 64 bytes
    least = 8 * 2 * 5 * (5 * 5 + 2 * 2)
    assert least <= one.nbytes <= least + 8 * 2 * 5 * 4 + 16 * 64
    two = Buffers.allocate((3, 4, 4, 2), 2, 5, np.float64, keep_z=True)
    least = 8 * 2 * 5 * (4 * 5 + 4 * 5 + 2 * 2)
    assert least <= two.nbytes <= least + 8 * 2 * 5 * 4 + 16 * 64
    assert all(a.ctypes.data % 64 == 0 for a in (*two.activations, *two.slopes, two.logits))


def test_z_is_kept_only_where_it_is_asked_for() -> None:
    pair, sizes = PAIRS["mse", "identity"], (2, 3, 1)
    parameters = np.random.default_rng(0).normal(size=(1, count_parameters(sizes)))
    x = with_ones(np.array([[1.0, -2.0]]), np.float64)[None]
    kept = Buffers.allocate(sizes, 1, 1, np.float64, keep_z=True)
    logits = []
    for buffers in (kept, Buffers.allocate(sizes, 1, 1, np.float64, keep_z=False)):
        net = MLP(sizes, [ACTIVATIONS["sigmoid"]], pair, parameters, 1, buffers=buffers)
        logits.append(net.forward(x).copy())
        z, a = net.pre_activations(1), net.activations(1)
        assert np.array_equal(1 / (1 + np.exp(-z)), a) is (buffers is kept)
        assert (buffers.activations[0][:, -1] == 1).all()
    assert np.array_equal(logits[0], logits[1])


def test_wrong_counts_are_refused() -> None:
    pair, parameters = PAIRS["mse", "identity"], np.zeros((3, count_parameters((2, 2, 1))))
    with pytest.raises(ValueError, match=r"^2 activations for 3 runs$"):
        MLP((2, 2, 1), [ACTIVATIONS["relu"]] * 2, pair, parameters, 4)
    with pytest.raises(ValueError, match=r"^3 runs cannot share 2 streams of batches evenly$"):
        MLP((2, 2, 1), [ACTIVATIONS["relu"]] * 3, pair, parameters, 4, streams=2)


# ------------------------------------------------------------------ accumulation and scale


def deep_net(depth: int, dtype: Any, runs: int = 3, batch: int = 8) -> tuple[MLP, Array, Array]:
    """Sigmoid nets, deep ones of which need the backward signal rescaled."""
    rng = np.random.default_rng(depth)
    sizes = (4, *[6] * depth, 3)
    sigmoid = ACTIVATIONS["sigmoid"]
    rule = find_initializer("auto", sigmoid)
    parameters = np.stack([initial_parameters(sizes, rule, rng) for _ in range(runs)])
    net = MLP(
        sizes, [sigmoid] * runs, PAIRS["cross_entropy", "softmax"], parameters.astype(dtype), batch
    )
    x = with_ones(rng.normal(size=(batch, 4)), dtype)[None]
    y = np.eye(3, dtype=dtype)[rng.integers(3, size=batch)][None]
    return net, x, y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("depth", "batch"), [(1, 8), (24, 8), (2, 1)])
def test_gradients_add_up_until_they_are_zeroed(depth: int, batch: int, dtype: Any) -> None:
    net, x, y = deep_net(depth, dtype, batch=batch)
    _, once = train_pass(net, x, y)
    for times in (2, 3):
        net.forward(x)
        net.loss(y)
        net.backward()
        assert net.gradients == pytest.approx(times * once, rel=1e-6, abs=0)
    assert np.array_equal(train_pass(net, x, y)[1], once)


def test_halves_of_a_batch_add_up_to_the_whole() -> None:
    whole, x, y = deep_net(2, np.float64)
    _, expected = train_pass(whole, x, y)
    half = MLP(whole.layer_sizes, [ACTIVATIONS["sigmoid"]] * 3, whole.pair, whole.parameters, 4)
    for part in (slice(0, 4), slice(4, 8)):
        half.forward(x[:, part])
        half.loss(y[:, part])
        half.backward(1 / 8)
    assert half.gradients == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("depth", [2, 24])
def test_scale_multiplies_each_run(depth: int, dtype: Any) -> None:
    net, x, y = deep_net(depth, dtype)
    _, mean = train_pass(net, x, y)
    scales = np.array([[1], [0.5], [0.25]]) / 8  # powers of two are exact
    _, scaled = train_pass(net, x, y, scales)
    assert np.array_equal(scaled, mean * np.array([[1], [0.5], [0.25]], dtype))
    _, summed = train_pass(net, x, y, 1.0)
    assert np.array_equal(summed, mean * 8)


def fading_and_growing(runs: int, dtype: Any) -> tuple[MLP, Array, Array]:
    """Identity nets; the first one's signal fades by 2^-44 over four layers, then grows again."""
    sizes = (3, *[4] * 9, 2)
    identity = ACTIVATIONS["identity"]
    parameters = np.zeros((runs, count_parameters(sizes)))
    for l, layer in enumerate(layer_views(parameters, sizes), start=1):
        layer[:, :-1] = np.eye(*layer[0, :-1].shape)
        layer[:, :-1] *= 2.0**-11 if 7 <= l <= 10 else 1
        layer[0, :-1] *= 2.0**11.125 if 3 <= l <= 6 else 1
    rng = np.random.default_rng(2)
    x = with_ones(rng.normal(size=(5, 3)), dtype)[None]
    y = rng.normal(size=(1, 5, 2)).astype(dtype)
    pair = PAIRS["mse", "identity"]
    return MLP(sizes, [identity] * runs, pair, parameters.astype(dtype), 5), x, y


def test_powers_that_cancel_on_the_way_down_are_taken_out_between() -> None:
    net, x, y = fading_and_growing(1, np.float32)
    _, alone = train_pass(net, x, y)
    assert not net.exponents[0].any()
    assert net.exponents.max() > 30
    company = train_pass(*fading_and_growing(2, np.float32))[1]
    assert np.array_equal(alone[0], company[0])
    expected = train_pass(*fading_and_growing(1, np.float64))[1]
    assert alone == pytest.approx(expected, rel=1e-4, abs=1e-4 * abs(expected).max())


@pytest.mark.parametrize("visit", [None, lambda layer: None])
def test_a_backward_pass_wants_a_forward_pass(visit: Any) -> None:
    net, _, _ = deep_net(2, np.float32)
    with pytest.raises(RuntimeError, match=r"^forward\(\) comes first: it brings the batch$"):
        net.backward(visit=visit)


def test_a_signal_whose_square_overflows_is_no_warning() -> None:
    net, x, y = deep_net(10, np.float32)
    _, small = train_pass(net, x, y, 1.0)
    _, large = train_pass(net, x, y, 2.0**80)
    assert np.array_equal(large, small * np.float32(2.0**80))


def test_a_measuring_pass_holds_the_same_gradients_times_a_power_of_two() -> None:
    net, x, y = deep_net(24, np.float64)
    _, expected = train_pass(net, x, y)
    visited = []

    def visit(layer: int) -> None:
        visited.append(layer)
        held = net.weight_gradient(layer) * np.exp2(-net.exponents[layer - 1])[:, None, None]
        wanted = layer_views(expected, net.layer_sizes)[layer - 1][:, :-1]
        assert held == pytest.approx(wanted, rel=1e-12, abs=0)

    net.forward(x)
    net.loss(y)
    net.backward(visit=visit)  # writes, though nothing was zeroed
    assert visited == list(range(25, 0, -1))
    assert net.exponents[0].min() >= 30
    net.forward(x)
    net.loss(y)
    net.backward()  # and nothing is added to what was held
    assert np.array_equal(net.gradients, expected)


def test_flat_parameters_are_what_the_views_take_apart() -> None:
    rng = np.random.default_rng(0)
    layers = [(rng.standard_normal((n, m)), rng.standard_normal(m)) for n, m in ((3, 4), (4, 2))]
    views = layer_views(flat_parameters(layers)[None], (3, 4, 2))
    for (W, b), view in zip(layers, views, strict=True):
        assert np.array_equal(view[0, :-1], W)
        assert np.array_equal(view[0, -1], b)


def test_targets_in_turn_are_each_their_own() -> None:
    """The calls of the loss are bound to the targets: other targets, other calls."""
    net, x, _ = deep_net(2, np.float64)
    for classes in ([0, 1, 2], [2, 2, 0], [0, 1, 2]):
        y = np.eye(net.layer_sizes[-1])[np.resize(classes, net.batch_size)][None]
        net.forward(x)
        net.loss(y)
        expected = net.delta(net.depth + 1).copy()
        net.forward(x)
        assert net.loss(y, math.inf) is None
        assert np.array_equal(net.delta(net.depth + 1), expected)


@pytest.mark.parametrize("pair", [("mse", "identity"), ("cross_entropy", "softmax")])
@pytest.mark.parametrize("keep_slopes", [False, True])
def test_a_net_goes_with_its_last_reference(keep_slopes: bool, pair: tuple[str, str]) -> None:
    """A stack's buffers are large: they must not wait for the garbage collector."""
    sizes = (3, 4, 4, 2)
    buffers = Buffers.allocate(sizes, 2, 5, np.float32, keep_z=False, keep_slopes=keep_slopes)
    net = MLP(
        sizes, [ACTIVATIONS["relu"]] * 2, PAIRS[pair],
        np.zeros((2, count_parameters(sizes)), np.float32), 5, buffers=buffers,
    )  # fmt: skip
    y = np.ones((1, 5, 2), np.float32)
    train_pass(net, np.ones((1, 5, 4), np.float32), y)
    net.loss(y, math.inf)
    gone = weakref.ref(net)
    gc.disable()
    try:
        del net
        assert gone() is None
    finally:
        gc.enable()
