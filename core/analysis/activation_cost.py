"""What an activation costs: nanoseconds an element, and its share of a training step.

Things that are compared are timed in turns, one after the other, again and again: whatever else
the machine does hits all of them alike, and a ratio is taken within each round. The order is drawn
anew for every turn. A round is a few turns of which the fastest counts, as nothing makes code
faster than it is. The rounds give the interval: it says how well this machine repeats itself, not
what another would say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.statistics import Floats, Interval, geometric_interval
from nnlab.core.nn.activations import Activation, find_activation
from nnlab.core.nn.calls import Call, bound, make
from nnlab.core.nn.initializers import find_initializer
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP, initial_parameters, with_ones

Array = NDArray[Any]
Work = Callable[[], object]

TURNS = 4
"""Of a round."""
RATE = 1e-3
"""Of the steps that are timed: small, so that a net stays as it is."""


@dataclass(frozen=True)
class Rounds:
    """Times of several things in turns."""

    names: tuple[str, ...]
    seconds: Floats
    """(rounds, names), of one unit of work each: an element, a step."""

    def of(self, name: str) -> Floats:
        """The times of `name`, one a round."""
        return np.asarray(self.seconds[:, self.names.index(name)], dtype=np.float64)

    def median(self, name: str) -> float:
        """The median time of `name`, in seconds."""
        return float(np.median(self.of(name)))

    def ratio(self, names: Sequence[str], base: str) -> Interval:
        """Time of `names`, their geometric mean, over that of `base`, with its interval."""
        logs = [np.log(self.of(name)) - np.log(self.of(base)) for name in names]
        return geometric_interval(np.exp(np.mean(logs, axis=0)))


def take_turns(work: Mapping[str, Work], rounds: int, units: float) -> Rounds:
    """Time each piece of work, `TURNS` times a round, and divide by the `units` that it does."""
    names = tuple(work)
    seconds = np.empty((rounds, TURNS, len(names)))
    for piece in work.values():
        piece()  # memory is touched, caches are warm
    rng = np.random.default_rng(0)
    for turn in seconds.reshape(-1, len(names)):
        for place in rng.permutation(len(names)):
            turn[place] = _seconds(work[names[place]])
    return Rounds(names, seconds.min(axis=1) / units)


def _seconds(piece: Work) -> float:
    start = perf_counter()
    piece()
    return perf_counter() - start


def _entries(labels: Sequence[str]) -> dict[str, str]:
    """Name of an entry -> label. A label given twice is entered again, as `relu again`."""
    entries: dict[str, str] = {}
    for label in labels:
        entries[f"{label} again" if label in entries else label] = label
    return entries


# ------------------------------------------------------------------ an element


@dataclass(frozen=True)
class _Elements:
    """f, and f' after it if asked for, of numbers in one memory."""

    row: Activation
    memory: tuple[Array, Array, Array, Array]
    """z, a, f' and scratch, of one shape."""
    passes: int
    backward: bool

    def __call__(self) -> None:
        z, a, d, t = self.memory
        row = self.row
        calls = [*row.forward(z, a, t, row.value)]
        if self.backward:
            calls += row.slope(z, a, d, t, row.value)
        for _ in range(self.passes):
            make(calls)


def _memory(*shape: int) -> tuple[Array, Array, Array, Array]:
    z = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return z, np.empty_like(z), np.empty_like(z), np.empty_like(z)


def element_work(
    labels: Sequence[str], elements: int, passes: int, *, backward: bool
) -> dict[str, Work]:
    """For each activation `passes` times f, with `backward` f', too, of so many normal numbers.

    float32, all on the same memory. A label that is given twice gets an entry of its own,
    `relu again`: the control.
    """
    memory = _memory(elements)
    return {
        name: _Elements(find_activation(label), memory, passes, backward)
        for name, label in _entries(labels).items()
    }


def product_work(fans: Sequence[int], elements: int, units: int = 64) -> dict[str, Work]:
    """For each fan-in a matrix product whose result has so many elements, `units` columns."""
    rng = np.random.default_rng(0)
    work: dict[str, Work] = {}
    for fan_in in fans:
        left = rng.standard_normal((elements // units, fan_in)).astype(np.float32)
        right = rng.standard_normal((fan_in, units)).astype(np.float32)
        work[f"product over {fan_in}"] = _product(left, right)
    return work


def _product(left: Array, right: Array) -> Work:
    out = left @ right
    return lambda: np.matmul(left, right, out=out)


# ------------------------------------------------------------------ a step


@dataclass(frozen=True)
class _Step:
    """One step of training of a stack of nets, on one batch for ever, as `core/train.py` has it."""

    net: MLP
    x: Array
    y: Array
    signal: Array
    update: Call

    def __call__(self) -> None:
        net = self.net
        net.forward(self.x)
        net.loss(self.y, math.inf)
        net.zero_gradients()
        net.backward(self.signal)
        self.update()


def step_work(
    labels: Sequence[str], layer_sizes: Sequence[int], batch_size: int, runs: int
) -> dict[str, Work]:
    """For each activation a step of `runs` nets, and `<name> alone`: its f and f' of that step.

    Random standardized inputs and random classes: only the time is of interest.
    """
    rng = np.random.default_rng(0)
    x = with_ones(rng.standard_normal((batch_size, layer_sizes[0])), np.float32)[None]
    classes = rng.integers(layer_sizes[-1], size=batch_size)
    y = np.eye(layer_sizes[-1], dtype=np.float32)[classes][None]
    signal = np.full((runs, 1), RATE / batch_size, np.float32)
    memory = _memory(runs, sum(layer_sizes[1:-1]), batch_size)
    work: dict[str, Work] = {}
    for name, label in _entries(labels).items():
        row = find_activation(label)
        rule = find_initializer("auto", row)
        flat = [initial_parameters(layer_sizes, rule, rng) for _ in range(runs)]
        pair = PAIRS["cross_entropy", "softmax"]
        parameters = np.array(flat, np.float32)
        net = MLP(layer_sizes, [row] * runs, pair, parameters, batch_size, streams=1)
        update = bound(np.subtract, net.parameters, net.gradients, out=net.parameters)
        work[name] = _Step(net, x, y, signal, update)
        work[f"{name} alone"] = _Elements(row, memory, 1, backward=True)
    return work
