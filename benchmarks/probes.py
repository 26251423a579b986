"""What measuring costs: the share of the records in the training time of a spec.

    python benchmarks/probes.py [SPEC] [--repeats 3]

Counts the processor time of this thread inside the records of a training (and of noting the sizes
of updates), and sets it against the rest of the same training. Taken within one training, the share
hardly moves with what else the machine does; the difference of two trainings does.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from kernels import TOLD, settle

os.environ[TOLD] = settle()

from nnlab.core import train
from nnlab.core.batches import encode
from nnlab.core.plan import make_stacks
from nnlab.core.settings import Settings
from nnlab.core.spec import load_spec
from nnlab.core.study import prepare

MEASURING = (train.Training.look, train.Training._note_update)
"""The methods of a training that measure; they also compare losses with a target."""
READING = 20_000
"""How often the clock is read to see what that takes: every step asks whether to look."""


def timed(method: Callable[..., Any], clock: list[float]) -> Callable[..., Any]:
    """`method`, its processor time added to `clock[0]`."""

    def call(*args: Any, **keys: Any) -> Any:
        start = time.thread_time()
        try:
            return method(*args, **keys)
        finally:
            clock[0] += time.thread_time() - start

    return call


def reading_seconds() -> float:
    """What one of the readings takes that stand around a method, on this clock."""
    clock = [0.0]
    nothing = timed(lambda: None, clock)
    for _ in range(READING):
        nothing()
    return clock[0] / READING


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("spec", nargs="?", type=Path, default=Path("configs/quickstart.yaml"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--avx2", action="store_true", help="without AVX-512")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    plan = prepare(load_spec(given.spec), Settings()).plan
    clock = [0.0]
    for method in MEASURING:
        setattr(train.Training, method.__name__, timed(method, clock))
    shares = []
    print("| runs | steps | ms a record and run | us a step and run | share |")
    print("| --- | --- | --- | --- | --- |")
    for _ in range(given.repeats):
        for stack in make_stacks(plan.runs, given.jobs):
            examples = encode(plan.split, stack.recipe)
            clock[0], start = 0.0, time.thread_time()
            train.train_stack(stack, examples)
            whole, recipe, runs = time.thread_time() - start, stack.recipe, len(stack.runs)
            measuring = clock[0] - recipe.steps * reading_seconds()
            steps = whole - clock[0]
            shares.append(measuring / steps)
            record = 1e3 * measuring / recipe.records / runs
            step = 1e6 * steps / recipe.steps / runs
            row = f"| {runs} | {recipe.steps} | {record:.2f} | {step:.1f} | {shares[-1]:.1%} |"
            print(row, flush=True)
    print(f"\nMedian: records add {median(shares):.1%} to training.")


if __name__ == "__main__":
    main()
