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

import numpy as np

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

_ROWS_BYTES = 4 * 2**20
"""Bytes of rows that are looked at together."""
_MOST_BYTES = 4 * _ROWS_BYTES
"""Bytes in which a row that begins must end."""

_OTHER_KINDS = {
    b"PK\x03\x04": "a ZIP archive (an NPZ or Excel file?)",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array",
    b"\xff\xfe": "text in UTF-16; save it as 'CSV UTF-8'",
    b"\xfe\xff": "text in UTF-16; save it as 'CSV UTF-8'",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows of a CSV file, some megabytes of them."""

    layout: Layout
    content: bytes
    line: int
    """The line of the file in which it starts."""

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The rows, blank ones left out, each with the line it starts in.

        Raises `DataError` for quotation marks that do not fit together.
        """
        text = io.StringIO(self.content.decode(), newline="")
        reader = csv.reader(text, delimiter=self.layout.separator, strict=True)
        line = self.line
        try:
            for fields in reader:
                if any(map(str.strip, fields)):
                    yield line, fields
                line = self.line + reader.line_num
        except csv.Error as error:
            raise DataError(
                f"{self.layout.place}, line {line}: cannot be read as CSV ({shown(str(error))}); "
                f"check the quotation marks"
            ) from None


@dataclass(frozen=True, slots=True)
class Layout:
    """What must be known to read the values of a CSV file."""

    path: Path
    names: tuple[str, ...]
    separator: str
    end: str
    """The line end to look for; a carriage return before a newline counts as part of it."""
    header_bytes: int
    header_lines: int
    """What the header takes of the file."""

    @property
    def place(self) -> str:
        """The file, as messages name it."""
        return shown_path(self.path)

    def blocks(self) -> Iterator[Block]:
        """The rows below the header, `_ROWS_BYTES` or some more at a time.

        A block ends with a line that ends outside of quotation marks. Where none does for
        `_MOST_BYTES`, a quotation mark is left open, and the block ends somewhere: the reader of
        its rows will say so.
        """
        line, rest = self.header_lines + 1, b""
        with self.path.open("rb") as stream:
            stream.seek(self.header_bytes)
            while more := stream.read(_ROWS_BYTES):
                held = rest + more
                cut = self._last_end(held) if stream.peek(1) else len(held)
                if cut == 0 and len(held) < _MOST_BYTES:
                    rest = held
                    continue
                cut = cut or len(held)
                content, rest = held[:cut], held[cut:]
                yield Block(self, content, line)
                line += content.count(self.end.encode())

    def _last_end(self, held: bytes) -> int:
        """Where the last row that is whole ends; 0 if none is."""
        code = np.frombuffer(held, np.uint8)
        ends = np.flatnonzero(code == ord(self.end)) + 1
        if b'"' in held:
            quotes = np.cumsum(code == ord('"'))
            ends = ends[quotes[ends - 1] % 2 == 0]
        return int(ends[-1]) if len(ends) else 0


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
    names, separator, header = _header(head.decode("utf-8-sig", "ignore"), place)
    rows = newlines or returns
    if rows > MAX_ROWS or rows * len(names) > MAX_VALUES:
        raise DataError(
            f"{place}: has {rows:,} lines of {len(names):,} columns, and at most {MAX_ROWS:,} "
            f"lines and {MAX_VALUES:,} values are read; keep fewer rows or columns"
        )
    mark = len(codecs.BOM_UTF8) * head.startswith(codecs.BOM_UTF8)
    taken = mark + len(header.encode())
    lines = header.count("\n") or header.count("\r")
    return Layout(path, names, separator, "\n" if newlines else "\r", taken, lines)


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


def _header(head: str, place: str) -> tuple[tuple[str, ...], str, str]:
    """The column names, checked; which of `,` `;` and tab occurs most in them; the whole text."""
    first_line = re.split(r"[\r\n]", re.sub(r'"[^"]*"', "", head), maxsplit=1)[0]
    separator = max(",;\t", key=first_line.count)
    text = io.StringIO(head, newline="")
    try:
        fields = next(csv.reader(text, delimiter=separator, strict=True))
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
    return names, separator, head[: text.tell()]
