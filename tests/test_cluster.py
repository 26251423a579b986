"""A grid on a cluster, real processes on loopback, is bit for bit that of one machine."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import polars as pl
import pytest

from nnlab.cli.outlook import lines
from nnlab.core import cluster, cluster_worker
from nnlab.core.cluster import Cluster
from nnlab.core.cluster_crew import AHEAD, MOST_IN_FLIGHT, ClusterCrew
from nnlab.core.errors import ClusterError, RunsFailed, UsageError
from nnlab.core.listener import Listener
from nnlab.core.plan import Stack, make_stacks
from nnlab.core.settings import Settings
from nnlab.core.study import prepare
from tests.loopback import Deadly, Loopback, others_in
from tests.small import small_spec

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Dask's own sockets
]


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(workers=2) as running:
        yield running


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine must not fail a test by its clock."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 60)


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


def test_where_a_run_ran_is_known_to_who_goes_on(loopback: Loopback, tmp_path: Path) -> None:
    """Runs of an earlier start keep their place; those made here have none."""
    prepare(spec_of(name="part"), settings(tmp_path, loopback.address)).run()
    whole = small_spec(seeds=9, learning_rate=[0.05, 0.1])
    results = prepare(whole, settings(tmp_path, None)).run()
    told = json.loads((results.folder / "environment.json").read_text())["cluster"]
    placed = {run for names in told["runs_by_worker"].values() for run in names}
    assert placed == set(results.runs.filter(pl.col("seed") < 8)["run"])


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


@pytest.mark.parametrize("patience", ["2", "9"])
def test_a_stack_that_kills_three_workers_is_failed_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: str
) -> None:
    """Whatever the scheduler's own patience; the stacks that waited behind it are trained."""

    class Careless(ClusterCrew):
        def submit(self, stack: Any) -> Future[Any]:
            deadly = stack.recipe.hidden_layer_sizes == (9,)
            return super().submit(Deadly(stack) if deadly else stack)  # type: ignore[arg-type]

    monkeypatch.setattr("nnlab.core.running.ClusterCrew", Careless)
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", patience)
    spec = small_spec(hidden_layer_sizes=[[8], [9]], seeds=2)
    with Loopback(workers=1) as running:
        replaced = Event()

        def replace() -> None:
            while not replaced.wait(0.1):
                if running.workers[-1].poll() is not None:
                    running.add_worker()

        thread = Thread(target=replace)
        thread.start()
        try:
            study = prepare(spec, settings(tmp_path, running.address))
            with pytest.raises(RunsFailed, match="killed 3 workers; was there too little memory"):
                study.run()
        finally:
            replaced.set()
            thread.join()
    rows = pl.read_csv(study.folder / "runs.csv")
    fates = set(zip(rows["hidden_layer_sizes"], rows["status"], strict=True))
    assert fates == {(8, "finished"), (9, "failed")}


def test_a_lost_scheduler_ends_the_study_and_keeps_what_is_finished(
    tmp_path: Path,
) -> None:
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


def test_an_address_is_checked_before_anything_is_done() -> None:
    """Also where all is stored, and the cluster would not be asked."""
    with pytest.raises(UsageError, match="an address looks like"):
        Settings(cluster="nonsense")
    with pytest.raises(UsageError, match="99999 is no port, the last is 65535"):
        Settings(cluster="tcp://host:99999")


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


def test_a_worker_that_comes_later_with_other_versions_is_named(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks before its first stack, whenever it joined."""
    cluster.reach(loopback.address)
    own = cluster_worker.versions()
    monkeypatch.setattr(cluster_worker, "versions", lambda: own | {"NumPy": "0.1"})
    study = prepare(small_spec(), settings(tmp_path, loopback.address))
    with pytest.raises(ClusterError, match=rf"the worker tcp://\S+ has NumPy {own['NumPy']}, here"):
        study.run()


def test_a_worker_without_nnlab_is_told_from_a_run_that_fails(loopback: Loopback) -> None:
    crew = ClusterCrew(
        cluster.reach(loopback.address), prepare(small_spec(), Settings()).plan.split
    )
    told = crew._told(ModuleNotFoundError("No module named 'nnlab'"))
    assert isinstance(told, ClusterError)
    assert "a worker cannot run nnlab (No module named 'nnlab'); install it there" in str(told)


def test_data_of_any_size_travel_and_blas_has_one_thread(loopback: Loopback) -> None:
    """The workers read no file, and get more than Dask likes to send without a warning."""
    plan = prepare(small_spec(), Settings()).plan
    times = 2**20 // len(plan.split.X_train) + 1
    many = np.tile(plan.split.X_train, (times, 1))
    targets: Any = np.tile(plan.split.y_train, times)
    large = replace(plan.split, X_train=many, y_train=targets, content_hash="large")
    assert many.nbytes > 10 * 2**20
    reached = cluster.reach(loopback.address)
    crew = ClusterCrew(reached, large)
    recipe = replace(plan.runs[0].recipe, train_examples=len(many))
    stack = Stack(recipe, (replace(plan.runs[0], recipe=recipe),))
    assert crew.submit(stack).result(timeout=60)[0].status == "finished"
    assert set().union(*reached.client.run(blas_threads).values()) == {1}


def blas_threads() -> set[int]:
    """How many a worker's BLAS has; nothing of a worker that has not trained yet."""
    from threadpoolctl import threadpool_info

    if not cluster_worker._workers:
        return set()
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=re.escape('pip install "nnlab[cluster]"')):
        Cluster("local:1")


