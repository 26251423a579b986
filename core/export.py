"""A table of a study for other programs: CSV, JSON or Parquet, written in pieces.

Memory does not grow with the table. CSV is made for spreadsheets, too: a text that one would take
for a formula gets an apostrophe in front. JSON is an array with one object a row, null where a
value is missing. A number that is not finite is a missing value in all three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

from nnlab.core import folder as files
from nnlab.core.files import whole_file
from nnlab.core.quantities import CURVE_COLUMNS, LAYER_COLUMNS, RUN_COLUMNS, Quantity
from nnlab.core.reading import damage_told
from nnlab.core.results import Results
from nnlab.core.sink import sink_parquet

Format = Literal["csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "json", "parquet")

TABLES: dict[str, tuple[str, dict[str, Quantity]]] = {
    "runs": (files.RUNS, RUN_COLUMNS),
    "layers": (files.LAYERS, LAYER_COLUMNS),
    "curves": (files.CURVES, CURVE_COLUMNS),
}
"""The file and the columns of each table."""

_PIECE = 10_000
"""Rows held as text at once."""
_FORMULA = r"^([=+\-@\t\r\n＝＋－＠])"
"""How a cell begins that a spreadsheet may run; the wide forms do so in East Asian settings."""


def pieces(results: Results, table: str) -> Iterator[pl.DataFrame]:
    """The rows of a table in order, some thousands at a time; what is not finite is null.

    Raises `StoreError` where the table turns out to be damaged, which may be after some pieces.
    """
    file, columns = TABLES[table]
    lazy = {"runs": results.runs.lazy(), "layers": results.layers, "curves": results.curves}[table]
    numbers = [pl.col(name) for name, row in columns.items() if row.kind == "number"]
    with damage_told(results.folder / file):
        # what is done to the rows is done here, piece by piece: within the lazy frame, polars
        # reads ahead of it, and a table of 6.7 million rows took 480 MB instead of 220
        for piece in lazy.collect_batches(chunk_size=_PIECE, maintain_order=True, lazy=True):
            yield piece.with_columns(pl.when(n.is_finite()).then(n).name.keep() for n in numbers)


def texts(results: Results, table: str, form: Literal["csv", "json"]) -> Iterator[str]:
    """A table as text, piece by piece; the pieces joined are the document. `StoreError`."""
    frames = pieces(results, table)
    return _csv(frames, TABLES[table][1]) if form == "csv" else _json(frames)


def _csv(frames: Iterator[pl.DataFrame], columns: Mapping[str, Quantity]) -> Iterator[str]:
    yield ",".join(columns) + "\n"
    cells = pl.col([name for name, row in columns.items() if row.kind == "text"])
    for piece in frames:
        harmless = piece.with_columns(cells.str.replace(_FORMULA, "'$1"))
        yield harmless.write_csv(include_header=False)


def _json(frames: Iterator[pl.DataFrame]) -> Iterator[str]:
    between = "[\n"
    for piece in frames:
        if len(piece):
            rows = piece.write_ndjson()
            yield between + rows.removesuffix("\n").replace("\n", ",\n")
            between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def write_table(results: Results, table: str, form: Format, path: Path) -> None:
    """Write a table to the file `path`, whole or not at all. Raises `StoreError`."""
    with whole_file(path) as file:
        if form == "parquet":
            _write_parquet(results, table, file)
        else:
            for text in texts(results, table, form):
                file.write(text.encode())


def _write_parquet(results: Results, table: str, file: BinaryIO) -> None:
    name, columns = TABLES[table]
    frames = pieces(results, table)
    sink_parquet(file, files.schema_of(columns), frames, damage_told(results.folder / name))
