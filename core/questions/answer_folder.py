"""The folder of an answer: written so that it is whole or has no `answer.json`, and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nnlab.core.errors import StoreError
from nnlab.core.files import remove_stale, write_file
from nnlab.core.folder import RUNS
from nnlab.core.report.claim_rows import claim_row
from nnlab.core.saved import ANSWER
from nnlab.core.wording import json_ready, told


def write_answer(
    folder: Path, files: Mapping[str, bytes | str], document: Mapping[str, Any]
) -> None:
    """Write every file, then `answer.json`; what this answer no longer has is removed."""
    # What says that the answer is whole goes first and comes last.
    with suppress(FileNotFoundError):
        (folder / ANSWER).unlink()
    if folder.is_dir():
        remove_stale(folder)
    for name, content in files.items():
        write_file(folder / name, content)
    for old in folder.glob("figures/*.png"):
        if old.relative_to(folder).as_posix() not in files:
            old.unlink(missing_ok=True)
    if RUNS not in files:
        (folder / RUNS).unlink(missing_ok=True)
    write_file(folder / ANSWER, as_json(document))


def read_answer(folder: Path) -> dict[str, Any]:
    """The document of an answer that is on disk.

    Raises `StoreError` where it cannot be read, or where what everybody shows of it (question,
    sentences, claims, corrections) is not there.
    """
    path = folder / ANSWER
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(_damaged(path, str(error))) from error
    try:
        _check(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise StoreError(_damaged(path, what)) from error
    return dict(found)


def as_json(content: Any) -> str:
    """The file of a document; what is not finite is null."""
    return json.dumps(json_ready(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _damaged(path: Path, what: str) -> str:
    return f"{told(path)} is damaged: {what}; `nnlab answer` makes it again"


def _check(found: Any) -> None:
    """Raise where a document lacks what is shown of it."""
    if not isinstance(found, dict):
        raise TypeError("it holds no mapping")
    for key in ("question", "title", "asks"):
        if not isinstance(found[key], str):
            raise TypeError(f"{key} is no text")
    for key in ("answer", "corrections"):
        if not isinstance(found[key], list) or not all(isinstance(t, str) for t in found[key]):
            raise TypeError(f"{key} is no list of texts")
    if not isinstance(found["quick"], bool):
        raise TypeError("quick is neither true nor false")
    for entry in found["claims"]:
        claim_row(entry)
