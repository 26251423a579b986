"""One value a seed, or two, as the interval and the share of lost runs that a finding takes.

A seed whose value is missing (its run diverged, or never reached its target) is left out and
counted. Where none is left the interval is of no seed: not a number, and it decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nnlab.core.analysis.pairs import finite_part, pair_by_seed, paired_difference, paired_ratio
from nnlab.core.analysis.statistics import Interval, Scale, t_interval

BySeed = Mapping[int, float | None]


@dataclass(frozen=True, slots=True)
class Measured:
    """An interval over seeds, how many of them gave no number, and what else is wrong with it."""

    interval: Interval
    lost_share: float = 0.0
    """Of the seeds, 0 to 1."""
    faults: tuple[str, ...] = ()
    """Sentences, each a reason to believe no interval."""


def mean_of(values: BySeed) -> Measured:
    """Arithmetic mean over seeds with its t-interval."""
    kept, lost = finite_part(list(values.values()))
    share = lost / len(values)
    return Measured(t_interval(kept) if kept.size else no_interval(), share)


def difference_of(first: BySeed, second: BySeed) -> Measured:
    """Mean of `first - second` over the seeds that have both."""
    pairs = pair_by_seed(first, second)
    interval = paired_difference(pairs) if pairs.seeds else no_interval()
    return Measured(interval, pairs.non_finite_share)


def ratio_of(first: BySeed, second: BySeed) -> Measured:
    """Geometric mean of `first / second` over the seeds that have both, all positive."""
    pairs = pair_by_seed(first, second)
    interval = paired_ratio(pairs) if pairs.seeds else no_interval("log")
    return Measured(interval, pairs.non_finite_share)


def no_interval(scale: Scale = "linear") -> Interval:
    """The interval of no seed: nothing is known, and nothing is decided by it."""
    return Interval(math.nan, math.nan, math.nan, 0, scale=scale)
