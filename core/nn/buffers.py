"""The working memory of stacked nets, allocated once: activations, backward signals, logits.

In memory features come before examples; `mlp.py` says why. All arrays of a hidden layer are
`(runs, units + 1, batch)`, so that each is one contiguous block where an elementwise pass is one
long loop. (NumPy copies strided operands through a buffer, which cost a pass over 64 runs of 64
units and 32 examples three to four times as much.) The last unit brings in the bias. It is 1 in the
activations and pre-activations (an f with f(1) = 1 takes the one from there) and stays 0 in the
backward signals; elsewhere nobody reads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


@dataclass(slots=True)
class Buffers:
    """Working memory for `runs` nets at one batch size; nets that take turns may share it."""

    runs: int
    batch_size: int
    activations: list[Array]
    """Per hidden layer, the last unit being 1."""
    pre_activations: list[Array]
    """Per hidden layer, the last unit being 1: where the activations will be, unless a derivative
    needs both."""
    deltas: list[Array]
    """Per hidden layer; layers of one width take turns in two memories."""
    slopes: list[Array]
    scratch: list[Array]
    """Per hidden layer, one memory for all of one width."""
    logits: Array
    """`(outputs, runs, batch)`."""
    logits_delta: Array
    keeps_slopes: bool = False
    """`slopes` is a memory a layer, not one for all of one width."""

    @classmethod
    def allocate(
        cls,
        layer_sizes: Sequence[int],
        runs: int,
        batch_size: int,
        dtype: DTypeLike,
        *,
        keep_z: bool,
        keep_slopes: bool = False,
    ) -> Buffers:
        """`keep_z`: an activation among them derives from its pre-activations.

        `keep_slopes`: every layer's f' has a memory of its own, where the backward pass finds it
        if it was asked for before.
        """
        hidden, outputs = layer_sizes[1:-1], layer_sizes[-1]
        widths = sorted(set(hidden))
        items = buffer_items(layer_sizes, keep_z=keep_z, keep_slopes=keep_slopes)
        per_layer, per_width = _memories(keep_z, keep_slopes)
        arrays = per_layer * len(hidden) + per_width * len(widths) + 2
        take = _carver(items * runs * batch_size, arrays, dtype)

        def own() -> list[Array]:
            return [take((runs, units + 1, batch_size)) for units in hidden]

        def shared() -> list[Array]:
            memory = {units: take((runs, units + 1, batch_size)) for units in widths}
            return [memory[units] for units in hidden]

        activations = own()
        pre_activations = own() if keep_z else activations
        for array in activations + pre_activations:
            array[:, -1] = 1
        turns = shared(), shared()
        return cls(
            runs=runs,
            batch_size=batch_size,
            activations=activations,
            pre_activations=pre_activations,
            deltas=[turns[l % 2][l] for l in range(len(hidden))],
            slopes=own() if keep_slopes else shared(),
            scratch=shared(),
            logits=take((outputs, runs, batch_size)),
            logits_delta=take((outputs, runs, batch_size)),
            keeps_slopes=keep_slopes,
        )

    @property
    def nbytes(self) -> int:
        """Bytes the buffers take."""
        root = self.logits
        while root.base is not None:
            root = root.base
        return int(root.nbytes)


def buffer_items(layer_sizes: Sequence[int], *, keep_z: bool, keep_slopes: bool = False) -> int:
    """How many numbers `Buffers.allocate` takes for one run and example."""
    hidden, outputs = layer_sizes[1:-1], layer_sizes[-1]
    per_layer, per_width = _memories(keep_z, keep_slopes)
    own, shared = (sum(units + 1 for units in widths) for widths in (hidden, set(hidden)))
    return per_layer * own + per_width * shared + 2 * outputs


def _memories(keep_z: bool, keep_slopes: bool) -> tuple[int, int]:
    """Arrays that each layer has of its own, and that layers of one width share."""
    return 1 + keep_z + keep_slopes, 3 + (not keep_slopes)


def _carver(items: int, arrays: int, dtype: DTypeLike) -> Callable[[tuple[int, ...]], Array]:
    """Hands out arrays of zeros, `arrays` with `items` in all, from one block of memory.

    One block is large enough for the system's huge pages (about 5 % of a record of 12 nets), and
    every array starts on a cache line.
    """
    line = 64 // np.dtype(dtype).itemsize
    block = np.zeros(items + (arrays + 1) * line, dtype)
    position = -block.ctypes.data % 64 // block.itemsize

    def take(shape: tuple[int, ...]) -> Array:
        nonlocal position
        start, size = position, math.prod(shape)
        position += -(-size // line) * line
        return block[start : start + size].reshape(shape)

    return take
