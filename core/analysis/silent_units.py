"""Which hidden units are silent, one by one over training: what `layers.parquet` cannot tell.

Its `dead_units` is a count a layer, and a count that stays hides a unit that died while another
came back. Here the runs of a study are trained once more, bit for bit as `train` does it, and
every unit's state is kept. A unit is silent when its pre-activation is positive for no training
example; a silent ReLU is dead (its gradient is exactly 0), a silent LeakyReLU still learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Batches, Examples
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP
from nnlab.core.nn.optimizers import OPTIMIZERS, Update, apply_update
from nnlab.core.plan import Run, Stack
from nnlab.core.train import initial_stack

Array = NDArray[Any]


@dataclass(frozen=True)
class UnitHistory:
    """The state of every hidden unit of some runs at some steps."""

    steps: tuple[int, ...]
    silent: tuple[Array, ...]
    """One a hidden layer, bool (moments, runs, units)."""

    def share(self, layer: int) -> Array:
        """The share of silent units of `layer` (from 1), (moments, runs)."""
        return np.asarray(self.silent[layer - 1].mean(axis=2))

    def ever_silent(self) -> Array:
        """Units of all hidden layers that were silent at some moment, (runs,)."""
        return np.asarray(sum(layer.any(axis=0).sum(axis=1) for layer in self.silent))

    def revived(self, layer: int | None = None) -> Array:
        """Units that were silent at one moment and not at a later one, (runs,).

        A lower bound: a unit may come and go between two moments. Of one layer, or of all.
        """
        layers = self.silent if layer is None else (self.silent[layer - 1],)
        return np.asarray(sum(_woken(states).sum(axis=1) for states in layers))


def _woken(states: Array) -> Array:
    """Whether each unit was silent at one moment and not at the next, (runs, units)."""
    return np.asarray((states[:-1] & ~states[1:]).any(axis=0))


def unit_history(runs: Sequence[Run], examples: Examples, every: int) -> UnitHistory:
    """Train `runs`, which share a recipe and equal activations side by side, and watch the units.

    Looked at every `every` steps, first and last included. For runs that finish: one that
    diverges has pre-activations that are not numbers, and no state. The learning rate is constant
    (ValueError), as the schedule is `train`'s business.
    """
    recipe = runs[0].recipe
    if recipe.schedule != "constant" or recipe.warmup_steps:
        raise ValueError(f"the learning rate is constant here, not {recipe.schedule}")
    activations = [find_activation(run.activation) for run in runs]
    parameters = initial_stack(Stack(recipe, tuple(runs)))
    batches = Batches(examples.train, [run.seed for run in runs], recipe.batch_size)
    pair = PAIRS[recipe.loss, recipe.output]
    sizes, size = recipe.layer_sizes, recipe.batch_size
    net = MLP(sizes, activations, pair, parameters, size, streams=batches.streams)
    whole = MLP(sizes, activations, pair, parameters, len(examples.train), streams=1)
    step = _Step(net, runs)
    moments = [s for s in range(recipe.steps) if s % every == 0]
    states: list[list[Array]] = []
    for t in range(recipe.steps):
        if t in moments:
            states.append(_silent(whole, examples))
        step.make(t, *batches.next())
    states.append(_silent(whole, examples))
    layers = tuple(np.stack(layer) for layer in zip(*states, strict=True))
    return UnitHistory((*moments, recipe.steps), layers)


class _Step:
    """One update of a stack, as `train` makes it."""

    def __init__(self, net: MLP, runs: Sequence[Run]) -> None:
        recipe, parameters = runs[0].recipe, net.parameters
        self.net, self.optimizer = net, OPTIMIZERS[recipe.optimizer]
        self.hyperparameters = dict(recipe.hyperparameters)
        self.rates = np.array([[run.learning_rate] for run in runs], parameters.dtype)
        self.state = tuple(np.zeros_like(parameters) for _ in range(self.optimizer.slots))
        self.scratch = np.empty_like(parameters)
        self.folds_rate = self.optimizer.linear and not self.hyperparameters["weight_decay"]
        self.signal = np.full(len(runs), 1 / recipe.batch_size, parameters.dtype)
        if self.folds_rate:
            self.signal *= self.rates[:, 0]

    def make(self, step: int, x: Array, y: Array) -> None:
        net = self.net
        net.forward(x)
        net.loss(y)
        net.zero_gradients()
        net.backward(self.signal)
        if self.folds_rate:
            np.subtract(net.parameters, net.gradients, out=net.parameters)
            return
        update = Update(
            net.parameters, net.gradients, self.rates, self.state, self.scratch, step + 1
        )
        apply_update(self.optimizer, update, self.hyperparameters)


def _silent(net: MLP, examples: Examples) -> list[Array]:
    """Whether each unit's output is positive for no training example, (runs, units) a layer."""
    net.forward(examples.train.rows(0, len(examples.train))[0])
    return [net.activations(l).max(axis=1) <= 0 for l in range(1, net.depth + 1)]
