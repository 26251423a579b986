"""Claims: from findings to verdicts, and the words in which they are shown."""

from __future__ import annotations

import doctest
import math
from types import ModuleType

import pytest

from nnlab.core import wording
from nnlab.core.analysis.claims import Claim, Finding, judge_claims, judge_findings
from nnlab.core.analysis.statistics import Interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.report import claim_rows, fixed_print
from nnlab.core.report.claim_rows import SIGNS, claim_row, count_verdicts, verdicts_words
from nnlab.core.report.style import contrast
from nnlab.core.report.verdict_looks import VERDICT_LOOKS
from tests.answers import SCOPE, claim, four_claims, interval

ABOVE = Criterion.greater("ratio", 1.1)


def test_each_verdict_is_reached_and_says_why() -> None:
    judged = four_claims()
    assert [each.verdict.verdict for each in judged] == list(SIGNS)
    assert "is wholly above 1.1" in judged[0].verdict.reason
    assert "is nowhere above 1.1" in judged[1].verdict.reason
    assert "supported for variance 1, refuted for variance 2" in judged[2].verdict.reason
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
    parts = {"small": interval(2.0)}
    nested = judge_findings([row], [Finding(interval(2.0), SCOPE, sub_ranges=parts)])[0]
    assert two.low < alone.low
    assert nested.interval == two
    assert nested.sub_ranges["small"].verdict == "supported"


def test_a_control_that_comes_out_as_claimed_is_a_fault() -> None:
    row = claim("a", "It grows.", ABOVE, "figure")
    (judged,) = judge_findings([row], [Finding(interval(2.0), SCOPE, interval(1.5))])
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
    assert entry["sub_ranges"] == {"variance 1": "supported", "variance 2": "refuted"}
    assert entry["seeds"] == 10
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
