"""Does the cost grow straight? Time and memory against stack size, width, depth, batch, runs."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

from contenders import Nnlab
from work import Case, work_for

from nnlab.core.nn.mlp import MLP

BASE = Case(width=64, depth=2, batch=32, runs=32)
AXES: dict[str, tuple[int, ...]] = {
    "stack": (1, 2, 4, 8, 16, 32, 64, 128),
    "width": (16, 32, 64, 128, 256),
    "depth": (1, 2, 4, 8, 16),
    "batch": (1, 4, 16, 64, 256),
    "runs": (16, 64, 256, 512),
}
STEPS = 40


def growth(repeats: int) -> list[dict[str, Any]]:
    """One row an axis and value; `stack` is one stack of so many runs, `runs` the planner's.

    All in turn within every repeat: a machine that changes its pace on the way would bend the line.
    """
    points = [(axis, value) for axis, values in AXES.items() for value in values]
    contenders = []
    for axis, value in points:
        case = replace(BASE, **{"runs" if axis == "stack" else axis: value})
        contenders.append(Nnlab(work_for(case), largest=case.runs if axis == "stack" else None))
        contenders[-1].advance(STEPS)
    turns = [[each.advance(STEPS) / STEPS for each in contenders] for _ in range(repeats)]
    found = []
    for (axis, value), nnlab, *seconds in zip(points, contenders, *turns, strict=True):
        step = statistics.median(seconds) * 1e6
        found.append({
            "axis": axis, "value": value, "step_microseconds": step,
            "run_microseconds": step / nnlab.runs, "megabytes": _bytes(nnlab) / 2**20,
        })  # fmt: skip
    return found


def _bytes(nnlab: Nnlab) -> int:
    """What the largest stack computes with; stacks follow each other, so the rest is not there."""
    sizes = []
    for training in nnlab._trainings:
        net: MLP = training.net
        state = sum(array.nbytes for array in training.state)
        sizes.append(net.buffers.nbytes + 3 * net.parameters.nbytes + state)
    return max(sizes)
