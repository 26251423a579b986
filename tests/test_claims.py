"""Claims: from findings to verdicts, and the words in which they are shown."""

from __future__ import annotations

import doctest
import math
from collections.abc import Sequence
from types import ModuleType

import numpy as np
import pytest

from nnlab.core import wording
from nnlab.core.analysis.claims import Claim, Finding, judge_claims, judge_findings
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import Interval, geometric_interval, t_interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.report import claim_rows, fixed_print
from nnlab.core.report.claim_rows import SIGNS, claim_row, count_verdicts, verdicts_words
from nnlab.core.report.style import contrast
from nnlab.core.report.verdict_looks import VERDICT_LOOKS
from tests.answers import SCOPE, claim, four_claims, interval

STUDIES = 1000
ABOVE = Criterion.greater("ratio", 1.1)


def test_each_verdict_is_reached_and_says_why() -> None:
    judged = four_claims()
    assert [each.verdict.verdict for each in judged] == list(SIGNS)
    assert "is wholly above 1.1" in judged[0].verdict.reason
    assert "is nowhere above 1.1" in judged[1].verdict.reason
    assert judged[2].verdict.reason.startswith(
        "how much the gradient shrinks in a layer: supported for variance 1 (1.3 ["
    )
    assert ", refuted for variance 2 (0.9 [" in judged[2].verdict.reason
    assert "4 seeds only explore, a verdict takes 6" in judged[3].verdict.reason


def test_claims_measure_what_was_found() -> None:
    def measure(found: float) -> Finding:
        return Finding(interval(found), SCOPE)

    row = Claim("grows", "1.4d", "It grows.", ABOVE, "x", "study", "", "figure", measure)
    (judged,) = judge_claims([row], 2.0)
    assert judged.interval.estimate == 2.0
    assert judged.control is None
    assert judged.verdict.verdict == "supported"


def test_holm_widens_the_intervals_by_the_number_of_claims_and_sub_ranges() -> None:
    row = claim("a", "It grows.", ABOVE, "figure")
    alone = judge_findings([row], [Finding(interval(2.0), SCOPE)])[0].interval
    assert (alone.low, alone.high) == pytest.approx((2.0 * math.exp(-0.04), 2.0 * math.exp(0.04)))
    # equal p-values: the first of two is tested at half the level
    two = judge_findings([row, row], [Finding(interval(2.0), SCOPE)] * 2)[0].interval
    parts = {"small": Measured(interval(2.0))}
    nested = judge_findings([row], [Finding(interval(2.0), SCOPE, sub_ranges=parts)])[0]
    assert two.low < alone.low
    assert nested.interval == two
    assert nested.sub_ranges["small"].verdict == "supported"


def test_a_control_that_comes_out_as_claimed_is_a_fault() -> None:
    row = claim("a", "It grows.", ABOVE, "figure")
    (judged,) = judge_findings([row], [Finding(interval(2.0), SCOPE, Measured(interval(1.5)))])
    assert judged.verdict.verdict == "inconclusive"
    assert "the control (the identity, which lets all gradients through) came out supported" in (
        judged.verdict.reason
    )
    assert judged.as_json()["control_verdict"] == "supported"


def test_the_entry_of_claims_json() -> None:
    entry = four_claims()[2].as_json()
    assert entry["id"] == "tanh"
    assert (entry["threshold"], entry["direction"]) == (1.1, "greater")
    assert entry["evidence"] == "figures/heat.png"
    parts = entry["sub_ranges"]
    assert {name: part["verdict"] for name, part in parts.items()} == {
        "variance 1": "supported", "variance 2": "refuted",
    }  # fmt: skip
    assert parts["variance 1"]["ci_low"] < parts["variance 1"]["estimate"] == 1.3
    assert (parts["variance 1"]["seeds"], parts["variance 1"]["points_to"]) == (10, None)
    assert (entry["seeds"], entry["seen"], entry["points_to"]) == (10, None, None)
    one = Interval(1.0, math.nan, math.nan, 1)
    row = claim("a", "It is there.", Criterion.inside("exponent", 0.85, 1.15), "figure", unit="")
    entry = judge_findings([row], [Finding(one, SCOPE)])[0].as_json()
    assert (entry["ci_low"], entry["ci_high"], entry["threshold"]) == (None, None, [0.85, 1.15])


def test_a_claim_in_words() -> None:
    rows = [claim_row(judged.as_json()) for judged in four_claims()]
    assert [row.signed for row in rows] == [
        "✓ supported", "✗ refuted", "◐ conditional", "? inconclusive",
    ]  # fmt: skip
    assert rows[0].estimate.startswith("4.24× [")
    assert len(rows[2].estimates) == 2  # no number over both, which would say nothing
    assert rows[2].estimates[0].startswith("supported for variance 1: 1.3× [1.")
    assert rows[2].estimate.split("; ")[1].startswith("refuted for variance 2: 0.9× [0.8")
    assert rows[2].basis == rows[0].basis
    assert rows[0].claimed == "above 1.1"
    assert rows[0].control == "the identity, which lets all gradients through: refuted"
    assert rows[0].basis == f"How much the gradient shrinks in a layer. Scope: {SCOPE}."
    assert rows[3].basis.startswith("4 seeds only explore")


