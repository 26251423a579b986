"""The working memory of stacked nets, allocated once: activations, backward signals, logits.

In memory features come before examples, `(runs, features, batch)`; `mlp.py` says why.
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
    """Per hidden layer `(runs, units + 1, batch)`, the last unit being 1."""
    pre_activations: list[Array]
    """Per hidden layer `(runs, units, batch)`: where the activations will be, unless a derivative
    needs both."""
    deltas: list[Array]
    """Per hidden layer `(runs, units, batch)`; two memories that take turns."""
    slopes: list[Array]
    scratch: list[Array]
    """Per hidden layer `(runs, units + 1, batch)`, one memory for all."""
    logits: Array
    """`(outputs, runs, batch)`."""
    logits_delta: Array
    keeps_slopes: bool = False
    """`slopes` is a memory a layer, not one for all."""

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
        widest, layers = max(hidden, default=0), len(hidden)
        kept = (layers if keep_z else 0) + (layers if keep_slopes else min(layers, 1))
        most = sum(hidden) + layers + (kept + 3) * (widest + 1) + 2 * outputs
        take = _carver(most * runs * batch_size, 2 * layers + kept + 5, dtype)

        def array(units: int) -> Array:
            return take((runs, units, batch_size))

        def shared(extra: int = 0) -> list[Array]:
            """One memory for all layers, each layer's array as long as it needs."""
            flat = take((runs * (widest + extra) * batch_size,))
            shapes = [(runs, units + extra, batch_size) for units in hidden]
            return [flat[: math.prod(shape)].reshape(shape) for shape in shapes]

        activations = [array(units + 1) for units in hidden]
        for a in activations:
            a[:, -1] = 1
        turns = shared(), shared()
        return cls(
            runs=runs,
            batch_size=batch_size,
            activations=activations,
            pre_activations=[
                array(units) if keep_z else activations[l][:, :-1] for l, units in enumerate(hidden)
            ],
            deltas=[turns[l % 2][l] for l in range(layers)],
            slopes=[array(units) for units in hidden] if keep_slopes else shared(),
            scratch=shared(extra=1),
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
