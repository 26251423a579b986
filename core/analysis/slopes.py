"""Straight lines through a study, one a seed, and the interval of their slopes.

The points of one seed are not independent (they share the split, the draws and often the whole
run), so the residuals of one line understate the error. Each seed gives one slope by least
squares, and the interval is Student's t over those slopes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nnlab.core.analysis.statistics import LEVEL, Floats, Interval, geometric_interval, t_interval


def fit_lines(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Least-squares slope and intercept of every row: `slope = cov(x, y) / var(x)`.

    x (points,), y (..., points) -> slopes (...), intercepts (...). Raises ValueError when x has
    fewer than two different values, or anything is not finite.
    """
    points = np.asarray(x, dtype=np.float64)
    rows = np.asarray(y, dtype=np.float64)
    if points.ndim != 1 or rows.shape[-1:] != points.shape:
        raise ValueError(f"y of shape {rows.shape} does not fit x of shape {points.shape}")
    if not (np.isfinite(points).all() and np.isfinite(rows).all()):
        raise ValueError("a line through values that are not finite has no slope")
    if points.size < 2 or points.min() == points.max():
        raise ValueError("a slope needs at least two different x")
    centred = points - points.mean()
    slopes = np.asarray(rows @ centred / (centred @ centred), dtype=np.float64)
    return slopes, np.asarray(rows.mean(axis=-1) - slopes * points.mean(), dtype=np.float64)


def slope_interval(x: ArrayLike, y: ArrayLike, level: float = LEVEL) -> Interval:
    """Mean slope of y on x over seeds; y is (seeds, points)."""
    return t_interval(fit_lines(x, y)[0], level)


def exponent_interval(x: ArrayLike, y: ArrayLike, level: float = LEVEL) -> Interval:
    """The e of the power law `y ~ x^e`: mean slope of ln y on ln x; y is (seeds, points)."""
    return slope_interval(_log(x, "x"), _log(y, "y"), level)


def factor_interval(x: ArrayLike, y: ArrayLike, level: float = LEVEL) -> Interval:
    """The factor by which y (seeds, points) grows when x grows by one: exp of the slope of ln y.

    Geometric mean over seeds, on a log scale: for `delta_rms` against the layer it is the factor
    a layer, above 1 when the signal shrinks on its way down to the first layer.
    """
    return geometric_interval(np.exp(fit_lines(x, _log(y, "y"))[0]), level)


def _log(values: ArrayLike, name: str) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if not (numbers > 0.0).all():
        raise ValueError(f"a logarithm needs positive {name}")
    return np.asarray(np.log(numbers), dtype=np.float64)
