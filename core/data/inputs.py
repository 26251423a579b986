"""The user's own files before anything reads them: opened safely, quoted harmlessly, bounded.

Whatever stands in a file (a column name, a label, the file's own name) may hold escape sequences
or be a megabyte long. It reaches a message only through `wording.shown` or `listing`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from io import BufferedReader
from itertools import islice
from pathlib import Path

from nnlab.core.errors import DataError
from nnlab.core.suggest import nearest
from nnlab.core.wording import shown

MAX_BYTES = 512 * 2**20
"""Largest file that is read, in bytes (MNIST as a CSV file is 110 MB)."""

MAX_VALUES = 2**26
"""Most numbers a data set may hold after encoding: 512 MiB as float64."""

MAX_ROWS = 2**22
"""Most rows a file may have: saying what is wrong with the last of more would take too long."""

MAX_COLUMNS = 10_000
"""Most columns a file may have."""

_SHOWN_NAMES = 20


def listing(names: Sequence[str]) -> str:
    """The names for a message: escaped, comma separated, at most twenty of them.

    >>> listing(["a", "b"])
    'a, b'
    """
    first = ", ".join(shown(name) for name in names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f"{first} and {more:,} more" if more > 0 else first


def shown_path(path: Path) -> str:
    """The path as messages write it: whole, but inert in a terminal."""
    return shown(str(path), 4096)


def open_input(path: Path, kind: str) -> BufferedReader:
    """Open a regular file of at most `MAX_BYTES` for reading.

    Raises `DataError` for everything a path can be instead: missing, a folder, a device or a
    pipe (which would never end), unreadable, empty, too large. `kind` names what was expected.
    """
    place = shown_path(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise DataError(f"{place}: there is no such file{_neighbour(path)}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise DataError(f"{place}: cannot be opened: {_reason(error)}") from None
    if stat.S_ISDIR(status.st_mode):
        raise DataError(f"{place}: is a folder; name the {kind} file in it")
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{place}: is not a regular file but a device, pipe or socket")
    if status.st_size == 0:
        raise DataError(f"{place}: the file is empty")
    if status.st_size > MAX_BYTES:
        raise DataError(
            f"{place}: the file has {status.st_size:,} bytes, more than the {MAX_BYTES:,} that "
            f"are read; keep fewer rows or columns"
        )
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{place}: cannot be opened: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _neighbour(path: Path) -> str:
    """'; did you mean ...?' when the folder holds a file of nearly that name."""
    try:
        with os.scandir(path.parent) as entries:
            guess = nearest(path.name, [entry.name for entry in islice(entries, 1000)])
    except OSError:
        return ""
    return f"; did you mean '{shown(guess)}'?" if guess else ""
