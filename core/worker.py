"""What a worker process does: hold the examples, train a stack when it is handed one.

A worker ignores Ctrl-C, which the parent answers for all, runs BLAS at one thread, since stacks run
beside each other, and ends when its parent does, however that ended.
"""

from __future__ import annotations

import os
import pickle
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
    """Trains stacks on one split; the encoded examples are kept for the stacks that share them.

    A cluster's worker may train in several threads at a time; what they share is encoded once.
    """

    def __init__(self, split: Split, advanced: Callable[[int], None]) -> None:
        """`advanced(run_steps)` is told of progress while a stack trains."""
        self._split, self._advanced = split, advanced
        self._examples: dict[tuple[Any, ...], Examples] = {}
        self._encoding = threading.Lock()

    def train(self, stack: Stack) -> list[RunResult]:
        """The results of the stack's runs, in their order."""
        recipe = stack.recipe
        key = (recipe.dtype, recipe.layer_sizes[-1])
        with self._encoding:
            if key not in self._examples:
                self._examples[key] = encode(self._split, recipe)
            examples = self._examples[key]
        return train_stack(stack, examples, self._advanced)


_worker: Worker | None = None
_held: bytes | None = None
_advanced: Callable[[int], None] | None = None


def start(counter: Any, packed: bytes | None = None) -> None:
    """Set up this process as a worker; `counter` is a shared integer of run-steps made.

    The split comes as pickled bytes, here or with every stack.
    """
    global _advanced  # noqa: PLW0603 - a process is one worker; the pool calls plain functions
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_thread()

    def advanced(run_steps: int) -> None:
        with counter.get_lock():
            counter.value += run_steps

    _advanced = advanced
    if packed is not None:
        _hold(packed)


def train(stack: Stack, packed: bytes | None = None) -> list[RunResult]:
    """Train a stack in this worker process; the split that it brings stays for the next."""
    if packed is not None and packed != _held:
        _hold(packed)
    assert _worker is not None, "the split comes with start() or with the stack"
    return _worker.train(stack)


def _hold(packed: bytes) -> None:
    global _worker, _held
    assert _advanced is not None, "start() comes first"
    _worker, _held = Worker(pickle.loads(packed), _advanced), packed


def one_thread() -> Any:
    """Run BLAS at one thread in this process; the returned limiter undoes it."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
