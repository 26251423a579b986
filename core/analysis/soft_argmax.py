"""Softmax with a temperature, and how it comes to the argmax as the temperature falls.

    p = softmax(z / T);   T log sum_k exp(z_k / T) -> max z   and   p -> one-hot argmax   as T -> 0

With a unique maximum the distance falls like exp(-gap / T), the gap being that to the runner-up.
Every softmax is `nn.losses`' own, its derivative that of the cross-entropy there:
d log p_k / dz = e_k - p, hence dp_k / dz = p_k (e_k - p) / T.

Source: Bridle 1990, Probabilistic interpretation of feedforward classification network outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.nn.losses import OUTPUTS, PAIRS

Array = NDArray[np.float64]

STEP = 1e-6
"""h of the differences that look for argmax's derivative."""


@dataclass(frozen=True, slots=True, eq=False)
class Softened:
    """Softmax of some logits at one temperature."""

    temperature: float
    p: Array
    distance: float
    """To the one-hot argmax: the probability of all other classes."""
    index: float
    """sum_k p_k k, places counted from 1: the argmax, softly."""
    maximum: float
    """T log sum_k exp(z_k / T): the maximum, softly."""
    slope: float
    """Frobenius norm of dp/dz."""


def soften(z: Array, temperature: float) -> Softened:
    """Softmax of `z` (K,) at a temperature above 0."""
    p = softmax(z, temperature)
    others = np.arange(z.size) != int(np.argmax(z))
    return Softened(
        temperature=temperature,
        p=p,
        distance=float(p[others].sum()),
        index=float(p @ np.arange(1, z.size + 1)),
        maximum=temperature * (_cross_entropies(z / temperature)[0] + z[0] / temperature),
        slope=float(np.linalg.norm(jacobian(z, temperature))),
    )


def softmax(z: Array, temperature: float) -> Array:
    """Nnlab's softmax of z / T."""
    return np.asarray(OUTPUTS["softmax"].function(z / temperature))


def hardmax(z: Array) -> Array:
    """The argmax as a one-hot vector; of several maxima the first."""
    return np.asarray(np.eye(z.size)[int(np.argmax(z))], np.float64)


def jacobian(z: Array, temperature: float = 1.0) -> Array:
    """dp/dz (K, K), from the cross-entropy's own derivative."""
    deltas = _deltas(z / temperature)  # p - e_k, one row a class
    return np.asarray(-softmax(z, temperature)[:, None] * deltas / temperature)


def slopes_by_differences(z: Array, *, hard: bool) -> Array:
    """The derivative (K, K) by central differences, of argmax or of softmax."""
    moves = STEP * np.eye(z.size)
    function = hardmax if hard else (lambda v: softmax(v, 1.0))
    columns = [(function(z + move) - function(z - move)) / (2 * STEP) for move in moves]
    return np.array(columns).T


def decay(z: Array, gap: float) -> float:
    """-d ln(distance) / d(gap / T) at a low temperature: 1 where softmax becomes the argmax."""
    cold, colder = gap / 20.0, gap / 40.0
    ratio = soften(z, cold).distance / soften(z, colder).distance
    return float(np.log(ratio)) / (gap / colder - gap / cold)


def gap_of(z: Array) -> float:
    """From the largest logit to the next."""
    last, first = np.sort(z)[-2:]
    return float(first - last)


def _every_class(z: Array) -> tuple[Array, Array]:
    """The logits and one-hot targets of every class, (1, K, K)."""
    K = z.size
    return np.tile(z, (1, K, 1)), np.eye(K)[None]


def _deltas(z: Array) -> Array:
    logits, targets = _every_class(z)
    delta = np.empty_like(logits)
    PAIRS["cross_entropy", "softmax"].loss_and_delta(logits, targets, delta)
    return np.asarray(delta[0])


def _cross_entropies(z: Array) -> Array:
    logits, targets = _every_class(z)
    found = PAIRS["cross_entropy", "softmax"].loss_and_delta(logits, targets, np.empty_like(logits))
    return np.asarray(found[0])
