"""The run axis: a run's numbers are the same bits alone, in a stack, and with shared batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnlab.core.nn.activations import ACTIVATIONS, Activation, find_activation
from nnlab.core.nn.buffers import Buffers
from nnlab.core.nn.initializers import find_initializer
from nnlab.core.nn.losses import PAIRS, Pair
from nnlab.core.nn.mlp import MLP, initial_parameters, with_ones

Array = NDArray[Any]
DTYPES = (np.float32, np.float64)


def train_pass(net: MLP, x: Array, y: Array) -> tuple[Array, Array]:
    """Losses `(runs, batch)` and gradients `(runs, parameters)` of one pass."""
    net.forward(x)
    loss = net.loss(y)
    net.zero_gradients()
    net.backward()
    return loss.copy(), net.gradients.copy()


def mixed(sizes: tuple[int, ...], dtype: Any) -> tuple[list[Activation], Array]:
    """Two nets of every activation."""
    activations = [find_activation(label) for label in ACTIVATIONS for _ in range(2)]
    rows = [
        initial_parameters(sizes, find_initializer("torch", f), np.random.default_rng(i))
        for i, f in enumerate(activations)
    ]
    return activations, np.array(rows, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 2, 3, 8, 32, 33])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda p: f"{p.loss}+{p.output}")
def test_a_run_has_the_same_bits_alone_and_in_a_stack(pair: Pair, batch: int, dtype: Any) -> None:
    one = () if pair.output == "softmax" else ((3, 4, 1),)
    for sizes in ((5, 7, 4), (16, 32, 9, 10), *one):
        activations, parameters = mixed(sizes, dtype)
        rng = np.random.default_rng(batch)
        x = with_ones(rng.normal(size=(batch, sizes[0])), dtype)[None]
        y = np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=batch)][None]
        loss, gradient = train_pass(MLP(sizes, activations, pair, parameters, batch), x, y)
        assert np.isfinite(gradient).all()
        for r, activation in enumerate(activations):
            net = MLP(sizes, [activation], pair, parameters[r : r + 1], batch)
            alone, alone_gradient = train_pass(net, x, y)
            assert np.array_equal(alone[0], loss[r])
            assert np.array_equal(alone_gradient[0], gradient[r])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("streams", [1, 2, 13, 26])
def test_shared_batches_give_the_same_bits_as_copies(streams: int, dtype: Any) -> None:
    pair, sizes, batch = PAIRS["cross_entropy", "softmax"], (5, 7, 6, 4), 9
    activations, parameters = mixed(sizes, dtype)
    rng = np.random.default_rng(streams)
    x = rng.normal(size=(streams, batch, 6)).astype(dtype)
    y = np.eye(4, dtype=dtype)[rng.integers(4, size=(streams, batch))]
    shared = MLP(sizes, activations, pair, parameters, batch, streams=streams)
    loss, gradient = train_pass(shared, x, y)
    runs = np.arange(26) % streams  # net r takes set r % streams
    copied = MLP(sizes, activations, pair, parameters, batch, streams=26)
    own_loss, own_gradient = train_pass(copied, x[runs], y[runs])
    assert np.array_equal(loss, own_loss)
    assert np.array_equal(gradient, own_gradient)


def test_buffers_may_be_shared_by_nets_that_take_turns() -> None:
    pair, sizes, batch = PAIRS["mse", "identity"], (5, 7, 6, 1), 4
    activations, parameters = mixed(sizes, np.float64)
    x = with_ones(np.random.default_rng(0).normal(size=(batch, 5)), np.float64)[None]
    y = np.ones((1, batch, 1))
    buffers = Buffers.allocate(sizes, 13, batch, np.float64, keep_z=True)
    halves = [slice(0, 13), slice(13, 26)]
    nets = [MLP(sizes, activations[h], pair, parameters[h], batch, buffers=buffers) for h in halves]
    together = train_pass(MLP(sizes, activations, pair, parameters, batch), x, y)[1]
    for net, half in [*zip(nets, halves, strict=True)] * 2:
        assert np.array_equal(train_pass(net, x, y)[1], together[half])
