"""How a CSV file is written: its separator, header and line ends, checked before any value is read.

One cheap pass over the bytes refuses what is no table at all and bounds what reading will cost.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nnlab.core.data.inputs import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_VALUES,
    listing,
    open_input,
    shown_path,
)
from nnlab.core.errors import DataError
from nnlab.core.wording import shown

_BLOCK = 2**20
"""Bytes read at once; also the longest line."""

_OTHER_KINDS = {
    b"PK\x03\x04": "a ZIP archive (an NPZ or Excel file?)",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array",
    b"\xff\xfe": "text in UTF-16; save it as 'CSV UTF-8'",
    b"\xfe\xff": "text in UTF-16; save it as 'CSV UTF-8'",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What must be known to read the values of a CSV file."""

    path: Path
    names: tuple[str, ...]
    separator: str
    end: str
    """The line end to look for; a carriage return before a newline counts as part of it."""

    @property
    def place(self) -> str:
        """The file, as messages name it."""
        return shown_path(self.path)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The rows below the header, blank ones left out, each with the line it starts in.

        Raises `DataError` for quotation marks that do not fit together.
        """
        with self.path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, delimiter=self.separator, strict=True)
            next(reader)
            line = reader.line_num + 1
            try:
                for fields in reader:
                    if any(map(str.strip, fields)):
                        yield line, fields
                    line = reader.line_num + 1
            except csv.Error as error:
                raise DataError(
                    f"{self.place}, line {line}: cannot be read as CSV ({shown(str(error))}); "
                    f"check the quotation marks"
                ) from None


def find_layout(path: Path) -> Layout:
    """Check the file byte by byte and find its header, separator and line end.

    Raises `DataError` for files of another kind, NUL bytes, text that is not UTF-8, endless
    lines, unfit headers, and more than `MAX_VALUES` values.
    """
    place = shown_path(path)
    head = b""
    newlines = returns = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_input(path, "CSV") as stream:
        while block := stream.read(_BLOCK):
            if not head:
                head = block
                _refuse_other_kinds(head, place)
            last = not stream.peek(1)
            if fault := _fault(block, decoder, last):
                offset, what = fault
                line = newlines + 1 + block.count(b"\n", 0, offset)
                raise DataError(f"{place}, line {line}: {what}")
            newlines += block.count(b"\n")
            returns += block.count(b"\r")
    names, separator = _header(head.decode("utf-8-sig", "ignore"), place)
    rows = newlines or returns
    if rows > MAX_ROWS or rows * len(names) > MAX_VALUES:
        raise DataError(
            f"{place}: has {rows:,} lines of {len(names):,} columns, and at most {MAX_ROWS:,} "
            f"lines and {MAX_VALUES:,} values are read; keep fewer rows or columns"
        )
    return Layout(path, names, separator, "\n" if newlines else "\r")


def _refuse_other_kinds(head: bytes, place: str) -> None:
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            raise DataError(f"{place}: is not a CSV file but {kind}")


def _fault(block: bytes, decoder: codecs.IncrementalDecoder, last: bool) -> tuple[int, str] | None:
    """(offset, what) of the first thing in the block that no CSV file holds."""
    if (nul := block.find(b"\0")) >= 0:
        return nul, "holds a NUL byte; this is not a text file"
    try:
        decoder.decode(block, final=last)
    except UnicodeDecodeError as error:
        return error.start, "is not UTF-8 text; save the file as 'CSV UTF-8'"
    if len(block) == _BLOCK and b"\n" not in block and b"\r" not in block:
        return 0, f"is longer than {_BLOCK:,} bytes; this is not a table"
    return None


def _header(head: str, place: str) -> tuple[tuple[str, ...], str]:
    """The column names, checked, and whichever of `,` `;` and tab occurs most among them."""
    first_line = re.split(r"[\r\n]", re.sub(r'"[^"]*"', "", head), maxsplit=1)[0]
    separator = max(",;\t", key=first_line.count)
    try:
        fields = next(csv.reader(io.StringIO(head, newline=""), delimiter=separator, strict=True))
    except (csv.Error, StopIteration) as error:
        raise DataError(
            f"{place}, line 1: the header cannot be read ({shown(str(error))})"
        ) from None
    names = tuple(field.strip() for field in fields)
    if not any(names):
        raise DataError(f"{place}, line 1: is blank; the first line names the columns")
    if len(names) == 1:
        raise DataError(
            f"{place}, line 1: the header has a single column, '{shown(names[0])}'; at least one "
            f"feature and the target are needed, separated by comma, semicolon or tab"
        )
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"{place}: has {len(names):,} columns, more than the {MAX_COLUMNS:,} that are read"
        )
    for position, name in enumerate(names, start=1):
        if not name:
            raise DataError(f"{place}, line 1: column {position} has no name")
    if len(set(names)) < len(names):
        double = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"{place}, line 1: column names given twice: {listing(double)}")
    return names, separator
