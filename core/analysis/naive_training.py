"""One stack trained with the loss in two forms: the stable one of `nn.losses`, and the naive one.

The five steps are those of `core.train`, on the same net, batches and optimizer; only the pair of
loss and output is handed in, because the naive pair is no row of the table of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Batches, Examples
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.losses import Pair
from nnlab.core.nn.mlp import MLP
from nnlab.core.nn.optimizers import OPTIMIZERS, Update, apply_update
from nnlab.core.plan import Stack
from nnlab.core.train import initial_stack

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What was seen at each step."""

    losses: Array
    """(runs, steps): the batch's loss before the step's update."""
    largest: Array
    """(runs, steps): the largest |logit| of the batch."""

    @property
    def survived(self) -> Array:
        """(runs,): the share of the steps before the loss is NaN. Weights that are NaN stay so."""
        return np.asarray((~np.isnan(self.losses)).cumprod(axis=1).mean(axis=1))

    @property
    def dead_at(self) -> tuple[int | None, ...]:
        """For each run the first step whose loss is NaN; None where none is."""
        bad = np.isnan(self.losses)
        return tuple(int(row.argmax()) if row.any() else None for row in bad)

    @property
    def infinite(self) -> tuple[int, ...]:
        """For each run how many steps had an infinite loss, whose gradient is still a number."""
        return tuple(int(count) for count in np.isposinf(self.losses).sum(axis=1))


def train_with(pair: Pair, stack: Stack, examples: Examples) -> Watched:
    """Train the runs of `stack` with `pair`, whatever becomes of them."""
    recipe, runs = stack.recipe, stack.runs
    parameters = initial_stack(stack)
    batches = Batches(examples.train, [run.seed for run in runs], recipe.batch_size)
    net = MLP(
        recipe.layer_sizes, [find_activation(run.activation) for run in runs], pair, parameters,
        recipe.batch_size, streams=batches.streams,
    )  # fmt: skip
    optimizer, hyperparameters = OPTIMIZERS[recipe.optimizer], dict(recipe.hyperparameters)
    rates = np.array([[run.learning_rate] for run in runs], parameters.dtype)
    state = tuple(np.zeros_like(parameters) for _ in range(optimizer.slots))
    scratch = np.empty_like(parameters)
    losses, largest = (np.empty((len(runs), recipe.steps)) for _ in range(2))
    with np.errstate(all="ignore"):  # a loss that is no number is what is looked for
        for step in range(recipe.steps):
            x, y = batches.next()
            logits = net.forward(x)
            largest[:, step] = np.abs(logits).max(axis=(1, 2))
            losses[:, step] = net.loss(y).mean(axis=1)
            net.zero_gradients()
            net.backward()
            update = Update(parameters, net.gradients, rates, state, scratch, step + 1)
            apply_update(optimizer, update, hyperparameters)
    return Watched(losses, largest)
