"""Small data sets, recipes and stacks for tests of the training."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from nnlab.core.batches import encode
from nnlab.core.data import Split
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Recipe, Run, Stack, output_units
from nnlab.core.quantities import CURVE_VALUES, LAYER_VALUES
from nnlab.core.train import train_stack


def classification(n: int = 90, test: int = 30, classes: int = 3, seed: int = 0) -> Split:
    """Overlapping clouds in six dimensions."""
    rng = np.random.default_rng(seed)
    y = np.arange(n + test) % classes
    X = rng.normal(size=(classes, 6))[y] + 0.8 * rng.normal(size=(n + test, 6))
    names = tuple("abcdefghij"[:classes])
    return Split(
        "clouds", "classification", names, X[:n], X[n:], y[:n], y[n:], f"clouds{n}{test}{seed}"
    )


def regression(n: int = 90, test: int = 30, outputs: int = 1, seed: int = 0) -> Split:
    """A smooth function of four numbers, and noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n + test, 4))
    y = np.tanh(X @ rng.normal(size=(4, outputs))) + 0.1 * rng.normal(size=(n + test, outputs))
    return Split("curve", "regression", (), X[:n], X[n:], y[:n], y[n:], f"curve{n}{test}{seed}")


def recipe(
    split: Split,
    hidden: Sequence[int] = (8, 7),
    optimizer: str = "sgd",
    hyperparameters: dict[str, float] | None = None,
    **changes: Any,
) -> Recipe:
    """A short training of a small net, with `changes` to any other field."""
    classes = split.task == "classification"
    loss = changes.pop("loss", "cross_entropy" if classes else "mse")
    output = changes.pop("output", "softmax" if classes else "identity")
    values = {**OPTIMIZERS[optimizer].hyperparameters, "weight_decay": 0.0}
    fields: dict[str, Any] = {
        "dataset": split.name,
        "data": split.content_hash,
        "train_examples": len(split.X_train),
        "layer_sizes": (split.X_train.shape[1], *hidden, output_units(split, output)),
        "loss": loss,
        "output": output,
        "optimizer": optimizer,
        "hyperparameters": tuple(sorted({**values, **(hyperparameters or {})}.items())),
        "schedule": "constant",
        "warmup_steps": 0,
        "batch_size": 16,
        "steps": 30,
        "records": 4,
        "target_loss": None,
        "dtype": "float32",
        "save_weights": True,
    }
    return Recipe(**{**fields, **changes})


def grid(
    recipe: Recipe,
    activations: Sequence[str] = ("relu",),
    rates: Sequence[float] = (0.1,),
    seeds: Sequence[int] = (0,),
    initialization: str = "auto",
) -> Stack:
    """A stack of the product, equal activations side by side, seeds innermost."""
    axes = product(activations, rates, seeds)
    return Stack(recipe, tuple(Run(recipe, a, initialization, lr, s) for a, lr, s in axes))


def train(split: Split, stack: Stack, **options: Any) -> list[RunResult]:
    """Train the stack on the split."""
    return train_stack(stack, encode(split, stack.recipe), **options)


def curve(result: RunResult, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A column of the curve, `(records,)`."""
    return np.asarray(result.curves[:, CURVE_VALUES.index(name)])


def layers(result: RunResult, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A column of the layers, `(records, layers)`."""
    return np.asarray(result.layers[:, :, LAYER_VALUES.index(name)])


def assert_same_numbers(one: RunResult, other: RunResult) -> None:
    """Two results agree to the last bit in all but the time they took."""
    assert one.run == other.run
    assert one.status == other.status
    assert {**one.outcome, "seconds": 0} == {**other.outcome, "seconds": 0}
    assert np.array_equal(one.steps, other.steps)
    assert np.array_equal(one.curves, other.curves, equal_nan=True)
    assert np.array_equal(one.layers, other.layers, equal_nan=True)
    assert one.weights.keys() == other.weights.keys()
    for name, array in one.weights.items():
        assert np.array_equal(array, other.weights[name], equal_nan=True)
