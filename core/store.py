"""Finished runs by content hash, under `results/.runs/`.

A segment is one zip file that holds the runs of one stack, a member a run, named by its hash. It is
written whole or not at all, with one flush to disk for all its runs; zip's checksums find a damaged
member when it is read. What is damaged is set aside under a name of its own and trained again.

A member is a sequence of NumPy arrays (`numpy.load` in turn): the head as JSON text (which run it
is, of which engine version, and the outcome), then steps, curves, layers, then the weights by the
names the head lists. A member that says it is another run, or of another engine, is not believed.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.errors import StoreError
from nnlab.core.files import remove_stale, whole_file
from nnlab.core.outcome import RunResult
from nnlab.core.plan import ENGINE_VERSION, Run
from nnlab.core.wording import shown

Array = NDArray[Any]

_OPEN_SEGMENTS = 64
_DAMAGE = (zipfile.BadZipFile, EOFError, ValueError, KeyError, NotImplementedError)
"""What zipfile, NumPy and json raise on a truncated or altered file."""


class RunStore:
    """The finished runs of a results folder; several processes may use one at a time."""

    def __init__(self, folder: Path, said: Callable[[str], None] = lambda text: None) -> None:
        """`folder` is created when the first run is stored; `said` is told of damage found."""
        self.folder = folder
        self._said = said
        self._where: dict[str, list[Path]] = {}
        """The segments that hold a run: more than one where two processes trained it."""
        self._segments: set[Path] = set()
        self._open: OrderedDict[Path, zipfile.ZipFile] = OrderedDict()

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
                with zipfile.ZipFile(path) as segment:
                    names = segment.namelist()
                    if _segment_name(names) != path.name:
                        raise zipfile.BadZipFile("its list of runs is not what was written")
                    for name in names:
                        self._where.setdefault(name, []).append(path)
            except FileNotFoundError:
                continue  # set aside by another process just now
            except OSError as error:
                raise StoreError(f"cannot read {path}: {error.strerror or error}") from error
            except _DAMAGE as error:
                if mend:
                    self._set_aside(path, error)

    def keep(self, results: Sequence[RunResult]) -> None:
        """Store finished and diverged runs; durable when this returns. `StoreError` on failure."""
        if not results:
            return
        path = self.folder / _segment_name([result.run.id for result in results])
        with whole_file(path) as file, zipfile.ZipFile(file, "w") as segment:
            for result in results:
                # With zip's first date, for a clock may be set before it, which zip refuses.
                segment.writestr(zipfile.ZipInfo(result.run.id), _to_bytes(result))
        self._close(path)
        self._segments.add(path)
        for result in results:
            known = self._where.setdefault(result.run.id, [])
            known[:] = [path, *(other for other in known if other != path)]

    def intact(self, runs: Iterable[Run]) -> set[str]:
        """The hashes of those `runs` that are stored and whole, every byte checked."""
        return {run.id for run in runs if self._checked(run, _head) is not None}

    def load(self, run: Run) -> RunResult | None:
        """The stored result of `run`, or None when it is missing or damaged."""
        found: RunResult | None = self._checked(run, lambda content: _from_bytes(run, content))
        return found

    def _checked(self, run: Run, read: Callable[[bytes], Any]) -> Any:
        """What `read` makes of the first copy that is whole and is that run; None: no such."""
        while (content := self._read(run.id)) is not None:
            try:
                _check_identity(run, _head(content))
                return read(content)
            except _DAMAGE as error:
                self._forget(run.id, error)
        return None

    def close(self) -> None:
        """Close the segments that are open for reading."""
        for segment in self._open.values():
            segment.close()
        self._open.clear()

    def _read(self, name: str) -> bytes | None:
        """The member of that name from the first segment that has it whole."""
        while self._where.get(name):
            path = self._where[name][0]
            try:
                return self._segment(path).read(name)  # checks the member's CRC
            except FileNotFoundError as error:
                self._forget(name, error)
            except OSError as error:
                raise StoreError(f"cannot read {path}: {error.strerror or error}") from error
            except _DAMAGE as error:
                self._forget(name, error)
        return None

    def _segment(self, path: Path) -> zipfile.ZipFile:
        if path not in self._open:
            while len(self._open) >= _OPEN_SEGMENTS:
                self._open.popitem(last=False)[1].close()
            self._open[path] = zipfile.ZipFile(path)
        self._open.move_to_end(path)
        return self._open[path]

    def _close(self, path: Path) -> None:
        segment = self._open.pop(path, None)
        if segment is not None:
            segment.close()

    def _forget(self, name: str, error: BaseException) -> None:
        path = self._where[name].pop(0)
        if not self._where[name]:
            self._said(f"stored run {name} in {path} is damaged ({error}); it is trained again")

    def _set_aside(self, path: Path, error: BaseException) -> None:
        number = sum(1 for _ in self.folder.glob(f"{path.stem}*.damaged"))
        aside = path.with_suffix(f".{number}.damaged" if number else ".damaged")
        with suppress(OSError):
            path.rename(aside)
        self._said(f"{path} is damaged ({error}); kept as {aside.name}, its runs are trained again")


def _segment_name(runs: Sequence[str]) -> str:
    """The file of a segment: a hash of the runs it holds, in their order."""
    return f"{hashlib.sha256(','.join(runs).encode()).hexdigest()[:16]}.zip"


def _to_bytes(result: RunResult) -> bytes:
    head = {
        "run": result.run.id,
        "engine": ENGINE_VERSION,
        "status": result.status,
        "outcome": result.outcome,
        "weights": list(result.weights),
    }
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(head, allow_nan=False).encode(), np.uint8)
    for array in (text, result.steps, result.curves, result.layers, *result.weights.values()):
        np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _head(content: bytes) -> dict[str, Any]:
    head = json.loads(np.load(io.BytesIO(content), allow_pickle=False).tobytes())
    if not isinstance(head, dict):
        raise ValueError("its head is no mapping")
    return head


def _check_identity(run: Run, head: dict[str, Any]) -> None:
    """Raise ValueError unless a member is what its name says; very old ones do not say."""
    if head.get("run", run.id) != run.id:
        raise ValueError(f"it holds run {shown(str(head['run']))}")
    if head.get("engine", ENGINE_VERSION) != ENGINE_VERSION:
        raise ValueError(f"it is of engine version {shown(str(head['engine']))}")


def _from_bytes(run: Run, content: bytes) -> RunResult:
    buffer = io.BytesIO(content)

    def array() -> Array:
        return np.asarray(np.load(buffer, allow_pickle=False))

    head = json.loads(array().tobytes())
    steps, curves, layers = array(), array(), array()
    weights = {name: array() for name in head["weights"]}
    return RunResult(run, head["status"], head["outcome"], steps, curves, layers, weights)
