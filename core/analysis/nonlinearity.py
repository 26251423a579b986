"""How far an activation function is from a straight line, as a Gaussian signal sees it.

Stein (1981), Estimation of the mean of a multivariate normal distribution: for z ~ N(0, q),
Cov(f(z), z) = q E[f'(z)]. So E[f'] is the slope of the best affine fit of f.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nnlab.core.analysis.gaussian import gaussian_mean
from nnlab.core.analysis.statistics import Floats
from nnlab.core.nn.activations import Activation

# Below it, rounding of f(z) - E f(z) would pass for non-linearity.
SMALLEST = 1e-12


def nonlinearity(activation: Activation, q: float = 1.0) -> float:
    """Share of the variance of f(z), z ~ N(0, q), that the best affine fit of f leaves.

    The fit's slope is E[f'] (Stein's lemma), so the share is `1 - q E[f']^2 / Var f`: 0 for a
    straight line, 1 for an even function, nan for a constant. A q below 1e-12 stands for q -> 0,
    where only a kink at 0 is left.
    """
    q = max(q, SMALLEST)
    mean = _mean(activation.f, activation, q)
    variance = _mean(lambda z: (activation.f(z) - mean) ** 2, activation, q)
    slope = _mean(activation.df, activation, q)
    return 1.0 - q * slope * slope / variance if variance > 0.0 else math.nan


def leaky_nonlinearity(slope: float) -> float:
    """`nonlinearity` of a leaky ReLU in closed form, whatever q; 0 at slope 1, a straight line.

    (1 - a)^2 (1/4 - 1/(2 pi)) / ((1 + a^2)/2 - (1 - a)^2/(2 pi))

    >>> round(leaky_nonlinearity(0.0), 6)
    0.266529
    """
    bend = (1.0 - slope) ** 2
    left = bend * (0.25 - 0.5 / math.pi)
    return left / (0.5 * (1.0 + slope * slope) - 0.5 * bend / math.pi)


def _mean(function: Callable[[Floats], Floats], activation: Activation, q: float) -> float:
    return gaussian_mean(function, q, activation.kinks)
