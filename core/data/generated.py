"""Data made from a formula and a seed: two-dimensional classics and one curve.

Every function takes its options by the names of `core/datasets.py` and returns `Arrays`; the same
options always give the same numbers. `noise` is a standard deviation in the units of the features
(for `sine`, of the target).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Arrays(NamedTuple):
    """What a loader returns: X (n, d); y (n,) int64 codes or (n, k) float64; the names."""

    X: NDArray[np.float64]
    y: NDArray[np.int64] | NDArray[np.float64]
    features: tuple[str, ...]
    classes: tuple[str, ...] = ()


def moons(*, n: int, noise: float, seed: int) -> Arrays:
    """Two interleaved half circles (scikit-learn's `make_moons`)."""
    from sklearn.datasets import make_moons

    X, y = make_moons(n, noise=noise, random_state=seed)
    return Arrays(X, y.astype(np.int64), ("x1", "x2"), ("upper", "lower"))


def circles(*, n: int, noise: float, factor: float, seed: int) -> Arrays:
    """A circle of radius `factor` in one of radius 1 (scikit-learn's `make_circles`)."""
    from sklearn.datasets import make_circles

    X, y = make_circles(n, noise=noise, factor=factor, random_state=seed)
    return Arrays(X, y.astype(np.int64), ("x1", "x2"), ("outer", "inner"))


def blobs(*, n: int, classes: int, features: int, spread: float, seed: int) -> Arrays:
    """Round Gaussian clouds about random centres in [-10, 10] (scikit-learn's `make_blobs`)."""
    from sklearn.datasets import make_blobs

    X, y = make_blobs(n, features, centers=classes, cluster_std=spread, random_state=seed)
    names = tuple(f"x{i + 1}" for i in range(features))
    return Arrays(X, y.astype(np.int64), names, _class_names(classes))


def xor(*, n: int, noise: float, seed: int) -> Arrays:
    """Points of the square [-1, 1]^2; the class says whether the two signs differ.

    The four quadrants hold equally many points (to within one). The noise moves a point after its
    class is fixed, so near the axes the classes overlap. No linear boundary does better than
    chance (Minsky and Papert, Perceptrons, 1969).
    """
    rng = np.random.default_rng(seed)
    quadrant = np.arange(n) % 4
    signs = np.stack([quadrant // 2, quadrant % 2], axis=1) * 2.0 - 1.0
    X = signs * rng.random((n, 2)) + noise * rng.standard_normal((n, 2))
    y = (signs[:, 0] != signs[:, 1]).astype(np.int64)
    return Arrays(X, y, ("x1", "x2"), ("same", "different"))


def spirals(*, n: int, classes: int, turns: float, noise: float, seed: int) -> Arrays:
    """`classes` arms that wind `turns` times about the origin, out to radius 1.

    A point of arm j at r in [0, 1] lies at distance r in the direction
    2 pi (turns r + j / classes); r is the root of a uniform draw, so that the outer, longer part
    of an arm is as dense as the inner. Two arms are the benchmark of Lang and Witbrock, "Learning
    to tell two spirals apart", 1988.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    r = np.sqrt(rng.random(n))
    angle = 2.0 * np.pi * (turns * r + y / classes)
    X = r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X += noise * rng.standard_normal((n, 2))
    return Arrays(X, y.astype(np.int64), ("x1", "x2"), _class_names(classes))


def sine(*, n: int, noise: float, periods: float, seed: int) -> Arrays:
    """The curve y = sin(2 pi periods x) + noise at x uniform in [-1, 1): `2 periods` full waves."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.0, 1.0, (n, 1))
    y = np.sin(2.0 * np.pi * periods * x) + noise * rng.standard_normal((n, 1))
    return Arrays(x, y, ("x",))


def _class_names(classes: int) -> tuple[str, ...]:
    return tuple(str(j) for j in range(classes))
