"""Faults that are done to a training inside this process: quick, and at exactly the n-th call.

Each function does one kind of harm `times` times, starts the training again, and counts what came
of it. The pictures of the report are replaced by a few bytes; their files are written like any.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from nnlab.core import environment, members, plan
from nnlab.core.errors import StoreError
from nnlab.core.listener import Listener
from nnlab.core.outcome import RunResult
from nnlab.core.report import page
from nnlab.core.results import Results
from tests.faults.disk import BROKEN, FULL, QUOTA, READ_ONLY, FaultyDisk, on
from tests.faults.tally import Tally, half_files, stored_runs, tables_of
from tests.small import small_study

Fault = Callable[["Place", int], Tally]
GRID: dict[str, Any] = {"batch_size": [4, 8], "save_weights": True}
"""Eight runs in two stacks."""
CANNED = {"report.md": b"# small\n", "report.png": b"picture" * 4000, "figures/one.png": b"one"}


@dataclass
class Heard(Listener):
    """Keeps what was said and what was trained; `then` is done after every stack."""

    notes: list[str] = field(default_factory=list)
    trained: int = 0
    then: Callable[[], None] = lambda: None

    def said(self, text: str) -> None:
        self.notes.append(text)

    def finished(self, results: Sequence[RunResult]) -> None:
        self.trained += len(results)
        self.then()


@contextmanager
def no_pictures() -> Iterator[None]:
    """Reports of a few bytes."""
    with mock.patch.object(page, "report_files", return_value=CANNED):
        yield


def train(results: Path, heard: Heard | None = None, **keys: Any) -> Results:
    """Train the grid into `results`."""
    with no_pictures():
        return small_study(results, **(GRID | keys)).run(heard or Heard())


class Place:
    """A folder for trainings, and what an undisturbed one leaves."""

    def __init__(self, folder: Path) -> None:
        """Train once without disturbance."""
        self.folder = folder
        train(folder / "reference")
        self.expected = tables_of(folder / "reference" / "small")
        self._used = 0

    def fresh(self) -> Path:
        """A results folder of its own."""
        self._used += 1
        return self.folder / f"results{self._used}"

    def after(self, results: Path, before: set[str]) -> Tally:
        """What one fault has done, and whether the next start sets it right."""
        tally = Tally(1, len(before - stored_runs(results)), half_files(results / "small"))
        try:
            train(results)
        except Exception:
            tally.endings += 1
            return tally
        tally.different += tables_of(results / "small") != self.expected
        shutil.rmtree(results)
        return tally


def calls_of_a_training(place: Place) -> list[str]:
    """What a training asks of its disk, call by call."""
    disk = FaultyDisk()
    with on(disk):
        train(place.fresh())
    return disk.calls


def refusing_disk(place: Place, times: int) -> Tally:
    """The disk is full, over quota, broken or read-only from the n-th call on, or at it alone."""
    calls = [n for n, what in enumerate(calls_of_a_training(place), 1) if what != "sync folder"]
    tally = Tally()
    for i in range(times):
        fails_at = calls[i * len(calls) // times]
        results, heard = place.fresh(), Heard()
        codes = (FULL, QUOTA, BROKEN, READ_ONLY)
        disk = FaultyDisk(fails_at, codes[i % len(codes)], once=i % 3 == 2)
        known: set[str] = set()
        heard.then = lambda known=known, results=results: known.update(stored_runs(results))  # type: ignore[misc]
        ended_well = False
        with on(disk):
            try:
                train(results, heard)
            except StoreError as error:
                ended_well = "cannot write" in str(error)
            except Exception:
                tally.tracebacks += 1
        tally.endings += not ended_well
        tally += place.after(results, known)
    return tally


DAMAGES = ("truncated", "bit flipped", "overwritten", "emptied", "older engine", "deleted")


def damaged_stores(place: Place, times: int, seed: int = 0) -> Tally:
    """A stored segment is damaged: the runs in it are named, trained again, the others kept."""
    chance, tally = random.Random(seed), Tally()
    for i in range(times):
        results, heard = place.fresh(), Heard()
        what = DAMAGES[i % len(DAMAGES)]
        with mock.patch.object(members, "ENGINE_VERSION", plan.ENGINE_VERSION - (what[0] == "o")):
            train(results) if what == "older engine" else None
        if what != "older engine":
            train(results)
            segment = chance.choice(sorted((results / ".runs").glob("*.zip")))
            _damage(segment, what, chance)
        (results / "small" / "environment.json").unlink()  # so that the tables are written again
        whole = stored_runs(results) if what != "older engine" else set()
        train(results, heard)
        told = any("trained again" in note for note in heard.notes)
        must_be_told = what not in ("deleted",) and heard.trained > 0
        tally.endings += must_be_told and not told
        tally.endings += heard.trained != 8 - len(whole)
        tally += place.after(results, whole)
    return tally


def _damage(segment: Path, what: str, chance: random.Random) -> None:
    content = bytearray(segment.read_bytes())
    place = chance.randrange(len(content))
    if what == "truncated":
        del content[place:]
    elif what == "bit flipped":
        content[place] ^= 1 << chance.randrange(8)
    elif what == "overwritten":
        content[place : place + 512] = bytes(len(content[place : place + 512]))
    elif what == "emptied":
        content.clear()
    if what == "deleted":
        segment.unlink()
    else:
        segment.write_bytes(bytes(content))


def damaged_tables(place: Place, times: int, seed: int = 0) -> Tally:
    """A table or the weights of a finished study are altered, cut or deleted: written again."""
    chance, tally = random.Random(seed), Tally()
    for i in range(times):
        results, heard = place.fresh(), Heard()
        folder = train(results).folder
        tables = [folder / name for name in ("runs.csv", "curves.parquet", "layers.parquet")]
        victim = (*tables, folder / "weights")[i % 4]
        if victim.is_dir():
            shutil.rmtree(victim)
        else:
            _damage(victim, DAMAGES[i % 4], chance)
        before = stored_runs(results)
        train(results, heard)
        tally.endings += heard.trained != 0 or not any(victim.name in n for n in heard.notes)
        tally += place.after(results, before)
    return tally


def deleted_while_running(place: Place, times: int) -> Tally:
    """The results folder disappears while the grid is trained."""
    tally = Tally()
    for i in range(times):
        results, heard = place.fresh(), Heard()
        gone = results if i % 2 else results / "small"
        heard.then = lambda gone=gone: shutil.rmtree(gone, ignore_errors=True)  # type: ignore[misc]
        try:
            train(results, heard)
        except StoreError as error:
            tally.endings += "start the same command again" not in str(error)
        tally += place.after(results, set())
    return tally


def clock_going_backwards(place: Place, times: int) -> Tally:
    """Every look at the clock finds an earlier time, down to before 1980."""
    tally = Tally()
    for i in range(times):
        results, clock = place.fresh(), _Clock(time.time() if i % 2 else 36_000.0)
        with (
            mock.patch.object(time, "time", clock.time),
            mock.patch.object(environment, "now", clock.now),
        ):
            train(results)
            train(results, batch_size=4)
        tally += place.after(results, stored_runs(results))
    return tally


class _Clock:
    """An hour earlier at every look, but not before 1970."""

    def __init__(self, start: float) -> None:
        self._next = start

    def time(self) -> float:
        """As `time.time`."""
        self._next = max(0.0, self._next - 3600)
        return self._next

    def now(self) -> str:
        """As `environment.now`."""
        return datetime.fromtimestamp(self.time(), UTC).isoformat(timespec="seconds")
