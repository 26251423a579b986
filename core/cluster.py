"""A Dask cluster as the crew of an execution: the same stacks, on other machines.

    --cluster tcp://HOST:8786     the scheduler of a cluster that is there
    --cluster local:4             four worker processes of this machine, for as long as it takes

There is no scheduler of nnlab's own. A stack is one task. The data are a task too, so that the
scheduler can have them made again when the workers that hold them die; a worker receives them once,
by their content hash, and keeps them encoded. A few tasks a worker are in flight, whatever the size
of the plan, and results come back as they finish: the driver holds no more than those.

Nothing in a run's numbers depends on where it ran, as long as versions, BLAS and hardware are equal
(`tests/test_run_axis.py`); versions are compared before the first task.
"""

from __future__ import annotations

import atexit
import logging
import math
import re
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from nnlab.core import cluster_worker
from nnlab.core.cluster_worker import versions as own_versions
from nnlab.core.errors import ClusterError, UsageError
from nnlab.core.execute import StackLost
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Stack

if TYPE_CHECKING:
    from nnlab.core.data import Split

AHEAD = 2
"""Tasks in flight for each worker thread: one runs, one waits at hand."""
MOST_IN_FLIGHT = 2000
CONNECT_SECONDS = 10
ASK_EVERY_SECONDS = 5.0
LOCAL = re.compile(r"local:(\d{1,3})")
_ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d+")


_reached: dict[str, Cluster] = {}


def reach(address: str) -> Cluster:
    """The cluster at `address`; a second study in this process finds it open. Raises as it does."""
    known = _reached.get(address)
    if known is None or known.client.status != "running":
        if known is not None:
            known.close()
        _reached[address] = known = Cluster(address)
        atexit.register(known.close)
    return known


class Cluster:
    """A connection to a cluster, its workers checked."""

    def __init__(self, address: str) -> None:
        """Connect, or start a local cluster.

        Raises `UsageError` for an address that is none and where Dask is not installed,
        `ClusterError` where nobody answers, no worker is there, or a worker's versions differ.
        """
        local = LOCAL.fullmatch(address)
        if not local and not _ADDRESS.fullmatch(address):
            raise UsageError(
                f"--cluster {address[:200]}: an address looks like tcp://HOST:8786, or local:4 for "
                "four processes of this machine"
            )
        if local and not int(local[1]):
            raise UsageError(f"--cluster {address}: a cluster needs a worker")
        self.address = address
        self.places: dict[str, list[str]] = {}
        """The hashes of the runs that each worker trained."""
        self._threads, self._asked = 1, -math.inf
        self.client = _start_local(int(local[1])) if local else _connect(address)
        try:
            self._check_workers()
        except BaseException:
            self.close()
            raise

    @property
    def threads(self) -> int:
        """Worker threads there are now, asked every few seconds; one at least, more may come.

        Raises `ClusterError` when the scheduler is gone.
        """
        if time.monotonic() > self._asked + ASK_EVERY_SECONDS:
            try:
                self._threads = max(1, sum(self.client.nthreads().values()))
            except OSError:
                raise self.lost() from None
            self._asked = time.monotonic()
        return self._threads

    def lost(self) -> ClusterError:
        """What to say when the scheduler is gone."""
        return ClusterError(
            f"the connection to the scheduler at {self.address} is lost; what is finished is kept, "
            "and the same command goes on from there"
        )

    def where(self, runs: Iterable[str]) -> dict[str, list[str]]:
        """Which of these runs (their hashes) each worker trained, as far as this process saw."""
        known = frozenset(runs)
        found = {place: [run for run in ran if run in known] for place, ran in self.places.items()}
        return {place: ran for place, ran in found.items() if ran}

    def _check_workers(self) -> None:
        """Every worker runs what this process runs, or its numbers would not be ours."""
        import distributed

        try:
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except (TimeoutError, distributed.TimeoutError):
            raise ClusterError(
                f"the scheduler at {self.address} has no worker; start some with "
                f"`dask worker {self.address}`"
            ) from None
        own = own_versions()
        found: Mapping[str, Any] = self.client.run(cluster_worker.versions, on_error="return")
        for worker, its in found.items():
            if isinstance(its, BaseException):
                raise ClusterError(
                    f"the worker {worker} cannot run nnlab ({type(its).__name__}: {its}); install "
                    f"nnlab {own['nnlab']} there"
                )
            wrong = [
                f"{name} {its[name]}, here {own[name]}" for name in own if its[name] != own[name]
            ]
            if wrong:
                raise ClusterError(f"the worker {worker} has {'; '.join(wrong)}: make them equal")

    def close(self) -> None:
        """Let go of the cluster; a local one ends."""
        with suppress(Exception):
            self.client.close(timeout=2)
        if self.client.cluster is not None:
            with suppress(Exception):
                self.client.cluster.close(timeout=5)


