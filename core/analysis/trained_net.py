"""A net that was trained, from its saved weights: what each of its steps does to points.

It is `nn.mlp` again over the parameters of `weights/<run>.npz`, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nnlab.core.errors import StoreError
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.buffers import Buffers
from nnlab.core.nn.losses import OUTPUTS, PAIRS
from nnlab.core.nn.mlp import MLP, flat_parameters, with_ones

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Points after one step of a net."""

    kind: Literal["input", "linear", "activation"]
    layer: int
    """1 is nearest the input; 0 for the input itself."""
    points: Array
    """(n, units)"""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedNet:
    """One net: weights (in, out) and biases (out,) a layer, the activation, the output's pair."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: str
    loss: str
    output: str

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Input and output included."""
        return (self.weights[0].shape[0], *(W.shape[1] for W in self.weights))

    def stages(self, x: Array) -> list[Stage]:
        """Where the points `x` (n, features) are after every linear and non-linear step.

        From the input to the last hidden layer's activation; the logits are not among them.
        """
        net = self._forward(x)
        stages = [Stage("input", 0, x)]
        for layer in range(1, net.depth + 1):
            stages.append(Stage("linear", layer, net.pre_activations(layer)[0].copy()))
            stages.append(Stage("activation", layer, net.activations(layer)[0].copy()))
        return stages

    def logits(self, x: Array) -> Array:
        """(n, outputs)."""
        return np.asarray(self._forward(x).buffers.logits[:, 0].T.copy())

    def predict(self, x: Array) -> Array:
        """What the output layer says, (n, outputs): probabilities for a classification."""
        return np.asarray(OUTPUTS[self.output].function(self.logits(x)))

    def accuracy(self, x: Array, y: NDArray[np.int64]) -> float:
        """Share of the points `x` whose class `y` (0 or 1) is predicted by one output unit."""
        return float(((self.logits(x)[:, 0] > 0) == (y == 1)).mean())

    def _forward(self, x: Array) -> MLP:
        activation, sizes = find_activation(self.activation), self.layer_sizes
        flat = flat_parameters(zip(self.weights, self.biases, strict=True))[None]
        buffers = Buffers.allocate(sizes, 1, len(x), np.float64, keep_z=True)
        pair = PAIRS[self.loss, self.output]
        net = MLP(sizes, [activation], pair, flat, len(x), buffers=buffers)
        net.forward(with_ones(x, np.float64)[None])
        return net


def load_net(
    folder: Path,
    run: str,
    activation: str,
    loss: str,
    output: str,
    when: Literal["initial", "final"] = "final",
) -> TrainedNet:
    """The net of `run` after its last step (or before its first), from saved weights.

    `folder` is the results folder of a study with `save_weights: true`.

    Raises `StoreError` where the file is missing or damaged.
    """
    path = folder / "weights" / f"{run}.npz"
    try:
        with np.load(path, allow_pickle=False) as saved:
            layers = range(1, sum(name.startswith(f"{when}_W") for name in saved.files) + 1)
            weights = tuple(saved[f"{when}_W{l}"].astype(np.float64) for l in layers)
            biases = tuple(saved[f"{when}_b{l}"].astype(np.float64) for l in layers)
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path} cannot be read: {error}; train again with --force") from error
    if not weights:
        raise StoreError(f"{path} holds no {when} weights; train again with --force")
    return TrainedNet(weights, biases, activation, loss, output)


def readout_accuracy(points: Array, y: NDArray[np.int64]) -> float:
    """How well a straight line separates two classes: the least-squares fit to -1 and 1.

    No invertible affine map of the points changes it: it says what the map before has achieved.
    """
    design = with_ones(points, np.float64)
    target = np.where(y == 1, 1.0, -1.0)
    coefficients, *_ = np.linalg.lstsq(design, target, rcond=None)
    return float(((design @ coefficients > 0) == (y == 1)).mean())
