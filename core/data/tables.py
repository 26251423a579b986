"""CSV files -> columns, a few megabytes at a time.

Polars reads the values of a block of rows; when something in it is wrong, Python's own `csv` reader
goes through the block once more and says in which lines and columns. So a fault in the last line of
a huge file costs no more time and no more memory than the good lines before it.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice, product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nnlab.core.data.csv_faults import MISSING, NUMBER, error_of, fault_in, wrong_length
from nnlab.core.data.csv_file import Block, Layout
from nnlab.core.data.encoding import Column
from nnlab.core.errors import DataError
from nnlab.core.wording import shown

if TYPE_CHECKING:
    import polars as pl

_WRITTEN = sorted(
    {"".join(cs) for word in MISSING for cs in product(*((c, c.upper()) for c in word))}
)
"""What stands for a missing value, in every mixture of cases."""
_SAMPLE = 100
"""Rows that decide which columns are first tried as numbers."""
_KEPT_UNSEEN = 16 * 2**20
"""Bytes of a file whose values are kept as they are read; a larger one is looked through first."""


def read_table(layout: Layout, leave_out: Collection[str] = ()) -> list[Column]:
    """The columns of a CSV file: numbers, or text where most values are not numbers.

    What stands in a column of `leave_out` is not looked at.

    The file is UTF-8 (with or without a byte-order mark), has a header, and separates its values
    by comma, semicolon or tab, whichever the header has most of. Quotes work as in RFC 4180;
    blanks around a value and lines without any value are skipped.

    Raises `DataError` with line and column for everything else: missing values (an empty one or
    one of `MISSING`), infinities, a text among mostly numbers, rows of another length than the
    header, double or empty column names, and files that are no text at all. Where there are several
    of these together, up to ten are told.

    A large file is looked through before any of it is kept: one with a fault takes no memory.
    """
    numeric = {i: is_ for i, is_ in _guess(layout).items() if layout.names[i] not in leave_out}
    if layout.path.stat().st_size > _KEPT_UNSEEN:
        numeric = _kinds(_read(layout, numeric, keep=False))
    columns = _read(layout, numeric, keep=True)
    if any(column.turned for column in columns):
        # Numbers at first, but text in most rows: read again, as text.
        columns = _read(layout, _kinds(columns), keep=True)
    return [column.done() for column in columns]


def _kinds(columns: list[_Growing]) -> dict[int, bool]:
    """By place in the table, whether a column is one of numbers."""
    return {column.position: column.is_number for column in columns}


def _guess(layout: Layout) -> dict[int, bool]:
    """By place in the table, whether a column begins with numbers. `DataError` without a row."""
    rows = (record for block in layout.blocks() for record in block.records())
    sample = list(islice(rows, _SAMPLE))
    if not sample:
        raise DataError(f"{layout.place}: there is a header but no row below it")
    wrong = [
        (f"line {line}", wrong_length(layout, fields))
        for line, fields in sample
        if len(fields) != len(layout.names)
    ]
    if wrong:
        raise error_of(layout, wrong)
    texts = zip(*(fields for _, fields in sample), strict=True)
    return {i: all(map(NUMBER.fullmatch, column)) for i, column in enumerate(texts)}


def _read(layout: Layout, numeric: dict[int, bool], *, keep: bool) -> list[_Growing]:
    """Go through the file once. Raises `DataError` for a fault; texts among numbers are counted.

    Only the columns of which `numeric` tells are looked at.
    """
    columns = [_Growing(layout, i, is_, keep) for i, is_ in numeric.items()]
    for block in layout.blocks():
        numbers = {column.position for column in columns if column.numeric and not column.texts}
        frame = _parse(block, [i in numbers for i in range(len(layout.names))])
        frame = frame.select(column.name for column in columns)
        if not frame.height:
            continue
        facts = _facts(frame)
        for column in columns:
            column.add(block, frame, facts.get(column.name, _FINE))
    for column in columns:
        if column.suspect is not None and column.is_number:
            raise fault_in(*column.suspect)
    return columns


def _parse(block: Block, numeric: list[bool]) -> pl.DataFrame:
    """A block's values: numbers as Float64 where all of them are, the rest as String, stripped.

    A number that is not there is null; blank rows are left out.
    """
    import polars as pl

    failures = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
    content = block.content
    if content.startswith(codecs.BOM_UTF8):
        # polars takes it away; in rows below the header it is part of a value, as anywhere else.
        content = codecs.BOM_UTF8 + content

    def parse(numeric: list[bool]) -> pl.DataFrame:
        return pl.read_csv(
            content,
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
            raise fault_in(block, None) from None
    frame = frame.with_columns(pl.col(pl.String).fill_null("").str.strip_chars())
    first = frame.to_series(0)
    if first.null_count() or (first.dtype == pl.String and (first == "").any()):
        numbers, texts = pl.col(pl.Float64).is_null(), pl.col(pl.String) == ""
        frame = frame.filter(~pl.all_horizontal(numbers, texts))
    return frame


class _Facts(NamedTuple):
    """What is odd in a column of a block."""

    missing: bool = False
    """Whether a value is."""
    texts: int = 0
    """Values that are neither numbers nor missing."""
    infinite: bool = False
    """Whether something is not a finite number, whatever it is."""


_FINE = _Facts()


def _facts(frame: pl.DataFrame) -> dict[str, _Facts]:
    """By column; those of numbers only where one is not finite."""
    import polars as pl

    numbers = frame.select(pl.col(pl.Float64))
    found: dict[str, _Facts] = {}
    if numbers.width and not np.isfinite(numbers.to_numpy()).all():  # a null becomes NaN
        found = {name: _FINE._replace(infinite=True) for name in numbers.columns}
    texts = frame.select(pl.col(pl.String))
    if texts.width:
        missing = pl.all().is_in(_WRITTEN)
        number = pl.all().cast(pl.Float64, strict=False)
        asked = (missing.any(), (number.is_null() & ~missing).sum(), number.is_finite().all())
        answers = [texts.select(question).row(0) for question in asked]
        for name, some, count, finite in zip(texts.columns, *answers, strict=True):
            found[name] = _Facts(some, count, not finite)
    return found


@dataclass(slots=True)
class _Growing:
    """A column that grows block by block."""

    layout: Layout
    position: int
    numeric: bool
    """Whether it is taken for numbers; then no text is kept."""
    keep: bool
    """Whether its values are kept at all."""
    rows: int = 0
    texts: int = 0
    """Values that are neither numbers nor missing."""
    suspect: tuple[Block, pl.DataFrame] | None = None
    """The first block with texts, and where: faults if most values turn out to be numbers."""
    kept: list[pl.Series] = field(default_factory=list)

    @property
    def name(self) -> str:
        """That of its column in a block's frame."""
        return f"c{self.position}"

    def add(self, block: Block, frame: pl.DataFrame, facts: _Facts) -> None:
        """The values of one more block. Raises `DataError` for missing and infinite ones."""
        import polars as pl

        series = frame[self.name]
        self.rows += len(series)
        if facts.missing:
            raise fault_in(block, frame.select(pl.col(pl.String).is_in(_WRITTEN)))
        if facts.texts:
            self.texts += facts.texts
            if self.suspect is None:
                no_number = series.cast(pl.Float64, strict=False).is_null()
                self.suspect = block, no_number.to_frame()
        elif facts.infinite and self.numeric and not self.texts:
            beside = pl.Float64 if series.dtype == pl.Float64 else self.name
            faulty = frame.select(~pl.col(beside).cast(pl.Float64).is_finite().fill_null(False))
            if faulty[self.name].any():
                raise fault_in(block, faulty)
        if self.keep:
            self.kept.append(series.cast(pl.Float64, strict=False) if self.numeric else series)

    @property
    def is_number(self) -> bool:
        """Whether most values are numbers."""
        return 2 * self.texts <= self.rows

    @property
    def turned(self) -> bool:
        """Whether most values are text, though it was taken for numbers."""
        return self.numeric and not self.is_number

    def done(self) -> Column:
        """The whole column."""
        import polars as pl

        name, series = self.layout.names[self.position], pl.concat(self.kept)
        self.kept.clear()
        if self.numeric:
            return Column(name, series.to_numpy())
        return _text_column(self.layout, name, series)


def _text_column(layout: Layout, name: str, series: pl.Series) -> Column:
    import polars as pl

    if series.str.contains(r"^[+-]?\d+,\d+$").all():
        first = next((line for block in layout.blocks() for line, _ in block.records()), 1)
        raise DataError(
            f"{layout.place}, line {first}: column '{shown(name)}' writes its numbers with a "
            f"decimal comma ('{shown(series[0])}'); write a point"
        )
    categories = sorted(series.unique().to_list())
    codes = series.cast(pl.Enum(categories)).to_physical()
    return Column(name, codes.cast(pl.Float64).to_numpy(), tuple(categories))
