"""What a training step costs, counted, not timed: products, calls and bytes.

A slow-down of the engine shows here on any machine, however busy it is.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import pytest

from nnlab.core import batches, train
from nnlab.core.batches import encode
from nnlab.core.nn import activations, calls, faint, losses, mlp, optimizers
from nnlab.core.train import Training
from tests.stacks import classification, grid, recipe


def training(hidden: tuple[int, ...], runs: int, batch: int = 8, **keys: Any) -> Training:
    """A stack of ReLU nets that has made its first steps."""
    split = classification(n=200, classes=4)
    plan = recipe(split, hidden, batch_size=batch, steps=10**6, save_weights=False, **keys)
    found = Training(grid(plan, ("relu",), seeds=range(runs)), encode(split, plan), measure=False)
    found.look(0)
    for step in range(3):
        found._step(step)
    return found


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Calls of functions, Python's own and C's, while it is open."""
    calls = [0]

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        calls[0] += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # a collection calls whoever waits for one, as Hypothesis does
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(before)
        gc.enable()


class Counted:
    """NumPy with the calls of its universal functions counted by name."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return _Ufunc(found, self.made) if isinstance(found, np.ufunc) else found


class _Ufunc:
    def __init__(self, function: np.ufunc, made: Counter[str]) -> None:
        self._function, self._made = function, made

    def __call__(self, *arrays: Any, **keys: Any) -> Any:
        self._made[self._function.__name__] += 1
        return self._function(*arrays, **keys)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What the engine's modules ask of NumPy from here on."""
    numpy = Counted()
    for module in (activations, calls, losses, mlp, faint, optimizers, train, batches):
        monkeypatch.setattr(module, "np", numpy)
    return numpy.made


def calls_of_a_step(found: Training) -> int:
    """Calls of everything but universal functions, and what is bound by `partial`, of which Python
    does not tell.
    """
    with counted_calls() as calls:
        found._step(3)
    return calls[0] - 1  # the one that ends the counting


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("depth", [0, 1, 2, 10])
def test_a_step_makes_three_products_a_layer_but_for_the_first(
    depth: int, batch: int, counted: Counter[str]
) -> None:
    """Forward, weight gradient, and the signal passed on, which the first layer need not."""
    found = training((6,) * depth, runs=3, batch=batch)
    counted.clear()
    found._step(3)
    assert counted["matmul"] == 3 * (depth + 1) - 1


@pytest.mark.parametrize(("depth", "most"), [(2, 12), (10, 40)])
def test_the_elementwise_passes_of_a_step(depth: int, most: int, counted: Counter[str]) -> None:
    """ReLU takes one pass forward and two backward a layer; the rest is the loss and the update."""
    found = training((6,) * depth, runs=4)
    counted.clear()
    found._step(3)
    assert counted.total() - counted["matmul"] <= most


@pytest.mark.parametrize(("depth", "most"), [(2, 28), (10, 59)])
def test_the_calls_of_a_step(depth: int, most: int) -> None:
    assert calls_of_a_step(training((6,) * depth, runs=4)) <= most


def test_a_single_net_makes_its_products_without_matmul(counted: Counter[str]) -> None:
    found = training((6, 6), runs=1)
    counted.clear()
    found._step(3)
    assert counted["matmul"] == 0


def test_the_calls_of_a_single_net_s_step() -> None:
    assert calls_of_a_step(training((6, 6), runs=1)) <= 28


def test_the_losses_of_an_ordinary_step_are_not_computed(counted: Counter[str]) -> None:
    """And where one may be above somebody's limit, they are."""
    found = training((6, 6), runs=3)
    counted.clear()
    assert found._step(3) is None
    assert counted["log"] == 0
    found.ceiling = 0.0
    losses = found._step(4)
    assert losses is not None
    assert losses.shape == (3,)
    assert counted["log"] == 1


def test_the_calls_of_a_step_do_not_grow_with_runs_batch_or_width() -> None:
    few = calls_of_a_step(training((6, 6), runs=2, batch=4))
    assert calls_of_a_step(training((6, 6), runs=40, batch=4)) == few
    assert calls_of_a_step(training((6, 6), runs=2, batch=40)) == few
    assert calls_of_a_step(training((50, 50), runs=2, batch=4)) == few


def test_a_step_allocates_no_working_memory() -> None:
    """One array of a hidden layer would be 9 % of what it works on; the loss of each example,
    and the like, are far less.
    """
    found = training((64, 64), runs=16, batch=32)
    works_on = found.net.buffers.nbytes + 2 * found.parameters.nbytes
    gc.collect()
    tracemalloc.start()
    try:
        found._step(3)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        found._step(4)
        allocated = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert allocated < 0.04 * works_on
