"""The workers of a cluster as the crew of an execution: a stack is a task.

The data are a task too, so that the scheduler can have them made again when the workers that hold
them die; a worker receives them once, by their content hash, and keeps them encoded.

A worker says when it begins a stack. Dask itself counts the deaths of workers for every task they
had in hand, also for those that only waited behind the one that killed them; how often a stack was
begun tells the two apart.
"""

from __future__ import annotations

import warnings
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nnlab.core import cluster_worker
from nnlab.core.cluster import Cluster
from nnlab.core.errors import ClusterError
from nnlab.core.execute import StackLost
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Stack

if TYPE_CHECKING:
    from nnlab.core.data import Split

AHEAD = 2
"""Tasks in flight for each worker thread: one runs, one waits at hand."""
MOST_IN_FLIGHT = 2000
DEATHS = 3
"""A stack that was begun on so many workers that died is given up."""
NEWS_A_SECOND = 100
"""Of progress, from all workers together; the scheduler passes them on."""


@dataclass(slots=True)
class _Flight:
    """A stack that was handed to the cluster."""

    stack: Stack
    answer: Future[list[RunResult]]
    task: Any = None
    begun: int = 0
    """Workers that began it."""
    sent: int = 0
    told: int = 0
    """Run-steps that were heard of."""


class ClusterCrew:
    """Trains stacks on a cluster."""

    def __init__(self, cluster: Cluster, split: Split) -> None:
        """The data go out with the first stack."""
        self._cluster, self._client = cluster, cluster.client
        self._versions = tuple(cluster_worker.versions().items())
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # it goes once, on purpose
            # As a task, not scattered: made again when all that hold it have died.
            self._data = self._client.submit(
                cluster_worker.hold, split, key=f"nnlab-data-{split.content_hash}"
            )
        self._flights: dict[str, _Flight] = {}
        self._made = 0
        self._given_up: list[Any] = []
        self._counts = Lock()
        """Around all that is counted and listed: Dask has a thread for news and one for results."""
        cluster.tell(self._hear)

    @property
    def slots(self) -> int:
        """How many stacks to keep in flight: as workers come and go, so does this."""
        return min(MOST_IN_FLIGHT, AHEAD * self._cluster.threads)

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        """Train `stack` on the next worker that is free."""
        flight = _Flight(stack, Future())
        flight.answer.set_running_or_notify_cancel()
        self._send(flight)
        return flight.answer

    def _send(self, flight: _Flight) -> None:
        order = cluster_worker.Order(
            flight.stack, self._versions, self._cluster.topic,
            pause=max(1.0, self._cluster.known_threads / NEWS_A_SECOND),
        )  # fmt: skip
        key = f"nnlab-stack-{uuid4().hex}"
        with self._counts:
            flight.sent += 1
            self._flights[key] = flight  # before there can be news of it
        # What nobody refers to, Dask forgets: the flight keeps its task.
        flight.task = self._client.submit(cluster_worker.train, order, self._data, key=key)
        flight.task.add_done_callback(partial(self._settle, flight))

    def _hear(self, key: str, run_steps: int | None) -> None:
        """A worker begins a task (None), or has come so much further with it."""
        with self._counts:
            flight = self._flights.get(key)
            if flight is None:
                return
            if run_steps is not None:
                flight.told += run_steps
                self._made += run_steps
                return
            flight.begun += 1
            if flight.begun <= DEATHS:
                return
            self._given_up.append(flight.task)  # this scheduler would go on with it
        _answer(flight, _lost(DEATHS))

    def _settle(self, flight: _Flight, task: Any) -> None:
        """Hand a finished task's outcome on. Runs in a thread of Dask's."""
        from distributed import KilledWorker

        with self._counts:
            stopped = self._flights.pop(task.key, None) is None
            begun, sent = flight.begun, flight.sent
        try:
            results = task.result()
        except KilledWorker as error:
            if begun < DEATHS and sent < DEATHS and not stopped:  # it waited behind a killer
                self._send(flight)
                return
            _answer(flight, _lost(max(begun, error.allowed_failures + 1)))
        except BaseException as error:  # whatever a worker raised, or became of it
            _answer(flight, self._told(error))
        else:
            all_steps = flight.stack.recipe.steps * len(flight.stack.runs)
            # Less than was heard of where a worker died in the middle: those steps did not count.
            with self._counts:
                self._made += all_steps - flight.told
            with suppress(InvalidStateError):
                flight.answer.set_result(results)

    def _told(self, error: BaseException) -> BaseException:
        """An error of a task in nnlab's words, where it is not a run's own."""
        if isinstance(error, ImportError):
            return ClusterError(f"a worker cannot run nnlab ({error}); install it there")
        if type(error).__name__ in ("CancelledError", "FutureCancelledError", "CommClosedError"):
            return self._cluster.lost()
        return error

    def advanced(self) -> int:
        """Run-steps that were heard of since the last call.

        Raises `ClusterError` when the scheduler is gone.
        """
        if self._client.status != "running":
            raise self._cluster.lost()
        with self._counts:
            given_up, self._given_up = self._given_up, []
            made = max(0, self._made)
            self._made -= made
        if given_up:  # not where it is found out: that is a thread that must not wait
            self._client.cancel(given_up, force=True)
        return made

    def replace(self) -> None:
        """Nothing to do: Dask replaces its workers itself."""

    def stop(self) -> None:
        """Take back what is in flight and let go of the data; the cluster stays."""
        self._cluster.tell(lambda key, run_steps: None)  # or it would keep this crew, and its data
        with self._counts:
            tasks = [flight.task for flight in self._flights.values()]
            self._flights.clear()
        with suppress(Exception):
            self._client.cancel(tasks, force=True)
        with suppress(Exception):  # the connection may be gone
            self._data.release()


def _lost(deaths: int) -> StackLost:
    return StackLost(f"it killed {deaths} workers; was there too little memory?")


def _answer(flight: _Flight, error: BaseException) -> None:
    with suppress(InvalidStateError):  # given up while its last worker still trained it
        flight.answer.set_exception(error)
