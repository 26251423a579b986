"""Where stacks run: in this process, or on a pool of worker processes (`pool.py`).

`Crew` is the one interface: submit a stack, get a future of its results. Anything shaped like
`concurrent.futures.Executor` can stand behind it. `execute` feeds it: a few stacks in flight at a
time, results handed over as they come. A stack whose worker dies is tried again in halves, alone,
at most twice; one that raises is halved until the run that does it is alone. What fails then is a
failed run, and the grid goes on.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from nnlab.core import worker
from nnlab.core.errors import NnlabError
from nnlab.core.outcome import RunResult, failed
from nnlab.core.plan import Stack
from nnlab.core.pool import Pool, workers_there

if TYPE_CHECKING:
    from nnlab.core.data import Split

TRIES = 3
"""A stack whose worker dies is tried so often: whole, in halves, in quarters."""
WORTH_A_POOL, WORTH_KEPT_WORKERS = 1.0, 0.1
"""Seconds of work, estimated, below which starting worker processes takes longer than it saves, and
handing the work to those that have started."""
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


def make_crew(
    split: Split, jobs: int, stacks: Sequence[Stack], told: Callable[[int], None]
) -> Crew:
    """The crew for `stacks`: this process for one job, one stack or little work, else a pool."""
    jobs = min(jobs, len(stacks))
    worth = WORTH_KEPT_WORKERS if workers_there(jobs) else WORTH_A_POOL
    if jobs <= 1 or sum(stack.work for stack in stacks) < worth:
        return Alone(split, told)
    return Pool(split, jobs)


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
