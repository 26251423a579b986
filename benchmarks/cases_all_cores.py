"""The cases on all cores of the machine: nnlab's processes, JAX as it comes and split by hand.

    python benchmarks/cases_all_cores.py [--repeats 3] [--only "2x64 b32"] [--json FILE]

`run.py` starts it in a process of its own. Cases up to width 128 and batch 128, by the clock, in
turn within every repeat. nnlab's stacks, as planned for so many workers, are dealt to a process a
core; so are JAX's runs where they are split by hand, each process kept to a core. JAX as it comes
is one process that may use every core. A single run cannot be dealt: one process trains it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from multiprocessing import connection, get_context
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from kernels import JAX_ONE_THREAD, TOLD, settle

os.environ[TOLD] = settle()

import contenders
import numpy as np
import peers_jax
from cases import CASES, select, to_128
from measure import MAY_DIFFER, STEPS_TO_AGREE, difference, steps_to_fill
from tables import all_cores_cases_table
from work import Case, Work, work_for

from nnlab.core.cores import default_jobs
from nnlab.core.plan import Stack, make_stacks

WAYS = ("nnlab", "jax", "split")
"""Who trains."""


@dataclass(frozen=True)
class Share:
    """What a process trains of a case."""

    case: Case
    runs: tuple[int, ...]
    """Positions among the case's runs."""
    largest: int | None = None
    """So many runs a stack at most."""


def dealt(case: Case, way: str, hands: int) -> list[Share]:
    """The case in at most so many shares."""
    runs = work_for(case).stack.runs
    if way == "jax":
        return [Share(case, tuple(range(case.runs)))]
    if way == "split":
        parts = [tuple(range(hand, case.runs, hands)) for hand in range(hands)]
        return [Share(case, part) for part in parts if part]
    stacks, position = make_stacks(runs, hands), {run: i for i, run in enumerate(runs)}
    parts = [
        tuple(position[run] for stack in stacks[hand::hands] for run in stack.runs)
        for hand in range(hands)
    ]
    largest = max(len(stack.runs) for stack in stacks)
    return [Share(case, part, largest) for part in parts if part]


def _begin(share: Share, way: str) -> Any:
    work = work_for(share.case)
    runs = tuple(work.stack.runs[i] for i in share.runs)
    part = Work(replace(share.case, runs=len(runs)), Stack(work.stack.recipe, runs), work.examples)
    if way == "nnlab":
        return contenders.Nnlab(part, share.largest)
    return peers_jax.JaxVmap(part)


def _serve(pipe: connection.Connection, way: str, core: int | None) -> None:
    """Begin what comes down the pipe, then train it so many steps further; seconds and losses."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    if way == "split":
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {JAX_ONE_THREAD}".strip()
    contenders.process_time = peers_jax.process_time = perf_counter  # type: ignore[attr-defined]
    contender: Any = None
    while (message := pipe.recv()) is not None:
        if isinstance(message, Share):
            contender = _begin(message, way)
            pipe.send(None)
        else:
            pipe.send((contender.advance(message), contender.losses()))


class Crew:
    """The processes of one way to train."""

    def __init__(self, way: str, cores: Sequence[int | None]) -> None:
        """Start a process for each of `cores`, kept to it where one is named."""
        context = get_context("spawn")
        self._way, self._pipes = way, []
        for core in cores:
            ours, theirs = context.Pipe()
            context.Process(target=_serve, args=(theirs, way, core), daemon=True).start()
            self._pipes.append(ours)
        self._shares: list[Share] = []

    def take(self, case: Case) -> None:
        """Begin a case."""
        self._shares = dealt(case, self._way, len(self._pipes))
        self._ask(self._shares)

    def advance(self, steps: int) -> tuple[float, dict[int, float]]:
        """Train so many steps: the seconds of the slowest, and each run's loss."""
        found = self._ask([steps] * len(self._shares))
        losses = {}
        for share, (_, each) in zip(self._shares, found, strict=True):
            losses |= dict(zip(share.runs, each.tolist(), strict=True))
        return max(seconds for seconds, _ in found), losses

    def _ask(self, messages: Sequence[Any]) -> list[Any]:
        pipes = self._pipes[: len(messages)]
        for pipe, message in zip(pipes, messages, strict=True):
            pipe.send(message)
        return [pipe.recv() for pipe in pipes]

    def end(self) -> None:
        """Let the processes go."""
        for pipe in self._pipes:
            pipe.send(None)


@contextmanager
def crews(cores: int) -> Iterator[dict[str, Crew]]:
    """One for each way."""
    free: list[int | None] = [None] * cores
    kept = free
    if hasattr(os, "sched_getaffinity"):
        kept = [*sorted(os.sched_getaffinity(0))[:cores]]
    found = {"nnlab": Crew("nnlab", free), "jax": Crew("jax", [None]), "split": Crew("split", kept)}
    try:
        yield found
    finally:
        for crew in found.values():
            crew.end()


def measure(case: Case, at_work: dict[str, Crew], repeats: int) -> dict[str, Any]:
    """Microseconds a step and run of each way; nothing of one that trains something else."""
    losses = {}
    for way, crew in at_work.items():
        crew.take(case)
        _, found = crew.advance(STEPS_TO_AGREE)
        losses[way] = np.array([found[i] for i in range(case.runs)])
    wrong = [
        way for way, theirs in losses.items() if way != "nnlab"
        and difference(theirs, losses["nnlab"])["off"] > MAY_DIFFER * case.runs
    ]  # fmt: skip
    ways = {way: crew for way, crew in at_work.items() if way not in wrong}
    steps = {way: steps_to_fill(lambda n, c=crew: c.advance(n)[0]) for way, crew in ways.items()}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, crew in ways.items():
            seconds, _ = crew.advance(steps[way])
            times[way].append(seconds / steps[way] / case.runs * 1e6)
    ratios = {
        way: statistics.median(t / o for o, t in zip(times["nnlab"], each, strict=True))
        for way, each in times.items()
    }  # fmt: skip
    medians = {way: statistics.median(each) for way, each in times.items()}
    return {
        "case": case.name,
        **asdict(case),
        "microseconds": medians,
        "ratio": ratios,
        "wrong": wrong,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--cases", choices=CASES, default="full")
    parser.add_argument("--only", default="", help="words that a case's name must hold")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--avx2", action="store_true", help="nobody takes AVX-512")
    parser.add_argument("--json", type=Path, help="write every number there")
    given = parser.parse_args()
    if contenders.CONTENDERS["jax"].missing:
        parser.error('JAX is not installed; pip install -e ".[bench]" brings it')
    found = []
    with crews(default_jobs()) as at_work:
        for case in filter(to_128, select(given.cases, given.only)):
            found.append(measure(case, at_work, given.repeats))
            times = ", ".join(f"{k} {v:.3g}" for k, v in found[-1]["microseconds"].items())
            print(f"{case.name}, all cores: {times} µs", flush=True)
    print("", *all_cores_cases_table(found), sep="\n")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