@pytest.mark.parametrize(
    ("criterion", "unit", "estimate", "claimed"),
    [
        (Criterion.less("time", 3.0), "ns", "2 ns [1.92, 2.08]", "below 3"),
        (Criterion.inside("exponent", 0.85, 1.15), "", "2 [1.92, 2.08]", "0.85 to 1.15"),
    ],
)
def test_units_and_thresholds(criterion: Criterion, unit: str, estimate: str, claimed: str) -> None:
    row = claim("a", "It is so.", criterion, "figure", unit)
    shown = claim_row(judge_findings([row], [Finding(interval(2.0), SCOPE)])[0].as_json())
    assert (shown.estimate, shown.claimed, shown.control) == (estimate, claimed, row.control)


def test_one_seed_has_no_interval_to_show() -> None:
    row = claim("a", "It is so.", ABOVE, "figure")
    one = Interval(2.0, math.nan, math.nan, 1, scale="log")
    shown = claim_row(judge_findings([row], [Finding(one, SCOPE)])[0].as_json())
    assert (shown.estimate, shown.verdict) == ("2×", "inconclusive")


def test_few_seeds_are_told_one_by_one_and_point() -> None:
    """The interval of two seeds is of no use: it is stored, and never shown."""
    row = claim("a", "It is so.", ABOVE, "figure")
    few, control = geometric_interval([1.8, 2.0]), geometric_interval([0.9, 1.0])
    entry = judge_findings([row], [Finding(few, SCOPE, Measured(control))])[0].as_json()
    assert (entry["verdict"], entry["points_to"]) == ("inconclusive", "supported")
    assert entry["seen"] == [1.8, 2.0]
    assert entry["ci_high"] > 3.0
    shown = claim_row(entry)
    assert shown.signed == "? points to supported"
    assert shown.control.endswith("all gradients through: points to refuted")
    assert shown.basis == f"Ratio. Scope: {SCOPE}."
    assert shown.estimate == "1.9× (n = 2: 1.8 to 2)"
    # a control that points the same way takes the lead back
    (judged,) = judge_findings([row], [Finding(few, SCOPE, Measured(few))])
    assert (judged.lead, claim_row(judged.as_json()).signed) == (None, "? inconclusive")


def test_a_sub_range_answers_for_its_own_lost_runs_and_faults() -> None:
    row = claim("a", "It is so.", ABOVE, "figure")
    parts = {
        "whole": Measured(interval(2.0)),
        "lost": Measured(interval(2.0), 0.3),
        "edge": Measured(interval(0.5), faults=("the optimum lies on the edge",)),
    }
    (judged,) = judge_findings([row], [Finding(interval(1.5), SCOPE, sub_ranges=parts)])
    assert {name: part.verdict for name, part in judged.sub_ranges.items()} == {
        "whole": "supported", "lost": "inconclusive", "edge": "inconclusive",
    }  # fmt: skip
    assert judged.verdict.verdict == "supported"  # what is at fault contradicts nobody


def test_a_control_that_fails_takes_the_verdicts_of_the_sub_ranges_with_it() -> None:
    row = claim("a", "It is so.", ABOVE, "figure")
    parts = {"small": Measured(interval(2.0)), "large": Measured(interval(0.5))}
    passes = Measured(interval(1.5))
    (judged,) = judge_findings([row], [Finding(interval(2.0), SCOPE, passes, sub_ranges=parts)])
    assert judged.verdict.verdict == "inconclusive"  # and not conditional
    assert {part.verdict for part in judged.sub_ranges.values()} == {"inconclusive"}
    few = geometric_interval([1.8, 2.0])
    named = {"small": Measured(few)}
    for control, points_to in ((few, None), (geometric_interval([0.9, 1.0]), "supported")):
        finding = Finding(few, SCOPE, Measured(control), sub_ranges=named)
        (judged,) = judge_findings([row], [finding])
        assert judged.as_json()["sub_ranges"]["small"]["points_to"] == points_to


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (Measured(interval(0.9), 0.5), "50 % of the runs are not finite"),
        (Measured(interval(0.9), faults=("its optimum lies on the edge",)), "lies on the edge"),
    ],
)
def test_a_control_answers_for_its_own_lost_runs_and_faults(control: Measured, reason: str) -> None:
    row = claim("a", "It is so.", ABOVE, "figure")
    (judged,) = judge_findings([row], [Finding(interval(2.0), SCOPE, control)])
    assert judged.control is not None
    assert (judged.control.verdict, judged.verdict.verdict) == ("inconclusive", "inconclusive")
    assert reason in judged.control.reason
    assert "came out inconclusive and should be refuted" in judged.verdict.reason


