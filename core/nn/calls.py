"""What a step is made of: NumPy calls bound to their arrays once, to be made over and over.

Looking arrays up at every step costs what `mlp.py` says; here stands how each call is made ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Call = Callable[[], object]
Calls = Iterator[Call]


def make(calls: Iterable[Call]) -> None:
    """Make the calls, one after the other."""
    for call in calls:
        call()


def bound(function: Callable[..., object], *operands: Array | float, out: Array) -> Call:
    """The call, numbers among its operands made arrays: it need not each time, for 0.2 µs.

    `out` is the last operand: by keyword it takes a small pass 0.15 µs more, 3 to 5 % of a step of
    one net or eight. (In maximum and minimum NumPy deprecates it there.)
    """
    arrays = (np.asarray(each, out.dtype) if isinstance(each, float | int) else each
              for each in operands)  # fmt: skip
    if function.__name__ in ("maximum", "minimum"):
        return partial(function, *arrays, out=out)
    return partial(function, *arrays, out)


_kept_zeros: WeakValueDictionary[tuple[tuple[int, ...], str], Array] = WeakValueDictionary()


def zeros_like(z: Array) -> Array:
    """Zeros like `z`, the same for all who ask while somebody holds them; read-only.

    A maximum with the number 0 takes three times as long; to fill scratch memory with zeros for it,
    3 to 5 % of a step of a single net, 1 to 3 % of one of many.
    """
    found = _kept_zeros.get((z.shape, z.dtype.str))
    if found is None:
        found = np.zeros(z.shape, z.dtype)
        found.flags.writeable = False
        _kept_zeros[z.shape, z.dtype.str] = found
    return found


def product(left: Array, right: Array, out: Array) -> Call:
    """The call that makes `left @ right`, net by net.

    For a single net `dot` asks BLAS for the same without matmul's preparations, 0.5 µs a product:
    15 % of a step, and 5 % more as a method of the matrix, not a function of NumPy's. (BLAS has
    other routines for vectors, and matmul and dot other rules for them.)
    """
    if out.ndim == 3 and len(out) == 1 and min(*left.shape[-2:], right.shape[-1]) > 1:
        if out[0].flags.c_contiguous:
            return partial(left[0].dot, right[0], out[0])
        return partial(right[0].T.dot, left[0].T, out[0].T)
    return bound(np.matmul, left, right, out=out)


def row_times(row: Array, matrix: Array, out: Array) -> Call:
    """A strided row times one column has its own kernel: contiguous in stacks of any size."""

    def multiply() -> None:
        np.matmul(np.ascontiguousarray(row), matrix, out=out)

    return multiply


def outer(column: Array, row: Array, out: Array) -> Call:
    """The call that makes `(..., n, 1)` times `(..., 1, m)`: one example's gradient.

    matmul does not ask BLAS for that. With a second example, of zeros, it does: in a fifth of
    einsum's time, a twentieth of its own; 25 to 35 % of a step of 32 nets, 2 x 64.
    """
    columns = np.zeros((*column.shape[:-1], 2), column.dtype)
    rows = np.zeros((*row.shape[:-2], 2, row.shape[-1]), row.dtype)
    first_column, first_row = columns[..., :1], rows[..., :1, :]

    def multiply() -> None:
        np.copyto(first_column, column)
        np.copyto(first_row, row)
        np.matmul(columns, rows, out=out)

    return multiply
