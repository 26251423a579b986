"""Whole jobs: a comparison, the rate x batch study, a large random grid; nnlab against JAX."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from nnlab.core.batches import Batches, Part, encode
from nnlab.core.cores import default_jobs
from nnlab.core.data import Split, load_dataset, split
from nnlab.core.execute import Execution
from nnlab.core.nn.mlp import layer_views
from nnlab.core.plan import Plan, Run, Stack, make_plan, make_stacks
from nnlab.core.pool import Pool
from nnlab.core.spec import make_spec, resolve
from nnlab.core.train import initial_stack, train_stack

SCALES = {"short": 0.15, "full": 1.0}
_CHUNK = 50


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
        turns = []
        with one_core():
            for _ in range(repeats):
                turn = {"nnlab": _here(plan, measure=False)}
                if with_jax:
                    cold, warm = _jax(plan)
                    turn |= {"JAX with compilation": cold, "JAX warm": warm}
                turns.append(turn)
        seconds = {who: median(turn[who] for turn in turns) for who in turns[0]}
        ratio = {who: median(turn[who] / turn["nnlab"] for turn in turns) for who in turns[0]}
        seconds["nnlab, records"] = _here(plan, measure=True)
        if cores >= 2:
            seconds["nnlab, records, pool of 1"] = _pool(plan, 1)
            seconds["nnlab, records, pool of 2"] = _pool(plan, 2)
        found.append({"job": name, "runs": len(plan.runs), "seconds": seconds, "ratio": ratio})
    return found


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


def _here(plan: Plan, *, measure: bool) -> float:
    start = perf_counter()
    examples = encode(plan.split, plan.runs[0].recipe)
    for stack in make_stacks(plan.runs, jobs=1):
        train_stack(stack, examples, measure=measure)
    return perf_counter() - start


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


def _jax(plan: Plan) -> tuple[float, float]:
    """Seconds with and without compilation; one vmap for the runs of a recipe and activation."""
    groups = [list(group) for _, group in groupby(
        sorted(plan.runs, key=_alike), key=_alike
    )]  # fmt: skip
    compiling = training = 0.0
    for runs in groups:
        compiled, trained = _jax_group(runs, plan.split)
        compiling, training = compiling + compiled, training + trained
    return compiling + training, training


def _alike(run: Run) -> tuple[str, str]:
    return repr(run.recipe), run.activation


def _jax_group(runs: list[Run], parts: Split) -> tuple[float, float]:
    import jax
    from peers_jax import compiled, evaluated, initial_state

    recipe = runs[0].recipe
    chunk = min(_CHUNK, recipe.steps)
    train, evaluate = compiled(runs[0].activation, recipe.optimizer), evaluated(runs[0].activation)

    start = perf_counter()
    examples = encode(parts, recipe)
    flat = layer_views(initial_stack(Stack(recipe, tuple(runs))), recipe.layer_sizes)
    state = initial_state([(v[:, :-1].copy(), v[:, -1].copy()) for v in flat], recipe.optimizer)
    x, y = _for_jax(examples.train)
    data = [(x, y), _for_jax(examples.test)]
    rates = jax.numpy.asarray([run.learning_rate for run in runs])
    n = len(examples.train)
    seeds = sorted({run.seed for run in runs})
    place = [seeds.index(run.seed) for run in runs]
    stream = Batches(Part(np.arange(n)[:, None], np.zeros((1, n)), True), seeds, recipe.batch_size)
    preparing = perf_counter() - start

    def rows(steps: int) -> Any:
        return np.stack([stream.next()[0][place, :, 0] for _ in range(steps)])

    start = perf_counter()
    nothing = np.zeros((chunk, len(runs), recipe.batch_size), np.int64)
    train = train.lower(state, nothing, rates, x, y).compile()
    evaluations = [(evaluate.lower(state[0], *part).compile(), part) for part in data]
    compiling = perf_counter() - start

    start = perf_counter()
    for _ in range(recipe.steps // chunk):  # what is left over is less than a chunk
        state, losses = train(state, rows(chunk), rates, x, y)
    jax.block_until_ready(losses)
    training = (perf_counter() - start) * recipe.steps / (recipe.steps // chunk * chunk)

    start = perf_counter()
    for _ in ("before", "after"):  # the same work either time
        jax.block_until_ready([e(state[0], *part) for e, part in evaluations])
    return compiling, preparing + training + perf_counter() - start


def _for_jax(part: Part) -> tuple[Any, Any]:
    """Features `(n, features)` and classes `(n,)`."""
    import jax

    return jax.numpy.asarray(part.x[:, :-1]), jax.numpy.asarray(part.y.argmax(axis=0))
