"""What is measured of a stack in training, and when.

Measuring reads the parameters and nothing else: no randomness, no state of the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Examples, Part
from nnlab.core.nn.activations import Activation
from nnlab.core.nn.buffers import Buffers
from nnlab.core.nn.losses import OUTPUTS, PAIRS
from nnlab.core.nn.mlp import MLP, layer_views
from nnlab.core.plan import Recipe, runs_measured_at_once
from nnlab.core.quantities import CURVE_VALUES, LAYER_VALUES, PROBE_EXAMPLES

Array = NDArray[Any]

SATURATED_BELOW = 0.05
"""A unit is saturated on an example where |f'| is below this share of max |f'|."""

_SAFE_SQUARES = 1e-30, 1e30
_NARROW = 1e-5
_CURVE = {name: i for i, name in enumerate(CURVE_VALUES)}
_LAYER = {name: i for i, name in enumerate(LAYER_VALUES)}


def record_steps(recipe: Recipe) -> list[int]:
    """The steps at which everything is measured: evenly spread, first and last included."""
    return sorted({round(s) for s in np.linspace(0, recipe.steps, recipe.records).tolist()})


def target_steps(recipe: Recipe) -> list[int]:
    """The further steps at which the training loss is compared with `target_loss`.

    Steps a factor 1.05 apart, so that the time to the target is known to a few per cent before
    interpolation; none without a target.
    """
    if recipe.target_loss is None:
        return []
    factors = 1.05 ** np.arange(np.log(max(recipe.steps, 1)) / np.log(1.05) + 1)
    return sorted({round(s) for s in factors.tolist() if s <= recipe.steps})


class Probe:
    """Measures the nets of a stack, some at a time, over a split."""

    def __init__(self, recipe: Recipe, examples: Examples) -> None:
        """Allocates nothing yet: buffers come with the first measurement and are kept."""
        self._recipe, self._examples = recipe, examples
        self._buffers: dict[tuple[int, int], Buffers] = {}
        self._nets: dict[tuple[int, int, int], MLP] = {}
        self._parameters: Array | None = None
        self._activations: Sequence[Activation] = ()
        self._chunk = runs_measured_at_once(recipe)

    def attend(self, parameters: Array, activations: Sequence[Activation]) -> None:
        """Measure these nets from now on: `(runs, parameters)`, one activation a run."""
        self._parameters, self._activations = parameters, activations
        self._nets.clear()
        self._buffers.clear()

    def train_loss(self) -> Array:
        """Loss over the whole training part, `(runs,)` float64."""
        return np.concatenate(
            [self._evaluate(chunk, self._examples.train)[0] for chunk in self._chunks()]
        )

    def record(self, *, of_layers: bool = True) -> tuple[Array, Array]:
        """One record: `(runs, CURVE_VALUES)` and `(runs, layers, LAYER_VALUES)`, float64.

        `update_ratio` is left NaN: it belongs to the step that follows. Without `of_layers` all
        columns of the layers are NaN, for half the time.
        """
        parts = [self._measure(chunk, of_layers) for chunk in self._chunks()]
        curves, layers = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if of_layers and self._recipe.dtype == "float32":
            doubtful = _beyond_single(layers)
            if doubtful.any():
                layers[doubtful] = self._layers_in_double(doubtful)
        return curves, layers

    def _layers_in_double(self, which: Array) -> Array:
        """The layers of some runs once more, in float64."""
        assert self._parameters is not None
        train, test = (
            replace(part, x=part.x.astype(np.float64), y=part.y.astype(np.float64))
            for part in (self._examples.train, self._examples.test)
        )
        double = Probe(replace(self._recipe, dtype="float64"), Examples(train, test))
        chosen = np.flatnonzero(which)
        double.attend(
            self._parameters[chosen].astype(np.float64),
            [self._activations[i] for i in chosen.tolist()],
        )
        return double.record()[1]

    def test_r2(self) -> Array:
        """Coefficient of determination on the test part, mean over outputs, `(runs,)`."""
        part = self._examples.test
        y = part.y.astype(np.float64)
        total = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        values = []
        for chunk in self._chunks():
            residual = np.zeros((chunk.stop - chunk.start, len(y)))
            for start, stop in _blocks(len(part)):
                x, targets = part.rows(start, stop)
                logits = self._net(chunk, stop - start).forward(x)
                predicted = OUTPUTS[self._recipe.output].function(np.array(logits))
                residual += ((predicted - targets).astype(np.float64) ** 2).sum(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                values.append((1 - residual / total).mean(axis=1))
        return np.concatenate(values)

    def _chunks(self) -> list[slice]:
        assert self._parameters is not None
        runs = len(self._parameters)
        starts = range(0, runs, self._chunk)
        return [slice(start, min(start + self._chunk, runs)) for start in starts]

    def _net(self, chunk: slice, batch_size: int) -> MLP:
        """The nets of `chunk` over buffers that all chunks share."""
        assert self._parameters is not None
        size = chunk.stop - chunk.start
        key = (chunk.start, size, batch_size)
        if key not in self._nets:
            if (size, batch_size) not in self._buffers:
                self._buffers[size, batch_size] = Buffers.allocate(
                    self._recipe.layer_sizes, size, batch_size, self._recipe.dtype,
                    keep_z=any(f.needs_z for f in self._activations), keep_slopes=True,
                )  # fmt: skip
            recipe = self._recipe
            self._nets[key] = MLP(
                recipe.layer_sizes, self._activations[chunk], PAIRS[recipe.loss, recipe.output],
                self._parameters[chunk], batch_size, buffers=self._buffers[size, batch_size],
            )  # fmt: skip
        return self._nets[key]

    def _evaluate(self, chunk: slice, part: Part) -> tuple[Array, Array]:
        """Mean loss and share of correct examples over `part`, each `(chunk,)`; NaN if empty."""
        loss, correct = np.zeros(chunk.stop - chunk.start), np.zeros(chunk.stop - chunk.start)
        for start, stop in _blocks(len(part)):
            x, y = part.rows(start, stop)
            net = self._net(chunk, stop - start)
            net.forward(x)
            self._add_loss(net, y, loss, correct)
        n = len(part) or np.nan
        return loss / n, correct / n

    def _add_loss(self, net: MLP, y: Array, loss: Array, correct: Array) -> None:
        if self._examples.train.classes:
            correct += _count_correct(net.buffers.logits, y, self._recipe.output)
        loss += net.loss(y).sum(axis=1, dtype=np.float64)

    def _measure(self, chunk: slice, of_layers: bool) -> tuple[Array, Array]:
        runs, layers = chunk.stop - chunk.start, len(self._recipe.layer_sizes) - 1
        curve = np.full((runs, len(_CURVE)), np.nan)
        layer = np.full((runs, layers, len(_LAYER)), np.nan)
        part = self._examples.train
        units = _HiddenUnits(self._recipe, runs) if of_layers else None
        loss, correct = np.zeros(runs), np.zeros(runs)
        for start, stop in _blocks(len(part)):
            x, y = part.rows(start, stop)
            net = self._net(chunk, stop - start)
            net.forward(x)
            if units is not None:
                units.add(net)
            self._add_loss(net, y, loss, correct)
            if units is not None and start == 0:
                self._measure_gradients(net, layer)
        if units is not None:
            units.write(layer)
        test_loss, test_correct = self._evaluate(chunk, self._examples.test)
        curve[:, _CURVE["train_loss"]] = loss / len(part)
        curve[:, _CURVE["test_loss"]] = test_loss
        if self._examples.train.classes:
            curve[:, _CURVE["train_accuracy"]] = correct / len(part)
            curve[:, _CURVE["test_accuracy"]] = test_correct
        return curve, layer

    def _measure_gradients(self, net: MLP, out: Array) -> None:
        """Gradient, delta and weight magnitudes of every layer, after `net.loss`."""

        def visit(layer: int) -> None:
            delta = net.delta(layer).swapaxes(1, 2)  # one row a unit, as it lies in memory
            squares = _squares(delta), _squares(net.weight_gradient(layer))
            # Both are held times 2^exponent, and summed, not averaged.
            held = np.exp2(-net.exponents[layer - 1].astype(np.float64))
            row = out[:, layer - 1]
            row[:, _LAYER["delta_rms"]] = np.sqrt(squares[0] / delta[0].size) * held
            norm = np.sqrt(squares[1]) * held / net.batch_size
            row[:, _LAYER["gradient_norm"]] = norm
            row[:, _LAYER["gradient_rms"]] = norm / np.sqrt(net.weights(layer)[0].size)
            row[:, _LAYER["weight_norm"]] = np.sqrt(_squares(net.weights(layer)))

        net.backward(1.0, visit)


class _HiddenUnits:
    """Running statistics of the hidden units over the blocks of the training part."""

    def __init__(self, recipe: Recipe, runs: int) -> None:
        hidden = recipe.hidden_layer_sizes
        self._examples = 0
        self._steepest = [np.zeros((runs, units)) for units in hidden]
        self._saturated = np.zeros((runs, len(hidden)))
        self._sum = np.zeros((runs, len(hidden)))
        self._squares = np.zeros((runs, len(hidden)))
        self._units = np.array(hidden, dtype=np.float64)
        block = min(PROBE_EXAMPLES, recipe.train_examples)
        self._low = np.empty(runs * max(hidden, default=0) * block, bool)

    def add(self, net: MLP) -> None:
        """Take in the nets' last forward pass."""
        self._examples += net.batch_size
        ones = np.ones(net.batch_size, net.parameters.dtype)
        for l in range(net.depth):
            a = net.buffers.activations[l][:, :-1]
            # one BLAS product or dot a unit over its examples, the units summed in float64
            self._sum[:, l] += (a @ ones).sum(axis=1, dtype=np.float64)
            self._squares[:, l] += np.vecdot(a, a).sum(axis=1, dtype=np.float64)
            slope = net.slope(l + 1)
            if not all(f.monotone for _, f in net.slices):  # else f' >= 0 as it is
                slope = np.abs(slope, out=net.buffers.scratch[l][:, :-1])
            steepest = np.maximum.reduce(slope, axis=2)
            np.maximum(self._steepest[l], steepest, out=self._steepest[l])
            low = self._low[: slope.size].reshape(slope.shape)
            np.less(slope, self._threshold(net), out=low)
            self._saturated[:, l] += [np.count_nonzero(run) for run in low]

    def _threshold(self, net: MLP) -> Array:
        """The slope below which each run's units are saturated, `(runs, 1, 1)`."""
        steepest = [f.max_slope for runs, f in net.slices for _ in range(runs.start, runs.stop)]
        return np.array(steepest, net.parameters.dtype)[:, None, None] * SATURATED_BELOW

    def write(self, out: Array) -> None:
        """Fill the hidden layers' columns of `(runs, layers, LAYER_VALUES)`."""
        pairs = self._units * self._examples
        mean = self._sum / pairs
        hidden = out[:, : len(self._units)]
        hidden[..., _LAYER["activation_mean"]] = mean
        variance = np.maximum(self._squares / pairs - mean * mean, 0)
        hidden[..., _LAYER["activation_std"]] = np.sqrt(variance)
        for l, steepest in enumerate(self._steepest):
            dead = (steepest == 0).sum(axis=1)
            hidden[:, l, _LAYER["dead_units"]] = dead
            hidden[:, l, _LAYER["dead_fraction"]] = dead / self._units[l]
        hidden[..., _LAYER["saturated_fraction"]] = self._saturated / pairs


