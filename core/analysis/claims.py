"""Claims and what becomes of them: what is said of one number, what a study found, the verdict.

A claim is a row, fixed before anything is run: the number (its estimand), the side it must lie on
with the margin, and the control on which the same instrument must come out the other way. A
finding is what the studies measured. `judge_claims` widens all intervals of a question, those of
sub-ranges included, by Holm, judges the controls, and gives each claim its verdict by the rule of
`verdicts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import Interval
from nnlab.core.analysis.verdicts import (
    FEWEST_SEEDS,
    Criterion,
    Evidence,
    SubRange,
    Verdict,
    VerdictName,
    adjust,
    adjusted_p_values,
    control_fault,
    judge,
    lead,
)

Side = Literal["advantage", "disadvantage", ""]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a study found for one claim, before Holm."""

    interval: Interval
    scope: str
    """Data, net, range, optimizer, seeds: what the verdict holds for, in words."""
    control: Measured | None = None
    """The same estimand where the claim must not hold, judged with its own lost runs and faults;
    None where there is no control."""
    non_finite_share: float = 0.0
    """Share of all runs that gave no number."""
    faults: tuple[str, ...] = ()
    sub_ranges: Mapping[str, Measured] = field(default_factory=dict)
    """The same estimand on parts of the range, by a name that a reader understands. Each has its
    own lost runs and its own faults; those of the whole do not count for it, nor its for them. The
    control is of the instrument, and counts for all. A part may be the number that decides: it then
    has the very interval of the whole."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of a question's table of claims."""

    id: str
    """Short and unique, such as `sigmoid-vanishes`."""
    question: str
    """`1.4d`"""
    claim: str
    """What is claimed, a sentence."""
    criterion: Criterion
    unit: str
    """Of the estimand: "x" for a ratio, "" for a pure number."""
    study: str
    """The study that decides, by its name."""
    control: str
    """Where it must come out the other way, in words; empty where nothing can serve as one."""
    figure: str
    """The picture that shows it, by its name."""
    measure: Callable[[Any], Finding]
    """From what the question's studies found (a value of the question's own) to the finding."""
    about: str = ""
    """The activation, optimizer ... that the claim speaks of."""
    side: Side = ""
    """What being supported makes of it in the answer."""
    source: str = ""
    """Who claims it: `homework 1.4d` is the text that is tested, else papers; joined by "; "."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with its verdict."""

    claim: Claim
    finding: Finding
    interval: Interval
    """After Holm over all claims of the question."""
    p_value: float
    """After Holm; of the hypothesis that the number lies on a threshold."""
    verdict: Verdict
    control: Verdict | None
    sub_ranges: Mapping[str, SubRange] = field(default_factory=dict)
    lead: VerdictName | None = None
    """Which verdict the seeds point to, where they are too few for one."""
    control_lead: VerdictName | None = None
    """The same of the control."""

    def as_json(self) -> dict[str, Any]:
        """The entry of `claims.json`; a number that is not finite is None."""
        criterion = self.claim.criterion
        threshold: Any = list(criterion.thresholds)
        return {
            "id": self.claim.id,
            "question": self.claim.question,
            "claim": self.claim.claim,
            "metric": criterion.estimand,
            "unit": self.claim.unit,
            "estimate": _finite(self.interval.estimate),
            "ci_low": _finite(self.interval.low),
            "ci_high": _finite(self.interval.high),
            "threshold": threshold[0] if len(threshold) == 1 else threshold,
            "direction": criterion.direction,
            "p_value": _finite(self.p_value),
            "seeds": self.interval.n,
            "scope": self.finding.scope,
            "verdict": self.verdict.verdict,
            "evidence": f"figures/{self.claim.figure}.png",
            "reason": self.verdict.reason,
            "seeds_needed": self.verdict.seeds_needed,
            "seen": _seen(self.interval),
            "points_to": self.lead,
            "sub_ranges": {name: _part_as_json(part) for name, part in self.sub_ranges.items()},
            "control": self.claim.control,
            "control_verdict": None if self.control is None else self.control.verdict,
            "control_points_to": self.control_lead,
        }


def _part_as_json(part: SubRange) -> dict[str, Any]:
    interval = part.interval
    return {
        "verdict": part.verdict,
        "estimate": _finite(interval.estimate),
        "ci_low": _finite(interval.low),
        "ci_high": _finite(interval.high),
        "seeds": interval.n,
        "seen": _seen(interval),
        "points_to": part.lead,
    }


