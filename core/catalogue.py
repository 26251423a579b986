"""What is in a results folder, one row for every entry, whatever state it is in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nnlab.core import folder as files
from nnlab.core.analysis.selection import outcome_of
from nnlab.core.analysis.summaries import best_run, count_status
from nnlab.core.claim import leads_out
from nnlab.core.errors import StoreError
from nnlab.core.questions.answer_folder import read_answer
from nnlab.core.reading import read_runs
from nnlab.core.report.claim_rows import count_verdicts
from nnlab.core.saved import ANSWER, is_answer, study_names


@dataclass(frozen=True, slots=True)
class Entry:
    """One study, or something else that lies in the results folder."""

    name: str
    bytes: int = 0
    """Size of all its files; links count nothing."""
    finished: str | None = None
    """When its tables were written, UTC, ISO 8601; None while they are not."""
    counts: dict[str, int] | None = None
    """Runs by status; None where `runs.csv` cannot be read."""
    outcome: str | None = None
    """The column of `runs.csv` by which its runs are ranked."""
    best: float | None = None
    """The best value of `outcome` among the finished runs."""
    best_run: str | None = None
    question: str | None = None
    """The question that it answers; None where it is a study."""
    verdicts: dict[str, int] | None = None
    """Claims of an answer by verdict."""
    problem: str | None = None
    """Why it is no whole study, in words."""


def catalogue(results: Path) -> list[Entry]:
    """Everything in the folder `results` by name; [] where there is no such folder.

    Names that begin with a dot (the store of finished runs) are left out. Never fails for what
    lies there; raises `StoreError` only where the folder itself cannot be read.
    """
    try:
        with os.scandir(results) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"cannot read {results}: {error.strerror or error}") from error
    return [_entry(results, name) for name in names]


def stored_bytes(results: Path) -> int:
    """Size of the store of finished runs under `results`."""
    return _size(results / ".runs")


def _entry(results: Path, name: str) -> Entry:
    folder = results / name
    if leads_out(folder, results):
        return Entry(name, problem=f"a link out of {results}; not followed")
    try:
        if not folder.is_dir():
            return Entry(name, folder.stat().st_size, problem="a file, not a study")
        size = 0 if folder.is_symlink() else _size(folder)
        if not (folder / files.SPEC).is_file():
            return _no_study(folder, size)
        out = next((path for path in sorted(folder.iterdir()) if leads_out(path, results)), None)
    except OSError as error:
        return Entry(name, problem=f"cannot be read: {error.strerror or error}")
    if out is not None:
        return Entry(name, size, problem=f"{out.name} is a link out of {results}; not followed")
    return _study(folder, size)


def _no_study(folder: Path, size: int) -> Entry:
    """The answer to a question, or what there is instead of a study."""
    if not is_answer(folder):
        return Entry(folder.name, size, problem=_not_a_study(folder))
    try:
        found = read_answer(folder)
    except StoreError as error:
        return Entry(folder.name, size, problem=str(error))
    return Entry(
        name=folder.name,
        bytes=size,
        finished=_finished(folder, _facts(folder), ANSWER),
        question=found["question"],
        verdicts=count_verdicts(found["claims"]),
    )


def _not_a_study(folder: Path) -> str:
    if (folder / files.CLAIMS).is_file():
        return f"part of an answer: {files.CLAIMS} without {ANSWER}"
    if (folder / "studies").is_dir():
        return "an answer that is not finished; `nnlab answer` goes on with it"
    inside = len(study_names(folder))
    if inside:
        studies = "a study" if inside == 1 else f"{inside:,} studies"
        return f"holds {studies}; see `nnlab results list --results {folder}`"
    return f"no study: it has no {files.SPEC}"


def _study(folder: Path, size: int) -> Entry:
    facts = _facts(folder)
    if not (folder / files.RUNS).is_file():
        return Entry(folder.name, size, problem=f"not finished: no {files.RUNS} yet")
    try:
        runs = read_runs(folder)
    except StoreError as error:
        return Entry(folder.name, size, _finished(folder, facts), problem=str(error))
    outcome = outcome_of(runs)
    best = best_run(runs, outcome) or {}
    missing = [name for name in (files.CURVES, files.LAYERS) if not (folder / name).is_file()]
    count = count_status(runs)
    return Entry(
        name=folder.name,
        bytes=size,
        finished=_finished(folder, facts),
        counts={"finished": count.finished, "diverged": count.diverged, "failed": count.failed},
        outcome=outcome.column,
        best=best.get(outcome.column),
        best_run=best.get("run"),
        problem=_incomplete(missing, facts),
    )


def _incomplete(missing: list[str], facts: dict[str, Any]) -> str | None:
    """Why a folder with a good `runs.csv` is not whole."""
    if missing:
        return f"{missing[0]} is missing"
    if not facts:  # written last
        return f"not finished: no readable {files.ENVIRONMENT}"
    return None


def _facts(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        facts = json.loads((folder / files.ENVIRONMENT).read_text(encoding="utf-8"))
        return facts if isinstance(facts, dict) else {}
    return {}


def _finished(folder: Path, facts: dict[str, Any], file: str = files.RUNS) -> str | None:
    """When the tables were written: as recorded, else by the date of `runs.csv` or `file`."""
    recorded = facts.get("finished")
    with suppress(ValueError, TypeError, OverflowError):
        time = datetime.fromisoformat(recorded)  # type: ignore[arg-type]
        return time.astimezone(UTC).isoformat(timespec="seconds")
    with suppress(OSError, ValueError, OverflowError):
        time = datetime.fromtimestamp((folder / file).stat().st_mtime, UTC)
        return time.isoformat(timespec="seconds")
    return None


def _size(folder: Path) -> int:
    """Bytes of the files under `folder`, what disappears meanwhile not counted."""
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path))
                elif not entry.is_symlink():
                    yield entry.stat(follow_symlinks=False).st_size
