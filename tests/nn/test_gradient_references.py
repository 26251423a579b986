"""Gradients against scikit-learn with copied weights, HIPS autograd, and Euler's identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad
from autograd.scipy.special import erf, logsumexp
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier, MLPRegressor

from nnlab.core.nn.activations import ACTIVATIONS, find_activation
from nnlab.core.nn.initializers import find_initializer
from nnlab.core.nn.losses import PAIRS, Pair
from nnlab.core.nn.mlp import MLP, count_parameters, initial_parameters, layer_views, with_ones

Array = NDArray[Any]
Function = Callable[[Any], Any]


def gradients(
    sizes: Sequence[int], label: str, pair: Pair, parameters: Array, data: tuple[Array, Array]
) -> tuple[float, Array]:
    """The mean loss and its gradient, one run in float64; `data` is X `(n, d)` and y `(n, k)`."""
    x, y = data
    net = MLP(sizes, [find_activation(label)], pair, parameters[None], len(x))
    net.forward(with_ones(x, np.float64)[None])
    loss = float(net.loss(y[None]).mean())
    net.zero_gradients()
    net.backward()
    return loss, net.gradients[0]


def relative_error(ours: Array, theirs: Array) -> float:
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


# ------------------------------------------------------------------ HIPS autograd


def leaky(slope: float) -> Function:
    return lambda z: anp.where(z > 0, z, slope * z)


def elu(z: Any, alpha: float = 1.0) -> Any:
    return anp.where(z > 0, z, alpha * (anp.exp(anp.minimum(z, 0)) - 1))


# Written from the papers' formulas, not from the engine.
THEIRS: dict[str, Function] = {
    "relu": lambda z: anp.maximum(z, 0),
    "leaky_relu": leaky(0.01),
    "leaky_relu:0.3": leaky(0.3),
    "tanh": anp.tanh,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "identity": lambda z: z,
    "elu": elu,
    "elu:2": lambda z: elu(z, 2),
    "selu": lambda z: 1.0507009873554805 * elu(z, 1.6732632423543772),
    "gelu": lambda z: z * (1 + erf(z / anp.sqrt(2))) / 2,
    "silu": lambda z: z / (1 + anp.exp(-z)),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
    "softsign": lambda z: z / (1 + anp.abs(z)),
    "hard_tanh": lambda z: anp.minimum(anp.maximum(z, -1), 1),
    "mish": lambda z: z * anp.tanh(anp.log(1 + anp.exp(z))),
}

OUTPUTS: dict[str, Function] = {
    "softmax": lambda z: anp.exp(z - logsumexp(z, axis=1, keepdims=True)),
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "identity": lambda z: z,
    "relu": lambda z: anp.maximum(z, 0),
}

LOSSES: dict[str, Callable[[Any, Array], Any]] = {
    "cross_entropy": lambda p, y: -anp.mean(anp.sum(y * anp.log(p), axis=1)),
    "binary_cross_entropy": lambda p, y: -anp.mean(y * anp.log(p) + (1 - y) * anp.log(1 - p)),
    "mse": lambda p, y: anp.mean((p - y) ** 2),
}


def their_gradient(
    sizes: Sequence[int], label: str, pair: Pair, parameters: Array, data: tuple[Array, Array]
) -> tuple[float, Array]:
    x, y = data

    def objective(flat: Any) -> Any:
        a, start, last = x, 0, len(sizes) - 2
        for l in range(last + 1):
            stop = start + sizes[l] * sizes[l + 1]
            w = anp.reshape(flat[start:stop], (sizes[l], sizes[l + 1]))
            z = anp.dot(a, w) + flat[stop : stop + sizes[l + 1]]
            a, start = THEIRS[label](z) if l < last else z, stop + sizes[l + 1]
        return LOSSES[pair.loss](OUTPUTS[pair.output](a), y)

    loss, gradient = value_and_grad(objective)(parameters)
    return float(loss), gradient


@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda p: f"{p.loss}+{p.output}")
@pytest.mark.parametrize("label", THEIRS)
def test_every_activation_and_pair_against_autograd(label: str, pair: Pair) -> None:
    for depth in range(1, 6):
        rng = np.random.default_rng(depth)
        sizes = (4, *[6] * depth, 3)
        parameters = rng.normal(0, 0.4, count_parameters(sizes))
        data = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(3, size=7)]
        loss, ours = gradients(sizes, label, pair, parameters, data)
        expected, theirs = their_gradient(sizes, label, pair, parameters, data)
        assert np.linalg.norm(theirs) > 1e-6
        assert loss == pytest.approx(expected, rel=1e-12)
        assert relative_error(ours, theirs) < 1e-12


def test_the_reference_covers_every_activation() -> None:
    assert {find_activation(label).name for label in THEIRS} == set(ACTIVATIONS)


# ------------------------------------------------------------------ scikit-learn


def scikit_gradient(
    model: MLPClassifier | MLPRegressor, parameters: Array, sizes: Sequence[int], data: Any
) -> Array:
    """Their gradient, from the change of the weights in one plain step of rate 1."""
    classes = {"classes": np.unique(data[1])} if isinstance(model, MLPClassifier) else {}
    model.partial_fit(*data, **classes)  # lets it allocate
    layers = layer_views(parameters[None], sizes)
    for l, layer in enumerate(layers):
        model.coefs_[l][...] = layer[0, :-1]
        model.intercepts_[l][...] = layer[0, -1]
    model.partial_fit(*data)
    after = [np.vstack(pair) for pair in zip(model.coefs_, model.intercepts_, strict=True)]
    return np.concatenate(
        [(layer[0] - new).ravel() for layer, new in zip(layers, after, strict=True)]
    )


PLAIN_STEP: dict[str, Any] = {
    "solver": "sgd", "learning_rate_init": 1.0, "momentum": 0.0, "nesterovs_momentum": False,
    "alpha": 0.0, "shuffle": False, "batch_size": 12, "max_iter": 1, "random_state": 0,
}  # fmt: skip
SCIKIT_NAMES = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "identity": "identity"}


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("label", SCIKIT_NAMES)
@pytest.mark.parametrize("classes", [2, 4])
def test_classifier_of_scikit_learn(label: str, depth: int, classes: int) -> None:
    rng = np.random.default_rng(depth)
    x, y = rng.normal(size=(12, 5)), np.arange(12) % classes
    hidden = (6, 4, 5, 3, 6)[:depth]
    if classes == 2:
        sizes, pair = (5, *hidden, 1), PAIRS["binary_cross_entropy", "sigmoid"]
        targets = y[:, None].astype(float)
    else:
        sizes, pair = (5, *hidden, classes), PAIRS["cross_entropy", "softmax"]
        targets = np.eye(classes)[y]
    parameters = rng.normal(0, 0.4, count_parameters(sizes))
    model = MLPClassifier(hidden_layer_sizes=hidden, activation=SCIKIT_NAMES[label], **PLAIN_STEP)
    theirs = scikit_gradient(model, parameters, sizes, (x, y))
    loss, ours = gradients(sizes, label, pair, parameters, (x, targets))
    assert loss == pytest.approx(model.loss_, rel=1e-12)
    assert relative_error(ours, theirs) < 1e-12


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("label", SCIKIT_NAMES)
@pytest.mark.parametrize("outputs", [1, 3])
def test_regressor_of_scikit_learn(label: str, depth: int, outputs: int) -> None:
    rng = np.random.default_rng(depth)
    x, y = rng.normal(size=(12, 5)), rng.normal(size=(12, outputs))
    hidden = (6, 4, 5, 3, 6)[:depth]
    sizes = (5, *hidden, outputs)
    parameters = rng.normal(0, 0.4, count_parameters(sizes))
    model = MLPRegressor(hidden_layer_sizes=hidden, activation=SCIKIT_NAMES[label], **PLAIN_STEP)
    theirs = scikit_gradient(model, parameters, sizes, (x, y if outputs > 1 else y[:, 0]))
    loss, ours = gradients(sizes, label, PAIRS["mse", "identity"], parameters, (x, y))
    # Their loss is half the mean over examples and outputs, their gradient that of half the sum
    # over outputs.
    assert loss == pytest.approx(2 * model.loss_, rel=1e-12)
    assert relative_error(ours * outputs / 2, theirs) < 1e-12


# ------------------------------------------------------------------ Euler's identity


@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda p: f"{p.loss}+{p.output}")
@pytest.mark.parametrize("label", ["relu", "leaky_relu", "leaky_relu:0.3", "identity"])
def test_euler_identity_of_homogeneous_nets(label: str, pair: Pair) -> None:
    """Without biases the logits are homogeneous of degree 1 in each W^l: <W^l, dL/dW^l> is one."""
    sizes, n = (6, 9, 8, 7, 9, 8, 7, 9, 8, 4), 11
    activation = find_activation(label)
    rule = find_initializer("he", activation)
    flat = initial_parameters(sizes, rule, np.random.default_rng(2))
    rng = np.random.default_rng(3)
    data = rng.normal(size=(n, 6)), np.eye(4)[rng.integers(4, size=n)]
    _, gradient = gradients(sizes, label, pair, flat, data)
    products = [
        float((w[0, :-1] * g[0, :-1]).sum())
        for w, g in zip(layer_views(flat[None], sizes), layer_views(gradient[None], sizes),
                        strict=True)
    ]  # fmt: skip
    assert abs(products[0]) > 1e-4
    assert products == pytest.approx([products[0]] * 9, rel=1e-10, abs=0)
