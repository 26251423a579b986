"""CSV files -> columns. Polars reads the values; when something is wrong, Python's own `csv`
reader goes through the file once more and says in which line and column.
"""

from __future__ import annotations

import re
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from nnlab.core.data.csv_file import Layout, find_layout
from nnlab.core.data.encoding import Column
from nnlab.core.errors import DataError
from nnlab.core.wording import shown

if TYPE_CHECKING:
    import polars as pl

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "?"})
"""What stands for a missing value, upper or lower case."""

_NUMBER = re.compile(
    r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)\s*", re.ASCII | re.IGNORECASE
)
_SAMPLE = 100
"""Rows that decide which columns are first tried as numbers."""


def read_table(path: Path) -> list[Column]:
    """The columns of a CSV file: numbers, or text where most values are not numbers.

    The file is UTF-8 (with or without a byte-order mark), has a header, and separates its values
    by comma, semicolon or tab, whichever the header has most of. Quotes work as in RFC 4180;
    blanks around a value and lines without any value are skipped.

    Raises `DataError` with line and column for everything else: missing values (an empty one or
    one of `MISSING`), infinities, a text among mostly numbers, rows of another length than the
    header, double or empty column names, and files that are no text at all.
    """
    layout = find_layout(path)
    frame = _read(layout)
    columns: list[Column] = []
    for position in range(len(layout.names)):
        # Dropping each as it is done keeps the peak at one copy of the file's values.
        columns.append(_column(layout, position, frame.drop_in_place(f"c{position}")))
    return columns


def _read(layout: Layout) -> pl.DataFrame:
    """All values: columns that start with numbers as Float64 if that works, the rest as String."""
    import polars as pl

    def parse(numeric: list[bool]) -> pl.DataFrame:
        return pl.read_csv(
            layout.path,
            has_header=False,
            skip_rows=1,
            separator=layout.separator,
            eol_char=layout.end,
            schema={f"c{i}": pl.Float64 if is_ else pl.String for i, is_ in enumerate(numeric)},
            glob=False,
        )

    failures = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
    sample = [fields for _, fields in islice(layout.records(), _SAMPLE)]
    if not sample:
        raise DataError(f"{layout.place}: there is a header but no row below it")
    if any(len(fields) != len(layout.names) for fields in sample):
        _blame(layout)
    numeric = [all(map(_NUMBER.fullmatch, texts)) for texts in zip(*sample, strict=True)]
    try:
        frame = parse(numeric)
    except failures:
        # A later value is no number, or a row is malformed: read text, and look at it by column.
        try:
            frame = parse([False] * len(layout.names))
        except failures:
            _blame(layout)
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return frame.filter(~blank) if blank.any() else frame


def _column(layout: Layout, position: int, series: pl.Series) -> Column:
    """One column as numbers or as text; anything in between is blamed on its line."""
    import polars as pl

    name = layout.names[position]
    if series.dtype == pl.String:
        missing = series.is_null() | series.str.to_lowercase().is_in(list(MISSING))
        if missing.any():
            _blame(layout, position, missing.arg_max())
        numbers = series.cast(pl.Float64, strict=False)
        if 2 * numbers.null_count() > len(numbers):
            if series.str.contains(r"^[+-]?\d+,\d+$").all():
                raise DataError(
                    f"{layout.place}: column '{shown(name)}' writes its numbers with a decimal "
                    f"comma ('{shown(series[0])}'); write a point"
                )
            categories = sorted(series.unique().to_list())
            codes = series.cast(pl.Enum(categories)).to_physical()
            return Column(name, codes.cast(pl.Float64).to_numpy(), tuple(categories))
        series = numbers
    values = series.to_numpy()  # a null becomes NaN
    finite = np.isfinite(values)
    if not finite.all():
        _blame(layout, position, int(finite.argmin()))
    return Column(name, values)


def _blame(layout: Layout, position: int | None = None, row: int | None = 0) -> NoReturn:
    """Raise `DataError` for the first row of a wrong length, or for the fault in a column.

    The fault is at `position` in record `row` (from 0, blank rows not counted). Where none is
    found, the two readers disagree, which they do over quotation marks and line ends that are
    against the rules.
    """
    for number, (line, fields) in enumerate(layout.records()):
        if len(fields) != len(layout.names):
            raise DataError(
                f"{layout.place}, line {line}: has {len(fields)} values where the header has "
                f"{len(layout.names)} columns"
            )
        if number == row and position is not None:
            if fault := _fault(fields[position].strip()):
                column = shown(layout.names[position])
                raise DataError(f"{layout.place}, line {line}, column '{column}': {fault}")
            break
    raise DataError(
        f"{layout.place}: cannot be read as CSV: a value with a quotation mark in it must stand in "
        f"quotation marks and double its own, and all lines must end alike"
    )


def _fault(text: str) -> str | None:
    """What keeps a value from being a finite number."""
    if not text:
        return "the value is missing; fill it in or leave the row out"
    if text.lower() in MISSING:
        return f"'{shown(text)}' stands for a missing value; fill it in or leave the row out"
    if not _NUMBER.fullmatch(text):
        return f"'{shown(text)}' is not a number, though most values of the column are"
    return None if isfinite(float(text)) else f"'{shown(text)}' is not a finite number"
