"""What a worker of a cluster does: hold the data, train a stack, say what and how far it is."""

from __future__ import annotations

import platform
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nnlab.core.environment import package_version
from nnlab.core.errors import ClusterError
from nnlab.core.outcome import RunResult
from nnlab.core.plan import ENGINE_VERSION, Stack
from nnlab.core.worker import Worker, one_thread

if TYPE_CHECKING:
    from nnlab.core.data import Split

_MOST_HELD = 4
"""Data sets that a worker keeps encoded; a cluster may serve several studies."""


@dataclass(frozen=True, slots=True)
class Order:
    """A stack to train, and what the driver wants to know of it."""

    stack: Stack
    versions: tuple[tuple[str, str], ...]
    """The driver's: a worker may have come after all others were asked for theirs."""
    topic: str
    """Where the driver listens for news."""
    pause: float
    """Seconds at least between two pieces of news of progress."""


def versions() -> dict[str, str]:
    """What must be equal on every machine for equal numbers."""
    return {
        "nnlab": package_version("nnlab") or "not installed",
        "engine": str(ENGINE_VERSION),
        "NumPy": np.__version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
    }


def difference(worker: str, its: dict[str, str], own: dict[str, str]) -> ClusterError | None:
    """What to say of a `worker` whose versions are not the driver's; None where they are."""
    wrong = [
        f"{name} {its.get(name)}, here {own[name]}" for name in own if its.get(name) != own[name]
    ]
    if not wrong:
        return None
    return ClusterError(f"the worker {worker} has {'; '.join(wrong)}: make them equal")


def hold(split: Split) -> Split:
    """The data as a task of their own, so that the scheduler knows who has them."""
    return split


class _News:
    """Tells the driver that a stack was begun, then from time to time of the run-steps made.

    Each thread of a worker process trains a stack of its own and has news of its own.
    """

    def __init__(self) -> None:
        self._own = threading.local()

    def begin(self, tell: Callable[[int | None], None], pause: float) -> None:
        """A stack begins in this thread; `tell(run_steps)` passes news on, None that it began."""
        own = self._own
        own.tell, own.pause, own.made, own.last = tell, pause, 0, time.monotonic()
        tell(None)

    def advanced(self, run_steps: int) -> None:
        """So many more run-steps were made in this thread."""
        own, now = self._own, time.monotonic()
        own.made += run_steps
        if now - own.last >= own.pause:
            own.tell(own.made)
            own.made, own.last = 0, now


class _SeldomProfiled:
    """Has Dask look at what its worker does once a second instead of every 10 ms.

    Each of its looks takes Python's lock from a training that passes it on every few microseconds:
    about a fifth of a worker's time. While no stack trains, Dask has its own way.
    """

    MILLISECONDS = 1000.0

    def __init__(self) -> None:
        self._usual: dict[Any, tuple[float, int]] = {}
        """Of each worker's profiler: its own interval, and how many stacks train there."""
        self._counting = threading.Lock()

    @contextmanager
    def during(self, place: Any) -> Iterator[None]:
        """Around a training on the worker `place`, in any thread."""
        profile = getattr(place, "periodic_callbacks", {}).get("profile")
        if profile is None:  # it is switched off
            yield
            return
        with self._counting:
            usual, trainings = self._usual.get(profile, (profile.callback_time, 0))
            self._usual[profile] = usual, trainings + 1
            profile.callback_time = max(usual, self.MILLISECONDS)
        try:
            yield
        finally:
            with self._counting:
                usual, trainings = self._usual.pop(profile)
                if trainings > 1:
                    self._usual[profile] = usual, trainings - 1
                else:
                    profile.callback_time = usual


_news = _News()
_seldom_profiled = _SeldomProfiled()
_workers: dict[str, Worker] = {}
"""By content hash; the one that was asked for last stands last."""
_choosing = threading.Lock()


def train(order: Order, split: Split) -> list[RunResult]:
    """Train a stack; its results say where they were made.

    Raises `ClusterError` where this worker's versions are not the driver's.
    """
    from distributed import get_worker

    place: Any = get_worker()
    wrong = difference(place.address, versions(), dict(order.versions))
    if wrong is not None:
        raise wrong
    key, topic = str(place.get_current_task()), order.topic
    _news.begin(lambda made: place.log_event(topic, [key, made]), order.pause)
    worker = _worker_for(split)
    name = place.address if place.name is None else place.name  # the first of local:N is 0
    here = f"{socket.gethostname()} {name}"
    with _seldom_profiled.during(place):
        return [replace(result, place=here) for result in worker.train(order.stack)]


def _worker_for(split: Split) -> Worker:
    """The one that holds the split encoded, for all threads; the longest unused is let go."""
    with _choosing:
        worker = _workers.pop(split.content_hash, None)
        if worker is None:
            one_thread()  # a worker's threads run beside each other: BLAS must not add its own
            while len(_workers) >= _MOST_HELD:
                del _workers[next(iter(_workers))]
            worker = Worker(split, _news.advanced)
        _workers[split.content_hash] = worker
        return worker
