"""Every fault, many times over, as a Markdown table: `python -m tests.faults [--share 1]`.

Exits with 1 if anything was lost, torn, wrong, or told as a traceback. `--share 0.1` does a tenth.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.faults import inside, real
from tests.faults.kill import Disturber, together, write_spec
from tests.faults.tally import HEADS, Tally


def forked(place: Path, runs: int = 60) -> Disturber:
    """Trainings without Python's own start."""
    return Disturber(write_spec(place, runs), place)


def commands(place: Path) -> Disturber:
    """Whole commands with two workers."""
    return Disturber(write_spec(place, steps=1500), place, commands=True)


Fault = Callable[[Path, int], Tally]
FAULTS: dict[str, tuple[int, Fault]] = {
    "SIGKILL at a random moment": (200, lambda p, n: forked(p).disturb("KILL", n)),
    "SIGTERM at a random moment": (25, lambda p, n: forked(p).disturb("TERM", n)),
    "Ctrl-C at a random moment": (25, lambda p, n: forked(p).disturb("INT", n)),
    "disk full, over quota, broken or read-only at the n-th call": (
        50, lambda p, n: inside.refusing_disk(inside.Place(p), n),
    ),
    "disk really full (tmpfs)": (10, lambda p, n: real.full_tmpfs(forked(p, 12), n)),
    "folder really read-only (tmpfs)": (4, lambda p, n: real.read_only_tmpfs(forked(p, 12), n)),
    "stored run truncated, flipped, overwritten, emptied, deleted, of an older engine": (
        50, lambda p, n: inside.damaged_stores(inside.Place(p), n),
    ),
    "table or weights of a finished study altered or deleted": (
        12, lambda p, n: inside.damaged_tables(inside.Place(p), n),
    ),
    "results folder deleted while training": (
        6, lambda p, n: inside.deleted_while_running(inside.Place(p), n),
    ),
    "clock going backwards": (4, lambda p, n: inside.clock_going_backwards(inside.Place(p), n)),
    "holder of the folder's lock killed": (2, lambda p, n: real.holder_killed(forked(p, 12), n)),
    "processes at once on one folder": (8, lambda p, n: together(forked(p), max(2, n))),
    "worker killed": (20, lambda p, n: commands(p).disturb("WORKER", n)),
    "SIGKILL of a whole command with two workers": (
        10, lambda p, n: commands(p).disturb("KILL", n),
    ),
}  # fmt: skip


def main() -> int:
    """Print the table, a row as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the times of each fault")
    parser.add_argument("--only", default="", help="faults with this in their name")
    options = parser.parse_args()
    print(f"| {' | '.join(HEADS)} |")
    print(f"| --- |{' ---: |' * (len(HEADS) - 1)}", flush=True)
    total = Tally()
    for name, (times, fault) in FAULTS.items():
        if options.only not in name:
            continue
        with tempfile.TemporaryDirectory() as place:
            tally = fault(Path(place), math.ceil(times * options.share))
        total += tally
        print(tally.row(name if tally.faults else f"{name}: not permitted here"), flush=True)
    print(total.row("**all**"))
    return 1 if total.harm else 0


if __name__ == "__main__":
    sys.exit(main())
