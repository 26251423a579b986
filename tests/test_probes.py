"""What is measured, against a plain recomputation from the saved weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special
from sklearn.metrics import accuracy_score, log_loss, r2_score

from nnlab.core.batches import encode
from nnlab.core.data import Split
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Run, Stack
from nnlab.core.probes import Probe
from nnlab.core.quantities import LAYER_VALUES
from tests.stacks import classification, curve, grid, layers, recipe, regression, train

Array = NDArray[Any]
Function = Callable[[Array], Array]

# f and f' from the textbook, in float64.
TEXTBOOK: dict[str, tuple[Function, Function]] = {
    "relu": (lambda z: z * (z > 0), lambda z: 1.0 * (z > 0)),
    "leaky_relu:0.04": (lambda z: np.where(z > 0, z, 0.04 * z), lambda z: np.where(z > 0, 1, 0.04)),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "sigmoid": (special.expit, lambda z: special.expit(z) * special.expit(-z)),
    "hard_tanh": (lambda z: np.clip(z, -1, 1), lambda z: 1.0 * (np.abs(z) < 1)),
    "gelu": (
        lambda z: z * special.ndtr(z),
        lambda z: special.ndtr(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
    ),
}
STEEPEST = {"sigmoid": 0.25, "gelu": 1.1289041452}


class Recomputed:
    """Everything about the final net of a run, example by example in float64."""

    def __init__(self, result: RunResult, split: Split) -> None:
        f, df = TEXTBOOK[result.run.activation]
        depth = len(result.run.recipe.hidden_layer_sizes)
        w = [result.weights[f"final_W{l}"].astype(float) for l in range(1, depth + 2)]
        b = [result.weights[f"final_b{l}"].astype(float) for l in range(1, depth + 2)]
        self.weights = w
        self.a, self.slopes = [split.X_train], []
        for l in range(depth):
            z = self.a[-1] @ w[l] + b[l]
            self.a.append(f(z))
            self.slopes.append(df(z))
        self.logits = self.a[-1] @ w[-1] + b[-1]
        n = min(1024, len(split.X_train))
        self.deltas: list[Array] = []
        if result.run.recipe.output not in {"softmax", "identity"}:
            return
        delta = self._logit_delta(result, split)[:n]
        self.deltas = [delta]
        for l in range(depth, 0, -1):
            delta = (delta @ w[l].T) * self.slopes[l - 1][:n]
            self.deltas.insert(0, delta)
        self.gradients = [a[:n].T @ d / n for a, d in zip(self.a, self.deltas, strict=True)]

    def _logit_delta(self, result: RunResult, split: Split) -> Array:
        if result.run.recipe.output == "identity":
            return np.asarray(
                2 * (self.logits - split.y_train.reshape(self.logits.shape)) / self.logits.shape[1]
            )
        one_hot = np.eye(len(split.classes))[split.y_train]
        return np.asarray(special.softmax(self.logits, axis=1) - one_hot)


CASES = [
    (classification(n=1300, test=40), "float64", 1e-9),  # more than the probe batch
    (classification(n=90), "float32", 2e-4),
    (regression(n=90, outputs=2), "float64", 1e-9),
]


@pytest.mark.parametrize(("split", "dtype", "tolerance"), CASES, ids=["many", "single", "numbers"])
@pytest.mark.parametrize("label", TEXTBOOK)
def test_every_layer_is_what_a_recomputation_gives(
    label: str, split: Split, dtype: str, tolerance: float
) -> None:
    plan = recipe(split, hidden=(8, 7, 5), dtype=dtype, steps=40, records=2)
    (result,) = train(split, grid(plan, (label,), rates=(0.3,)))
    truth = Recomputed(result, split)
    found = {name: layers(result, name)[-1] for name in (
        "gradient_norm", "gradient_rms", "delta_rms", "weight_norm", "activation_mean",
        "activation_std", "dead_units", "dead_fraction", "saturated_fraction",
    )}  # fmt: skip
    close: dict[str, Any] = {"rel": tolerance, "abs": tolerance * 1e-3}
    for l in range(4):
        g, d = truth.gradients[l], truth.deltas[l]
        assert found["gradient_norm"][l] == pytest.approx(np.linalg.norm(g), **close)
        assert found["gradient_rms"][l] == pytest.approx(np.sqrt((g**2).mean()), **close)
        assert found["delta_rms"][l] == pytest.approx(np.sqrt((d**2).mean()), **close)
        assert found["weight_norm"][l] == pytest.approx(np.linalg.norm(truth.weights[l]), **close)
    for l in range(3):
        a, slope = truth.a[l + 1], np.abs(truth.slopes[l])
        assert found["activation_mean"][l] == pytest.approx(a.mean(), rel=tolerance, abs=tolerance)
        assert found["activation_std"][l] == pytest.approx(a.std(), **close)
        dead = np.count_nonzero(slope.max(axis=0) == 0)
        assert found["dead_units"][l] == dead
        assert found["dead_fraction"][l] == dead / a.shape[1]
        saturated = np.mean(slope < 0.05 * STEEPEST.get(label, 1.0))
        assert found["saturated_fraction"][l] == pytest.approx(saturated, abs=2e-3)
    for name in ("activation_mean", "activation_std", "dead_units", "dead_fraction",
                 "saturated_fraction"):  # fmt: skip
        assert math.isnan(found[name][3])  # the output layer has none


def test_dead_units_are_counted_over_all_examples() -> None:
    """Inputs of one sign and a large rate kill units of a ReLU; a leaky one cannot die."""
    split = classification(n=1300)
    split = replace(split, X_train=np.abs(split.X_train), X_test=np.abs(split.X_test))
    plan = recipe(split, hidden=(40,), steps=20, records=2, dtype="float64")
    counts = {}
    for label in ("relu", "leaky_relu:0.04", "tanh"):
        run = Run(plan, label, "torch", 3.0, 1)
        (result,) = train(split, Stack(plan, (run,)))
        truth = Recomputed(result, split)
        dead = int((truth.slopes[0].max(axis=0) == 0).sum())
        assert layers(result, "dead_units")[-1, 0] == dead
        counts[label] = dead
    assert counts["relu"] > 0
    assert counts["leaky_relu:0.04"] == counts["tanh"] == 0


def test_a_unit_that_lives_on_one_example_of_many_is_not_dead() -> None:
    split = classification(n=2100, test=0)
    X = -np.abs(split.X_train)
    X[2050] = 100.0  # in the third block of 1,024
    split = replace(split, X_train=X)
    plan = recipe(split, hidden=(30,), steps=1, records=2, dtype="float64")
    (result,) = train(split, grid(plan, rates=(1e-12,)))
    w = result.weights["initial_W1"]
    expected = np.count_nonzero((np.maximum(X @ w, 0) > 0).any(axis=0) == 0)
    assert layers(result, "dead_units")[0, 0] == expected
    alive_only_there = (X[2050] @ w > 0) & ~(np.delete(X, 2050, axis=0) @ w > 0).any(axis=0)
    assert alive_only_there.any()


# ------------------------------------------------------------------ curves


@pytest.mark.parametrize("classes", [2, 3])
def test_losses_and_accuracies_of_a_classifier(classes: int) -> None:
    split = classification(n=1100, classes=classes)
    binary = classes == 2
    choice: dict[str, Any] = {"loss": "binary_cross_entropy", "output": "sigmoid"} if binary else {}
    plan = recipe(split, dtype="float64", records=2, **choice)
    (result,) = train(split, grid(plan, ("tanh",)))
    w = [result.weights[f"final_{name}"] for name in ("W1", "b1", "W2", "b2", "W3", "b3")]
    for part, x, y in (
        ("train", split.X_train, split.y_train), ("test", split.X_test, split.y_test)
    ):  # fmt: skip
        z = np.tanh(np.tanh(x @ w[0] + w[1]) @ w[2] + w[3]) @ w[4] + w[5]
        p = special.expit(z[:, 0]) if binary else special.softmax(z, axis=1)
        predicted = p > 0.5 if binary else p.argmax(axis=1)
        assert curve(result, f"{part}_loss")[-1] == pytest.approx(log_loss(y, p), rel=1e-9)
        assert curve(result, f"{part}_accuracy")[-1] == accuracy_score(y, predicted)


@pytest.mark.parametrize("output", ["identity", "sigmoid", "relu"])
def test_two_classes_with_squared_error_are_cut_at_a_half(output: str) -> None:
    split = classification(classes=2)
    plan = recipe(split, dtype="float64", records=2, loss="mse", output=output)
    (result,) = train(split, grid(plan, ("tanh",), rates=(0.3,)))
    truth = Recomputed(result, split)
    z = truth.logits[:, 0]
    yhat = {"identity": z, "sigmoid": special.expit(z), "relu": np.maximum(z, 0)}[output]
    assert curve(result, "train_accuracy")[-1] == np.mean((yhat > 0.5) == split.y_train)
    assert curve(result, "train_loss")[-1] == pytest.approx(np.mean((yhat - split.y_train) ** 2))


@pytest.mark.parametrize("outputs", [1, 3])
def test_regression_against_scikit_learn(outputs: int) -> None:
    split = regression(n=1100, test=1050, outputs=outputs)
    plan = recipe(split, dtype="float64", steps=200, records=2)
    (result,) = train(split, grid(plan, ("tanh",)))
    w = [result.weights[f"final_{name}"] for name in ("W1", "b1", "W2", "b2", "W3", "b3")]
    yhat = np.tanh(np.tanh(split.X_test @ w[0] + w[1]) @ w[2] + w[3]) @ w[4] + w[5]
    r2 = result.outcome["test_r2"]
    assert r2 == pytest.approx(r2_score(split.y_test, yhat), rel=1e-9)
    assert isinstance(r2, float)
    assert r2 > 0.5
    assert result.outcome["test_loss"] == pytest.approx(np.mean((yhat - split.y_test) ** 2))
    assert result.outcome["test_accuracy"] is None
    assert np.isnan(curve(result, "train_accuracy")).all()


@pytest.mark.parametrize("classes", [True, False])
def test_without_a_test_part_its_columns_are_empty(classes: bool) -> None:
    split = classification(test=0) if classes else regression(test=0)
    (result,) = train(split, grid(recipe(split)))
    assert result.status == "finished"
    for name in ("test_loss", "test_accuracy", "test_r2"):
        assert result.outcome[name] is None
    assert np.isnan(curve(result, "test_loss")).all()
    assert np.isfinite(curve(result, "train_loss")).all()


def test_r2_of_a_constant_target_is_empty() -> None:
    split = regression(test=1)  # one example has no variance
    (result,) = train(split, grid(recipe(split)))
    assert result.outcome["test_r2"] is None
    assert result.outcome["test_loss"] is not None


# ------------------------------------------------------------------ small numbers


@pytest.mark.parametrize("deviation", ["0.1", "0.01", "0.001"])
def test_the_deviation_of_nearly_equal_activations(deviation: str) -> None:
    """Sigmoids near 1/2: the mean is thousands of times the deviation."""
    split = classification(n=1300)
    found = {}
    for dtype in ("float32", "float64"):
        plan = recipe(split, dtype=dtype, steps=1, records=2)
        run = Run(plan, "sigmoid", f"normal:{deviation}", 0.1, 0)
        (result,) = train(split, Stack(plan, (run,)))
        found[dtype] = layers(result, "activation_std")[0, :2]
    assert found["float32"] == pytest.approx(found["float64"], rel=1e-3)


def test_the_delta_of_a_net_that_is_almost_right() -> None:
    """Margins of 55: p = exp(-55) = 1e-24 for the wrong class, whose square float32 cannot hold."""
    sign = np.tile([1.0, -1.0], 64)
    split = Split(
        "line", "classification", ("a", "b"), sign[:, None], np.empty((0, 1)),
        (sign < 0).astype(np.int64), np.empty(0, np.int64), "line",
    )  # fmt: skip
    plan = recipe(split, hidden=())
    probe = Probe(plan, encode(split, plan))
    probe.attend(np.array([[27.5, -27.5, 0, 0]], np.float32), [ACTIVATIONS["relu"]])
    _, measured = probe.record()
    # the right class has p - 1 = 0 to the last bit
    found = measured[0, 0, LAYER_VALUES.index("delta_rms")]
    assert found == pytest.approx(math.exp(-55) / math.sqrt(2), rel=1e-5, abs=0)
