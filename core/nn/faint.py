"""What keeps signals inside the range of float32: powers of two, which are exact.

Denormals are poison: a float32 matrix product on 1e-39 ran 140 times slower than on 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nnlab.core.nn.activations import Activation

Array = NDArray[Any]

# A backward signal shrinks 4.24 times a layer in a sigmoid net: fifty layers are 1e-31, and
# float32's denormals begin at 1e-38. So every few layers a run's signal that has left this range is
# scaled back to about 1 by a power of two, and the power is remembered.
RESCALE_EVERY = 4
_SMALL, _LARGE = 2.0**-30, 2.0**30
_SURELY_LARGE, _SURELY_SMALL = 4 * _SMALL**2, _LARGE**2 / 4
# A gradient below 2^-100 cannot move a weight, and is handed to the optimizer as 0.
_NEGLIGIBLE_EXPONENT = 100
_FAINT = 2.0**-100


def undo(exponent: Array, dtype: DTypeLike) -> Array:
    """2^-exponent of each run, `(runs, 1, 1)`."""
    factor = np.where(exponent < _NEGLIGIBLE_EXPONENT, np.exp2(-exponent), 0)
    return factor.astype(dtype)[:, None, None]


def _peak(values: Array) -> Array:
    """Max |value| of each run, `(runs,)`, float64; NaN where one is NaN."""
    high, low = np.maximum.reduce(values, axis=(1, 2)), np.minimum.reduce(values, axis=(1, 2))
    return np.asarray(np.maximum(high, -low), np.float64)


def rescale(delta: Array, exponents: Array) -> None:
    """Scale each run's signal back to about 1 where it left the safe range.

    The powers of two are added to `exponents`, `(layers, runs)`: of this layer and those below.
    """
    # max^2 <= sum of squares <= n max^2 clears most: a third of the time of looking for the max.
    signals = delta.reshape(len(delta), -1)
    with np.errstate(over="ignore"):  # infinity is one that has to be looked at
        squares = np.vecdot(signals, signals)
    if (
        np.minimum.reduce(squares) > _SURELY_LARGE * signals.shape[1]
        and np.maximum.reduce(squares) < _SURELY_SMALL
    ):
        return
    peak = _peak(delta)
    outside = ((peak < _SMALL) | (peak > _LARGE)) & (peak > 0) & np.isfinite(peak)
    if not outside.any():
        return
    powers = np.where(outside, -np.frexp(np.where(outside, peak, 1.0))[1], 0).astype(np.int64)
    # In two factors, each of which float32 can hold.
    half = powers // 2
    for part in (half, powers - half):
        delta *= np.exp2(part).astype(delta.dtype)[:, None, None]
    exponents += powers


def lift(slices: list[tuple[slice, Activation]], z: Array, a: Array) -> None:
    """Where all of a run's activations are below 2^-100, hold them up at 2^-64.

    Denormals are near, and no bit of the output depends on numbers so small. Signs and proportions
    stay, for the slopes above depend on them: a ReLU at 0 would look dead. (Gradients behind such
    activations come out too large, and still too small to move a weight; whoever wants to know
    them computes in float64.) What is small because z is far out, a closed gate, becomes 0.
    """
    # One example that is not faint clears its run: looking at all of every run is 4 to 6 % of a
    # step of 10 x 64 at batch 8.
    first = np.maximum.reduce(np.abs(a[:, :, 0]), axis=1)
    if np.minimum.reduce(first) >= _FAINT:
        return
    for position in np.flatnonzero(~(first >= _FAINT)).tolist():
        block, source = a[position], z[position]
        peak = max(block.max(), -block.min())
        if not 0 < peak < _FAINT:
            continue
        f = next(f for runs, f in slices if runs.start <= position < runs.stop)
        near = max(source.max(), -source.min()) < _FAINT * 2**10 if f.needs_z else f.f(0.0) == 0
        if near:
            power = block.dtype.type(2.0 ** (-64 - math.frexp(peak)[1]))
            block *= power
            if f.needs_z:
                source *= power
        else:
            block.fill(0)
