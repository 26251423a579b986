"""The rule that turns an interval into a verdict, fixed before anything is run.

A claim says of one number (its estimand) that it is greater than a threshold, less than one, or
between two; the margin is part of the threshold ("at least 10 % faster" is a ratio greater than
1.1). Over the seeds the number has an interval, widened by Holm over the claims of the study.

    supported     the interval lies wholly on the claimed side of the threshold(s)
    refuted       wholly on the other side (for "between": outside)
    conditional   sub-ranges of the study give opposite verdicts, and are named
    inconclusive  otherwise; and whenever the evidence has a fault: fewer than six seeds, over
                  20 % of the runs not finite, an optimum on the grid's edge, a target that was
                  not reached, a control that did not come out as it must. It then says how many
                  seeds the spread asks for.

A fault goes before everything else, then opposite sub-ranges, then the interval.

With fewer than six seeds nothing is judged: the interval of two seeds is a number of no use, wider
than anything that could be true. All that is told of them is what each seed gave, and where all of
them lie on one side, which verdict they *point to* (`lead`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nnlab.core.analysis import axes
from nnlab.core.analysis.multiplicity import decision_p_value, holm, holm_intervals
from nnlab.core.analysis.power import POWER, seeds_needed
from nnlab.core.analysis.statistics import LEVEL, Floats, Interval

Direction = Literal["greater", "less", "inside"]
VerdictName = Literal["supported", "refuted", "conditional", "inconclusive"]

FEWEST_SEEDS = axes.FEWEST_SEEDS
MOST_NON_FINITE = 0.2


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a claim says of a number: that it lies strictly between `low` and `high`.

    Make one with `greater`, `less` or `inside`; `estimand` names the number in words.
    """

    estimand: str
    direction: Direction
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        bounded = (math.isfinite(self.low), math.isfinite(self.high))
        needed = {"greater": (True, False), "less": (False, True), "inside": (True, True)}
        if bounded != needed.get(self.direction) or not self.low < self.high:
            raise ValueError(
                f"a criterion {self.direction!r} cannot have the bounds {self.low} and {self.high}"
            )

    @classmethod
    def greater(cls, estimand: str, threshold: float) -> Criterion:
        """The number is above `threshold`, which includes the margin."""
        return cls(estimand, "greater", low=threshold)

    @classmethod
    def less(cls, estimand: str, threshold: float) -> Criterion:
        """The number is below `threshold`, which includes the margin."""
        return cls(estimand, "less", high=threshold)

    @classmethod
    def inside(cls, estimand: str, low: float, high: float) -> Criterion:
        """The number is between `low` and `high`, as in "in proportion": 0.85 to 1.15."""
        return cls(estimand, "inside", low=low, high=high)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The finite bounds: one, or two for "inside"."""
        return tuple(bound for bound in (self.low, self.high) if math.isfinite(bound))

    def describe(self) -> str:
        """The claimed region in words.

        >>> Criterion.inside("exponent", 0.85, 1.15).describe()
        'between 0.85 and 1.15'
        """
        if self.direction == "inside":
            return f"between {self.low:.4g} and {self.high:.4g}"
        side = "above" if self.direction == "greater" else "below"
        return f"{side} {self.thresholds[0]:.4g}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of the rule, with its reason as a sentence.

    `seeds_needed` is for an inconclusive verdict: the seeds that would decide with chance 80 %
    were the estimate exactly true; None when no number of seeds would.
    """

    verdict: VerdictName
    reason: str
    seeds_needed: int | None = None


