"""Who takes part: one row of `CONTENDERS` each, and what nnlab itself does."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Any, Protocol

import numpy as np
from limits import Bandwidth, Products
from numpy.typing import NDArray
from peers_jax import JaxVmap
from peers_sklearn import Sklearn
from peers_torch import TorchEager, TorchStacked, TorchVmap
from work import Work

from nnlab.core.plan import make_stacks
from nnlab.core.train import Training

Array = NDArray[Any]


class Contender(Protocol):
    """Something that trains the runs of a work, or some of them, some steps further."""

    runs: int
    """How many of them it trains: one after the other is slow and needs no more than one."""

    def advance(self, steps: int) -> float:
        """Train `steps` steps; the seconds it took."""

    def losses(self) -> Array:
        """The loss of the last step's batch, one a run trained; empty where that is not said."""


@dataclass(frozen=True)
class Row:
    """One contender of the table."""

    name: str
    title: str
    make: Callable[[Work], Contender]
    needs: str = ""
    """The package it needs."""
    agrees: bool = False
    """Whether its losses are compared with nnlab's before anything is timed."""

    @property
    def missing(self) -> bool:
        """Whether that package is not installed."""
        return bool(self.needs) and importlib.util.find_spec(self.needs) is None


class Nnlab:
    """The stacks that the planner makes of the runs, one after the other.

    The order of the examples is drawn outside of its time: the others are handed theirs. As in
    `nnlab train`, a step's losses are computed where they leave a doubt that the run has diverged,
    and here at the last step of an `advance`. (JAX computes them at every step; it takes no less
    time without.)
    """

    def __init__(self, work: Work, largest: int | None = None) -> None:
        """`largest`: so many runs a stack at most, in place of what the planner takes."""
        stacks = make_stacks(work.stack.runs, jobs=1)
        if largest is not None:
            runs = work.stack.runs
            parts = [runs[i : i + largest] for i in range(0, len(runs), largest)]
            stacks = [type(work.stack)(work.stack.recipe, part) for part in parts]
        self.runs = len(work.stack.runs)
        self._trainings = [Training(s, work.examples, measure=False) for s in stacks]
        self._drawing = 0.0
        for training in self._trainings:
            training.look(0)
            training.batches._fresh_epoch = self._timed(  # type: ignore[method-assign]
                training.batches._fresh_epoch
            )
        self._order = [run.seed for stack in stacks for run in stack.runs]
        self._seeds = [run.seed for run in work.stack.runs]
        self._made = 0
        self._losses: Array = np.empty(0)

    def advance(self, steps: int) -> float:
        """Every stack in turn, as in a study; the losses of the last step are wanted."""
        losses = []
        self._drawing, start = 0.0, process_time()
        for training in self._trainings:
            for step in range(self._made, self._made + steps - 1):
                loss = training._step(step)
                if loss is not None:
                    training._part_with_diverged(step, loss)
            ceiling, training.ceiling = training.ceiling, -np.inf
            losses.append(training._step(self._made + steps - 1))
            training.ceiling = ceiling
            if len(training.alive) < len(training.runs):
                raise RuntimeError("a run has diverged: this is no case to time")
        seconds = process_time() - start - self._drawing
        self._made += steps
        self._losses = np.concatenate(losses)
        return seconds

    def _timed(self, draw: Callable[[], None]) -> Callable[[], None]:
        def call() -> None:
            start = process_time()
            draw()
            self._drawing += process_time() - start

        return call

    def losses(self) -> Array:
        """In the order of the work's runs."""
        at = {seed: i for i, seed in enumerate(self._order)}
        return self._losses[[at[seed] for seed in self._seeds]]


CONTENDERS: dict[str, Row] = {
    row.name: row
    for row in (
        Row("nnlab", "nnlab", Nnlab),
        Row("eager", "PyTorch eager", TorchEager, "torch", agrees=True),
        Row("stacked", "PyTorch bmm", TorchStacked, "torch", agrees=True),
        Row("vmap", "PyTorch vmap", TorchVmap, "torch", agrees=True),
        Row("jax", "JAX jit+vmap", JaxVmap, "jax", agrees=True),
        Row("sklearn", "scikit-learn", Sklearn, "sklearn"),
        Row("products", "its products alone", Products),
        Row("bandwidth", "memory traffic alone", Bandwidth),
    )
}
"""Everyone by name."""
