"""The connection to a Dask cluster: the same stacks, on other machines.

    --cluster tcp://HOST:8786     the scheduler of a cluster that is there
    --cluster local:4             four worker processes of this machine, for as long as it takes

There is no scheduler of nnlab's own. A few tasks a worker are in flight, whatever the size of the
plan, and results come back as they finish: the driver holds no more than those (`cluster_crew.py`).

Nothing in a run's numbers depends on where it ran, as long as versions, BLAS and hardware are equal
(`tests/nn/test_run_axis.py`); versions are compared before the first task, and by every worker that
comes later before its first.
"""

from __future__ import annotations

import atexit
import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from nnlab.core import cluster_worker
from nnlab.core.cluster_worker import versions as own_versions
from nnlab.core.errors import ClusterError, UsageError

CONNECT_SECONDS = 10
ASK_EVERY_SECONDS = 5.0
LOCAL = re.compile(r"local:(\d{1,3})")
_ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d+")
_LAST_PORT = 65535


_reached: dict[str, Cluster] = {}


def check_address(address: str) -> None:
    """Raises `UsageError` for what is no address; connects to nothing."""
    local = LOCAL.fullmatch(address)
    if not local and not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"--cluster {address[:200]}: an address looks like tcp://HOST:8786, or local:4 for "
            "four processes of this machine"
        )
    if local and not int(local[1]):
        raise UsageError(f"--cluster {address}: a cluster needs a worker")
    port = address.rpartition(":")[2]
    if not local and int(port) > _LAST_PORT:
        raise UsageError(f"--cluster {address[:200]}: {port} is no port, the last is {_LAST_PORT}")


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
        check_address(address)
        local = LOCAL.fullmatch(address)
        self.address = address
        self.known_threads = 1
        """Worker threads when they were last asked for."""
        self._asked = -math.inf
        self._listener: Callable[[str, int | None], None] = lambda key, run_steps: None
        self.client = _start_local(int(local[1])) if local else _connect(address)
        self.topic = f"nnlab-{self.client.id}"
        """Under which workers send news of their tasks."""
        try:
            self._check_workers()
            self.client.subscribe_topic(self.topic, self._hear)
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
                self.known_threads = max(1, sum(self.client.nthreads().values()))
            except OSError:
                raise self.lost() from None
            self._asked = time.monotonic()
        return self.known_threads

    def lost(self) -> ClusterError:
        """What to say when the scheduler is gone."""
        return ClusterError(
            f"the connection to the scheduler at {self.address} is lost; what is finished is kept, "
            "and the same command goes on from there"
        )

    def tell(self, listener: Callable[[str, int | None], None]) -> None:
        """Call `listener(key of a task, run_steps)` with the news of workers from now on."""
        self._listener = listener

    def _hear(self, event: tuple[float, tuple[str, int | None]]) -> None:
        key, run_steps = event[1]
        self._listener(key, run_steps)

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
            if isinstance(its, OSError):
                continue  # it died just now
            if isinstance(its, BaseException):
                raise ClusterError(
                    f"the worker {worker} cannot run nnlab ({type(its).__name__}: {its}); install "
                    f"nnlab {own['nnlab']} there"
                )
            wrong = cluster_worker.difference(worker, its, own)
            if wrong is not None:
                raise wrong

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
