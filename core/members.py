"""One finished run as bytes, and back: what a member of a segment of the store holds.

A sequence of NumPy arrays as `numpy.save` writes them: the head as JSON text (which run it is, of
which engine version, and the outcome), then steps, curves, layers, then the weights by the names
the head lists. A member that says it is another run, or of another engine, is not believed.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.outcome import RunResult
from nnlab.core.plan import ENGINE_VERSION, Run
from nnlab.core.wording import shown

Array = NDArray[Any]

_PREFIX = 10
"""Bytes before an array's header: the magic word, the version, and the header's length in two."""


def to_bytes(result: RunResult) -> bytes:
    """The member of a run."""
    head = {
        "run": result.run.id,
        "engine": ENGINE_VERSION,
        "status": result.status,
        "outcome": result.outcome,
        "weights": list(result.weights),
    }
    if result.place:
        head["place"] = result.place
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(head, allow_nan=False).encode(), np.uint8)
    for array in (text, result.steps, result.curves, result.layers, *result.weights.values()):
        np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def check(run: Run, content: bytes) -> None:
    """Raise ValueError unless a member says that it is `run`."""
    _head(run, _arrays(content))


def from_bytes(run: Run, content: bytes) -> RunResult:
    """The run in a member. Raises ValueError or KeyError where it holds something else."""
    arrays = _arrays(content)
    head = _head(run, arrays)
    try:
        steps, curves, layers = next(arrays), next(arrays), next(arrays)
        weights = {name: next(arrays) for name in head["weights"]}
    except StopIteration:
        raise ValueError("an array is missing") from None
    place = str(head.get("place", ""))
    return RunResult(run, head["status"], head["outcome"], steps, curves, layers, weights, place)


def _head(run: Run, arrays: Iterator[Array]) -> dict[str, Any]:
    """What a member says of itself; very old ones do not say which run and engine."""
    head = json.loads(next(arrays, np.empty(0, np.uint8)).tobytes())
    if not isinstance(head, dict):
        raise ValueError("its head is no mapping")
    if head.get("run", run.id) != run.id:
        raise ValueError(f"it holds run {shown(str(head['run']))}")
    if head.get("engine", ENGINE_VERSION) != ENGINE_VERSION:
        raise ValueError(f"it is of engine version {shown(str(head['engine']))}")
    return head


def _arrays(content: bytes) -> Iterator[Array]:
    """One array after the other, as `numpy.load` reads them, without parsing equal headers twice.

    Parsing is most of the time that `numpy.load` takes, and all runs of a recipe have the same.
    """
    start = 0
    while start < len(content):
        length = int.from_bytes(content[start + _PREFIX - 2 : start + _PREFIX], "little")
        body = start + _PREFIX + length
        dtype, shape, in_columns = _form(content[start:body])
        count = math.prod(shape)
        flat = np.frombuffer(content, dtype, count, body).copy()
        start = body + flat.nbytes
        yield flat.reshape(shape[::-1]).T if in_columns else flat.reshape(shape)


@lru_cache(maxsize=1024)
def _form(header: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    """Type, shape and whether the array lies column by column; ValueError for what is none."""
    stream = io.BytesIO(header)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array is of another version of NumPy's format")
    shape, in_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject or any(length < 0 for length in shape):
        raise ValueError("an array is of a kind that is never stored")
    return dtype, shape, in_columns
