"""What a worker of a cluster does: hold the data, train a stack, say what it is."""

from __future__ import annotations

import platform
import socket
from typing import TYPE_CHECKING

import numpy as np

from nnlab.core.environment import package_version
from nnlab.core.outcome import RunResult
from nnlab.core.plan import ENGINE_VERSION, Stack
from nnlab.core.worker import Worker, one_thread

if TYPE_CHECKING:
    from nnlab.core.data import Split

_MOST_HELD = 4
"""Data sets that a worker keeps encoded; a cluster may serve several studies."""

_workers: dict[str, Worker] = {}


def versions() -> dict[str, str]:
    """What must be equal on every machine for equal numbers."""
    return {
        "nnlab": package_version("nnlab") or "not installed",
        "engine": str(ENGINE_VERSION),
        "NumPy": np.__version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
    }


def hold(split: Split) -> Split:
    """The data as a task of their own, so that the scheduler knows who has them."""
    return split


def train(stack: Stack, split: Split) -> tuple[list[RunResult], str]:
    """Train a stack; the results, and the name of this worker."""
    from distributed import get_worker

    key = split.content_hash
    if key not in _workers:
        one_thread()  # a worker's threads run beside each other: BLAS must not add its own
        while len(_workers) >= _MOST_HELD:
            _workers.pop(next(iter(_workers)), None)
        _workers[key] = Worker(split, lambda run_steps: None)
    place = get_worker()
    return _workers[key].train(stack), f"{socket.gethostname()} {place.name or place.address}"
