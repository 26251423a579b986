"""Finished runs by content hash, under `results/.runs/`.

A segment (`nnlab.core.segments`) holds the runs of one stack. It is written whole or not at all,
with one flush to disk for all its runs. What is found damaged is set aside under a name of its own
and trained again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from nnlab.core import members
from nnlab.core.errors import StoreError
from nnlab.core.files import remove_stale, whole_file
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Run
from nnlab.core.segments import (
    DAMAGE,
    Place,
    read_member,
    read_places,
    segment_name,
    write_segment,
)

_OPEN_SEGMENTS = 64
T = TypeVar("T")


class RunStore:
    """The finished runs of a results folder; several processes may use one at a time."""

    def __init__(self, folder: Path, said: Callable[[str], None] = lambda text: None) -> None:
        """`folder` is created when the first run is stored; `said` is told of damage found."""
        self.folder = folder
        self._said = said
        self._where: dict[str, list[Place]] = {}
        """Where a run is: in more than one segment where two processes trained it."""
        self._segments: set[Path] = set()
        self._open: OrderedDict[Path, BinaryIO] = OrderedDict()

    def refresh(self, *, mend: bool = True) -> None:
        """Take in segments that appeared since the last look.

        With `mend`, what killed writers left is removed and damaged segments are set aside. Raises
        `StoreError` when a segment cannot be opened for a reason that is not its content.
        """
        if mend:
            remove_stale(self.folder)
        for path in sorted(self.folder.glob("*.zip")):
            if path in self._segments:
                continue
            self._segments.add(path)
            try:
                for name, place in read_places(path).items():
                    self._where.setdefault(name, []).append(place)
            except FileNotFoundError:
                continue  # set aside by another process just now
            except OSError as error:
                raise _unreadable(path, error) from error
            except DAMAGE as error:
                if mend:
                    self._set_aside(path, error)

    def keep(self, results: Sequence[RunResult]) -> None:
        """Store finished and diverged runs; durable when this returns. `StoreError` on failure."""
        if not results:
            return
        path = self.folder / segment_name([result.run.id for result in results])
        with whole_file(path) as file:
            places = write_segment(path, file, results)
        self._close(path)
        self._segments.add(path)
        for name, place in places.items():
            known = self._where.setdefault(name, [])
            known[:] = [place, *(other for other in known if other.path != path)]

    def intact(self, runs: Iterable[Run]) -> set[str]:
        """The hashes of those `runs` that are stored and whole, every byte checked."""

        def found(run: Run, content: bytes) -> bool:
            members.check(run, content)
            return True

        return {run.id for run in runs if self._first_whole(run, found)}

    def load(self, run: Run) -> RunResult | None:
        """The stored result of `run`, or None when it is missing or damaged."""
        return self._first_whole(run, members.from_bytes)

    def close(self) -> None:
        """Close the segments that are open for reading."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _first_whole(self, run: Run, read: Callable[[Run, bytes], T]) -> T | None:
        """What `read` makes of the first copy that is whole and is that run; None: no such."""
        while (content := self._read(run.id)) is not None:
            try:
                return read(run, content)
            except DAMAGE as error:
                self._forget(run.id, error)
        return None

    def _read(self, name: str) -> bytes | None:
        """The member of that name from the first segment that has it whole."""
        while self._where.get(name):
            place = self._where[name][0]
            try:
                return read_member(self._file(place.path), name, place)
            except FileNotFoundError as error:
                self._forget(name, error)
            except OSError as error:
                raise _unreadable(place.path, error) from error
            except DAMAGE as error:
                if not self._is_elsewhere(name, place):
                    self._forget(name, error)
        return None

    def _is_elsewhere(self, name: str, place: Place) -> bool:
        """Whether another process has written the segment anew; what is known of it is, too, then.

        Its runs are the same, but seconds and with them lengths may differ.
        """
        path = place.path
        try:
            places = read_places(path)
        except (OSError, *DAMAGE):
            return False
        if places.get(name, place) == place:
            return False
        self._close(path)
        for other, now in places.items():
            self._where[other] = [now if p.path == path else p for p in self._where.get(other, [])]
        return True

    def _file(self, path: Path) -> BinaryIO:
        """The segment, open for reading; the one that was not asked for longest is closed."""
        if path not in self._open:
            while len(self._open) >= _OPEN_SEGMENTS:
                self._open.popitem(last=False)[1].close()
            self._open[path] = cast(BinaryIO, path.open("rb", buffering=0))
        self._open.move_to_end(path)
        return self._open[path]

    def _close(self, path: Path) -> None:
        file = self._open.pop(path, None)
        if file is not None:
            file.close()

    def _forget(self, name: str, error: BaseException) -> None:
        path = self._where[name].pop(0).path
        if self._where[name]:
            return
        what = "gone" if isinstance(error, FileNotFoundError) else f"damaged ({error})"
        self._said(f"stored run {name} in {path} is {what}; it is trained again")

    def _set_aside(self, path: Path, error: BaseException) -> None:
        names = chain([".damaged"], (f".{number}.damaged" for number in count(1)))
        aside = next(name for end in names if not (name := path.with_suffix(end)).exists())
        try:
            path.rename(aside)
        except FileNotFoundError:
            return  # another process did, and said so
        except OSError as failure:
            kept = f"cannot be set aside ({failure.strerror or failure})"
        else:
            kept = f"kept as {aside.name}"
        self._said(f"{path} is damaged ({error}); {kept}, its runs are trained again")


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot read {path}: {error.strerror or error}")
