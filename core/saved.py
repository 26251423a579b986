"""A study that is on disk, by its name: found inside the results folder, checked, opened.

A name is one folder of the results folder. What a name or a link inside a study would reach outside
of it is refused; a table that is damaged, whatever polars makes of it, is a `StoreError`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core.errors import StoreError, UsageError
from nnlab.core.suggest import nearest
from nnlab.core.wording import quoted, shown, told

if TYPE_CHECKING:
    from nnlab.core.study import Results

SPEC = "spec.yaml"
"""The file by which a folder is known to hold a study."""
_MOST_NAMES = 20
"""Names that a message lists."""


def study_names(results: Path) -> list[str]:
    """The studies in the folder `results`, kept ones (`name~1`) too; [] where there is none."""
    try:
        with os.scandir(results) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return sorted(name for name in names if _has_spec(results / name))


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
    if not _has_spec(results / name):
        raise UsageError(_no_such(results, name))
    folder = results / name
    for path in (folder, *sorted(folder.iterdir())):
        if leads_out(path, results):
            raise UsageError(f"{told(path)} leads out of {told(results)}; it is not followed")
    return folder


def leads_out(path: Path, results: Path) -> bool:
    """Whether `path`, with every link followed, is no longer inside the folder `results`."""
    try:
        return not path.resolve().is_relative_to(results.resolve())
    except (OSError, RuntimeError):  # a loop of links leads nowhere
        return True


def _no_such(results: Path, name: str) -> str:
    names = study_names(results)
    if not results.is_dir():
        return f"there is no folder {told(results)}; --results DIR says where to look"
    if not names:
        return f"there is no study {quoted(name)}: {told(results)} holds none yet"
    guess = nearest(name[:100], names)
    hint = f"; did you mean '{guess}'?" if guess else "."
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = ", ".join(shown(name) for name in names[:_MOST_NAMES])
    return f"there is no study {quoted(name)} in {told(results)}{hint} There are: {listed}{more}"


def open_study(results: Path, name: str) -> Results:
    """The study `name`, its tables checked as far as that goes without reading all of them.

    Raises `UsageError` where there is none, `SpecError` where its spec and `StoreError` where a
    table is damaged. What is collected from its lazy frames wants `damage_told` around it.
    """
    from nnlab.core import folder as files
    from nnlab.core.quantities import CURVE_COLUMNS, LAYER_COLUMNS
    from nnlab.core.reading import check_columns, damage_told, damaged
    from nnlab.core.study import load_results

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
