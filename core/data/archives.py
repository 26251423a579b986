"""NPZ files -> arrays. Nothing in them is executed, and nothing is unpacked before its declared
size is known to fit.
"""

from __future__ import annotations

import math
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from nnlab.core.data.encoding import Column, Target, encode_numbers, encode_target, text_column
from nnlab.core.data.inputs import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_VALUES,
    listing,
    open_input,
    shown_path,
)
from nnlab.core.errors import DataError
from nnlab.core.wording import shown

_KINDS = {
    "O": "Python objects, which would have to be unpickled and could run code",
    "c": "complex numbers",
    "S": "bytes",
    "U": "text",
    "M": "dates",
    "m": "time differences",
    "V": "records",
}


def read_npz(path: Path, loss: str | None) -> tuple[NDArray[np.float64], Target]:
    """`X` (n, d) as float64 and the target of `y`, (n,) or for regression (n, k).

    `X` holds integers, floats or bools; `y` these or text (an array of unicode strings). Whether
    `y` is a class or a number is decided as in `encode_target`. Raises `DataError` for archives
    that are damaged, lack `X` or `y`, need pickle, hold other shapes or kinds, unpack to more
    than fits, or hold a value that is not finite.
    """
    place = shown_path(path)
    with open_input(path, "NPZ") as stream:
        magic = stream.peek(6)
        if magic.startswith(b"\x93NUMPY"):
            raise DataError(
                f"{place}: is a single array, not an NPZ file; save both with "
                f"np.savez('data.npz', X=X, y=y)"
            )
        if not magic.startswith(b"PK"):
            raise DataError(f"{place}: is not an NPZ file")
        try:
            with zipfile.ZipFile(stream) as archive, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy remarks on headers written by Python 2
                X, y = (_array(archive, name, place) for name in ("X", "y"))
        except DataError:
            raise
        except Exception as error:  # a damaged archive makes zipfile and NumPy raise anything
            reason = shown(str(error), 200) or type(error).__name__
            raise DataError(f"{place}: is damaged and cannot be read: {reason}") from None
    _check_shapes(X.shape, y.shape, place)
    return _finite(X, "X", place), _target(y, loss, place)


def _array(archive: zipfile.ZipFile, name: str, place: str) -> NDArray[Any]:
    """Load one array, once its header has shown that it may be."""
    there = [entry.removesuffix(".npy") for entry in archive.namelist()]
    if name not in there:
        raise DataError(
            f"{place}: has no array '{name}'; it needs 'X' and 'y' and has "
            f"{listing(there) or 'nothing'}"
        )
    member = archive.infolist()[there.index(name)]
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
        held = member.file_size - stream.tell()
    if dtype.hasobject or dtype.kind not in ("biuf" if name == "X" else "biufU"):
        kind = _KINDS.get("O" if dtype.hasobject else dtype.kind, f"values of type {dtype}")
        wanted = "numbers" if name == "X" else "numbers or text"
        raise DataError(f"{place}: '{name}' holds {kind}; save it as an array of {wanted}")
    size = math.prod(shape) * dtype.itemsize
    fits = math.prod(shape) <= MAX_VALUES and size <= MAX_BYTES
    if not fits or shape[:1] > (MAX_ROWS,) or shape[1:2] > (MAX_COLUMNS,):
        raise DataError(
            f"{place}: '{name}' is too large with the shape {shown(str(shape))}; at most "
            f"{MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns and {MAX_VALUES:,} values are read"
        )
    if size != held:
        raise DataError(
            f"{place}: is damaged: '{name}' has the shape {shape} of {size:,} bytes, but holds "
            f"{held:,}"
        )
    with archive.open(member) as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
        stream.read()  # to the end, where zipfile compares the checksum
    return array


def _check_shapes(X: tuple[int, ...], y: tuple[int, ...], place: str) -> None:
    """Refuse shapes that are not one row an example."""
    if len(X) != 2:
        raise DataError(
            f"{place}: 'X' has shape {X}; it needs one row an example and one column a feature, "
            f"as X.reshape(len(X), -1) gives"
        )
    if len(y) not in (1, 2):
        raise DataError(f"{place}: 'y' has shape {y}; it needs one value an example")
    if X[0] != y[0]:
        raise DataError(f"{place}: 'X' has {X[0]:,} rows, but 'y' has {y[0]:,}")
    if 0 in X or 0 in y:
        raise DataError(f"{place}: is empty: 'X' has shape {X}, 'y' has shape {y}")


def _finite(array: NDArray[Any], name: str, place: str) -> NDArray[np.float64]:
    """As float64; the first NaN or infinity is an error that names its row and column."""
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes infinite: said below
        values = array.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        index = np.unravel_index(np.argmin(finite), values.shape)
        raise DataError(
            f"{place}: {name}[{', '.join(str(int(i)) for i in index)}] is {values[index]}; every "
            f"value must be a finite number (counting from 0: row, column)"
        )
    return values


def _target(y: NDArray[Any], loss: str | None, place: str) -> Target:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind != "U":
        values = _finite(y, "y", place)
        if y.ndim == 2:
            return encode_numbers(values, loss, place)
        return encode_target(Column("y", values), loss, place)
    if y.ndim == 2:
        raise DataError(f"{place}: 'y' is text of shape {y.shape}; it needs one class an example")
    _check_characters(y, place)
    texts = [str(text).strip() for text in y.tolist()]
    if "" in texts:
        raise DataError(f"{place}: y[{texts.index('')}] is an empty text; every row needs a class")
    return encode_target(text_column("y", texts), loss, place)


def _check_characters(y: NDArray[Any], place: str) -> None:
    """Refuse text that Python could not even hold: NumPy keeps four bytes a character, any bytes.

    Python ends in a `SystemError` for what is beyond Unicode (found by fuzzing).
    """
    codes = np.frombuffer(y.astype(y.dtype.newbyteorder("=")).tobytes(), np.uint32)
    if codes.size and codes.max() > sys.maxunicode:
        raise DataError(f"{place}: is damaged: 'y' holds text that is not Unicode")
