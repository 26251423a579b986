"""Where stacks run: the crew, its losses, and what is tried again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from nnlab.core import worker
from nnlab.core.cores import default_jobs
from nnlab.core.execute import (
    TRIES,
    Alone,
    Execution,
    make_crew,
    terminated_like_interrupted,
)
from nnlab.core.outcome import FAILED, FINISHED, RunResult, failed
from nnlab.core.plan import Stack, make_stacks
from nnlab.core.pool import Pool
from tests.small import run_of, small_plan


class Scripted:
    """A crew that answers by a function instead of training."""

    slots = 2

    def __init__(self, answer: Callable[[Stack], list[RunResult]]) -> None:
        self.answer = answer
        self.submitted: list[tuple[int, ...]] = []
        self.replaced = 0
        self.stopped = False

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        self.submitted.append(tuple(run.seed for run in stack.runs))
        future: Future[list[RunResult]] = Future()
        try:
            future.set_result(self.answer(stack))
        except BaseException as error:
            future.set_exception(error)
        return future

    def advanced(self) -> int:
        return 0

    def replace(self) -> None:
        self.replaced += 1

    def stop(self) -> None:
        self.stopped = True


def done(stack: Stack) -> list[RunResult]:
    return [RunResult(run, FINISHED, {}) for run in stack.runs]


def ignore(run_steps: int) -> None:
    return


def stack_of(*seeds: int) -> Stack:
    runs = tuple(run_of(seed) for seed in seeds)
    return Stack(runs[0].recipe, runs)


def outcome(crew: Scripted, *stacks: Stack) -> dict[int, str]:
    with Execution(crew, ignore) as execution:
        return {r.run.seed: r.status for some in execution.results(stacks) for r in some}


def test_every_stack_is_trained_once() -> None:
    crew = Scripted(done)
    found = outcome(crew, stack_of(0, 1), stack_of(2), stack_of(3, 4))
    assert found == dict.fromkeys(range(5), FINISHED)
    assert crew.submitted == [(0, 1), (2,), (3, 4)]
    assert crew.stopped


def test_a_run_that_raises_is_found_by_halving_and_only_it_fails() -> None:
    def answer(stack: Stack) -> list[RunResult]:
        if any(run.seed == 3 for run in stack.runs):
            raise ValueError("three is too many")
        return done(stack)

    crew = Scripted(answer)
    found = outcome(crew, stack_of(0, 1, 2, 3))
    assert found == {0: FINISHED, 1: FINISHED, 2: FINISHED, 3: FAILED}
    assert crew.submitted == [(0, 1, 2, 3), (0, 1), (2, 3), (2,), (3,)]


def test_a_stack_whose_worker_dies_is_tried_three_times_at_most() -> None:
    def answer(stack: Stack) -> list[RunResult]:
        raise BrokenProcessPool("killed")

    crew = Scripted(answer)
    found = outcome(crew, stack_of(*range(16)))
    assert found == dict.fromkeys(range(16), FAILED)
    assert sorted(map(len, crew.submitted)) == [4, 4, 4, 4, 8, 8, 16]


def test_one_run_that_raises_does_not_take_its_neighbours_along() -> None:
    def answer(stack: Stack) -> list[RunResult]:
        if any(run.seed == 41 for run in stack.runs):
            raise ValueError("not this one")
        return done(stack)

    found = outcome(Scripted(answer), stack_of(*range(64)))
    assert [seed for seed, status in found.items() if status == FAILED] == [41]
    assert len(found) == 64


def test_the_reason_of_a_failure_is_one_line_with_its_kind() -> None:
    def answer(stack: Stack) -> list[RunResult]:
        raise ValueError("first\n  second")

    with Execution(Scripted(answer), ignore) as execution:
        (result,) = [r for some in execution.results([stack_of(0)]) for r in some]
    assert result.outcome["reason"] == "ValueError: first second"


def test_a_stack_that_the_memory_does_not_hold_is_trained_in_halves() -> None:
    def answer(stack: Stack) -> list[RunResult]:
        if len(stack.runs) > 2:
            raise MemoryError
        return done(stack)

    crew = Scripted(answer)
    assert set(outcome(crew, stack_of(*range(8))).values()) == {FINISHED}
    assert sorted(map(len, crew.submitted)) == [2, 2, 2, 2, 4, 4, 8]


def test_a_dead_worker_costs_its_neighbours_nothing() -> None:
    deaths = 0

    def answer(stack: Stack) -> list[RunResult]:
        nonlocal deaths
        if any(run.seed == 7 for run in stack.runs):
            deaths += 1
            raise BrokenProcessPool("killed")
        return done(stack)

    crew = Scripted(answer)
    found = outcome(crew, stack_of(0, 1), stack_of(6, 7), stack_of(8, 9))
    assert found == {0: FINISHED, 1: FINISHED, 6: FINISHED, 7: FAILED, 8: FINISHED, 9: FINISHED}
    assert deaths in {TRIES, TRIES + 1}  # once more when it was not alone at first
    assert crew.replaced >= TRIES


def test_a_worker_killed_once_is_forgiven() -> None:
    left = 1

    def answer(stack: Stack) -> list[RunResult]:
        nonlocal left
        if left:
            left -= 1
            raise BrokenProcessPool("killed")
        return done(stack)

    assert set(outcome(Scripted(answer), stack_of(0, 1)).values()) == {FINISHED}


def test_an_abandoned_execution_stops_its_crew() -> None:
    crew = Scripted(done)

    def abandon() -> None:
        with Execution(crew, ignore) as execution:
            for _ in execution.results([stack_of(0), stack_of(1)]):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        abandon()
    assert crew.stopped


def test_alone_and_pool_give_the_same_bits() -> None:
    plan = small_plan(seeds=8)
    stacks = make_stacks(plan.runs, jobs=2)
    assert len(stacks) == 2

    def numbers(crew: Alone | Pool) -> dict[str, tuple[bytes, bytes, bytes]]:
        with Execution(crew, ignore) as execution:
            return {
                r.run.id: (r.steps.tobytes(), r.curves.tobytes(), r.layers.tobytes())
                for some in execution.results(stacks)
                for r in some
            }

    told: list[int] = []
    assert numbers(Alone(plan.split, told.append)) == numbers(Pool(plan.split, jobs=2))
    assert sum(told) == sum(run.recipe.steps for run in plan.runs)


def _train_or_die(stack: Stack, marker: str, packed: bytes | None) -> list[RunResult]:
    """Kill the worker that gets seed 3 while the marker file is there, then take it away."""
    if any(run.seed == 3 for run in stack.runs) and Path(marker).exists():
        Path(marker).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.train(stack, packed)


class Mortal(Pool):
    """A pool one of whose workers is killed once."""

    marker = ""

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        executor = self._workers.executor
        return executor.submit(_train_or_die, stack, self.marker, self._with_stacks)


def test_a_large_split_goes_to_each_worker_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnlab.core.pool.WITH_EVERY_STACK", 0)
    plan = small_plan(seeds=8)
    with Execution(Pool(plan.split, jobs=2), ignore) as execution:
        found = [r for some in execution.results(make_stacks(plan.runs, 2)) for r in some]
    assert {r.status for r in found} == {FINISHED}
    assert len(found) == len(plan.runs)


UNGUARDED = """
from nnlab.core.execute import Execution
from nnlab.core.plan import make_stacks
from nnlab.core.pool import Pool
from tests.small import small_plan