def _start_local(workers: int) -> Any:
    distributed = _distributed()
    import dask

    # A stack that kills its third worker is given up, and a killed worker is not mourned aloud.
    dask.config.set({"distributed.scheduler.allowed-failures": 2})
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
        silence_logs=50, memory_limit=0,
    )  # fmt: skip
    return distributed.Client(cluster, timeout=CONNECT_SECONDS)


def _connect(address: str) -> Any:
    distributed = _distributed()
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ClusterError(
            f"no scheduler answers at {address} ({str(error) or type(error).__name__}); is it "
            "running, and is the address right?"
        ) from None


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise UsageError(
            '--cluster needs Dask, which is not installed: pip install "nnlab[cluster]"'
        ) from None
    # What goes wrong is told in nnlab's words, in one place.
    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    for name in ("client", "core", "comm", "scheduler", "nanny", "deploy"):
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL + 1)
    return distributed


class ClusterCrew:
    """Trains stacks on a cluster."""

    def __init__(self, cluster: Cluster, split: Split) -> None:
        """The data go out with the first stack."""
        self._cluster, self._client = cluster, cluster.client
        # As a task, not scattered: made again by the scheduler when all that hold it have died.
        self._data = self._client.submit(
            cluster_worker.hold, split, key=f"nnlab-data-{split.content_hash}"
        )
        self._tasks: dict[Future[list[RunResult]], Any] = {}
        self._made = 0

    @property
    def slots(self) -> int:
        """How many stacks to keep in flight: as workers come and go, so does this."""
        return min(MOST_IN_FLIGHT, AHEAD * self._cluster.threads)

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        """Train `stack` on the next worker that is free."""
        answer: Future[list[RunResult]] = Future()
        answer.set_running_or_notify_cancel()
        task = self._client.submit(cluster_worker.train, stack, self._data, pure=False)
        self._tasks[answer] = task  # what nobody refers to, Dask forgets
        task.add_done_callback(partial(self._settle, answer, stack))
        return answer

    def _settle(self, answer: Future[list[RunResult]], stack: Stack, task: Any) -> None:
        """Hand a finished task's outcome on. Runs in a thread of Dask's."""
        try:
            results, place = task.result()
        except BaseException as error:  # whatever a worker raised, or became of it
            answer.set_exception(self._told(error))
        else:
            self._made += stack.recipe.steps * len(stack.runs)
            self._cluster.places.setdefault(place, []).extend(run.id for run in stack.runs)
            answer.set_result(results)
        finally:
            self._tasks.pop(answer, None)

    def _told(self, error: BaseException) -> BaseException:
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            return StackLost(
                f"it killed {error.allowed_failures + 1} workers; was there too little memory?"
            )
        if type(error).__name__ in ("CancelledError", "FutureCancelledError", "CommClosedError"):
            return self._cluster.lost()
        return error

    def advanced(self) -> int:
        """Run-steps of the stacks that finished since the last call.

        Raises `ClusterError` when the scheduler is gone.
        """
        if self._client.status != "running":
            raise self._cluster.lost()
        made, self._made = self._made, 0
        return made

    def replace(self) -> None:
        """Nothing to do: Dask replaces its workers itself."""

    def stop(self) -> None:
        """Take back what is in flight; the cluster stays."""
        with suppress(Exception):
            self._client.cancel(list(self._tasks.values()), force=True)
        self._tasks.clear()
