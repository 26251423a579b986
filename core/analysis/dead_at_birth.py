"""ReLU units that are dead before training starts: symmetric random weights, no biases.

A layer is dead for an input when none of its units is positive, and then so is every later
layer. A unit is dead for a data set when it is positive for none of its inputs.

Sources: Lu, Shin, Su & Karniadakis (2019), Dying ReLU and initialization; Cho & Saul (2009),
Kernel methods for deep learning, for the cosine of two inputs after a ReLU layer.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from nnlab.core.analysis.gaussian import gaussian_mean
from nnlab.core.analysis.statistics import Floats


def dead_for_one_input(width: int, depth: int) -> float:
    """Chance that some of `depth` hidden layers of `width` units is dead for one given input.

    P = 1 - (1 - 2^-N)^H, exactly: while the signal lives, each unit of the next layer is positive
    with chance 1/2, independently of the others.

    >>> dead_for_one_input(2, 2)
    0.4375
    """
    _check(width=width, depth=depth)
    return float(-np.expm1(depth * np.log1p(-(2.0**-width))))


def dead_on_both_sides(width: int, depth: int) -> float:
    """The same for inputs on both sides of 0 in one dimension: dead for all of them. Depth 1 or 2.

    The positive inputs reach the units of layer 1 with a positive weight, the negative ones the
    others, so that layer 1 is never dead for both. With chance 2^(1-N) all its weights have one
    sign: one side is lost, and layer 2 is dead for the other with chance 2^-N. Otherwise both
    sides arrive at disjoint sets of units, and are independent in layer 2: chance 4^-N.

    P = 2^(1-N) 2^-N + (1 - 2^(1-N)) 4^-N. Deeper, the two sides share units at a random angle and
    there is no closed form (ValueError); `dead_for_one_input` is then an upper bound.

    >>> dead_on_both_sides(2, 2)
    0.15625
    """
    _check(width=width, depth=depth)
    if depth > 2:
        raise ValueError(f"no closed form for {depth} hidden layers, only for 1 and 2")
    if depth == 1:
        return 0.0
    one_sign = 2.0 ** (1 - width)
    return one_sign * 2.0**-width + (1.0 - one_sign) * 4.0**-width


def relu_cosine(cosine: float) -> float:
    """Cosine of two inputs after one wide bias-free ReLU layer, from their cosine before.

    c -> (sqrt(1 - c^2) + (pi - arccos c) c) / pi; inputs grow more alike in every layer.
    """
    if not -1.0 <= cosine <= 1.0:
        raise ValueError(f"a cosine lies between -1 and 1, not at {cosine}")
    angle = np.arccos(cosine)
    return min(float((np.sqrt(1.0 - cosine**2) + (np.pi - angle) * cosine) / np.pi), 1.0)


def dead_fraction(inputs: int, cosine: float, depth: int) -> Floats:
    """Expected share of dead units in each hidden layer at initialization; (depth,).

    For `inputs` many inputs of one length and equal pairwise `cosine` (0 to 1) and wide layers:
    a unit sees z_i = sqrt(c) g + sqrt(1 - c) e_i, all normal, and is dead when every z_i <= 0, so
    the share is E_g[Phi(-sqrt(c/(1 - c)) g)^n], with c moved on by `relu_cosine` a layer. From 2^-n
    for orthogonal inputs it rises towards 1/2.
    """
    _check(inputs=inputs, depth=depth)
    if not 0.0 <= cosine <= 1.0:
        raise ValueError(f"equal pairwise cosines lie between 0 and 1 here, not at {cosine}")
    shares = []
    for _ in range(depth):
        shares.append(_dead_share(inputs, cosine))
        cosine = relu_cosine(cosine)
    return np.array(shares)


def _dead_share(inputs: int, cosine: float) -> float:
    if cosine == 1.0:
        return 0.5
    # For many inputs Phi^n is a step of width 1/4 or so near -4: panels of a quarter resolve it.
    steps = tuple(np.arange(-40.0, 10.0, 0.25))
    variance = cosine / (1.0 - cosine)
    return gaussian_mean(lambda u: special.ndtr(-u) ** inputs, variance, steps)


def _check(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} is at least 1, not {count}")
