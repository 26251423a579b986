"""What every contender of the benchmark trains: the same nets on the same batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Batches, Examples, Part, encode
from nnlab.core.data import load_dataset, split
from nnlab.core.nn.mlp import layer_views
from nnlab.core.plan import Stack, make_plan
from nnlab.core.spec import make_spec, resolve
from nnlab.core.train import initial_stack

Array = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """One row of the benchmark."""

    width: int
    depth: int
    batch: int
    runs: int
    activation: str = "relu"
    optimizer: str = "sgd"

    @property
    def name(self) -> str:
        """`2x64 b32 r64 relu sgd`."""
        return (
            f"{self.depth}x{self.width} b{self.batch} r{self.runs} {self.activation} "
            f"{self.optimizer}"
        )

    @property
    def learning_rate(self) -> float:
        """One that learns without haste, so that no contender trains on infinities."""
        if self.optimizer == "adam":
            return 1e-3
        return 0.005 if self.batch == 1 else 0.05  # ten layers diverge on single examples


@dataclass(frozen=True)
class Work:
    """A stack of runs, each with a seed and so with weights and batches of its own."""

    case: Case
    stack: Stack
    examples: Examples

    @property
    def sizes(self) -> tuple[int, ...]:
        """Layer sizes, input and output included."""
        return self.stack.recipe.layer_sizes

    def layers(self) -> list[tuple[Array, Array]]:
        """Initial weights `(runs, in, out)` and biases `(runs, out)` of each layer."""
        views = layer_views(initial_stack(self.stack), self.sizes)
        return [(view[:, :-1].copy(), view[:, -1].copy()) for view in views]

    def features(self) -> Array:
        """The training part, `(n, features)`."""
        return np.ascontiguousarray(self.examples.train.x[:, :-1])

    def labels(self) -> Array:
        """The classes of the training part, `(n,)`."""
        return np.asarray(self.examples.train.y.argmax(axis=0))

    def batches(self) -> Iterator[Array]:
        """The rows of the training part that each run sees, step by step: `(runs, batch)`."""
        n = len(self.examples.train)
        rows = Part(np.arange(n)[:, None], np.zeros((1, n)), classes=True)
        seeds = [run.seed for run in self.stack.runs]
        stream = Batches(rows, seeds, self.case.batch)
        while True:
            x, _ = stream.next()
            yield np.array(x[..., 0])


def work_for(case: Case) -> Work:
    """The runs of `case` on the handwritten digits."""
    spec = make_spec(
        name="benchmark", activation=case.activation, optimizer=case.optimizer, seeds=case.runs,
        hidden_layer_sizes=[case.width] * case.depth, batch_size=case.batch, steps=10**6,
        learning_rate=case.learning_rate, records=2,
    )  # fmt: skip
    dataset = load_dataset(spec.dataset, spec.loss)
    spec = resolve(spec, dataset)
    parts = split(dataset, spec.test_fraction, spec.split_seed, spec.standardize)
    runs = make_plan(spec, parts).runs
    return Work(case, Stack(runs[0].recipe, runs), encode(parts, runs[0].recipe))
