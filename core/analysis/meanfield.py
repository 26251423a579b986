"""Mean-field theory of wide random nets: lengths, slopes, fixed points, the edge of chaos.

Weights of variance s2/fan_in and biases of variance sb2 make every pre-activation of a wide
layer Gaussian. Its variance q and the gain chi of a squared gradient in one layer are

    q^l = s2 E[f(z)^2] + sb2,  z ~ N(0, q^{l-1})                    (the length map)
    chi(q) = s2 E[f'(z)^2],    z ~ N(0, q)

A gradient vanishes through layers with chi < 1, explodes with chi > 1, and keeps its size on the
edge of chaos, chi(q*) = 1 at the fixed point q*. In He's notation s2 = 2, in LeCun's 1.

Sources: Poole et al. (2016), Exponential expressivity in deep neural networks through transient
chaos; Schoenholz et al. (2017), Deep information propagation; He et al. (2015), Delving deep
into rectifiers; Roberts, Yaida & Hanin (2022), The principles of deep learning theory, ch. 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from nnlab.core.analysis.gaussian import mean_square, mean_square_slope
from nnlab.core.nn.activations import Activation

# Lengths are followed from here to there; what passes is taken as 0 or infinity.
SHORTEST, LONGEST = 1e-10, 1e10
STEPS_A_DECADE = 8
# A relative change of length below this is rounding: the length is kept.
KEPT = 1e-13


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Where the length of a signal settles, and the gain of a squared gradient there.

    `q` is 0 when the signal dies out and inf when it grows without bound; `chi` is then the
    limit.
    """

    q: float
    chi: float

    @property
    def depth_scale(self) -> float:
        """Layers over which a squared gradient changes e-fold (see `depth_scale`)."""
        return depth_scale(self.chi)


@dataclass(frozen=True, slots=True)
class CriticalPoint:
    """A point of the edge of chaos: the s2 at which chi(q*) = 1, and that fixed point q*.

    `q` is nan when every length is a fixed point, as for ReLU at s2 = 2.
    """

    weight_variance: float
    q: float


def next_length(activation: Activation, q: float, s2: float, sb2: float = 0.0) -> float:
    """The length map: variance of the next layer's pre-activations, `s2 E[f(z)^2] + sb2`."""
    return s2 * mean_square(activation, q) + sb2


def gradient_gain(activation: Activation, q: float, s2: float) -> float:
    """chi(q) = `s2 E[f'(z)^2]`: gain of a squared gradient passing one layer back."""
    return s2 * mean_square_slope(activation, q)


def depth_scale(chi: float) -> float:
    """Layers over which |delta|^2 changes e-fold: xi = 1/|ln chi| (Schoenholz 2017).

    inf at the edge of chaos, 0 where nothing passes; |delta| itself takes twice as many layers.
    """
    if chi == 1.0:
        return math.inf
    return 0.0 if chi == 0.0 else 1.0 / abs(math.log(chi))


def fixed_point(
    activation: Activation, s2: float, sb2: float = 0.0, start: float = 1.0
) -> FixedPoint:
    """Where q^l goes from `start` as l grows: the first fixed point in the direction it moves.

    The length map increases with q, so that lengths move one way only. Where every length is
    kept (ReLU at s2 = 2) that is `start` itself.
    """

    def growth(q: float) -> float:
        change = next_length(activation, q, s2, sb2) / q - 1.0
        return 0.0 if abs(change) < KEPT else change

    def settled(q: float) -> FixedPoint:
        return FixedPoint(q, gradient_gain(activation, min(q, LONGEST), s2))

    here, speed = start, growth(start)
    step = 10.0 ** math.copysign(1.0 / STEPS_A_DECADE, speed)
    while speed != 0.0:
        beyond = here * step
        if not SHORTEST <= beyond <= LONGEST:
            return settled(0.0 if step < 1.0 else math.inf)
        if growth(beyond) * speed <= 0.0:
            return settled(brentq(growth, here, beyond, xtol=1e-15 * here, rtol=1e-14))
        here, speed = beyond, growth(beyond)
    return settled(here)


def critical_points(activation: Activation, sb2: float = 0.0) -> tuple[CriticalPoint, ...]:
    """All points of the edge of chaos for one bias variance, by growing q*; () when it has none.

    chi = 1 asks for s2 = 1/E[f'^2], and the fixed point then for E[f^2]/E[f'^2] + sb2 = q.
    tanh without bias: s2 = 1 at q* = 0; with sb2 = 0.05: s2 = 1.760955 at q* = 0.570048. Sigmoid,
    whose output is never centred, has to saturate for it: s2 = 103 at q* = 46. Softplus and a
    ReLU with biases have none.
    """

    def gap(q: float) -> float:
        ratio = mean_square(activation, q) / mean_square_slope(activation, q)
        excess = (ratio + sb2) / q - 1.0
        return 0.0 if abs(excess) < KEPT else excess

    def at(q: float) -> CriticalPoint:
        return CriticalPoint(1.0 / mean_square_slope(activation, q), q)

    grid = np.geomspace(SHORTEST, LONGEST, 1 + STEPS_A_DECADE * 20)
    gaps = np.array([gap(q) for q in grid])
    if not gaps.any():
        return (CriticalPoint(at(1.0).weight_variance, math.nan),)
    centred = sb2 == 0.0 and float(activation.f(np.zeros(1))[0]) == 0.0
    found = [at(0.0)] if centred else []
    for low, high, below, above in zip(grid[:-1], grid[1:], gaps[:-1], gaps[1:], strict=True):
        if below * above < 0.0 or (above == 0.0 and below != 0.0):
            found.append(at(brentq(gap, low, high, xtol=1e-15 * low, rtol=1e-14)))
    return tuple(found)
