"""Backpropagation against central differences: dL/dw = (L(w + h) - L(w - h)) / 2h + O(h^2).

Every perturbed copy of a net is one run of a single `MLP`, so that all differences of a net cost
two forward passes. A difference across a kink of an activation (or of the output) measures
neither of its two slopes: where a pre-activation lies on one side of a kink at +h and on the other
at -h, the coordinate is skipped and counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.nn.activations import ACTIVATIONS, Activation
from nnlab.core.nn.buffers import Buffers
from nnlab.core.nn.losses import OUTPUTS, PAIRS, Pair
from nnlab.core.nn.mlp import MLP, count_parameters, layer_views, with_ones

Array = NDArray[np.float64]

STEP = 1e-5
"""h: rounding costs about 1e-16 / h of a difference, the curvature h^2."""
TOLERANCE = 1e-7
"""A correct gradient comes out near 1e-10, a wrong one near 1."""
FEATURES, WIDTH, OUTPUT_UNITS, EXAMPLES = 4, 6, 3, 6
"""The net that is checked: inputs, units of each hidden layer, outputs; and its batch."""


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """How far backpropagation and central differences are apart for one kind of net."""

    activation: str
    loss: str
    output: str
    depth: int
    """Hidden layers."""
    error: float
    """|a - n| / (|a| + |n|) over the whole gradient, a by backpropagation, n by differences."""
    skipped: int
    """Coordinates left out because a kink lies between +h and -h."""
    coordinates: int
    """Coordinates (or directions) in all."""
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether the two agree, on at least one coordinate."""
        return self.error < self.tolerance


def check_gradients(
    activations: Iterable[Activation] | None = None,
    pairs: Iterable[Pair] | None = None,
    depths: Sequence[int] = (1, 2, 3, 4, 5),
    seed: int = 0,
    directions: int | None = None,
) -> Iterator[GradientCheck]:
    """One check for every activation, loss/output pair and depth; all rows of the tables if None.

    With `directions` the gradient is compared along so many random unit vectors instead of along
    every coordinate: each touches every weight at once.
    """
    chosen = tuple(PAIRS.values()) if pairs is None else tuple(pairs)
    for activation in ACTIVATIONS.values() if activations is None else activations:
        for pair in chosen:
            for depth in depths:
                yield _check(_Problem(activation, pair, depth, seed), directions)


class _Problem:
    """A small net with its batch, from a seed."""

    def __init__(self, activation: Activation, pair: Pair, depth: int, seed: int) -> None:
        self.activation, self.pair, self.depth = activation, pair, depth
        self.layer_sizes = (FEATURES, *[WIDTH] * depth, OUTPUT_UNITS)
        self.rng = np.random.default_rng(seed)
        self.x = with_ones(self.rng.standard_normal((EXAMPLES, FEATURES)), np.float64)[None]
        self.y = np.eye(OUTPUT_UNITS)[self.rng.integers(OUTPUT_UNITS, size=EXAMPLES)][None]
        self.parameters = self._draw()

    def _draw(self) -> Array:
        """Parameters under which every layer's gradient counts.

        Weights of variance 1/(max|f'|^2 fan_in): in a deep sigmoid net the first layer's gradient
        would else be lost beside the last one's. Biases that centre every unit's pre-activation
        over the batch: no ReLU, in a hidden layer or at the output, is 0 on all of it.
        """
        flat = self.rng.standard_normal((1, count_parameters(self.layer_sizes)))
        net = self.net(flat)
        for l, layer in enumerate(layer_views(flat, self.layer_sizes), start=1):
            layer[:, :-1] /= self.activation.max_slope * np.sqrt(layer.shape[1] - 1)
            net.forward(self.x)
            layer[:, -1] -= net.pre_activations(l).mean(axis=1)
        return np.asarray(flat[0])

    def net(self, parameters: Array) -> MLP:
        """Nets with these parameters `(runs, parameters)`, all on the one batch."""
        runs = len(parameters)
        buffers = Buffers.allocate(self.layer_sizes, runs, EXAMPLES, np.float64, keep_z=True)
        return MLP(
            self.layer_sizes,
            [self.activation] * runs,
            self.pair,
            parameters,
            EXAMPLES,
            buffers=buffers,
        )

    def gradient(self) -> Array:
        """By backpropagation, `(parameters,)`."""
        net = self.net(self.parameters[None])
        net.forward(self.x)
        net.loss(self.y)
        net.zero_gradients()
        net.backward()
        return np.asarray(net.gradients[0])

    def losses_and_sides(self, parameters: Array) -> tuple[Array, NDArray[np.bool_]]:
        """The mean loss of each net, and on which side of every kink its pre-activations lie."""
        net = self.net(parameters)
        net.forward(self.x)
        kinks = [self.activation.kinks] * self.depth + [OUTPUTS[self.pair.output].kinks]
        sides = [
            sides_of_kinks(net.pre_activations(l), found) for l, found in enumerate(kinks, start=1)
        ]
        return net.loss(self.y).mean(axis=1), np.concatenate(sides, axis=1)


def sides_of_kinks(z: NDArray[Any], kinks: Sequence[float]) -> NDArray[np.bool_]:
    """Whether each z `(runs, examples, units)` lies above each kink, flat per run."""
    above = [(z > kink).reshape(len(z), -1) for kink in kinks]
    return np.concatenate([np.empty((len(z), 0), np.bool_), *above], axis=1)


def central_differences(
    losses_and_sides: Callable[[Array], tuple[Array, NDArray[np.bool_]]],
    parameters: Array,
    along: Array,
    step: float,
) -> tuple[Array, NDArray[np.bool_]]:
    """(L(w + h u) - L(w - h u)) / 2h along each row u of `along`, and where that is a slope.

    `losses_and_sides` takes parameters `(runs, parameters)` and gives each net's loss and on which
    side of every kink its pre-activations lie (`sides_of_kinks`); where the two nets of a
    difference lie on different sides the second answer is False.
    """
    above, sides_above = losses_and_sides(parameters + step * along)
    below, sides_below = losses_and_sides(parameters - step * along)
    return (above - below) / (2 * step), (sides_above == sides_below).all(axis=1)


def _check(problem: _Problem, directions: int | None) -> GradientCheck:
    count = len(problem.parameters)
    along = np.eye(count)
    if directions is not None:
        along = problem.rng.standard_normal((directions, count))
        along /= np.linalg.norm(along, axis=1, keepdims=True)
    slopes, smooth = central_differences(problem.losses_and_sides, problem.parameters, along, STEP)
    numerical = slopes[smooth]
    analytical = (along @ problem.gradient())[smooth]
    return GradientCheck(
        activation=problem.activation.label,
        loss=problem.pair.loss,
        output=problem.pair.output,
        depth=problem.depth,
        error=relative_error(analytical, numerical),
        skipped=int(np.count_nonzero(~smooth)),
        coordinates=len(along),
    )


def relative_error(a: Array, n: Array) -> float:
    """|a - n| / (|a| + |n|); NaN, which passes no check, where there is nothing to compare."""
    total = float(np.linalg.norm(a) + np.linalg.norm(n))
    return float(np.linalg.norm(a - n)) / total if total else math.nan
