"""Curves through the numbers of a scaling study: a parabola, a power law, two bends.

    power law      lr = a B^p
    saturating     lr = lr_max / (1 + B_0 / B)          (McCandlish et al. 2018, eq. 2.7)
    hyperbola      steps = S_min (1 + B_crit / B)       (McCandlish et al. 2018, eq. 2.11)

All are fitted by least squares in logarithms, where errors are factors. The two bends are one
curve, upside down. Each law of the rate has two parameters, so that their errors can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEIGHBOURS = 2
"""The parabola goes through so many rates on each side of the best one: further out the cost is no
parabola (it rises like 1/lr below, and without bound where training breaks)."""
_FAR = 1e3
"""A bend this many times beyond the batch sizes measured is not told from none."""


@dataclass(frozen=True, slots=True)
class Law:
    """A curve of two parameters through positive numbers over the batch size."""

    scale: float
    """a, lr_max or S_min."""
    bend: float
    """The exponent p, or the batch size B_0 or B_crit of the bend."""
    error: float
    """Root mean square of the residuals of the logarithms: 0.1 is about ten per cent."""
    kind: str
    """`power`, `saturating` or `hyperbola`."""
    resolved: bool = True
    """Whether the bend lies where it can be told; always so for a power law."""

    def at(self, batch_sizes: Sequence[float] | Floats) -> Floats:
        """The curve at these batch sizes."""
        batch = np.asarray(batch_sizes, dtype=np.float64)
        if self.kind == "power":
            return np.asarray(self.scale * batch**self.bend)
        factor = 1.0 + self.bend / batch
        return np.asarray(self.scale * factor if self.kind == "hyperbola" else self.scale / factor)


def parabola(rates: Sequence[float], costs: Sequence[float]) -> tuple[float, float]:
    """The best rate and its cost: the vertex of a parabola in ln rate through ln cost.

    It goes through the finite costs up to two rates from the smallest one, and its vertex is kept
    among them; with fewer than three of them, or none that opens upwards, the smallest cost tried
    is the answer. (nan, inf) where no cost is finite.
    """
    order = np.argsort(rates)
    x, y = np.log(np.asarray(rates, float)[order]), np.asarray(costs, float)[order]
    known = np.isfinite(y)
    if not known.any():
        return math.nan, math.inf
    places = np.flatnonzero(known)
    best = places[int(np.argmin(y[places]))]
    near = places[np.abs(places - best) <= NEIGHBOURS]
    x, y, x0, y0 = x[near], np.log(y[near]), x[best], math.log(y[best])
    if len(near) >= 3:
        a, b, c = np.polyfit(x - x0, y, 2)
        if a > 0:
            vertex = float(np.clip(-b / (2 * a), x[0] - x0, x[-1] - x0))
            return math.exp(x0 + vertex), math.exp(a * vertex**2 + b * vertex + c)
    return math.exp(x0), math.exp(y0)


def exponent(batch_sizes: Sequence[float], rates: Sequence[float] | Floats) -> float:
    """The slope of ln rate over ln batch size, by least squares; nan with a missing rate."""
    x, y = np.log(np.asarray(batch_sizes, float)), np.log(np.asarray(rates, float))
    x = x - x.mean()
    return float(x @ y / (x @ x))


def fit_power(batch_sizes: Sequence[float], rates: Sequence[float] | Floats) -> Law:
    """The power law through the best rates."""
    p = exponent(batch_sizes, rates)
    x, y = np.log(np.asarray(batch_sizes, float)), np.log(np.asarray(rates, float))
    scale = float((y - p * x).mean())
    return Law(math.exp(scale), p, _rms(y - p * x - scale), "power")


def fit_saturating(batch_sizes: Sequence[float], rates: Sequence[float] | Floats) -> Law:
    """The saturating law through the best rates: its bend is the noise scale they imply."""
    return _fit_bend(batch_sizes, rates, "saturating")


def fit_hyperbola(batch_sizes: Sequence[float], steps: Sequence[float] | Floats) -> Law:
    """The hyperbola through the steps to the target: its bend is the critical batch size."""
    return _fit_bend(batch_sizes, steps, "hyperbola")


def _fit_bend(batch_sizes: Sequence[float], values: Sequence[float] | Floats, kind: str) -> Law:
    from scipy.optimize import minimize_scalar

    batch, y = np.asarray(batch_sizes, float), np.log(np.asarray(values, float))
    sign = 1.0 if kind == "hyperbola" else -1.0

    def residuals(log_bend: float) -> Floats:
        rest = y - sign * np.log1p(math.exp(log_bend) / batch)
        return np.asarray(rest - rest.mean())  # the best scale for this bend

    low, high = math.log(batch.min() / _FAR), math.log(batch.max() * _FAR)
    # One bend, one minimum: but far out the curve is flat, so a coarse look comes first.
    starts = np.linspace(low, high, 61)
    i = int(np.argmin([_rms(residuals(start)) for start in starts.tolist()]))
    bounds = starts[max(i - 1, 0)], starts[min(i + 1, 60)]
    found = minimize_scalar(
        lambda log_bend: _rms(residuals(log_bend)), bounds=bounds, method="bounded",
        options={"xatol": 1e-6},
    )  # fmt: skip
    bend = math.exp(float(found.x))
    scale = float((y - sign * np.log1p(bend / batch)).mean())
    resolved = batch.min() / 10 < bend < batch.max() * 10
    return Law(math.exp(scale), bend, _rms(residuals(float(found.x))), kind, bool(resolved))


def _rms(residuals: Floats) -> float:
    return float(np.sqrt(np.mean(residuals**2)))
