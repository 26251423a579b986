"""CSV files -> columns, a few megabytes at a time.

Polars reads the values of a block of rows; when something in it is wrong, Python's own `csv` reader
goes through the block once more and says in which line and column. So a fault in the last line of
a huge file costs no more time and no more memory than the good lines before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nnlab.core.data.csv_file import Block, Layout, find_layout
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
    numeric = _guess(layout)
    while True:
        columns = [_Growing(layout, position, is_) for position, is_ in enumerate(numeric)]
        for block in layout.blocks():
            frame = _parse(block, numeric)
            for column in columns:
                column.add(block, frame[f"c{column.position}"])
        turned = [column.position for column in columns if column.turned]
        if not turned:
            return [column.done() for column in columns]
        # Numbers at first, but text in most rows: read again, as text.
        numeric = [is_ and position not in turned for position, is_ in enumerate(numeric)]


def _guess(layout: Layout) -> list[bool]:
    """Which columns begin with numbers. `DataError` where there is no row."""
    rows = (record for block in layout.blocks() for record in block.records())
    sample = list(islice(rows, _SAMPLE))
    if not sample:
        raise DataError(f"{layout.place}: there is a header but no row below it")
    for line, fields in sample:
        _check_length(layout, line, fields)
    texts = zip(*(fields for _, fields in sample), strict=True)
    return [all(map(_NUMBER.fullmatch, column)) for column in texts]


def _parse(block: Block, numeric: list[bool]) -> pl.DataFrame:
    """A block's values: numbers as Float64 where all of them are, the rest as String, stripped.

    An empty value is null; blank rows are left out.
    """
    import polars as pl

    failures = (pl.exceptions.PolarsError, pl.exceptions.PanicException)

    def parse(numeric: list[bool]) -> pl.DataFrame:
        return pl.read_csv(
            block.content,
            has_header=False,
            separator=block.layout.separator,
            eol_char=block.layout.end,
            schema={f"c{i}": pl.Float64 if is_ else pl.String for i, is_ in enumerate(numeric)},
        )

    if not block.content.strip():  # polars calls blank lines alone no table
        return pl.DataFrame(schema={f"c{i}": pl.String for i in range(len(numeric))})
    try:
        frame = parse(numeric)
    except failures:
        # A value is no number, or a row is malformed: read text, and look at it by column.
        try:
            frame = parse([False] * len(numeric))
        except failures:
            raise _unreadable(block) from None
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return frame.filter(~blank) if blank.any() else frame


@dataclass(slots=True)
class _Growing:
    """A column that grows block by block."""

    layout: Layout
    position: int
    numeric: bool
    """Whether it began with numbers; then no text is kept."""
    rows: int = 0
    texts: int = 0
    """Values that are neither numbers nor missing."""
    fault: DataError | None = None
    """The first text among the numbers, a fault if most values turn out to be numbers."""
    numbers: list[NDArray[np.float64]] = field(default_factory=list)
    strings: list[pl.Series] = field(default_factory=list)

    def add(self, block: Block, series: pl.Series) -> None:
        """The values of one more block. Raises `DataError` for missing and infinite ones."""
        import polars as pl

        self.rows += len(series)
        values = series
        if series.dtype == pl.String:
            missing = series.is_null() | series.str.to_lowercase().is_in(list(MISSING))
            if missing.any():
                raise _blame(block, self.position, missing.arg_max())
            values = series.cast(pl.Float64, strict=False)
            no_number = values.is_null()
            self.texts += int(no_number.sum())
            if self.texts and self.fault is None:
                self.fault = _blame(block, self.position, no_number.arg_max())
            if not self.numeric:
                self.strings.append(series)
        if self.texts and self.strings:
            return  # it may be text: its strings are kept, and cast in the end
        numbers = values.to_numpy()  # a null becomes NaN
        if not self.texts and not (finite := np.isfinite(numbers)).all():
            raise _blame(block, self.position, int(finite.argmin()))
        self.numbers.append(numbers)

    @property
    def turned(self) -> bool:
        """Whether most values are text, though it began with numbers."""
        return self.numeric and 2 * self.texts > self.rows

    def done(self) -> Column:
        """The whole column; raises `DataError` for a text among mostly numbers."""
        name = self.layout.names[self.position]
        if 2 * self.texts > self.rows:
            return _text_column(self.layout, name, self.strings)
        if self.fault is not None:
            raise self.fault
        numbers = np.concatenate(self.numbers)
        self.numbers.clear()
        return Column(name, numbers)


def _text_column(layout: Layout, name: str, strings: list[pl.Series]) -> Column:
    import polars as pl

    series = pl.concat(strings)
    if series.str.contains(r"^[+-]?\d+,\d+$").all():
        raise DataError(
            f"{layout.place}: column '{shown(name)}' writes its numbers with a decimal "
            f"comma ('{shown(series[0])}'); write a point"
        )
    categories = sorted(series.unique().to_list())
    codes = series.cast(pl.Enum(categories)).to_physical()
    return Column(name, codes.cast(pl.Float64).to_numpy(), tuple(categories))


def _blame(block: Block, position: int, row: int | None) -> DataError:
    """The error for the fault in record `row` (from 0, blank rows not counted) of a block.

    It is that of an earlier row of a wrong length, where there is one. Where no fault is found,
    the two readers disagree, which they do over quotation marks and line ends that are against
    the rules.
    """
    layout = block.layout
    for line, fields in islice(_records_of_length(block), row or 0, None):
        if fault := _fault(fields[position].strip()):
            column = shown(layout.names[position])
            return DataError(f"{layout.place}, line {line}, column '{column}': {fault}")
        break
    return _against_the_rules(layout)


def _unreadable(block: Block) -> DataError:
    """The error for a block that polars cannot read at all."""
    for _ in _records_of_length(block):
        pass
    return _against_the_rules(block.layout)


def _records_of_length(block: Block) -> Iterator[tuple[int, list[str]]]:
    """The records of a block; the first one of a wrong length is a `DataError`."""
    for line, fields in block.records():
        _check_length(block.layout, line, fields)
        yield line, fields


def _check_length(layout: Layout, line: int, fields: list[str]) -> None:
    if len(fields) != len(layout.names):
        raise DataError(
            f"{layout.place}, line {line}: has {len(fields)} values where the header has "
            f"{len(layout.names)} columns"
        )


def _against_the_rules(layout: Layout) -> DataError:
    return DataError(
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