def judge_claims(claims: Sequence[Claim], found: Any) -> list[Judged]:
    """Measure every claim on `found`, correct for their number, give each its verdict.

    The family of Holm's procedure is all claims of the list with all their sub-ranges, each number
    once: a sub-range with the very interval of the whole is not counted again. A control is judged
    by the claim's own criterion and must be refuted, else neither the whole nor a part of it has a
    verdict; it is no claim and takes no part.
    """
    findings = [claim.measure(found) for claim in claims]
    return judge_findings(claims, findings)


def judge_findings(claims: Sequence[Claim], findings: Sequence[Finding]) -> list[Judged]:
    """`judge_claims` on findings that are there already, one a claim."""
    criteria: list[Criterion] = []
    intervals: list[Interval] = []
    for claim, finding in zip(claims, findings, strict=True):
        family = [finding.interval, *(part.interval for part in _others(finding).values())]
        criteria += [claim.criterion] * len(family)
        intervals += family
    p_values = adjusted_p_values(criteria, intervals).tolist()
    adjusted = zip(adjust(criteria, intervals), p_values, strict=True)
    judged = []
    for claim, finding in zip(claims, findings, strict=True):
        interval, p_value = next(adjusted)
        widened = {name: next(adjusted)[0] for name in _others(finding)}
        of_parts = {name: widened.get(name, interval) for name in finding.sub_ranges}
        judged.append(_judge(claim, finding, interval, p_value, of_parts))
    return judged


def _others(finding: Finding) -> dict[str, Measured]:
    """The sub-ranges but for the one that is the number that decides."""
    parts = finding.sub_ranges.items()
    return {name: part for name, part in parts if part.interval is not finding.interval}


def _judge(
    claim: Claim,
    finding: Finding,
    interval: Interval,
    p_value: float,
    of_parts: Mapping[str, Interval],
) -> Judged:
    """One claim, from its intervals after Holm."""
    control = _judge_control(claim, finding.control)
    parts = {}
    for name, part in finding.sub_ranges.items():
        faults = (*part.faults, *control.faults(of_parts[name]))
        evidence = Evidence(of_parts[name], part.lost_share, faults)
        verdict = judge(claim.criterion, evidence).verdict
        parts[name] = SubRange(evidence.interval, verdict, control.lead(evidence))
    faults = (*finding.faults, *control.faults(interval))
    evidence = Evidence(interval, finding.non_finite_share, faults, parts)
    return Judged(
        claim=claim,
        finding=finding,
        interval=interval,
        p_value=p_value,
        verdict=judge(claim.criterion, evidence),
        control=control.verdict,
        sub_ranges=parts,
        lead=control.lead(evidence),
        control_lead=control.points_to,
    )


@dataclass(frozen=True, slots=True)
class _Control:
    """What became of a claim's control; without one it stands in nobody's way."""

    claim: Claim
    verdict: Verdict | None = None
    points_to: VerdictName | None = None

    def faults(self, interval: Interval) -> tuple[str, ...]:
        """Why the instrument is not to be believed on an interval of the claim."""
        if self.verdict is None or self.verdict.verdict == "refuted":
            return ()
        if interval.n < FEWEST_SEEDS:  # undecided anyway, and its control with it
            return ()
        return (control_fault(self.claim.control, self.verdict.verdict, "refuted"),)

    def lead(self, evidence: Evidence) -> VerdictName | None:
        """Where the claim's evidence points to, if the control points the other way."""
        if self.verdict is not None and "refuted" not in (self.verdict.verdict, self.points_to):
            return None
        return lead(self.claim.criterion, evidence)


def _judge_control(claim: Claim, control: Measured | None) -> _Control:
    if control is None:
        return _Control(claim)
    evidence = Evidence(control.interval, control.lost_share, control.faults)
    return _Control(claim, judge(claim.criterion, evidence), lead(claim.criterion, evidence))


def _seen(interval: Interval) -> list[float] | None:
    """What the seeds gave, from the least to the most, where they are too few for an interval."""
    few = interval.n < FEWEST_SEEDS and interval.seen is not None
    return list(interval.seen or ()) if few else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
