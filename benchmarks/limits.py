"""What the machine allows: the step's own matrix products, and its memory traffic, alone."""

from __future__ import annotations

from itertools import pairwise
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from work import Work

from nnlab.core.plan import largest_stack

Array = NDArray[Any]


class Products:
    """The matrix products of a step over stacks of the planner's size and nothing else."""

    def __init__(self, work: Work) -> None:
        recipe = work.stack.recipe
        self.runs = min(len(work.stack.runs), largest_stack(recipe))
        rng, batch, sizes = np.random.default_rng(0), recipe.batch_size, recipe.layer_sizes

        def array(*shape: int) -> Array:
            return rng.standard_normal((self.runs, *shape)).astype(recipe.dtype)

        # As they lie in nnlab: features before examples.
        self._a = [array(fan_in + 1, batch) for fan_in in sizes[:-1]]
        self._w = [array(fan_in + 1, fan_out) for fan_in, fan_out in pairwise(sizes)]
        self._z = [array(units, batch) for units in sizes[1:]]
        self._g = [np.empty_like(w) for w in self._w]
        self._back = [np.empty_like(z) for z in self._z]

    def advance(self, steps: int) -> float:
        """Forward, and both products of every layer's backward pass."""
        layers = range(len(self._w))
        start = process_time()
        for _ in range(steps):
            for l in layers:
                np.matmul(self._a[l].mT, self._w[l], out=self._back[l].mT)
            for l in reversed(layers):
                np.matmul(self._a[l], self._z[l].mT, out=self._g[l])
                if l:
                    np.matmul(self._z[l].mT, self._w[l][:, :-1].mT, out=self._back[l - 1].mT)
        return process_time() - start

    def losses(self) -> Array:
        """None."""
        return np.empty(0)


class Bandwidth:
    """STREAM's add, a + b -> c, over as many numbers as the element-wise passes of a step touch.

    Passes over the hidden units: the activation, its derivative and their product; over the
    parameters: the update. A lower bound on what is not a matrix product.
    """

    def __init__(self, work: Work) -> None:
        recipe = work.stack.recipe
        self.runs = min(len(work.stack.runs), largest_stack(recipe))
        units = sum(recipe.hidden_layer_sizes) * recipe.batch_size
        parameters = sum((a + 1) * b for a, b in pairwise(recipe.layer_sizes))
        self._passes = [
            [np.ones((self.runs, items), recipe.dtype) for _ in range(3)]
            for items in (units, units, units, parameters)
        ]

    def advance(self, steps: int) -> float:
        """One addition a pass."""
        start = process_time()
        for _ in range(steps):
            for a, b, c in self._passes:
                np.add(a, b, out=c)
        return process_time() - start

    def losses(self) -> Array:
        """None."""
        return np.empty(0)
