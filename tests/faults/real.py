"""Faults of a real file system, where this process may mount one: a disk of a few hundred kB.

Needs root on Linux; elsewhere `mounted` says so by giving None, and the faults are left out.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.kill import Disturber
from tests.faults.tally import Tally, half_files, stored_runs, tables_of


@contextmanager
def mounted(kilobytes: int) -> Iterator[Path | None]:
    """A file system of that size in memory; None where that is not permitted."""
    with tempfile.TemporaryDirectory() as name:
        if _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "nnlab-faults", name):
            try:
                yield Path(name)
            finally:
                subprocess.run(["umount", "-l", name], check=False)
        else:
            yield None


def _mount(*words: str) -> bool:
    try:
        done = subprocess.run(["mount", *words], check=False, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def full_tmpfs(disturber: Disturber, times: int) -> Tally:
    """The disk has room for less and less of the study; then for all of it."""
    tally = Tally()
    for i in range(times):
        with mounted(20 + 100 * i // times) as place:
            if place is None:
                break
            ended = disturber.start(place).result()
            tally += _judged(ended, {1}, place, "No space left on device")
            kept = stored_runs(place)
            if not _mount("-o", "remount,size=100m", str(place)):
                tally.endings += 1
                continue
            tally += _completed(disturber, place, kept)
    return tally


def read_only_tmpfs(disturber: Disturber, times: int) -> Tally:
    """The results folder can be read but not written: before the training, and in the midst."""
    tally = Tally()
    for i in range(times):
        with mounted(100_000) as place:
            if place is None:
                break
            kept: set[str] = set()
            if i % 2:
                training = disturber.start(place)
                if not training.ended(disturber.chance.uniform(0.3, 1) * disturber.span):
                    os.kill(training.pid, signal.SIGKILL)
                training.result()
                kept = stored_runs(place)
            # what is open for writing keeps a file system from being made read-only
            _mount("-o", "remount,ro", str(place))
            tally += _judged(disturber.start(place).result(), {1}, place, "Read-only file system")
            _mount("-o", "remount,rw", str(place))
            tally += _completed(disturber, place, kept)
    return tally


def holder_killed(disturber: Disturber, times: int) -> Tally:
    """A process holds the folder's lock and dies: the next start does not wait for it."""
    tally = Tally()
    for i in range(times):
        results = disturber.place / f"locked{i}"
        command = [sys.executable, "-c", HOLDER, str(results / "killed")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            process.kill()
        tally += Tally(1) + _completed(disturber, results, set())
    return tally


HOLDER = """
import sys, time, pathlib
from nnlab.core.claim import sole_writer
with sole_writer(pathlib.Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(600)
"""


def _judged(ended: tuple[int, str], codes: set[int], results: Path, reason: str) -> Tally:
    """One fault: how the training ended, and what it left."""
    code, said = ended
    return Tally(
        faults=1,
        half_files=half_files(results / "killed"),
        tracebacks=int("Traceback" in said),
        endings=int(code not in codes or reason not in said),
    )


def _completed(disturber: Disturber, results: Path, kept: set[str]) -> Tally:
    """The next start, undisturbed."""
    code, said = disturber.start(results).result()
    if code != 0:
        return Tally(endings=1, tracebacks=int("Traceback" in said))
    return Tally(
        lost=len(kept - stored_runs(results)),
        different=int(tables_of(results / "killed") != disturber.expected),
    )
