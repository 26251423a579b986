"""The verdict rule: each branch, each sentence, and how often it is wrong on known effects."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.analysis.statistics import Interval, geometric_interval, t_interval
from nnlab.core.analysis.verdicts import (
    Criterion,
    Evidence,
    SubRange,
    VerdictName,
    adjust,
    adjusted_p_values,
    control_fault,
    edge_fault,
    judge,
    lead,
    target_fault,
)

FASTER = Criterion.greater("speed-up", 1.1)
PROPORTIONAL = Criterion.inside("exponent", 0.85, 1.15)
FEWER = Criterion.less("dead fraction", 0.01)

# Ten values of mean 0 and standard deviation 1: known effects are added to them.
NOISE = np.array([-1.5, -1.1, -0.8, -0.3, 0.0, 0.2, 0.4, 0.8, 1.0, 1.3])
NOISE = (NOISE - NOISE.mean()) / NOISE.std(ddof=1)


def found(effect: float, spread: float, n: int = 10) -> Evidence:
    return Evidence(t_interval(effect + spread * NOISE[:n]))


@pytest.mark.parametrize(
    ("criterion", "effect", "spread", "verdict"),
    [
        (FASTER, 1.5, 0.1, "supported"),
        (FASTER, 1.0, 0.05, "refuted"),
        (FASTER, 1.15, 0.2, "inconclusive"),
        (FEWER, 0.001, 0.002, "supported"),
        (FEWER, 0.05, 0.01, "refuted"),
        (FEWER, 0.012, 0.01, "inconclusive"),
        (PROPORTIONAL, 1.0, 0.1, "supported"),
        (PROPORTIONAL, 0.5, 0.1, "refuted"),
        (PROPORTIONAL, 1.6, 0.1, "refuted"),
        (PROPORTIONAL, 1.0, 0.5, "inconclusive"),
        (PROPORTIONAL, 1.12, 0.1, "inconclusive"),
    ],
)
def test_the_interval_decides(
    criterion: Criterion, effect: float, spread: float, verdict: VerdictName
) -> None:
    assert judge(criterion, found(effect, spread)).verdict == verdict


@given(st.floats(0.2, 3.0), st.floats(0.01, 1.0), st.integers(6, 10))
def test_the_opposite_claim_gets_the_opposite_verdict(effect: float, spread: float, n: int) -> None:
    opposite: dict[str, str] = {"supported": "refuted", "refuted": "supported"}
    evidence = found(effect, spread, n)
    above = judge(Criterion.greater("number", 1.0), evidence).verdict
    below = judge(Criterion.less("number", 1.0), evidence).verdict
    assert below == opposite.get(above, above)


def test_reasons_are_sentences_with_the_numbers() -> None:
    interval = Interval(1.86, 1.71, 2.03, 10)
    supported = judge(FASTER, Evidence(interval))
    assert supported.reason == "speed-up: 1.86 [1.71, 2.03] (95 %, n = 10) is wholly above 1.1"
    assert judge(Criterion.less("speed-up", 1.1), Evidence(interval)).reason == (
        "speed-up: 1.86 [1.71, 2.03] (95 %, n = 10) is nowhere below 1.1"
    )
    unsettled = judge(PROPORTIONAL, Evidence(Interval(1.0, 0.8, 1.2, 6)))
    assert unsettled.reason == (
        "exponent: 1 [0.8, 1.2] (95 %, n = 6) leaves open whether it is between 0.85 and 1.15; "
        f"the spread asks for {unsettled.seeds_needed} seeds"
    )


def test_an_open_question_says_how_many_seeds_would_settle_it() -> None:
    # distance 0.25 of the spread: 128 seeds by the power tables for one threshold
    verdict = judge(Criterion.greater("number", 0.0), found(0.25, 1.0))
    assert verdict.verdict == "inconclusive"
    assert verdict.seeds_needed == 128
    # the same on a log scale
    ratio = geometric_interval(np.exp(0.25 + NOISE))
    assert judge(Criterion.greater("ratio", 1.0), Evidence(ratio)).seeds_needed == 128
    # inside two thresholds both have to come clear, which takes more
    both = judge(Criterion.inside("number", -0.25, 0.25), found(0.0, 1.0)).seeds_needed
    assert both is not None
    assert 128 < both < 200


def test_no_number_of_seeds_settles_an_estimate_on_its_threshold() -> None:
    verdict = judge(Criterion.greater("number", 1.0), Evidence(Interval(1.0, 0.9, 1.1, 8)))
    assert verdict.seeds_needed is None
    assert verdict.reason.endswith("no number of seeds would settle this spread")


def test_five_seeds_only_explore() -> None:
    verdict = judge(FASTER, found(3.0, 0.01, n=5))
    assert verdict.verdict == "inconclusive"
    assert verdict.reason.startswith("5 seeds only explore, a verdict takes 6")
    assert verdict.seeds_needed == 6
    assert judge(FASTER, found(3.0, 0.01, n=6)).verdict == "supported"
    assert judge(FASTER, found(3.0, 0.01, n=1)).seeds_needed is None


@pytest.mark.parametrize(
    ("values", "points_to"),
    [((1.2, 3.0), "supported"), ((0.5, 1.0), "refuted"), ((1.0, 1.2), None), ((2.0,), "supported")],
)
def test_few_seeds_point_where_every_one_of_them_lies(
    values: tuple[float, ...], points_to: VerdictName | None
) -> None:
    evidence = Evidence(t_interval(values))
    assert judge(FASTER, evidence).verdict == "inconclusive"
    assert lead(FASTER, evidence) == points_to
    # nor do they where anything else is wrong, and six seeds are judged instead
    assert lead(FASTER, replace(evidence, faults=("a fault",))) is None
    assert lead(FASTER, replace(evidence, non_finite_share=0.5)) is None
    assert lead(FASTER, found(3.0, 0.01, n=6)) is None


def test_what_few_seeds_gave_is_told_in_place_of_their_interval() -> None:
    assert judge(FASTER, Evidence(t_interval([1.2, 3.0]))).reason.startswith(
        "2 seeds only explore, a verdict takes 6 (speed-up: 2.1, its 2 seeds from 1.2 to 3)"
    )
    assert judge(FASTER, Evidence(t_interval([2.0]))).reason.startswith(
        "1 seed only explores, a verdict takes 6 (speed-up: 2)"
    )


def test_opposite_leads_of_sub_ranges_point_to_a_condition() -> None:
    few = t_interval([1.0, 1.3])
    parts = {
        "small": SubRange(few, "inconclusive", "supported"),
        "large": SubRange(few, "inconclusive", "refuted"),
    }
    assert lead(FASTER, Evidence(few, sub_ranges=parts)) == "conditional"
    del parts["large"]
    assert lead(FASTER, Evidence(few, sub_ranges=parts)) is None


def test_more_than_a_fifth_of_lost_runs_is_a_fault() -> None:
    evidence = found(3.0, 0.01)
    assert judge(FASTER, replace(evidence, non_finite_share=0.2)).verdict == "supported"
    verdict = judge(FASTER, replace(evidence, non_finite_share=0.25))
    assert verdict.verdict == "inconclusive"
    assert verdict.reason.startswith("25 % of the runs are not finite")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (edge_fault("batch size 512"), "the optimum at batch size 512 lies on the edge of the"),
        (target_fault("sigmoid at depth 12"), "the target was not reached by sigmoid at depth 12"),
        (
            control_fault("slope 1", "supported", "refuted"),
            r"the control \(slope 1\) came out supported and should be refuted",
        ),
    ],
)
def test_a_fault_forbids_every_verdict(fault: str, sentence: str) -> None:
    some = t_interval(NOISE)
    parts = {"small": SubRange(some, "supported"), "large": SubRange(some, "refuted")}
    for sub_ranges in ({}, parts):
        evidence = replace(found(3.0, 0.01), faults=(fault,), sub_ranges=sub_ranges)
        verdict = judge(FASTER, evidence)
        assert verdict.verdict == "inconclusive"
        assert re.match(sentence, verdict.reason)


def test_opposite_sub_ranges_make_a_verdict_conditional_and_are_named() -> None:
    parts = {
        name: SubRange(part.interval, judge(PROPORTIONAL, part).verdict)
        for name, part in {
            "8-32": found(1.0, 0.05),
            "32-128": found(0.85, 0.1),
            "128-512": found(0.2, 0.05),
        }.items()
    }
    assert [part.verdict for part in parts.values()] == ["supported", "inconclusive", "refuted"]
    verdict = judge(PROPORTIONAL, replace(found(0.5, 0.1), sub_ranges=parts))
    assert verdict.verdict == "conditional"
    assert verdict.reason == (
        "exponent: supported for 8-32 (1 [0.9642, 1.036] (95 %, n = 10)), refuted for 128-512 "
        "(0.2 [0.1642, 0.2358] (95 %, n = 10))"
    )
    # sub-ranges that do not contradict each other leave the verdict to the whole
    del parts["8-32"]
    assert judge(PROPORTIONAL, replace(found(0.5, 0.1), sub_ranges=parts)).verdict == "refuted"


def test_wrong_claims_and_evidence_are_refused() -> None:
    with pytest.raises(ValueError, match="'inside' cannot have the bounds 2 and 1"):
        Criterion.inside("number", 2, 1)
    with pytest.raises(ValueError, match="'greater' cannot have the bounds -inf and 3"):
        Criterion("number", "greater", high=3)
    with pytest.raises(ValueError, match="a share lies between 0 and 1, not at 20"):
        replace(found(1.0, 1.0), non_finite_share=20)
    ratio = geometric_interval(np.exp(NOISE))
    with pytest.raises(ValueError, match="ratio is a ratio: its thresholds are positive"):
        judge(Criterion.greater("ratio", 0.0), Evidence(ratio))


# ------------------------------------------------------------------ simulated studies
# 1,000 studies each, of a number whose true value is known. The truth on the threshold itself is
# the worst case for a false "supported": the rule holds that at 2.5 % (5 % over both sides).

STUDIES = 1000
EDGE_CASES = [
    (Criterion.greater("number", 0.5), 0.5),
    (Criterion.less("number", -0.5), -0.5),
    (Criterion.inside("number", -2.0, 2.0), 2.0),
    (Criterion.inside("number", -2.0, 2.0), -2.0),
]


def rate(verdict: VerdictName, criterion: Criterion, truth: float, n: int, seed: int = 0) -> float:
    samples = np.random.default_rng(seed).normal(truth, 1.0, (STUDIES, n))
    verdicts = [judge(criterion, Evidence(t_interval(row))).verdict for row in samples]
    return verdicts.count(verdict) / STUDIES


@pytest.mark.parametrize(("criterion", "truth"), EDGE_CASES)
@pytest.mark.parametrize("n", [6, 10])
def test_false_support_and_false_refutation_are_rare(
    criterion: Criterion, truth: float, n: int
) -> None:
    assert rate("supported", criterion, truth, n) <= 0.05
    assert rate("refuted", criterion, truth, n) <= 0.05


def test_a_large_effect_is_supported_and_its_control_refuted() -> None:
    for n, effect in ((6, 2.5), (10, 1.5)):
        assert rate("supported", Criterion.greater("number", 0.0), effect, n) >= 0.95
        assert rate("refuted", Criterion.greater("number", 0.0), -effect, n) >= 0.95
        assert rate("refuted", Criterion.greater("number", effect), 0.0, n) >= 0.95
    wide = Criterion.inside("number", -2.0, 2.0)
    assert rate("supported", wide, 0.0, 10) >= 0.95
    assert rate("refuted", wide, 4.0, 10) >= 0.95


def test_with_fewer_than_six_seeds_nothing_is_ever_supported() -> None:
    assert rate("supported", Criterion.greater("number", 0.0), 50.0, 5) == 0.0


def test_a_family_of_claims_is_wrong_no_more_often_than_one() -> None:
    """Six true nulls beside two strong effects: Holm keeps any wrong decision at 5 %."""
    rng = np.random.default_rng(5)
    truths = np.array([0.0] * 6 + [5.0, -5.0])
    criteria = [Criterion.greater(f"claim {i}", 0.0) for i in range(8)]
    wrong = careless = right = 0
    for _ in range(STUDIES):
        raw = [t_interval(row) for row in truths[:, None] + rng.standard_normal((8, 10))]
        verdicts = [
            judge(claim, Evidence(interval)).verdict
            for claim, interval in zip(criteria, adjust(criteria, raw), strict=True)
        ]
        wrong += any(verdict != "inconclusive" for verdict in verdicts[:6])
        right += verdicts[6:] == ["supported", "refuted"]
        careless += any(each.excludes(0.0) for each in raw[:6])
        decided = (adjusted_p_values(criteria, raw) < 0.05).tolist()
        assert decided == [verdict != "inconclusive" for verdict in verdicts]
    assert wrong / STUDIES <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / STUDIES)
    assert careless / STUDIES > 0.2
    assert right / STUDIES > 0.99
