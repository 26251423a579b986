"""Worker processes of this machine: a pool for one study, or kept for the studies of one command.

An answer trains a dozen small studies: within `with workers_kept():` every `Pool` is served by the
same processes, which end with the block.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nnlab.core import worker
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Stack

if TYPE_CHECKING:
    from nnlab.core.data import Split

WITH_EVERY_STACK = 4 * 2**20
"""Bytes of a split that travel with every stack; a larger one goes once to each worker."""


class Workers:
    """Processes that train, each with BLAS at one thread, and the count of their run-steps."""

    def __init__(self, jobs: int, split: bytes | None = None, at_once: int | None = None) -> None:
        """At most `jobs`: `at_once` (all) start with the first stack, the others one by one.

        `split` goes once to each.
        """
        # Not forked: the parent's threads (BLAS, polars) do not survive a fork in good order.
        context = multiprocessing.get_context("spawn")
        # Anew with the processes: one that is killed while it counts leaves the counter locked.
        self._counter: Any = context.Value("q", 0)
        self.jobs = jobs
        self._to_start = jobs if at_once is None else at_once
        self.executor = ProcessPoolExecutor(
            jobs, mp_context=context, initializer=worker.start, initargs=(self._counter, split)
        )

    def submit(self, stack: Stack, split: bytes | None) -> Future[list[RunResult]]:
        """Train on the next that is free."""
        # The workers that this starts are born deaf to Ctrl-C, and do not run the main program.
        self._start()
        with _interrupts_ignored(), _no_main_module():
            return self.executor.submit(worker.train, stack, split)

    def _start(self) -> None:
        """Start them before the executor has the thread that watches over them.

        That thread counts the processes while `submit` adds to them, and ends in a traceback where
        one dies just then (CPython 3.11 to 3.13; seen in one of forty kills).
        """
        spawn = getattr(self.executor, "_spawn_process", None)
        if spawn is not None:  # or they start one by one
            for _ in range(self._to_start):
                with _interrupts_ignored(), _no_main_module():
                    spawn()
        self._to_start = 0

    def made(self) -> int:
        """Run-steps made by all of them since they were started."""
        return int(self._counter.get_obj().value)

    @property
    def broken(self) -> bool:
        """Whether one of them has died; the others then take nothing more."""
        return bool(self.executor._broken)

    def kill(self) -> None:
        """End them at once; they hold nothing that is not done again."""
        for process in list((self.executor._processes or {}).values()):
            with suppress(OSError, ValueError):
                process.kill()
        self.executor.shutdown(wait=True, cancel_futures=True)


class _Shelf:
    """Where idle workers wait for the next study."""

    def __init__(self) -> None:
        self.idle: Workers | None = None


_shelf: ContextVar[_Shelf | None] = ContextVar("shelf", default=None)


@contextmanager
def workers_kept() -> Iterator[None]:
    """Let worker processes serve one study after the other in the block, and end with it.

    Starting them takes a second, which is longer than many a small study. A block within a block
    changes nothing.
    """
    if _shelf.get() is not None:
        yield
        return
    shelf = _Shelf()
    token = _shelf.set(shelf)
    try:
        yield
    finally:
        _shelf.reset(token)
        if shelf.idle is not None:
            shelf.idle.kill()


def workers_there(jobs: int) -> bool:
    """Whether workers have been kept, at least `jobs` of them, ready for the next study."""
    shelf = _shelf.get()
    return shelf is not None and shelf.idle is not None and shelf.idle.jobs >= jobs


class Pool:
    """Trains the stacks of one split on worker processes."""

    def __init__(self, split: Split, jobs: int) -> None:
        """On `jobs` processes, started with the first stack, or on those of an earlier study.

        What an earlier study left may be more than this one asks for: within `workers_kept` all
        are allowed the same number, and ask for fewer only where they have fewer stacks.
        """
        self._jobs, packed = jobs, pickle.dumps(split)
        # Starting a worker waits until it has taken its arguments, that is, has imported NumPy. A
        # small split therefore goes with the stacks, so that all workers start at once; and only
        # those who were not started for one large split can be kept for another.
        small = len(packed) <= WITH_EVERY_STACK
        self._at_start: bytes | None = None if small else packed
        self._with_stacks: bytes | None = packed if small else None
        # One more than there are workers waits at hand, so that none pauses for its next.
        self.slots = jobs + 1
        self._flying: list[Future[list[RunResult]]] = []
        self._told = 0
        self._seat(self._take() or Workers(jobs, self._at_start))

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        """Train on the next worker that is free."""
        future = self._workers.submit(stack, self._with_stacks)
        self._flying = [each for each in self._flying if not each.done()]
        self._flying.append(future)
        return future

    def advanced(self) -> int:
        """Run-steps made by all workers since the last call."""
        total = self._workers.made()
        made, self._told = total - self._told, total
        return made

    def replace(self) -> None:
        """A fresh pool in place of a broken one; a stack that is tried alone starts one worker."""
        self._workers.kill()
        self._seat(Workers(self._jobs, self._at_start, at_once=1))

    def stop(self) -> None:
        """End the workers, or keep them if they are idle and whole and the next may want them."""
        shelf = _shelf.get()
        idle = all(future.done() for future in self._flying) and not self._workers.broken
        if shelf is None or not idle or self._at_start is not None:
            self._workers.kill()
        else:
            shelf.idle = self._workers

    def _take(self) -> Workers | None:
        """The kept workers, if they are what is wanted; if not, they end: never two bunches."""
        shelf = _shelf.get()
        if shelf is None or shelf.idle is None:
            return None
        kept, shelf.idle = shelf.idle, None
        if kept.jobs >= self._jobs and self._at_start is None and not kept.broken:
            return kept
        kept.kill()
        return None

    def _seat(self, workers: Workers) -> None:
        self._workers, self._told = workers, workers.made()
        self._flying.clear()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C for a moment: processes started in the block inherit that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Hide the main program: a process spawned in the block would import it, and needs none of it.

    It saves the command line's own imports, and a script of a user's without a guard around its
    main part from being run by every worker.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
