"""Pairs of runs that share a seed, and what becomes of runs that diverged.

Two runs with one seed share the split, the batches and the underlying weight draws, so their
difference is free of all three: comparisons are made within pairs (one-sample t on the
differences, or on the log ratios). A run that diverged, or never reached its target, has no
number: it ranks last, its pair is left out of means, and both are counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnlab.core.analysis.statistics import LEVEL, Floats, Interval, geometric_interval, t_interval

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Values of two conditions at the same seeds; only pairs of two finite numbers."""

    seeds: tuple[int, ...]
    first: Floats
    """(pairs,) in the order of `seeds`."""
    second: Floats
    left_out: tuple[int, ...]
    """Seeds at which one of the two is missing or not finite: to be reported with any mean."""

    @property
    def non_finite_share(self) -> float:
        """Share of all pairs that had to be left out, 0 to 1."""
        return len(self.left_out) / (len(self.seeds) + len(self.left_out))


def pair_by_seed(first: Mapping[int, float | None], second: Mapping[int, float | None]) -> Pairs:
    """Pair two mappings from seed to value; None (an empty cell) counts as not finite.

    Raises ValueError when the seeds differ or there are none: unequal seeds are no pairs.
    """
    if first.keys() != second.keys():
        odd = sorted(first.keys() ^ second.keys())
        raise ValueError(f"only one of the two conditions has seeds {', '.join(map(str, odd))}")
    if not first:
        raise ValueError("there is no pair to compare")
    seeds = sorted(first)
    pairs = np.array([(_number(first[seed]), _number(second[seed])) for seed in seeds])
    kept = np.isfinite(pairs).all(axis=1)
    return Pairs(
        seeds=tuple(seed for seed, keep in zip(seeds, kept, strict=True) if keep),
        first=pairs[kept, 0],
        second=pairs[kept, 1],
        left_out=tuple(seed for seed, keep in zip(seeds, kept, strict=True) if not keep),
    )


def paired_difference(pairs: Pairs, level: float = LEVEL) -> Interval:
    """Mean of `first - second` with its t-interval; p-value of no difference: `.p_value(0.0)`."""
    return t_interval(pairs.first - pairs.second, level)


def paired_ratio(pairs: Pairs, level: float = LEVEL) -> Interval:
    """Geometric mean of `first / second`, t on the log ratios; no effect is `.p_value(1.0)`.

    Raises ValueError when a value is not positive: such a pair has no log ratio.
    """
    for values in (pairs.first, pairs.second):
        if values.size and values.min() <= 0.0:
            raise ValueError(f"a ratio needs positive values, not {values.min():.6g}")
    return geometric_interval(pairs.first / pairs.second, level)


def finite_part(values: Sequence[float | None] | Floats) -> tuple[Floats, int]:
    """The finite values in their order, and how many were not (None counts as not)."""
    numbers = np.array([_number(value) for value in values], dtype=np.float64)
    finite = numbers[np.isfinite(numbers)]
    return finite, numbers.size - finite.size


def rank_last(values: Sequence[float | None] | Floats, better: Better = "lower") -> Floats:
    """Ranks from 1 (best), ties averaged; everything that is not finite shares the last ranks."""
    _, position, tied = np.unique(
        _worst_for_lost(values, better), return_inverse=True, return_counts=True
    )
    return np.asarray((np.cumsum(tied) - 0.5 * (tied - 1.0))[position], dtype=np.float64)


def median_rank_last(values: Sequence[float | None] | Floats, better: Better = "lower") -> float:
    """Median with lost runs counted as worst; inf (-inf for "higher") once half are lost."""
    costs = _worst_for_lost(values, better)
    if costs.size == 0:
        raise ValueError("a median needs at least one value; there is none")
    median = float(np.median(costs))
    return median if better == "lower" else -median


def _worst_for_lost(values: Sequence[float | None] | Floats, better: Better) -> Floats:
    numbers = np.array([_number(value) for value in values], dtype=np.float64)
    costs = numbers if better == "lower" else -numbers
    return np.where(np.isfinite(numbers), costs, np.inf)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
