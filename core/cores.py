"""How many cores there are for this process."""

from __future__ import annotations

import os


def default_jobs() -> int:
    """The cores this process may use, which a batch system or `taskset` may have made fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
