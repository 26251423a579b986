"""Whether a finished folder still is what was written: the record kept in its `environment.json`.

The record is written last and taken away before the first table changes, so that a folder with a
record was whole when it got it. It names every table with its size, its time of change and its
SHA-256: as long as size and time are the same nothing is read, else the content decides, so that a
copied folder is complete and an altered one is not.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from nnlab.core.errors import StoreError
from nnlab.core.folder import CURVES, ENVIRONMENT, LAYERS, RUNS, WEIGHTS
from nnlab.core.reading import damaged
from nnlab.core.wording import told

TABLES = (RUNS, CURVES, LAYERS)
FILES = "files"
"""The key of the record in `environment.json`."""


def read_facts(folder: Path) -> dict[str, Any]:
    """`environment.json`, {} where there is none. Raises `StoreError` where it is damaged."""
    path = folder / ENVIRONMENT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(damaged(path, str(error) or type(error).__name__)) from error
    if not isinstance(found, dict):
        raise StoreError(damaged(path, "it holds no mapping"))
    return found


def facts_or_none(folder: Path) -> dict[str, Any]:
    """`environment.json`; a damaged one says nothing."""
    with suppress(StoreError):
        return read_facts(folder)
    return {}


def fingerprints(facts: dict[str, Any]) -> list[Any]:
    """The fingerprints of the specs whose results are complete in the folder of these facts."""
    found = facts.get("fingerprints")
    return found if isinstance(found, list) else []


def record(folder: Path, *, weights: bool) -> dict[str, Any]:
    """What is in `folder` now: its tables and, where they are part of it, the weights."""
    kept: dict[str, Any] = {name: _entry(folder / name) for name in TABLES}
    if weights:
        kept[WEIGHTS] = _weights(folder)
    return kept


def alteration(folder: Path, facts: dict[str, Any]) -> str | None:
    """What in `folder` no longer is as its record says, in words; None where all of it is.

    A folder without a record, written by an older version, is judged by its tables being there.
    """
    kept = facts.get(FILES)
    for name in TABLES:
        path = folder / name
        if not path.is_file():
            return f"{told(path)} is missing"
        if isinstance(kept, dict) and not _is_as_kept(path, kept.get(name)):
            return f"{told(path)} is damaged: it is not what was written"
    if not isinstance(kept, dict) or WEIGHTS not in kept:
        return None
    if _weights(folder) == kept[WEIGHTS]:
        return None
    return f"{told(folder / WEIGHTS)} is damaged: it is not what was written"


def _entry(path: Path) -> dict[str, Any]:
    stat = path.stat()
    return {"bytes": stat.st_size, "modified": stat.st_mtime_ns, "sha256": _sha256(path)}


def _is_as_kept(path: Path, kept: Any) -> bool:
    if not isinstance(kept, dict):
        return False
    stat = path.stat()
    if stat.st_size != kept.get("bytes"):
        return False
    return stat.st_mtime_ns == kept.get("modified") or _sha256(path) == kept.get("sha256")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _weights(folder: Path) -> dict[str, int]:
    """How many weight files there are and their size; what is being written is left out."""
    count = total = 0
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder / WEIGHTS) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                count, total = count + 1, total + entry.stat().st_size
    return {"files": count, "bytes": total}
