"""The whole jobs on all cores of the machine: nnlab's processes, JAX as it comes and split by hand.

    python benchmarks/jobs_all_cores.py [--repeats 3] [--short] [--json FILE]

`run.py` starts it in a process of its own: JAX keeps for good the cores that it begins with.

nnlab trains its stacks in a process a core, as `--jobs` does. JAX is measured twice: in one process
that may use every core, as it does by itself, and in a process a core, the runs dealt out between
them, as someone may do by hand. All three in turn within every repeat; as in jobs.py, losses and
accuracies before and after, nothing on the way. Workers have started and imported everything;
"warm" leaves JAX's compilation out.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from kernels import TOLD, settle

os.environ[TOLD] = settle()

from contenders import CONTENDERS
from jobs import SCALES, Losses, apart, final_losses, job_row, plans
from jobs_jax import alike, train
from tables import job_table

from nnlab.core.batches import Examples, encode
from nnlab.core.cores import default_jobs
from nnlab.core.plan import Plan, Run, Stack, make_stacks
from nnlab.core.train import train_stack

_plan: Plan | None = None
_examples: Examples | None = None


def _hold(plan: Plan, cores: Any) -> None:
    """Begin as a worker: with the plan, and kept to a core from this queue, if there is one."""
    global _plan, _examples
    _plan, _examples = plan, encode(plan.split, plan.runs[0].recipe)
    if cores is not None:
        os.sched_setaffinity(0, {cores.get()})


def _train_stack(stack: Stack) -> Losses:
    assert _examples is not None
    return final_losses(train_stack(stack, _examples, measure=False))


def _train_in_jax(runs: list[Run]) -> tuple[float, float, Losses]:
    assert _plan is not None
    return train(replace(_plan, runs=tuple(runs)))


def _warm_up(_: int) -> None:
    import jax

    jax.numpy.zeros(1).block_until_ready()


@contextmanager
def processes(cores: int, plan: Plan, *, pinned: bool) -> Iterator[ProcessPoolExecutor]:
    """Workers that hold the plan; `pinned`: each keeps to a core of its own, where it can."""
    context = get_context("spawn")
    numbers = None
    if pinned and hasattr(os, "sched_getaffinity"):
        numbers = context.Queue()
        for number in sorted(os.sched_getaffinity(0))[:cores]:
            numbers.put(number)
    with ProcessPoolExecutor(cores, context, _hold, (plan, numbers)) as pool:
        yield pool


def dealt(plan: Plan, hands: int) -> list[list[Run]]:
    """The runs in so many parts of about the same work; what compiles alike stays together."""
    runs = sorted(plan.runs, key=alike)
    groups = [list(group) for _, group in groupby(runs, key=alike)]
    if len(groups) < hands:
        return [runs[hand::hands] for hand in range(hands)]
    parts: list[list[Run]] = [[] for _ in range(hands)]
    for group in sorted(groups, key=_steps, reverse=True):
        min(parts, key=_steps).extend(group)
    return parts


def _steps(runs: list[Run]) -> int:
    return sum(run.recipe.steps for run in runs)


def measure(name: str, plan: Plan, repeats: int, cores: int) -> dict[str, Any]:
    """The row of one job."""
    turns, difference = [], 0.0
    stacks, parts = make_stacks(plan.runs, cores), dealt(plan, cores)
    with (
        processes(cores, plan, pinned=False) as ours,
        processes(cores, plan, pinned=True) as theirs,
    ):
        list(ours.map(_train_stack, [Stack(stacks[0].recipe, stacks[0].runs[:1])] * cores))
        list(theirs.map(_warm_up, range(cores)))
        for _ in range(repeats):
            start, losses = perf_counter(), {}
            for found in ours.map(_train_stack, stacks):
                losses |= found
            turn = {"nnlab": perf_counter() - start}
            cold, warm, others = train(plan)
            turn |= {"JAX with compilation": cold, "JAX warm": warm}
            split = list(theirs.map(_train_in_jax, parts))
            turn["JAX split, with compilation"] = max(cold for cold, _, _ in split)
            turn["JAX split, warm"] = max(warm for _, warm, _ in split)
            for each in (others, *(part for _, _, part in split)):
                difference = max(difference, apart(each, losses))
            turns.append(turn)
    return job_row(name, plan, turns, difference)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--avx2", action="store_true", help="nobody takes AVX-512")
    parser.add_argument("--short", action="store_true", help="shorter jobs")
    parser.add_argument("--json", type=Path, help="write every number there")
    given = parser.parse_args()
    if CONTENDERS["jax"].missing:
        parser.error('JAX is not installed; pip install -e ".[bench]" brings it')
    cores = default_jobs()
    found = [
        measure(name, plan, given.repeats, cores)
        for name, plan in plans(SCALES["short" if given.short else "full"]).items()
    ]
    print(f"On {cores} cores:\n", *job_table(found), sep="\n")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