def test_a_number_that_is_the_whole_and_a_sub_range_counts_once() -> None:
    row = claim("a", "It is so.", ABOVE, "figure")
    whole, other = interval(2.0), interval(1.8)
    parts = {"own": Measured(whole), "other": Measured(other)}
    (judged,) = judge_findings([row], [Finding(whole, SCOPE, sub_ranges=parts)])
    assert judged.sub_ranges["own"].interval == judged.interval
    assert judged.sub_ranges["own"].verdict == judged.verdict.verdict == "supported"
    two = [Finding(each, SCOPE) for each in (whole, other)]
    apart = judge_findings([row, row], two)
    assert judged.interval == apart[0].interval
    assert judged.sub_ranges["other"].interval == apart[1].interval
    assert judged.p_value == apart[0].p_value


def simulated(
    whole: float, parts: Sequence[float], control: float, rng: np.random.Generator
) -> tuple[str, tuple[str, ...]]:
    """The verdict, and those of the sub-ranges, of a study of ten seeds with these true numbers."""

    def seeds(truth: float) -> Interval:
        return t_interval(rng.normal(truth, 1.0, 10))

    row = claim("a", "It is so.", Criterion.greater("number", 0.0), "figure", unit="")
    named = {f"part {i}": Measured(seeds(truth)) for i, truth in enumerate(parts)}
    finding = Finding(seeds(whole), SCOPE, Measured(seeds(control)), sub_ranges=named)
    (judged,) = judge_findings([row], [finding])
    return judged.verdict.verdict, tuple(part.verdict for part in judged.sub_ranges.values())


@pytest.mark.parametrize(
    ("whole", "parts", "wrong"),
    [
        # nothing is so anywhere: every decision is wrong
        (0.0, (0.0, 0.0), {"supported", "refuted", "conditional"}),
        # one part is strongly so, the other on the threshold: no condition is known
        (0.0, (4.0, 0.0), {"supported", "refuted", "conditional"}),
        # not so, and strongly: an opposite verdict of a part would have to be made up
        (-4.0, (-4.0, 0.0), {"supported", "conditional"}),
    ],
)
def test_sub_ranges_make_no_verdict_up(
    whole: float, parts: tuple[float, ...], wrong: set[str]
) -> None:
    """1,000 studies of known effect: a wrong verdict in 5 % of them at most, sub-ranges and all."""
    rng = np.random.default_rng(7)
    verdicts = [simulated(whole, parts, -4.0, rng)[0] for _ in range(STUDIES)]
    assert verdicts.count("supported") / STUDIES <= 0.05
    # 5 % is the rate that Holm promises; three standard errors of a count of 1,000 beyond it
    assert sum(verdict in wrong for verdict in verdicts) / STUDIES <= 0.05 + 0.021


def test_a_known_effect_gets_its_verdict_and_a_bad_control_takes_it() -> None:
    rng = np.random.default_rng(8)

    def rate(wanted: str, whole: float, parts: Sequence[float], control: float) -> float:
        verdicts = [simulated(whole, parts, control, rng)[0] for _ in range(STUDIES // 5)]
        return verdicts.count(wanted) / len(verdicts)

    assert rate("supported", 3.0, (3.0, 3.0), -3.0) >= 0.95
    assert rate("refuted", -3.0, (-3.0, -3.0), -3.0) >= 0.95
    assert rate("conditional", 0.0, (3.0, -3.0), -3.0) >= 0.95
    # the control comes out as the claim does: the instrument cannot tell them apart
    assert rate("inconclusive", 3.0, (3.0, 3.0), 3.0) == 1.0


def test_what_is_no_claim_is_refused() -> None:
    entry = four_claims()[0].as_json()
    with pytest.raises(ValueError, match="there is no verdict 'perhaps'"):
        claim_row(entry | {"verdict": "perhaps"})
    with pytest.raises(KeyError, match="metric"):
        claim_row({key: entry[key] for key in entry if key != "metric"})


def test_verdicts_are_counted_in_one_order() -> None:
    entries = [judged.as_json() for judged in (*four_claims(), four_claims()[0])]
    counts = count_verdicts(reversed(entries))
    assert list(counts.items()) == [
        ("supported", 2), ("refuted", 1), ("conditional", 1), ("inconclusive", 1),
    ]  # fmt: skip
    assert verdicts_words(counts) == (
        "5 claims: 2 supported, 1 refuted, 1 conditional, 1 inconclusive"
    )


def test_every_verdict_has_a_sign_and_readable_colours() -> None:
    assert set(VERDICT_LOOKS) == set(SIGNS)
    assert len(set(SIGNS.values())) == len(SIGNS)
    for look in VERDICT_LOOKS.values():
        assert contrast(look.light) >= 4.5
        assert 21 / contrast(look.dark) >= 8  # on black


@pytest.mark.parametrize("module", [claim_rows, fixed_print, wording])
def test_examples(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