@dataclass(frozen=True, slots=True)
class SubRange:
    """A claim on one part of the range: its own interval, after Holm, and its own verdict."""

    interval: Interval
    verdict: VerdictName
    lead: VerdictName | None = None
    """Which verdict its seeds point to, where they are too few for one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a study found for one claim.

    `interval` is after Holm over the claims of the study (`adjust`), its `n` the seeds that
    entered it. `non_finite_share` is the share of all runs, diverged ones included, that gave no
    number. `faults` are sentences, each a reason to believe no interval (see `edge_fault`).
    """

    interval: Interval
    non_finite_share: float = 0.0
    faults: tuple[str, ...] = ()
    sub_ranges: Mapping[str, SubRange] = field(default_factory=dict)
    """The same claim on parts of the range, by a name that a reader understands."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.non_finite_share <= 1.0:
            raise ValueError(f"a share lies between 0 and 1, not at {self.non_finite_share}")


def edge_fault(where: str) -> str:
    """The fault of an optimum that the grid did not bracket, as in "batch size 512"."""
    return f"the optimum at {where} lies on the edge of the grid"


def target_fault(where: str) -> str:
    """The fault of a target that was not reached, as in "sigmoid at depth 12"."""
    return f"the target was not reached by {where}"


def control_fault(control: str, got: VerdictName, expected: VerdictName) -> str:
    """The fault of an instrument whose control did not come out as it must."""
    return f"the control ({control}) came out {got} and should be {expected}"


def adjust(
    criteria: Sequence[Criterion], intervals: Sequence[Interval], level: float = LEVEL
) -> list[Interval]:
    """Holm over all claims of a study, sub-ranges included: the intervals that `judge` takes."""
    return holm_intervals(intervals, [each.thresholds for each in criteria], level)


def adjusted_p_values(criteria: Sequence[Criterion], intervals: Sequence[Interval]) -> Floats:
    """Holm's p-values of the same claims, from the intervals before `adjust`.

    Below 1 - level exactly where the adjusted interval leaves out the claim's thresholds.
    """
    pairs = zip(criteria, intervals, strict=True)
    return holm([decision_p_value(interval, each.thresholds) for each, interval in pairs])


def judge(criterion: Criterion, evidence: Evidence) -> Verdict:
    """The verdict of the rule above: pure, deterministic, and the same for every claim."""
    interval = evidence.interval
    if interval.scale == "log" and min(criterion.thresholds) <= 0.0:
        raise ValueError(f"{criterion.estimand} is a ratio: its thresholds are positive")
    few = _too_few(evidence)
    found = f"{criterion.estimand}: {_of_few(interval) if few else interval.describe()}"
    faults = [*evidence.faults, *few, *_lost(evidence)]
    if faults:
        reason = f"{'; '.join(faults)} ({found})"
        if not few and _side(criterion, interval.low, interval.high):
            return Verdict("inconclusive", reason)  # seeds are not what it lacks
        return _inconclusive(criterion, interval, reason)

    opposite = {
        side: [
            f"{name} ({part.interval.describe()})"
            for name, part in evidence.sub_ranges.items()
            if part.verdict == side
        ]
        for side in ("supported", "refuted")
    }
    if all(opposite.values()):
        parts = ", ".join(f"{side} for {' and '.join(names)}" for side, names in opposite.items())
        return Verdict("conditional", f"{criterion.estimand}: {parts}")

    side = _side(criterion, interval.low, interval.high)
    if side == "supported":
        return Verdict("supported", f"{found} is wholly {criterion.describe()}")
    if side == "refuted":
        return Verdict("refuted", f"{found} is nowhere {criterion.describe()}")
    return _inconclusive(
        criterion, interval, f"{found} leaves open whether it is {criterion.describe()}"
    )


def lead(criterion: Criterion, evidence: Evidence) -> VerdictName | None:
    """Which verdict seeds that are too few for one point to; None where to none.

    Every single seed must lie on one side, and no other fault be known. Opposite leads of
    sub-ranges point to "conditional". Evidence of six seeds or more is judged, and leads nowhere.
    """
    seen = evidence.interval.seen
    if not _too_few(evidence) or evidence.faults or _lost(evidence) or seen is None:
        return None
    if {"supported", "refuted"} <= {part.lead for part in evidence.sub_ranges.values()}:
        return "conditional"
    return _side(criterion, *seen)


def _side(criterion: Criterion, low: float, high: float) -> VerdictName | None:
    """Where all from `low` to `high` lies: on the claimed side, on the other, or neither."""
    if low > criterion.low and high < criterion.high:
        return "supported"
    return "refuted" if high < criterion.low or low > criterion.high else None


def _of_few(interval: Interval) -> str:
    """`0.54, its 2 seeds from 0.52 to 0.55`"""
    if interval.n < 2 or interval.seen is None:
        return f"{interval.estimate:.4g}"
    low, high = interval.seen
    return f"{interval.estimate:.4g}, its {interval.n} seeds from {low:.4g} to {high:.4g}"


def _too_few(evidence: Evidence) -> list[str]:
    n = evidence.interval.n
    seeds = "1 seed only explores" if n == 1 else f"{n} seeds only explore"
    return [f"{seeds}, a verdict takes {FEWEST_SEEDS}"] if n < FEWEST_SEEDS else []


def _lost(evidence: Evidence) -> list[str]:
    share = evidence.non_finite_share
    return [f"{100.0 * share:.0f} % of the runs are not finite"] if share > MOST_NON_FINITE else []


def _inconclusive(criterion: Criterion, interval: Interval, reason: str) -> Verdict:
    if interval.n < 3:  # the spread of two values says too little of how many it takes
        return Verdict("inconclusive", reason)
    needed = _seeds_to_decide(criterion, interval)
    if needed is None:
        return Verdict("inconclusive", f"{reason}; no number of seeds would settle this spread")
    return Verdict("inconclusive", f"{reason}; the spread asks for {needed} seeds", needed)


def _seeds_to_decide(criterion: Criterion, interval: Interval) -> int | None:
    if interval.n < 2:
        return None
    log = interval.scale == "log"
    estimate, *bounds = (
        math.log(value) if log else value for value in (interval.estimate, *criterion.thresholds)
    )
    distance = min(abs(estimate - bound) for bound in bounds)
    between = criterion.direction == "inside" and criterion.low < interval.estimate < criterion.high
    # Both ends must come clear: half of the allowed failures to each.
    power = 0.5 * (1.0 + POWER) if between else POWER
    needed = seeds_needed(interval.spread, distance, interval.level, power)
    return None if needed is None else max(needed, FEWEST_SEEDS)
