"""A grid on a cluster, real processes on loopback, is bit for bit that of one machine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nnlab.core import cluster, cluster_worker
from nnlab.core.cluster import Cluster, ClusterCrew
from nnlab.core.errors import ClusterError, RunsFailed, UsageError
from nnlab.core.execute import StackLost
from nnlab.core.study import Listener, Settings, prepare
from tests.loopback import Loopback
from tests.small import small_spec

pytest.importorskip("distributed")
# One worker of pytest's runs all of these, so that one cluster serves them.
pytestmark = [
    pytest.mark.machine,
    pytest.mark.xdist_group("cluster"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Dask's own sockets
]


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(workers=2) as running:
        yield running


def spec_of(**keys: Any) -> Any:
    return small_spec(seeds=8, learning_rate=[0.05, 0.1], **keys)


def settings(results: Path, address: str | None, **more: Any) -> Settings:
    return Settings(
        results=results, cluster=address, jobs=None if address else 1, draw=False, **more
    )


def tables(folder: Path) -> list[pl.DataFrame]:
    runs = pl.read_csv(folder / "runs.csv").drop("seconds")
    return [runs, *(pl.read_parquet(folder / f"{name}.parquet") for name in ("curves", "layers"))]


def assert_equal(one: Path, other: Path) -> None:
    for a, b in zip(tables(one), tables(other), strict=True):
        assert a.equals(b)


def test_a_grid_on_a_cluster_is_bitwise_that_of_one_machine(
    loopback: Loopback, tmp_path: Path
) -> None:
    here = prepare(spec_of(), settings(tmp_path / "here", None)).run()
    there = prepare(spec_of(), settings(tmp_path / "there", loopback.address)).run()
    assert_equal(here.folder, there.folder)
    told = json.loads((there.folder / "environment.json").read_text())["cluster"]
    assert told["address"] == loopback.address
    runs = [run for names in told["runs_by_worker"].values() for run in names]
    assert sorted(runs) == sorted(there.runs["run"])


def test_a_worker_that_dies_loses_nothing(loopback: Loopback, tmp_path: Path) -> None:
    spec = small_spec(seeds=30, learning_rate=[0.05, 0.1], steps=600)

    class Killer(Listener):
        def __init__(self) -> None:
            self.killed = False

        def finished(self, results: Any) -> None:
            if not self.killed:
                self.killed = True
                loopback.add_worker()
                loopback.kill_worker(0)

    killer = Killer()
    there = prepare(spec, settings(tmp_path / "there", loopback.address)).run(killer)
    here = prepare(spec, settings(tmp_path / "here", None)).run()
    assert killer.killed
    assert_equal(here.folder, there.folder)


def test_a_stack_that_kills_its_workers_is_failed_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deadly(ClusterCrew):
        def submit(self, stack: Any) -> Future[Any]:
            answer: Future[Any] = Future()
            from distributed import KilledWorker

            answer.set_exception(self._told(KilledWorker("task", None, 2)))  # type: ignore[arg-type]
            return answer

    monkeypatch.setattr("nnlab.core.study.ClusterCrew", Deadly)
    with Loopback(workers=1) as running:
        study = prepare(small_spec(), settings(tmp_path, running.address))
        with pytest.raises(RunsFailed, match="killed 3 workers; was there too little memory"):
            study.run()


def test_a_lost_scheduler_ends_the_study_and_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 3)
    spec = small_spec(seeds=30, learning_rate=[0.05, 0.1], steps=600)
    kept: list[str] = []
    with Loopback(workers=1) as running:

        class Killer(Listener):
            def finished(self, results: Any) -> None:
                kept.extend(result.run.id for result in results)
                if len(kept) == len(results):
                    running.kill_scheduler()

        study = prepare(spec, settings(tmp_path, running.address))
        with pytest.raises(ClusterError, match="lost; what is finished is kept"):
            study.run(Killer())
    assert kept
    again = prepare(spec, settings(tmp_path, None))
    assert again.outlook().stored == len(kept)
    assert again.run().runs["run"].len() == len(again.plan.runs)


@pytest.mark.parametrize("address", ["host", "tcp://host", "http://host:1", "local:", "local:x"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(UsageError, match=re.escape("an address looks like tcp://HOST:8786")):
        Cluster(address)


def test_a_cluster_without_workers_is_told() -> None:
    with pytest.raises(UsageError, match="a cluster needs a worker"):
        Cluster("local:0")


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1 "):
        Cluster("tcp://127.0.0.1:1")


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 3)
    without = "has no worker; start some with `dask worker tcp:"
    with Loopback(workers=0) as running, pytest.raises(ClusterError, match=without):
        Cluster(running.address)


def test_workers_of_another_version_are_named(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = cluster_worker.versions()
    monkeypatch.setattr(cluster, "own_versions", lambda: own | {"NumPy": "0.1"})
    with pytest.raises(ClusterError, match=rf"the worker tcp://\S+ has NumPy {own['NumPy']}, here"):
        Cluster(loopback.address)


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=re.escape('pip install "nnlab[cluster]"')):
        Cluster("local:1")


def test_few_tasks_are_in_flight_whatever_the_plan(loopback: Loopback) -> None:
    plan = prepare(small_spec(), Settings()).plan
    crew = ClusterCrew(cluster.reach(loopback.address), plan.split)
    assert crew.slots == cluster.AHEAD * crew._cluster.threads


def test_a_local_cluster_from_the_command_line_leaves_no_process(tmp_path: Path) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(small_spec().to_yaml())
    done = subprocess.run(
        [
            sys.executable, "-m", "nnlab.cli", "train", str(spec), "--cluster", "local:1",
            "--results", str(tmp_path / "results"), "--json",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["runs"]
    assert "Traceback" not in done.stderr


def test_a_crew_that_is_told_to_stop_takes_its_tasks_back(loopback: Loopback) -> None:
    plan = prepare(small_spec(steps=20000, seeds=4), Settings()).plan
    reached = cluster.reach(loopback.address)
    crew = ClusterCrew(reached, plan.split)
    from nnlab.core.plan import make_stacks

    for stack in make_stacks(plan.runs, 2):
        crew.submit(stack)
    crew.stop()
    until = time.monotonic() + 30
    while reached.client.processing() and time.monotonic() < until:
        if not any(reached.client.processing().values()):
            break
        time.sleep(0.05)
    assert not any(reached.client.processing().values())


def test_what_became_of_a_task_is_told_in_nnlabs_words(loopback: Loopback) -> None:
    from distributed import KilledWorker

    plan = prepare(small_spec(), Settings()).plan
    crew = ClusterCrew(cluster.reach(loopback.address), plan.split)
    lost = crew._told(KilledWorker("task", None, 2))  # type: ignore[arg-type]
    assert isinstance(lost, StackLost)
    assert isinstance(crew._told(ValueError("in a run")), ValueError)