print("begun")
plan = small_plan(seeds=8)
with Execution(Pool(plan.split, jobs=2), print) as execution:
    assert len([r for some in execution.results(make_stacks(plan.runs, 2)) for r in some]) == 16
"""


@pytest.mark.machine
def test_workers_do_not_run_the_main_program(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": root},
    )  # fmt: skip
    assert done.stdout.count("begun") == 1


@pytest.mark.machine
def test_a_real_worker_killed_once_loses_nothing(tmp_path: Path) -> None:
    plan = small_plan(seeds=8)
    marker = tmp_path / "armed"
    marker.write_text("")
    crew = Mortal(plan.split, jobs=2)
    crew.marker = str(marker)
    with Execution(crew, ignore) as execution:
        found = [r for some in execution.results(make_stacks(plan.runs, 2)) for r in some]
    assert not marker.exists()
    assert sorted(r.run.id for r in found) == sorted(run.id for run in plan.runs)
    assert {r.status for r in found} == {FINISHED}


def test_one_stack_one_job_or_little_work_needs_no_pool() -> None:
    plan = small_plan()
    (short,) = make_stacks(plan.runs, 1)
    (long,) = make_stacks(small_plan(steps=1_000_000).runs, 1)
    assert isinstance(make_crew(plan.split, 1, [long, long], ignore), Alone)
    assert isinstance(make_crew(plan.split, 8, [long], ignore), Alone)
    assert isinstance(make_crew(plan.split, 8, [short, short], ignore), Alone)
    pool = make_crew(plan.split, 8, [long, long], ignore)
    assert pool.slots == 3  # two workers, whatever is allowed, and one at hand
    assert isinstance(pool, Pool)
    pool.stop()


def test_sigterm_is_answered_like_ctrl_c_and_only_inside() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def terminate() -> None:
        with terminated_like_interrupted():
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        terminate()
    assert signal.getsignal(signal.SIGTERM) is before


def test_jobs_default_to_the_cores() -> None:
    assert default_jobs() >= 1


def test_a_failed_run_has_a_row() -> None:
    row = failed(run_of(5), "no room").row
    assert (row["status"], row["seed"], row["reason"]) == (FAILED, 5, "no room")
