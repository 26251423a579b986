"""What a worker process does: hold the examples, train a stack when it is handed one.

A worker ignores Ctrl-C, which the parent answers for all, runs BLAS at one thread, since stacks run
beside each other, and ends when its parent does, however that ended.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING, Any

from nnlab.core.batches import Examples, encode
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Stack
from nnlab.core.train import train_stack

if TYPE_CHECKING:
    from nnlab.core.data import Split


class Worker:
    """Trains stacks on one split; the encoded examples are kept for the stacks that share them."""

    def __init__(self, split: Split, advanced: Callable[[int], None]) -> None:
        """`advanced(run_steps)` is told of progress while a stack trains."""
        self._split, self._advanced = split, advanced
        self._examples: dict[tuple[Any, ...], Examples] = {}

    def train(self, stack: Stack) -> list[RunResult]:
        """The results of the stack's runs, in their order."""
        recipe = stack.recipe
        key = (recipe.dtype, recipe.layer_sizes[-1])
        if key not in self._examples:
            self._examples[key] = encode(self._split, recipe)
        return train_stack(stack, self._examples[key], self._advanced)


_worker: Worker | None = None


def start(split: Split, counter: Any) -> None:
    """Set up this process as a worker; `counter` is a shared integer of run-steps made."""
    global _worker  # noqa: PLW0603 - a process is one worker; the pool calls plain functions
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_thread()

    def advanced(run_steps: int) -> None:
        with counter.get_lock():
            counter.value += run_steps

    _worker = Worker(split, advanced)


def train(stack: Stack) -> list[RunResult]:
    """Train a stack in this worker process."""
    assert _worker is not None, "start() sets the worker up"
    return _worker.train(stack)


def one_thread() -> Any:
    """Run BLAS at one thread in this process; the returned limiter undoes it."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
