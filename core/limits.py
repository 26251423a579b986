"""Impossible work refused before it starts, with the key to change.

Counting comes before spreading out: the size of a grid follows from the lengths of its axes, its
time and memory from one recipe of each kind. No run of a grid that is refused is ever made.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.errors import SpecError
from nnlab.core.nn.mlp import count_parameters
from nnlab.core.plan import (
    FEWEST_RUNS,
    Recipe,
    largest_stack,
    probe_bytes,
    recipes_of,
    run_bytes,
    runs_measured_at_once,
    stack_seconds,
)
from nnlab.core.quantities import CURVE_VALUES, LAYER_VALUES

if TYPE_CHECKING:
    from nnlab.core.data import Split
    from nnlab.core.spec import Spec

MOST_RUNS = 1_000_000
"""Runs of one study: their plan alone takes half a minute and half a gigabyte."""
MOST_LAYERS = 2_000_000
"""Hidden layers of all networks of a grid together."""
LONG_SECONDS = 8 * 3600.0
"""Longer work begins only when told to (`--yes`)."""
MOST_SECONDS = 100 * 24 * 3600.0
"""Longer work does not begin."""
MEMORY_SHARE = 0.9
"""Of the machine's memory that training may take."""
_AXES = (
    "seeds", "learning_rate", "activation", "batch_size", "initialization", "optimizer",
    "hidden_layer_sizes", "width", "depth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a study costs if none of its runs is stored yet."""

    runs: int
    seconds: float
    """On the workers it would have."""
    bytes: int
    """Memory of all processes at their largest stacks."""
    processes: int
    """How many train at once."""


def check_count(spec: Spec) -> None:
    """Refuse a grid that is too large to be written down. Raises `SpecError`; needs no data."""
    layers = (
        sum(map(len, spec.hidden_layer_sizes))
        if spec.hidden_layer_sizes is not None
        else len(spec.width or ()) * sum(spec.depth or ())
    )
    if spec.n_runs > MOST_RUNS:
        key = max(_AXES, key=lambda axis: _length(spec, axis))
        _refuse(
            spec, key,
            f"the grid has {spec.n_runs:,} runs, and the most is {MOST_RUNS:,}; its longest axis "
            f"is '{key}' with {_length(spec, key):,} values: shorten it, or make several studies",
        )  # fmt: skip
    if layers > MOST_LAYERS:
        key = "hidden_layer_sizes" if spec.depth is None else "depth"
        message = f"the networks of the grid have {layers:,} hidden layers, and the most is"
        _refuse(spec, key, f"{message} {MOST_LAYERS:,}; make the list of '{key}' shorter")


def forecast(spec: Spec, split: Split, workers: int) -> Forecast:
    """Time and memory of `spec` (resolved) on `split`, from the counts alone."""
    seconds, longest, memory = 0.0, 0.0, 0
    recipes = recipes_of(spec, split)
    runs = spec.n_runs // len(recipes)  # of each recipe: all of them meet the same other axes
    stacks = 0
    for recipe in recipes.values():
        size = min(largest_stack(recipe), runs)
        full, rest = divmod(runs, size)
        one = stack_seconds(recipe, size)
        seconds += full * one + (stack_seconds(recipe, rest) if rest else 0.0)
        longest = max(longest, stack_seconds(recipe, 1))
        stacks += full + (rest > 0)
        memory = max(memory, memory_of(recipe, size))
    busy = max(1, min(workers, max(stacks, spec.n_runs // FEWEST_RUNS)))
    return Forecast(spec.n_runs, max(seconds / busy, longest), busy * memory, busy)


def check(spec: Spec, split: Split, workers: int, memory: int | None) -> Forecast:
    """The forecast, or `SpecError` where no machine, or not this one, could do it.

    `memory` is what there is, in bytes; None where that is not known.
    """
    check_range(spec, split)
    expected = forecast(spec, split, workers)
    if memory is not None and expected.bytes > MEMORY_SHARE * memory:
        largest = max(recipes_of(spec, split).values(), key=memory_of)
        key, value = _culprit(spec, largest, memory=True)
        each = expected.bytes // expected.processes
        jobs = int(MEMORY_SHARE * memory // each)
        _refuse(
            spec, key,
            f"{value} takes about {_gigabytes(memory_of(largest))} of memory a run, "
            f"{_gigabytes(expected.bytes)} for all that train at once, and this machine has "
            f"{_gigabytes(memory)}: make '{key}' smaller{f', or use --jobs {jobs}' * (jobs > 0)}",
        )  # fmt: skip
    if expected.seconds > MOST_SECONDS:
        slowest = max(recipes_of(spec, split).values(), key=lambda r: stack_seconds(r, 1))
        key, value = _culprit(spec, slowest, memory=False)
        days = expected.seconds / 86400
        _refuse(
            spec, key,
            f"{value} would take about {days:,.0f} days ({expected.runs:,} run(s)), and nothing "
            f"that takes more than {MOST_SECONDS / 86400:.0f} is begun: make '{key}' smaller",
        )  # fmt: skip
    return expected


def check_range(spec: Spec, split: Split) -> None:
    """Refuse values that single precision cannot hold. Raises `SpecError`.

    Standardized ones may be among them: where the training part hardly varies, the test part can
    be any number of its standard deviations away.
    """
    if spec.dtype != "float32":
        return
    parts: list[NDArray[Any]] = [split.X_train, split.X_test]
    if split.task == "regression":
        parts += [split.y_train, split.y_test]
    largest = max(float(np.abs(part).max(initial=0.0)) for part in parts)
    if largest > float(np.finfo(np.float32).max):
        scale = "" if spec.standardize else "'standardize: true' or "
        _refuse(
            spec, "dtype",
            f"float32 cannot hold {largest:.3g}, which is in the data; set {scale}"
            "'dtype: float64', or rescale the column",
        )  # fmt: skip


def memory_of(recipe: Recipe, runs: int = 1) -> int:
    """Bytes that a stack takes at its worst: a step, drawing weights, a record, all records."""
    sizes = recipe.layer_sizes
    kept = recipe.moments * (len(LAYER_VALUES) * (len(sizes) - 1) + len(CURVE_VALUES)) * 8
    drawn = 8 * count_parameters(sizes)
    # The training part is measured in blocks of one size and a rest; the test part is a third.
    probe = 3 * probe_bytes(recipe) * min(runs, runs_measured_at_once(recipe))
    return runs * (run_bytes(recipe, keep_z=True) + 2 * kept) + drawn + probe


def memory_there() -> int | None:
    """Bytes of memory that this process may use: the machine's, or its container's; None unknown.

    Linux says the latter in `/sys/fs/cgroup`; there, too, `max` means no limit of its own.
    """
    limits: list[int] = []
    with suppress(AttributeError, ValueError, OSError):  # not on Windows
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            limits.append(int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii")))
    return min(limits) if limits else None


def _length(spec: Spec, axis: str) -> int:
    if axis == "learning_rate":
        return max(len(spec.rates_of(activation)) for activation in spec.activation)
    return len(getattr(spec, axis) or ())


def _culprit(spec: Spec, recipe: Recipe, *, memory: bool) -> tuple[str, str]:
    """The key that is furthest beyond what is usual, and its value in words."""
    found = list(_beyond(spec, recipe, memory))
    _, key, value = max(found)
    return key, value


def _beyond(spec: Spec, recipe: Recipe, memory: bool) -> Iterator[tuple[float, str, str]]:
    """(times the usual, key, value in words) of every key that memory or time grows with."""
    widest, deep = max(recipe.hidden_layer_sizes), len(recipe.hidden_layer_sizes)
    shape = spec.hidden_layer_sizes is None
    yield widest / 256, "width" if shape else "hidden_layer_sizes", f"a layer of {widest:,} units"
    yield deep / 20, "depth" if shape else "hidden_layer_sizes", f"a network of {deep:,} layers"
    batch = recipe.batch_size
    yield batch / 2048, "batch_size", f"a batch of {batch:,} examples"
    yield recipe.moments / 500, "records", f"measuring at {recipe.moments:,} moments"
    if memory:
        return
    if spec.steps is not None:
        yield spec.steps / 20_000, "steps", f"training for {spec.steps:,} steps"
    else:
        epochs = spec.epochs or 1
        yield recipe.steps / 20_000, "epochs", f"training for {epochs:,} epochs"
    axis = max(_AXES, key=lambda name: _length(spec, name))
    length = _length(spec, axis)
    yield math.sqrt(spec.n_runs / 100), axis, f"a grid with {length:,} values of '{axis}'"


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"


def _refuse(spec: Spec, key: str, message: str) -> None:
    raise SpecError(spec.source, [spec.problem(key, message)])
