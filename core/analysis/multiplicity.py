"""Several claims at once: Holm's procedure, for p-values and for intervals.

With m claims tested at 5 % each, one in m * 5 % is wrongly decided. Holm's step-down keeps the
chance of *any* wrong decision at 5 %: sort the p-values, hold the smallest against alpha/m, the
next against alpha/(m - 1), and stop at the first that fails. It needs no independence.

Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from nnlab.core.analysis.statistics import LEVEL, Floats, Interval


def holm(p_values: ArrayLike) -> Floats:
    """Adjusted p-values, in the order given: reject where they are at most alpha.

    With p_(1) <= ... <= p_(m): adjusted p_(k) = max over j <= k of (m - j + 1) p_(j), at most 1.
    Raises ValueError on a p-value outside 0..1 (nan included).

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64).ravel()
    if not np.all((p >= 0.0) & (p <= 1.0)):
        raise ValueError(f"p-values lie between 0 and 1: {p.tolist()}")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def decision_p_value(interval: Interval, thresholds: Sequence[float]) -> float:
    """The smallest alpha at which the interval of level 1 - alpha leaves out every threshold.

    With one threshold this is the two-sided p-value; with two (a claim of the kind "between")
    it is the larger of both, because then the interval lies wholly inside or wholly outside.
    """
    if not thresholds:
        raise ValueError("a claim needs at least one threshold")
    return max(interval.p_value(threshold) for threshold in thresholds)


def holm_intervals(
    intervals: Sequence[Interval],
    thresholds: Sequence[Sequence[float]],
    level: float = LEVEL,
) -> list[Interval]:
    """The intervals widened so that each leaves out its thresholds exactly when Holm rejects.

    `thresholds[i]` are those of `intervals[i]`. In the order of the decision p-values the k-th
    of m (from 1) is restated at level 1 - alpha/(m - k + 1); from the first that is not
    rejected on, all keep that claim's level, as Holm stops there. What is controlled is the
    chance that any of the m is decided wrongly, at alpha = 1 - level; the m intervals do not
    all cover at once with that chance (for that, take `bonferroni_intervals`, which is wider).
    """
    alpha, m = 1.0 - level, len(intervals)
    pairs = zip(intervals, thresholds, strict=True)
    p = np.array([decision_p_value(interval, bounds) for interval, bounds in pairs])
    widened = list(intervals)
    remaining, stopped = m, False
    for index in np.argsort(p, kind="stable"):
        widened[index] = intervals[index].at_level(1.0 - alpha / remaining)
        stopped = stopped or bool(p[index] >= alpha / remaining)
        remaining -= 0 if stopped else 1
    return widened


def bonferroni_intervals(intervals: Sequence[Interval], level: float = LEVEL) -> list[Interval]:
    """The intervals at level 1 - alpha/m: all cover at once with at least chance `level`."""
    return [each.at_level(1.0 - (1.0 - level) / len(intervals)) for each in intervals]