def _beyond_single(layers: Array) -> Array:
    """Runs whose layers float32 cannot measure, `(runs,)`.

    Their activations are so small or large that squares leave its range, or so nearly equal that
    their deviation is lost in the rounding of their mean.
    """
    hidden = layers[:, :-1]
    mean = hidden[..., _LAYER["activation_mean"]] ** 2
    variance = hidden[..., _LAYER["activation_std"]] ** 2
    size = mean + variance
    beyond = (size > 0) & ((size < _SAFE_SQUARES[0]) | (size > _SAFE_SQUARES[1]))
    return np.asarray((beyond | (variance < _NARROW * mean)).any(axis=1))


def update_ratios(before: Array, after: Array, layer_sizes: Sequence[int]) -> Array:
    """|W_after - W_before| / |W_before| of each layer without biases, `(runs, layers)`."""
    old = layer_views(before, layer_sizes)
    moved = layer_views(after - before, layer_sizes)
    ratios = np.empty((len(before), len(old)))
    for l, (weights, change) in enumerate(zip(old, moved, strict=True)):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios[:, l] = np.sqrt(_squares(change[:, :-1]) / _squares(weights[:, :-1]))
    return ratios


def _squares(values: Array) -> Array:
    """Sum of squares of each run of `(runs, n)` or `(runs, m, n)`, `(runs,)` float64.

    A BLAS dot a row in the runs' own precision, the rows summed in float64; again all in float64
    where single precision's squares leave their range (the gradient behind tiny or huge
    activations).
    """
    total = _sum_of_squares(values)
    unsafe = ~((total > _SAFE_SQUARES[0]) & (total < _SAFE_SQUARES[1]))
    if unsafe.any():
        total[unsafe] = _sum_of_squares(values[unsafe].astype(np.float64))
    return total


