"""Where stacks run: in this process, or on a pool of worker processes.

`Crew` is the one interface: submit a stack, get a future of its results. Anything shaped like
`concurrent.futures.Executor` can stand behind it. `execute` feeds it: a few stacks in flight at a
time, results handed over as they come. A stack whose worker dies is tried again in halves, alone,
at most twice; one that raises is halved until the run that does it is alone. What fails then is a
failed run, and the grid goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType, ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from nnlab.core import worker
from nnlab.core.errors import NnlabError
from nnlab.core.outcome import RunResult, failed
from nnlab.core.plan import Stack

if TYPE_CHECKING:
    from nnlab.core.data import Split

TRIES = 3
"""A stack whose worker dies is tried so often: whole, in halves, in quarters."""
WORTH_A_POOL = 1.0
"""Seconds of work, estimated, below which starting worker processes takes longer than it saves."""
WITH_EVERY_STACK = 4 * 2**20
"""Bytes of a split that travel with every stack; a larger one goes once to each worker."""
_POLL_SECONDS = 0.1


class Crew(Protocol):
    """Something that trains stacks."""

    @property
    def slots(self) -> int:
        """How many stacks to keep in flight."""

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        """Train `stack`; the future gives its results in the order of its runs."""

    def advanced(self) -> int:
        """Run-steps made since the last call."""

    def replace(self) -> None:
        """Start anew after workers have died."""

    def stop(self) -> None:
        """End at once; what is in flight is lost."""


class Alone:
    """Trains in this process, one stack after the other, when asked for the future."""

    slots = 1

    def __init__(self, split: Split, told: Callable[[int], None]) -> None:
        """`told(run_steps)` is called while a stack trains."""
        self._worker = worker.Worker(split, told)
        self._limit = worker.one_thread()

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        """Train now."""
        future: Future[list[RunResult]] = Future()
        try:
            future.set_result(self._worker.train(stack))
        except Exception as error:
            future.set_exception(error)
        return future

    def advanced(self) -> int:
        """Nothing: progress is told at once."""
        return 0

    def replace(self) -> None:
        """Nothing to replace."""

    def stop(self) -> None:
        """Give BLAS its threads back."""
        self._limit.restore_original_limits()


class Pool:
    """Worker processes of this machine, each with BLAS at one thread."""

    def __init__(self, split: Split, jobs: int) -> None:
        """Start `jobs` processes as stacks come in."""
        # Not forked: the parent's threads (BLAS, polars) do not survive a fork in good order.
        self._context = multiprocessing.get_context("spawn")
        self._jobs, packed = jobs, pickle.dumps(split)
        # Starting a worker waits until it has taken its arguments, that is, has imported NumPy. A
        # small split therefore goes with the stacks, so that all workers start at once.
        small = len(packed) <= WITH_EVERY_STACK
        self._at_start: bytes | None = None if small else packed
        self._with_stacks: bytes | None = packed if small else None
        # One more than there are workers waits at hand, so that none pauses for its next.
        self.slots = jobs + 1
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        # Anew with every pool: a worker killed while it counts leaves the counter locked.
        self._counter: Any = self._context.Value("q", 0)
        self._told = 0
        return ProcessPoolExecutor(
            self._jobs, mp_context=self._context, initializer=worker.start,
            initargs=(self._counter, self._at_start),
        )  # fmt: skip

    def submit(self, stack: Stack) -> Future[list[RunResult]]:
        """Train on the next worker that is free."""
        # The workers that this starts are born deaf to Ctrl-C, and do not run the main program.
        with _interrupts_ignored(), _no_main_module():
            return self._executor.submit(worker.train, stack, self._with_stacks)

    def advanced(self) -> int:
        """Run-steps made by all workers since the last call."""
        total = int(self._counter.get_obj().value)
        made, self._told = total - self._told, total
        return made

    def replace(self) -> None:
        """A fresh pool in place of a broken one."""
        self.stop()
        self._executor = self._start()

    def stop(self) -> None:
        """Kill the workers; they hold nothing that is not done again."""
        for process in list((self._executor._processes or {}).values()):
            with suppress(OSError, ValueError):
                process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)


class StackLost(Exception):
    """A stack that a crew has given up: whatever is tried, its workers die."""


@dataclass(slots=True)
class _Task:
    stack: Stack
    tries: int = 0


class Execution:
    """One pass over stacks: iterating gives lists of results as stacks finish.

    As a context manager it ends the workers whatever happens.
    """

    def __init__(
        self, crew: Crew, told: Callable[[int], None], meanwhile: Callable[[], None] | None = None
    ) -> None:
        """`told(run_steps)` hears of progress, from this thread.

        `meanwhile()` is called once, when the first stacks are on their way.
        """
        self._crew, self._told, self._meanwhile = crew, told, meanwhile

    def __enter__(self) -> Self:
        """Nothing is started until the first stack is submitted."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """End the workers."""
        self._crew.stop()

    def results(self, stacks: Iterable[Stack]) -> Iterator[list[RunResult]]:
        """Results stack by stack, in the order in which they finish."""
        waiting = deque(_Task(stack) for stack in stacks)
        suspects: deque[_Task] = deque()
        flying: dict[Future[list[RunResult]], _Task] = {}
        while waiting or suspects or flying:
            # A suspect runs alone, so that if a worker dies again it is known whose doing it was.
            slots = 1 if suspects else self._crew.slots
            queue = suspects or waiting
            while queue and len(flying) < slots and not (suspects and flying):
                task = queue.popleft()
                flying[self._submit(task)] = task
                if slots == 1:
                    break
            if self._meanwhile is not None:
                self._meanwhile()
                self._meanwhile = None
            done, _ = wait(flying, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            self._told(self._crew.advanced())
            died = False
            for future in done:
                task = flying.pop(future)
                error = future.exception()
                if error is None:
                    yield future.result()
                    continue
                if isinstance(error, NnlabError):  # of the crew itself, not of a run
                    raise error
                died = died or isinstance(error, BrokenProcessPool)
                alone = not flying and len(done) == 1
                yield from self._again(task, error, suspects, blamed=alone or not died)
            if died:
                for future, task in flying.items():
                    future.cancel()
                    suspects.append(task)
                flying.clear()
                self._crew.replace()

    def _submit(self, task: _Task) -> Future[list[RunResult]]:
        try:
            return self._crew.submit(task.stack)
        except BrokenProcessPool as error:
            future: Future[list[RunResult]] = Future()
            future.set_exception(error)
            return future

    def _again(
        self, task: _Task, error: BaseException, suspects: deque[_Task], *, blamed: bool
    ) -> Iterator[list[RunResult]]:
        """Put the stack's halves among the suspects, or give its runs up."""
        if not blamed:
            suspects.append(task)
            return
        tries, runs = task.tries + 1, task.stack.runs
        if isinstance(error, StackLost):
            yield [failed(run, str(error)) for run in runs]
            return
        # An error is followed down to the one run that raises it; a death costs a whole pool.
        died = isinstance(error, BrokenProcessPool)
        if (died and tries >= TRIES) or (not died and len(runs) == 1):
            yield [failed(run, _reason(error)) for run in runs]
            return
        middle = (len(runs) + 1) // 2
        for part in (runs[:middle], runs[middle:]):
            if part:
                suspects.append(_Task(Stack(task.stack.recipe, part), tries))


def _reason(error: BaseException) -> str:
    if isinstance(error, BrokenProcessPool):
        return "its worker process died, three times; was there too little memory?"
    return " ".join(f"{type(error).__name__}: {error}".split())


def default_jobs() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def make_crew(
    split: Split, jobs: int, stacks: Sequence[Stack], told: Callable[[int], None]
) -> Crew:
    """The crew for `stacks`: this process for one job, one stack or little work, else a pool."""
    if min(jobs, len(stacks)) <= 1 or sum(stack.work for stack in stacks) < WORTH_A_POOL:
        return Alone(split, told)
    return Pool(split, min(jobs, len(stacks)))


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


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C while the block runs: what is finished is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
