"""Which hidden units are silent, one by one over training: what `layers.parquet` cannot tell.

Its `dead_units` is a count a layer, and a count that stays hides a unit that died while another
came back. Here the runs of a study are trained once more, by the same engine, and every unit's
state is kept. A unit is silent when its pre-activation is positive for no training
example; a silent ReLU is dead (its gradient is exactly 0), a silent LeakyReLU still learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Examples
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP
from nnlab.core.plan import Run, Stack
from nnlab.core.train import Training

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
    diverges has pre-activations that are not numbers, and no state (ValueError).
    """
    training = _WatchedTraining(Stack(runs[0].recipe, tuple(runs)), examples, every)
    with np.errstate(all="ignore"):  # as `train_stack` has it
        training.results(None)
    layers = tuple(np.stack(layer) for layer in zip(*training.states, strict=True))
    return UnitHistory(tuple(training.moments), layers)


class _WatchedTraining(Training):
    """The engine, with a look at every unit now and then."""

    def __init__(self, stack: Stack, examples: Examples, every: int) -> None:
        super().__init__(stack, examples, measure=False)
        self.every, self.moments = every, list[int]()
        self.states: list[list[Array]] = []
        """One a moment: whether each unit is silent, (runs, units) a layer."""
        self.inputs = examples.train.rows(0, len(examples.train))[0]
        self.whole = MLP(
            self.recipe.layer_sizes, [find_activation(run.activation) for run in self.runs],
            PAIRS[self.recipe.loss, self.recipe.output], self.parameters, len(examples.train),
            streams=1,
        )  # fmt: skip

    def look(self, step: int) -> None:
        """Before the update of this step, and after the last one."""
        super().look(step)
        if len(self.alive) < len(self.runs):
            gone = next(r for i, r in enumerate(self.runs) if i not in self.alive)
            raise ValueError(f"run {gone.id} ended before its last step: its units have no state")
        if step % self.every == 0 or step == self.recipe.steps:
            self.moments.append(step)
            self.whole.forward(self.inputs)
            self.states.append(
                [self.whole.activations(l).max(axis=1) <= 0 for l in range(1, self.whole.depth + 1)]
            )
