"""A stream of frames into one Parquet file, with the disk's own error when the disk refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

import polars as pl
from polars.io.plugins import register_io_source


def sink_parquet(
    file: BinaryIO,
    schema: pl.Schema,
    frames: Iterator[pl.DataFrame],
    reading: AbstractContextManager[None] | None = None,
) -> None:
    """Write `frames`, one after the other, so that memory does not grow with the table.

    Raises `OSError` when the file cannot be written. What goes wrong with the frames themselves
    passes through `reading`.
    """

    def source(*_: object) -> Iterator[pl.DataFrame]:
        yield from frames

    watched = _Watched(file)
    with reading or nullcontext():
        try:
            rows = register_io_source(source, schema=schema)
            rows.sink_parquet(watched, maintain_order=True)  # type: ignore[call-overload]
        except pl.exceptions.PolarsError:
            if watched.error is None:
                raise
    if watched.error is not None:
        raise watched.error


class _Watched:
    """A file that remembers its failure: polars tells a full disk like a damaged table."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, content: bytes) -> int:
        """Write all of `content`."""
        try:
            return self._file.write(content)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """What is buffered is flushed when the file is closed."""
