"""A study that is on disk, by its name: found inside the results folder, checked, opened.

A name is one folder of the results folder. What a name or a link inside a study would reach outside
of it is refused; a table that is damaged, whatever polars makes of it, is a `StoreError`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core.claim import leads_out
from nnlab.core.errors import StoreError, UsageError
from nnlab.core.suggest import nearest
from nnlab.core.wording import quoted, shown, told

if TYPE_CHECKING:
    from nnlab.core.results import Results

SPEC = "spec.yaml"
"""The file by which a folder is known to hold a study."""
_RUN_ID = re.compile("[0-9a-f]{12}")
ANSWER = "answer.json"
"""The file by which a folder without a spec is known to hold the answer to a question."""
_MOST_NAMES = 20
"""Names that a message lists."""


def study_names(results: Path) -> list[str]:
    """The studies in the folder `results`, kept ones (`name~1`) too; [] where there is none."""
    return _names(results, _has_spec)


def answer_names(results: Path) -> list[str]:
    """The answers in the folder `results`; [] where there is none."""
    return _names(results, is_answer)


def _names(results: Path, wanted: Callable[[Path], bool]) -> list[str]:
    try:
        with os.scandir(results) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return sorted(name for name in names if wanted(results / name))


def is_answer(folder: Path) -> bool:
    """Whether a folder holds the answer to a question."""
    try:
        return (folder / ANSWER).is_file() and not _has_spec(folder)
    except OSError:
        return False


def locate_answer(results: Path, name: str) -> Path | None:
    """The folder of the answer `name`; None where no answer has that name.

    Raises `UsageError` where a link of it leads out of `results`.
    """
    if name not in answer_names(results):
        return None
    folder = results / name
    for path in (folder, folder / ANSWER):
        if leads_out(path, results):
            raise UsageError(_leads_out(path, results))
    return folder


def _has_spec(folder: Path) -> bool:
    try:
        return (folder / SPEC).is_file()
    except OSError:
        return False


def locate(results: Path, name: str) -> Path:
    """The folder of the study `name`.

    Raises `UsageError` when there is none of that name or it lies outside of `results`: `..`, a
    path, a link that leads out.
    """
    if name in ("", ".", "..") or name.startswith(".") or any(c in name for c in "/\\\0"):
        guess = nearest(os.path.basename(name.rstrip("/\\"))[:100], study_names(results))
        hint = f"; did you mean '{guess}'?" if guess else "."
        raise UsageError(
            f"{quoted(name)} is not the name of a study{hint} "
            "A name is no path; --results DIR says where to look"
        )
    if is_answer(results / name):
        raise UsageError(_is_answer(results, name))
    if not _has_spec(results / name):
        raise UsageError(_no_such(results, name))
    folder = results / name
    for path in (folder, *sorted(folder.iterdir())):
        if leads_out(path, results):
            raise UsageError(_leads_out(path, results))
    return folder


def _leads_out(path: Path, results: Path) -> str:
    return f"{told(path)} leads out of {told(results)}; it is not followed"


def _is_answer(results: Path, name: str) -> str:
    question = name.removeprefix("answer-").removesuffix("-quick")
    again = f"nnlab answer {question}" + (" --quick" if name.endswith("-quick") else "")
    studies = results / name / "studies"
    there = f"; its studies are in {told(studies)}" if studies.is_dir() else ""
    return (
        f"{quoted(name)} is an answer, not a study: `nnlab results show {shown(name)}` shows it, "
        f"`{shown(again)}` makes it again out of what is trained already{there}"
    )


def _no_such(results: Path, name: str) -> str:
    names = study_names(results)
    if _RUN_ID.fullmatch(name) and (holder := _study_of(results, names, name)) is not None:
        condition = f"run == '{name}'"
        return (
            f"{quoted(name)} is a run, not a study; it is one of {quoted(holder)}: "
            f'`nnlab results show {shown(holder)} --where "{condition}" --all`'
        )
    if not results.is_dir():
        return f"there is no folder {told(results)}; --results DIR says where to look"
    if not names:
        return f"there is no study {quoted(name)}: {told(results)} holds none yet"
    guess = nearest(name[:100], names)
    hint = f"; did you mean '{guess}'?" if guess else "."
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = ", ".join(shown(name) for name in names[:_MOST_NAMES])
    return f"there is no study {quoted(name)} in {told(results)}{hint} There are: {listed}{more}"


def _study_of(results: Path, names: list[str], run: str) -> str | None:
    """The study whose `runs.csv` has the run, the first by name; None where none has."""
    for name in names:
        path = results / name / "runs.csv"
        if leads_out(path, results):
            continue
        try:
            with path.open("rb") as file:
                if any(line.startswith(f"{run},".encode()) for line in file):
                    return name
        except OSError:
            continue
    return None


def open_study(results: Path, name: str) -> Results:
    """The study `name`, its tables checked as far as that goes without reading all of them.

    Raises `UsageError` where there is none, `SpecError` where its spec and `StoreError` where a
    table is damaged. What is collected from its lazy frames wants `damage_told` around it.
    """
    from nnlab.core import folder as files
    from nnlab.core.quantities import CURVE_COLUMNS, LAYER_COLUMNS
    from nnlab.core.reading import check_columns, damage_told, damaged
    from nnlab.core.results import load_results

    folder = locate(results, name)
    try:
        with damage_told(folder):
            study = load_results(folder)
    except (ValueError, RecursionError) as error:  # json's, on numbers and nesting beyond measure
        raise StoreError(f"{told(folder / files.ENVIRONMENT)} is damaged: {error}") from error
    for file, table, columns in (
        (files.LAYERS, study.layers, LAYER_COLUMNS),
        (files.CURVES, study.curves, CURVE_COLUMNS),
    ):
        with damage_told(folder / file):
            found = table.collect_schema()
        check_columns(folder / file, found.names(), list(columns))
        for column, kind in files.schema_of(columns).items():
            if found[column] != kind:
                what = f"its column {column} is of the type {found[column]}"
                raise StoreError(damaged(folder / file, what))
    return study
