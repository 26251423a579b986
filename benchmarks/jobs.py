"""Whole jobs: a comparison, the rate x batch study, a large random grid; nnlab against JAX."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from nnlab.core.batches import encode
from nnlab.core.cores import default_jobs
from nnlab.core.data import load_dataset, split
from nnlab.core.execute import Execution
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Plan, Stack, make_plan, make_stacks
from nnlab.core.pool import Pool
from nnlab.core.spec import make_spec, resolve
from nnlab.core.train import train_stack

Losses = dict[str, float]
SCALES = {"short": 0.15, "full": 1.0}


def plans(scale: float) -> dict[str, Plan]:
    """The three jobs; `scale` shortens them."""
    epochs = max(4, round(40 * scale))
    records = max(2, round(40 * scale))
    random = np.random.default_rng(0).uniform(-2.5, -0.5, size=round(400 * scale))
    rates = [float(f"{rate:.9g}") for rate in np.unique(10.0**random)]
    return {
        "compare": _plan(
            activation=["relu", "leaky_relu", "tanh", "sigmoid"], seeds=5, epochs=epochs,
            records=records,
        ),
        "rate x batch": _plan(
            batch_size=[16, 32, 64, 128], seeds=3, epochs=max(2, epochs // 4),
            records=records,
            learning_rate=[0.003, 0.01, 0.03, 0.1, 0.3],
        ),
        "random grid": _plan(seeds=5, epochs=4, records=records, learning_rate=rates),
    }  # fmt: skip


def _plan(**keys: Any) -> Plan:
    spec = make_spec(name="job", hidden_layer_sizes=[64, 64], **keys)
    dataset = load_dataset(spec.dataset, spec.loss)
    spec = resolve(spec, dataset)
    return make_plan(spec, split(dataset, spec.test_fraction, spec.split_seed, spec.standardize))


def measure_jobs(scale: float, repeats: int, *, with_jax: bool) -> list[dict[str, Any]]:
    """Seconds of each job, and multiples of nnlab's.

    Nets drawn and trained, their losses and accuracies before and after: nnlab and JAX, in turn.
    With records, which JAX does not have, once: nnlab on one process, on a pool of one and of two.
    """
    cores = default_jobs()
    found = []
    for name, plan in plans(scale).items():
        turns, difference = [], None
        with one_core():
            for _ in range(repeats):
                spent, losses = _here(plan, measure=False)
                turn = {"nnlab": spent}
                if with_jax:
                    from jobs_jax import train

                    cold, warm, others = train(plan)
                    turn |= {"JAX with compilation": cold, "JAX warm": warm}
                    difference = apart(others, losses)
                turns.append(turn)
        row = job_row(name, plan, turns, difference)
        seconds = row["seconds"]
        seconds["nnlab, records"], _ = _here(plan, measure=True)
        if cores >= 2:
            seconds["nnlab, records, pool of 1"] = _pool(plan, 1)
            seconds["nnlab, records, pool of 2"] = _pool(plan, 2)
        found.append(row)
    return found


def job_row(
    name: str, plan: Plan, turns: list[dict[str, float]], difference: float | None
) -> dict[str, Any]:
    """A job's row of `tables.job_table`: medians of the seconds, and of multiples of nnlab's."""
    return {
        "job": name,
        "runs": len(plan.runs),
        "seconds": {who: median(turn[who] for turn in turns) for who in turns[0]},
        "ratio": {who: median(turn[who] / turn["nnlab"] for turn in turns) for who in turns[0]},
        "difference": difference,
    }


def apart(some: Losses, others: Losses) -> float:
    """How far the losses of `some` runs are from those of `others`, in the median."""
    return median(abs(loss - others[run]) for run, loss in some.items())


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and those it starts, on one core; JAX's, once it has them, for good."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _here(plan: Plan, *, measure: bool) -> tuple[float, Losses]:
    """Seconds, and the final losses."""
    start, losses = perf_counter(), {}
    examples = encode(plan.split, plan.runs[0].recipe)
    for stack in make_stacks(plan.runs, jobs=1):
        losses |= final_losses(train_stack(stack, examples, measure=measure))
    return perf_counter() - start, losses


def final_losses(results: list[RunResult]) -> Losses:
    """Each run's final training loss by its id; NaN for one that diverged."""
    losses = ((result.run.id, result.outcome["train_loss"]) for result in results)
    return {run: np.nan if loss is None else float(loss) for run, loss in losses}


def _pool(plan: Plan, jobs: int) -> float:
    """On worker processes that have started and imported everything."""
    pool = Pool(plan.split, jobs)
    stacks = make_stacks(plan.runs, jobs)
    warm = [Stack(stacks[0].recipe, stacks[0].runs[:1])] * jobs
    with Execution(pool, lambda steps: None) as execution:
        list(execution.results(warm))
        start = perf_counter()
        list(execution.results(stacks))
        return perf_counter() - start
