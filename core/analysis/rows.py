"""Which runs of a study a question is about, in which order, and in what they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nnlab.core.analysis.where import columns_in, unknown_column, where
from nnlab.core.errors import UsageError
from nnlab.core.quantities import RUN_COLUMNS


@dataclass(frozen=True, slots=True)
class Rows:
    """The runs that match, in order."""

    runs: pl.DataFrame
    varying: tuple[str, ...]
    """Columns that take more than one value in them, a missing one included."""
    shared: dict[str, object]
    """The others and their value, those without any left out."""
    asked_for: tuple[str, ...]
    """Columns that the condition or the order mentions."""


def choose_rows(
    runs: pl.DataFrame, condition: str | None = None, order: Sequence[str] = ()
) -> Rows:
    """The runs that meet `condition` (see `where`), ordered by the columns in `order`.

    `-column` puts its largest values first; missing ones come last either way, ties stay as they
    were. Raises `UsageError` for a column that does not exist.
    """
    columns = [_column(text) for text in order]
    if condition is not None:
        runs = runs.filter(where(condition, RUN_COLUMNS))
    if columns:
        descending = [text.startswith("-") for text in order]
        runs = runs.sort(columns, descending=descending, nulls_last=True, maintain_order=True)
    varying = tuple(name for name in runs.columns if runs[name].n_unique() > 1)
    first = runs.row(0, named=True) if len(runs) else {}
    return Rows(
        runs=runs,
        varying=varying,
        shared={k: v for k, v in first.items() if k not in varying and v is not None},
        asked_for=tuple(dict.fromkeys([*(columns_in(condition) if condition else ()), *columns])),
    )


def _column(text: str) -> str:
    name = text.removeprefix("-")
    if name not in RUN_COLUMNS:
        raise UsageError(f"--sort: {unknown_column(name, RUN_COLUMNS)}")
    return name


def values_of(runs: pl.DataFrame, column: str, most: int = 12) -> tuple[list[object], int]:
    """The values that a column takes, in order of their first appearance, and how many more."""
    values = runs[column].drop_nulls().unique(maintain_order=True).to_list()
    return values[:most], max(0, len(values) - most)
