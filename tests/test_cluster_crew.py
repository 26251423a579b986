"""What a cluster's driver counts and a worker holds, in many threads; without a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from nnlab.core import cluster_worker, worker
from nnlab.core.batches import Examples, encode
from nnlab.core.cluster import Cluster
from nnlab.core.cluster_crew import ClusterCrew
from nnlab.core.data import Split
from nnlab.core.plan import Recipe, Stack, make_stacks
from tests.small import small_plan

Listener = Callable[[str, int | None], None]


class Task:
    """A future of a cluster that nobody works at."""

    def __init__(self, key: str) -> None:
        self.key, self.released = key, False
        self.done: list[Callable[[Task], None]] = []

    def add_done_callback(self, call: Callable[[Task], None]) -> None:
        self.done.append(call)

    def result(self) -> list[Any]:
        return []

    def release(self) -> None:
        self.released = True


class Nowhere:
    """A cluster and its client in one: takes tasks and remembers what it is told."""

    status, topic, threads, known_threads = "running", "news", 2, 2

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.cancelled: list[Task] = []
        self.listener: Listener = lambda key, run_steps: None

    @property
    def client(self) -> Nowhere:
        return self

    def tell(self, listener: Listener) -> None:
        self.listener = listener

    def submit(self, function: object, *arguments: object, key: str) -> Task:
        self.tasks.append(Task(key))
        return self.tasks[-1]

    def cancel(self, tasks: list[Task], *, force: bool) -> None:
        self.cancelled += tasks


@pytest.fixture
def nowhere() -> Nowhere:
    return Nowhere()


@pytest.fixture
def crew(nowhere: Nowhere) -> ClusterCrew:
    return ClusterCrew(cast(Cluster, nowhere), small_plan().split)


def test_news_that_come_while_a_result_is_counted_are_not_lost(
    nowhere: Nowhere, crew: ClusterCrew
) -> None:
    pytest.importorskip("distributed")

    class Slow:
        """A recipe whose steps are asked for at the very moment that there is news."""

        @property
        def steps(self) -> int:
            nowhere.listener(nowhere.tasks[2].key, 5)
            return 10

    crew.submit(Stack(cast(Recipe, Slow()), small_plan().runs[:2]))
    crew.submit(make_stacks(small_plan().runs, 1)[0])
    _, finished, _ = nowhere.tasks
    nowhere.listener(finished.key, 3)
    finished.done[0](finished)
    assert crew.advanced() == 2 * 10 + 5
    assert crew.advanced() == 0


def test_a_crew_that_stopped_hears_no_more_and_lets_go_of_the_data(
    nowhere: Nowhere, crew: ClusterCrew
) -> None:
    crew.submit(make_stacks(small_plan().runs, 1)[0])
    data, stack = nowhere.tasks
    crew.stop()
    assert nowhere.cancelled == [stack]
    assert data.released
    assert getattr(nowhere.listener, "__self__", None) is not crew


def test_a_task_that_ends_after_the_crew_stopped_is_not_sent_again(
    nowhere: Nowhere, crew: ClusterCrew, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    killed = distributed.KilledWorker("a stack", SimpleNamespace(address="tcp://x:1"), 2)

    def result(self: Task) -> list[Any]:
        raise killed

    monkeypatch.setattr(Task, "result", result)
    answer = crew.submit(make_stacks(small_plan().runs, 1)[0])
    crew.stop()
    nowhere.tasks[1].done[0](nowhere.tasks[1])
    assert len(nowhere.tasks) == 2
    assert "killed 3 workers" in str(answer.exception())


# ------------------------------------------------------------------ what a worker holds


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, worker.Worker]]:
    """What this process holds as a worker; nothing at first."""
    empty: dict[str, worker.Worker] = {}
    monkeypatch.setattr(cluster_worker, "_workers", empty)
    limit = worker.one_thread()
    yield empty
    limit.restore_original_limits()


def splits(number: int) -> list[Split]:
    return [
        small_plan(dataset={"name": "xor", "n": 60, "seed": seed}).split for seed in range(number)
    ]


def test_a_split_that_is_in_use_is_kept(held: dict[str, worker.Worker]) -> None:
    first, *others = splits(6)
    mine = cluster_worker._worker_for(first)
    for other in others:
        cluster_worker._worker_for(other)
        assert cluster_worker._worker_for(first) is mine
    assert list(held) == [s.content_hash for s in (*others[-3:], first)]


def test_threads_that_ask_for_many_splits_get_each_its_own(held: dict[str, worker.Worker]) -> None:
    all_splits = splits(7) * 40
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(cluster_worker._worker_for, all_splits))
    hashes = [one._split.content_hash for one in found]
    assert hashes == [split.content_hash for split in all_splits]
    assert len(held) == 4


def test_two_threads_encode_a_split_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ask before the first is done with it."""
    began, go_on = threading.Event(), threading.Event()
    encoded: list[Examples] = []

    def slowly(split: Split, recipe: Recipe) -> Examples:
        began.set()
        go_on.wait(10)
        encoded.append(encode(split, recipe))
        return encoded[-1]

    monkeypatch.setattr(worker, "encode", slowly)
    plan = small_plan()
    (stack,) = make_stacks(plan.runs, 1)
    shared = worker.Worker(plan.split, lambda run_steps: None)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(shared.train, stack)
        began.wait(10)
        other = pool.submit(shared.train, stack)
        threading.Timer(0.05, go_on.set).start()
        results = [*zip(one.result(), other.result(), strict=True)]
    assert len(encoded) == 1
    assert all(np.array_equal(a.curves, b.curves, equal_nan=True) for a, b in results)


# ------------------------------------------------------------------ what Dask looks at


class Place:
    """A worker of Dask's, as far as its profiler goes."""

    def __init__(self, milliseconds: float) -> None:
        self.profile = Profile(milliseconds)
        self.periodic_callbacks = {"profile": self.profile}


class Profile:
    """What is called every so many milliseconds."""

    def __init__(self, milliseconds: float) -> None:
        self.callback_time = milliseconds


def test_dask_looks_seldom_while_any_thread_trains() -> None:
    seldom, place = cluster_worker._SeldomProfiled(), Place(10.0)
    with seldom.during(place):
        assert place.profile.callback_time == 1000.0
        with pytest.raises(ValueError, match="in vain"), seldom.during(place):
            raise ValueError("in vain")
        assert place.profile.callback_time == 1000.0  # the other thread still trains
    assert place.profile.callback_time == 10.0


def test_two_workers_in_one_process_are_profiled_each_in_its_own_way() -> None:
    seldom, slow, fast = cluster_worker._SeldomProfiled(), Place(5000.0), Place(20.0)
    with seldom.during(slow):
        with seldom.during(fast):
            assert (slow.profile.callback_time, fast.profile.callback_time) == (5000.0, 1000.0)
        assert (slow.profile.callback_time, fast.profile.callback_time) == (5000.0, 20.0)
    assert slow.profile.callback_time == 5000.0


def test_a_worker_without_a_profiler_is_left_alone() -> None:
    seldom = cluster_worker._SeldomProfiled()
    for place in (SimpleNamespace(), SimpleNamespace(periodic_callbacks={})):
        with seldom.during(place):
            pass