def test_few_tasks_are_in_flight_whatever_the_plan(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = prepare(small_spec(), Settings()).plan
    crew = ClusterCrew(cluster.reach(loopback.address), plan.split)
    assert crew.slots == AHEAD * crew._cluster.threads
    monkeypatch.setattr(Cluster, "threads", 10**6)
    assert crew.slots == MOST_IN_FLIGHT


def test_a_stack_tells_how_far_it_is_before_it_ends(loopback: Loopback, tmp_path: Path) -> None:
    class Ear(Listener):
        steps, early = 0, 0

        def advanced(self, run_steps: int) -> None:
            self.steps += run_steps

        def finished(self, results: Any) -> None:
            self.early = self.early or self.steps

    ear = Ear()
    spec = small_spec(seeds=2, steps=40000, activation="relu", learning_rate=0.01)
    study = prepare(spec, settings(tmp_path, loopback.address))
    study.run(ear)
    total = sum(run.recipe.steps for run in study.plan.runs)
    assert ear.early > 0
    assert ear.steps == total


def test_a_dry_run_counts_the_workers_of_the_cluster(loopback: Loopback) -> None:
    study = prepare(spec_of(), Settings(cluster=loopback.address))
    outlook = study.outlook()
    told = " ".join(map(str, lines(study, outlook, 200)))
    workers = min(cluster.reach(loopback.address).threads, outlook.stacks)
    assert f" on {workers} worker{'s' if workers > 1 else ''} of the cluster" in told
    alone = prepare(spec_of(), Settings(jobs=1)).outlook()
    assert outlook.seconds < alone.seconds or workers == 1


def test_ctrl_c_keeps_what_is_finished_and_leaves_the_cluster(
    loopback: Loopback, tmp_path: Path
) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(small_spec(seeds=60, learning_rate=[0.05, 0.1], steps=3000).to_yaml())
    words = ["train", str(spec), "--cluster", loopback.address, "--results", str(tmp_path / "r")]
    command = [sys.executable, "-m", "nnlab.cli", *words, "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as started:  # fmt: skip
        _until(lambda: any(tmp_path.glob("r/.runs/*.zip")), 60)
        started.send_signal(signal.SIGINT)
        said = started.communicate(timeout=60)[1]
    assert started.returncode == 130, said
    assert "Traceback" not in said
    _assert_nobody_is_left_of(started.pid)
    assert (
        prepare(small_spec(), settings(tmp_path / "x", loopback.address)).run().counts["finished"]
    )


def test_a_local_cluster_from_the_command_line_leaves_no_process(tmp_path: Path) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(small_spec().to_yaml())
    words = ["train", str(spec), "--cluster", "local:1", "--results", str(tmp_path / "results")]
    with subprocess.Popen(
        [sys.executable, "-m", "nnlab.cli", *words, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as started:  # fmt: skip
        told, said = started.communicate(timeout=120)
    assert started.returncode == 0
    assert json.loads(told)["runs"]
    assert "Traceback" not in said
    _assert_nobody_is_left_of(started.pid)


def test_workers_are_seldom_profiled_while_they_train(loopback: Loopback) -> None:
    plan = prepare(small_spec(steps=20_000, seeds=4), Settings()).plan
    reached = cluster.reach(loopback.address)

    def intervals() -> set[float]:
        def look(dask_worker: Any) -> float:
            return float(dask_worker.periodic_callbacks["profile"].callback_time)

        return set(reached.client.run(look).values())

    usual = intervals()
    crew = ClusterCrew(reached, plan.split)
    answers = [crew.submit(stack) for stack in make_stacks(plan.runs, 2)]
    assert _until(lambda: 1000.0 in intervals())
    for answer in answers:
        answer.result(timeout=60)
    assert _until(lambda: intervals() == usual)
    assert max(usual) < 1000.0
    crew.stop()


def test_a_crew_that_is_told_to_stop_takes_its_tasks_back(loopback: Loopback) -> None:
    plan = prepare(small_spec(steps=100_000, seeds=4), Settings()).plan
    reached = cluster.reach(loopback.address)
    crew = ClusterCrew(reached, plan.split)
    stacks = make_stacks(plan.runs, 2)
    for stack in stacks:
        crew.submit(stack)
    # Dask loses a cancel that overtakes the task it is for: first all are at work.
    assert _until(lambda: sum(map(len, reached.client.processing().values())) == len(stacks) > 1)
    crew.stop()
    assert _until(lambda: not any(reached.client.processing().values()), seconds=2)


def _assert_nobody_is_left_of(session: int) -> None:
    """What a process started ends by itself; the last may take a moment after its parent."""
    assert _until(lambda: not others_in(session), 5), others_in(session)


def _until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether `condition` became true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_a_stack_that_made_no_step_yet_has_not_begun_again() -> None:
    """How often it began is what it is given up for; a slow first record is no beginning."""
    heard: list[int | None] = []
    news = cluster_worker._News()
    news.begin(heard.append, 0.0)
    news.advanced(0)
    news.advanced(5)
    assert heard == [None, 0, 5]
