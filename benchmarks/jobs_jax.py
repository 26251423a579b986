"""Whole jobs in JAX: the same weights, batches and rates; evaluated before and after."""

from __future__ import annotations

from itertools import groupby
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers_jax import compiled, evaluated, initial_state

from nnlab.core.batches import Batches, Examples, Part, encode
from nnlab.core.nn.mlp import layer_views
from nnlab.core.plan import Plan, Run, Stack
from nnlab.core.train import initial_stack

Array = NDArray[Any]

MOST_RUNS = 64
"""Runs a vmap trains: 50 to 64 of 2 x 64 took 1.25 to 1.6 times less a run than 2,000 at once."""
MOST_STEPS = 100
"""Steps a compiled call makes."""


def train(plan: Plan) -> tuple[float, float, dict[str, float]]:
    """Seconds with and without compilation, and each run's final training loss by its id."""
    import jax

    start = perf_counter()
    examples = encode(plan.split, plan.runs[0].recipe)
    data = [
        tuple(map(jax.numpy.asarray, part)) for part in map(_plain, (examples.train, examples.test))
    ]
    warm, compiling = perf_counter() - start, 0.0
    losses: dict[str, float] = {}
    for _, same in groupby(sorted(plan.runs, key=alike), key=alike):
        runs = list(same)
        size = _divisor(len(runs), MOST_RUNS)
        group = _Group(runs[:size], data)
        compiling += group.compile_seconds
        for first in range(0, len(runs), size):
            spent, final = group.train(runs[first : first + size], examples)
            warm += spent
            losses |= final
    return compiling + warm, warm, losses


def alike(run: Run) -> tuple[str, str]:
    """What two runs must have in common to be compiled as one."""
    return repr(run.recipe), run.activation


def _divisor(number: int, most: int) -> int:
    """The largest divisor of `number` that is at most `most`: all parts have one shape."""
    return max(d for d in range(1, most + 1) if number % d == 0)


def _plain(part: Part) -> tuple[Array, Array]:
    """Features `(n, features)` and classes `(n,)`."""
    return part.x[:, :-1], part.y.argmax(axis=0)


class _Group:
    """Runs of one recipe and activation, so many at a time."""

    def __init__(self, runs: list[Run], data: list[Any]) -> None:
        recipe, (x, y) = runs[0].recipe, data[0]
        self._data, self._chunk = data, _divisor(recipe.steps, MOST_STEPS)
        state, rates = _begin(runs)
        rows = np.zeros((self._chunk, len(runs), recipe.batch_size), np.int64)
        start = perf_counter()
        train = compiled(runs[0].activation, recipe.optimizer)
        self._train = train.lower(state, rows, rates, x, y).compile()
        evaluate = evaluated(runs[0].activation)
        self._evaluations = [evaluate.lower(state[0], *part).compile() for part in data]
        self.compile_seconds = perf_counter() - start

    def train(self, runs: list[Run], examples: Examples) -> tuple[float, dict[str, float]]:
        """Seconds, and the final training losses."""
        import jax

        recipe, (x, y) = runs[0].recipe, self._data[0]
        start = perf_counter()
        state, rates = _begin(runs)
        before = self._evaluate(state)
        n = len(examples.train)
        seeds = sorted({run.seed for run in runs})
        place = [seeds.index(run.seed) for run in runs]
        order = Part(np.arange(n)[:, None], np.zeros((1, n)), True)
        stream = Batches(order, seeds, recipe.batch_size)
        for _ in range(recipe.steps // self._chunk):
            rows = np.stack([stream.next()[0][place, :, 0] for _ in range(self._chunk)])
            state, _ = self._train(state, rows, rates, x, y)
        after = self._evaluate(state)
        jax.block_until_ready((before, after))
        spent = perf_counter() - start
        final = np.asarray(after[0][0]).tolist()
        return spent, dict(zip((run.id for run in runs), final, strict=True))

    def _evaluate(self, state: Any) -> list[Any]:
        pairs = zip(self._evaluations, self._data, strict=True)
        return [evaluate(state[0], *part) for evaluate, part in pairs]


def _begin(runs: list[Run]) -> tuple[Any, Any]:
    """The initial state, and the runs' rates."""
    import jax

    recipe = runs[0].recipe
    flat = layer_views(initial_stack(Stack(recipe, tuple(runs))), recipe.layer_sizes)
    state = initial_state([(v[:, :-1].copy(), v[:, -1].copy()) for v in flat], recipe.optimizer)
    return state, jax.numpy.asarray([run.learning_rate for run in runs])