def _sum_of_squares(values: Array) -> Array:
    # Contiguous, or a single run's rows would be summed in another order than a stack's.
    rows = np.ascontiguousarray(np.vecdot(values, values)).reshape(len(values), -1)
    return np.asarray(rows.sum(axis=1, dtype=np.float64))


def _count_correct(logits: Array, y: Array, output: str) -> Array:
    """Correctly classified examples of each run; `logits` `(outputs, runs, batch)`.

    With several outputs the largest logit decides, the first of equal ones, as argmax has it (which
    is five times slower here).
    """
    if len(logits) == 1:
        threshold = 0.0 if output == "sigmoid" else 0.5
        return np.asarray(((logits[0] > threshold) == (y[..., 0] > 0.5)).sum(axis=-1))
    peak = np.maximum.reduce(logits, axis=0)
    largest = logits == peak
    if np.count_nonzero(largest) != peak.size or np.isnan(peak).any():  # ties, or NaN
        return np.asarray((logits.argmax(axis=0) == y.argmax(axis=-1)).sum(axis=-1))
    true = y.transpose(2, 0, 1) > 0.5
    right = np.logical_or.reduce(np.logical_and(largest, true, out=largest), axis=0)
    return np.array([np.count_nonzero(run) for run in right])


def _blocks(n: int) -> list[tuple[int, int]]:
    return [(start, min(start + PROBE_EXAMPLES, n)) for start in range(0, n, PROBE_EXAMPLES)]
