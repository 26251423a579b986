"""The gradient noise scale from per-example gradients.

    |G|^2      squared length of the mean gradient
    tr(Sigma)  variance of one example's gradient, summed over all parameters
    B_simple = tr(Sigma) / |G|^2, the batch size at which noise and signal are equal

No example's gradient is formed. Layer l's is a_i^T delta_i, so that its squared length is
|delta_i|^2 |a_i|^2 (with the bias, |a_i|^2 + 1), and its product with the mean gradient M is
a_i M delta_i^T: three passes over the data give everything.

The examples measured are all of a population (the training part, from which batches are drawn), or
a sample of a larger one. A sample's mean gradient is longer than the population's, by the noise it
keeps; that is taken off, and what remains may be less than its own error, or negative. It is then
unresolved, and says so: never clipped, never a large number out of a small denominator.

Source: McCandlish et al. (2018), An empirical model of large-batch training, section 2 and
appendix A (which estimates it from two batch sizes, with far more noise).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.nn.mlp import MLP

Array = NDArray[np.float64]

CLEAR = 2.0
"""|G|^2 counts as measured when it is so many times its standard error."""


@dataclass(frozen=True)
class Gradients:
    """The gradients of m examples, as far as the noise scale needs them. Float64."""

    squares: Array
    """|g_i|^2, `(m,)`."""
    along: Array
    """g_i . g, their product with the mean gradient, `(m,)`."""
    mean: Array
    """g, the mean gradient over all parameters, `(parameters,)`."""


@dataclass(frozen=True, slots=True)
class NoiseScale:
    """What the gradients of one net say."""

    signal: float
    """|G|^2; may be negative where it is not resolved."""
    noise: float
    """tr(Sigma)."""
    signal_error: float
    """Standard error of |G|^2; 0 where the whole population was measured."""
    examples: int

    @property
    def resolved(self) -> bool:
        """Whether |G|^2 is told from 0."""
        return self.signal > CLEAR * self.signal_error and self.signal > 0.0

    @property
    def simple(self) -> float | None:
        """B_simple; None where it is unresolved."""
        return self.noise / self.signal if self.resolved else None


def noise_scale(gradients: Gradients, population: int | None = None) -> NoiseScale:
    """tr(Sigma) and |G|^2 of a population of which `gradients` are a sample without replacement.

    `population` is its size, None for one without end. With all of it measured both are exact:
    the sampling noise of a batch of B is then tr(Sigma) (1 - B/population) / B.
    """
    m = len(gradients.squares)
    if m < 2:
        raise ValueError(f"a variance needs two examples or more, not {m}")
    if population is not None and population < m:
        raise ValueError(f"{m} examples are no sample of {population}")
    measured = float(gradients.mean @ gradients.mean)
    noise = float(gradients.squares.sum() - m * measured) / (m - 1)
    kept = 0.0 if population is None else m / population
    unseen = (1.0 - kept) / m
    # var(g^2) of a mean: twice the part along it, and the noise's own square (a bound on it).
    error = math.sqrt(4.0 * float(gradients.along.var(ddof=1)) * unseen)
    return NoiseScale(measured - noise * unseen, noise, error, m)


def measure_gradients(net: MLP, x: NDArray[np.floating], y: NDArray[np.floating]) -> Gradients:
    """The gradients of one net on all examples at once.

    `net` is a stack of one run whose batch is all of `x` `(1, m, features + 1)`, the last column
    ones, and `y` `(1, m, outputs)`.
    """
    if net.runs != 1:
        raise ValueError(f"gradients are measured of one net at a time, not of {net.runs}")
    m = x.shape[1]
    squares, along = np.zeros(m), np.zeros(m)
    means: dict[int, Array] = {}

    def visit(layer: int) -> None:
        held = math.ldexp(1.0, -int(net.exponents[layer - 1][0]))
        delta = net.delta(layer)[0].astype(np.float64) * held
        inputs = (x if layer == 1 else net.activations(layer - 1))[0].astype(np.float64)
        if layer > 1:
            inputs = np.concatenate([inputs, np.ones((m, 1))], axis=1)
        mean = inputs.T @ delta / m
        means[layer] = mean
        squares[:] += (inputs**2).sum(axis=1) * (delta**2).sum(axis=1)
        along[:] += ((inputs @ mean) * delta).sum(axis=1)

    net.forward(x)
    net.loss(y)
    net.zero_gradients()
    net.backward(1.0, visit)
    flat = np.concatenate([means[layer].ravel() for layer in sorted(means)])
    return Gradients(squares, along, flat)
