"""Expectations under a Gaussian pre-activation, to ten digits, kinks and jumps included.

`E h(z)`, z ~ N(0, q), is an integral over panels that end at every kink of h, so that on each
panel the integrand is smooth and Gauss-Legendre converges geometrically. Gauss-Hermite, the
usual choice, sees the kinks as noise: 20 nodes give ELU's E[f'^2] wrong in the second digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from nnlab.core.analysis.statistics import Floats
from nnlab.core.nn.activations import Activation

# Beyond 12 standard deviations lies a probability of 4e-33.
REACH = 12.0
NODES = 24
# A length below this stands for the limit q -> 0 from above: f' at a kink is then the mean of
# both sides, as for every q > 0, and not the value that the table fixes at z = 0.
SMALLEST = 1e-200


def gaussian_mean(
    function: Callable[[Floats], Floats], q: float, kinks: Sequence[float] = ()
) -> float:
    """E h(z) for z ~ N(0, q): `function` maps an array z to h(z); `kinks` are places in z.

    Correct to about 1e-12 of E|h| for h that is smooth between its kinks on the scale of
    z = 1 or larger (every activation of the table), for any q; q = 0 is the limit from above.
    Raises ValueError for a q that is negative or not finite.
    """
    if not 0.0 <= q < math.inf:
        raise ValueError(f"a variance is finite and not negative, not {q}")
    deviation = math.sqrt(max(q, SMALLEST))
    edges = _edges(deviation, tuple(kinks))
    nodes, weights = _legendre()
    half = 0.5 * np.diff(edges)[:, None]
    g = edges[:-1, None] + half * (nodes + 1.0)
    density = np.exp(-0.5 * g * g) / math.sqrt(2.0 * math.pi)
    return float(np.sum(half * weights * density * function(deviation * g)))


def mean_square(activation: Activation, q: float) -> float:
    """E f(z)^2: the mean square of a layer's output, z ~ N(0, q)."""
    return gaussian_mean(lambda z: activation.f(z) ** 2, q, activation.kinks)


def mean_square_slope(activation: Activation, q: float) -> float:
    """E f'(z)^2: what a layer's slope leaves of a squared gradient, z ~ N(0, q)."""
    return gaussian_mean(lambda z: activation.df(z) ** 2, q, activation.kinks)


def _edges(deviation: float, kinks: tuple[float, ...]) -> Floats:
    """Panel ends in standard deviations: unit steps, the kinks, and doubling steps out of zero.

    Unit steps resolve the density; the doubling ones (z = 0, 1/2, 1, 2, 4, ...) resolve h where
    the deviation is so large that all of its bend lies within one unit step.
    """
    doubling = 2.0 ** np.arange(-1.0, math.log2(max(deviation * REACH, 1.0)) + 1.0)
    in_z = np.concatenate([[0.0], kinks, doubling, -doubling]) / deviation
    edges = np.concatenate([np.arange(-REACH, REACH + 1.0), in_z[np.abs(in_z) < REACH]])
    return np.unique(edges)


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return nodes, weights
