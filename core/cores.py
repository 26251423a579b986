"""How many cores there are for this process, and how much the cache of one holds."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

USUAL_CACHE = 512 * 2**10
"""Bytes of a core's second-level cache where the system does not tell."""
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def default_jobs() -> int:
    """The cores this process may use, which a batch system or `taskset` may have made fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def second_level_cache(told_by: Path = _CACHES) -> int:
    """Bytes of a core's second-level cache, as Linux tells; elsewhere `USUAL_CACHE`."""
    try:
        for level in sorted(told_by.glob("index*/level")):
            if level.read_text().strip() == "2":
                text = level.with_name("size").read_text().strip()
                return int(text.removesuffix("K")) * 2**10  # always in K
    except (OSError, ValueError):
        pass
    return USUAL_CACHE
