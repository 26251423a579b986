"""Worker processes kept from one study to the next: when they are, and when they are not."""

from __future__ import annotations

import os
import signal
from time import monotonic, sleep

import pytest

from nnlab.core.execute import Alone, Execution
from nnlab.core.outcome import FINISHED
from nnlab.core.plan import Plan, make_stacks
from nnlab.core.pool import Pool, workers_kept, workers_there
from tests.small import small_plan


def ignore(run_steps: int) -> None:
    """Whoever is not interested in progress."""


def processes(pool: Pool) -> set[int]:
    return set(pool._workers.executor._processes or {})


def test_kept_workers_serve_another_study_with_its_own_data() -> None:
    first, second = small_plan(seeds=8), small_plan(seeds=8, split_seed=1)

    def trained(crew: Alone | Pool, plan: Plan) -> dict[str, bytes]:
        with Execution(crew, ignore) as execution:
            stacks = make_stacks(plan.runs, 2)
            return {r.run.id: r.curves.tobytes() for s in execution.results(stacks) for r in s}

    with workers_kept():
        assert not workers_there(2)
        pool = Pool(first.split, 2)
        found = trained(pool, first)
        theirs = processes(pool)
        assert workers_there(2)
        assert workers_there(1)  # and would serve a study of fewer stacks
        assert not workers_there(3)
        again = Pool(second.split, 2)
        assert not workers_there(2)  # they serve
        assert again.advanced() == 0  # what they made for the first study is not of this one
        assert trained(again, second) == trained(Alone(second.split, ignore), second)
        assert processes(again) == theirs
        assert trained(Pool(first.split, 2), first) == found
    assert not workers_there(2)
    assert not any(alive(pid) for pid in theirs)


def test_all_workers_are_there_before_anybody_watches_over_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = small_plan(seeds=8)
    pool = Pool(plan.split, 2)
    watching: list[int] = []
    executor = pool._workers.executor
    begin = executor._start_executor_manager_thread

    def watch() -> None:
        watching.append(len(processes(pool)))
        begin()

    monkeypatch.setattr(executor, "_start_executor_manager_thread", watch)
    pool.submit(make_stacks(plan.runs, 2)[0]).result(timeout=60)
    pool.stop()
    assert watching == [2]


def test_workers_that_are_busy_or_not_wanted_are_not_kept() -> None:
    plan = small_plan(seeds=8, steps=200_000)
    pool = Pool(plan.split, 2)
    pool.stop()
    assert not workers_there(2)  # nobody keeps them outside the block
    with workers_kept():
        pool = Pool(plan.split, 2)
        for stack in make_stacks(plan.runs, 2):
            pool.submit(stack)
        pool.stop()
        assert not workers_there(2)


def test_workers_that_died_while_they_waited_are_replaced() -> None:
    plan = small_plan(seeds=8)
    with workers_kept():
        pool = Pool(plan.split, 2)
        with Execution(pool, ignore) as execution:
            list(execution.results(make_stacks(plan.runs, 2)))
        for pid in processes(pool):
            os.kill(pid, signal.SIGKILL)
        end = monotonic() + 30
        while not pool._workers.broken and monotonic() < end:
            sleep(0.05)
        fresh = Pool(plan.split, 2)
        assert fresh._workers is not pool._workers
        with Execution(fresh, ignore) as execution:
            found = [r for some in execution.results(make_stacks(plan.runs, 2)) for r in some]
    assert {r.status for r in found} == {FINISHED}


def test_workers_that_do_not_fit_end_before_others_start(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(seeds=8)
    with workers_kept():
        pool = Pool(plan.split, 2)
        with Execution(pool, ignore) as execution:
            list(execution.results(make_stacks(plan.runs, 2)))
        theirs = processes(pool)
        assert theirs
        monkeypatch.setattr("nnlab.core.pool.WITH_EVERY_STACK", 0)  # a large split
        other = Pool(plan.split, 2)
        assert not any(alive(pid) for pid in theirs)
        other.stop()
        assert not workers_there(2)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
