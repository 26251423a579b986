"""`--input FILE`: the user's own numbers for the net of two layers.

    x: [1, 2]
    y: [1, 1]
    W1: [[1, 1], [1, -2], [-1, 1]]      # hidden x inputs
    b1: [-1, 1, 0]
    W2: [[1, 2, -1], [-1, 1, 2]]        # outputs x hidden
    b2: [1, 0]

Read by the spec's own reader: its limits, its refusal of tags and twice-given keys, its places.
Whatever is wrong is a `UsageError` that names the key, what was found, and what would fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nnlab.core.analysis.two_layer_net import Array, TwoLayerNet
from nnlab.core.errors import SpecError, UsageError
from nnlab.core.spec.file import decode, read_file
from nnlab.core.spec.reader import Document, Value, read
from nnlab.core.suggest import nearest
from nnlab.core.wording import described, quoted, told

VECTORS = ("x", "y", "b1", "b2")
MATRICES = ("W1", "W2")
KEYS = ("x", "y", "W1", "b1", "W2", "b2")
MAX_SIZE = 32
"""Inputs, hidden units, outputs: what can still be followed by hand, generously."""
LARGEST = 1e6
"""Of a number: beyond, the squared error leaves no digits to compare."""
_EXAMPLE = "x: [1, 2], W1: [[1, 1], [1, -2], [-1, 1]]"


def read_net(path: Path) -> TwoLayerNet:
    """The net in a file. Raises `UsageError` with everything that is wrong, a line each."""
    source = told(path)
    try:
        text = decode(read_file(path), source)
        if not text.strip():
            raise UsageError(f"{source} is empty; it needs the keys {', '.join(KEYS)}")
        document = read(text, source)
    except SpecError as error:
        raise UsageError(str(error)) from None
    problems = [SpecError(source, [problem]).args[0] for problem in document.problems]
    problems += [f"{source}: {message}" for message in _key_faults(document)]
    arrays: dict[str, Array] = {}
    for key in KEYS:
        if key in document.values and key not in document.damaged:
            found = _array(key, document.values[key])
            if isinstance(found, str):
                problems.append(SpecError(source, [document.problem((key,), found)]).args[0])
            else:
                arrays[key] = found
    if not problems:
        problems = [f"{source}: {message}" for message in shape_faults(arrays)]
    if problems:
        raise UsageError("\n".join(problems))
    return TwoLayerNet(**arrays)


def _key_faults(document: Document) -> list[str]:
    faults = []
    for key in document.values:
        if key not in KEYS:
            guess = nearest(key, KEYS)
            hint = f"; did you mean '{guess}'?" if guess else f". Allowed: {', '.join(KEYS)}"
            faults.append(f"unknown key {quoted(key)}{hint}")
    missing = [key for key in KEYS if key not in document.values and key not in document.damaged]
    if missing:
        keys = "the key" if len(missing) == 1 else "the keys"
        faults.append(
            f"{keys} {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
            f"the file needs {', '.join(KEYS)}, such as {_EXAMPLE}"
        )
    return faults


def _array(key: str, value: Value) -> Array | str:
    """The numbers of a key, or what is wrong with them."""
    if key in VECTORS:
        return _vector(key, value)
    if not isinstance(value, list) or not value:
        return f"{key} is a matrix, a list of rows such as [[1, 2], [3, 4]], not {described(value)}"
    rows = []
    for i, row in enumerate(value, 1):
        found = _vector(f"row {i} of {key}", row)
        if isinstance(found, str):
            return found
        rows.append(found)
    lengths = [row.size for row in rows]
    if len(set(lengths)) > 1:
        odd = next(i for i, length in enumerate(lengths, 1) if length != lengths[0])
        return (
            f"the rows of {key} have different lengths: row 1 has {lengths[0]} numbers, row {odd} "
            f"has {lengths[odd - 1]}; give every row as many"
        )
    if len(rows) > MAX_SIZE:
        return f"{key} has {len(rows)} rows; at most {MAX_SIZE} can be followed by hand"
    return np.array(rows)


def _vector(name: str, value: Value) -> Array | str:
    if not isinstance(value, list) or not value:
        return f"{name} is a list of numbers such as [1, 2], not {described(value)}"
    for i, item in enumerate(value, 1):
        if isinstance(item, bool) or not isinstance(item, int | float):
            return f"number {i} of {name} is {described(item)}; write a number"
        if not math.isfinite(item) or abs(item) > LARGEST:
            return f"number {i} of {name} is {described(item)}; write one within ±{LARGEST:.0e}"
    if len(value) > MAX_SIZE:
        return f"{name} has {len(value)} numbers; at most {MAX_SIZE} can be followed by hand"
    return np.array(value, dtype=np.float64)


def shape_faults(arrays: Mapping[str, Array]) -> list[str]:
    """Where the shapes of the six arrays do not fit together, in words that say what would."""
    faults = []
    x, y, W1, b1, W2, b2 = (arrays[key] for key in KEYS)
    m, n = W1.shape
    K, hidden = W2.shape
    if n != x.size:
        faults.append(
            f"W1 is {m} x {n} and x has {_count(x)}: W1 is hidden units x inputs, so it needs "
            f"{_plural(x.size, 'column')}{_turned(W1, (b1.size, x.size))}"
        )
    if b1.size != m and not (n != x.size and W1.T.shape == (b1.size, x.size)):
        faults.append(f"b1 has {_count(b1)} and W1 is {m} x {n}: b1 needs one a row of W1, {m}")
    units = m if n == x.size else b1.size
    if hidden != units:
        faults.append(
            f"W2 is {K} x {hidden} and the net has {_plural(units, 'hidden unit')}: W2 is outputs "
            f"x hidden units, so it needs {_plural(units, 'column')}{_turned(W2, (b2.size, units))}"
        )
    turned = hidden != units and W2.T.shape == (b2.size, units)
    if b2.size != K and not turned:
        faults.append(
            f"b2 has {_count(b2)} and W2 is {K} x {hidden}: b2 needs one a row of W2, {K}"
        )
    if y.size != b2.size:
        faults.append(f"y has {_count(y)} and b2 has {_count(b2)}: both need one an output")
    return faults


def _count(vector: Array) -> str:
    return _plural(vector.size, "number")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _turned(W: Array, wanted: tuple[int, int]) -> str:
    """A hint where the transpose is what was meant."""
    rows, columns = wanted
    if W.T.shape == wanted:
        return f"; turned round it fits: write its columns as rows, {rows} x {columns}"
    return ""
