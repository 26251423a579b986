"""Holm's procedure and the number of seeds a decision needs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.analysis.multiplicity import (
    bonferroni_intervals,
    decision_p_value,
    holm,
    holm_intervals,
)
from nnlab.core.analysis.power import decision_power, seeds_needed
from nnlab.core.analysis.statistics import Interval, t_interval, t_quantile


def test_holm_worked_by_hand() -> None:
    # sorted .01 .02 .03 .04 .05 times 5 4 3 2 1 = .05 .08 .09 .08 .05, then never falling
    adjusted = holm([0.03, 0.01, 0.05, 0.02, 0.04])
    assert adjusted == pytest.approx([0.09, 0.05, 0.09, 0.08, 0.09])
    assert holm([0.4, 0.9]).tolist() == [0.8, 0.9]
    assert holm([0.7, 0.7]).tolist() == [1.0, 1.0]
    assert holm([]).size == 0


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_holm_lies_between_no_adjustment_and_bonferroni(p: list[float]) -> None:
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(np.multiply(p, len(p)), 1.0)).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0.0).all()


@pytest.mark.parametrize("p", [[0.1, math.nan], [1.1], [-0.1]])
def test_what_is_no_p_value_is_refused(p: list[float]) -> None:
    with pytest.raises(ValueError, match="p-values lie between 0 and 1"):
        holm(p)


def intervals_of(effects: list[float]) -> list[Interval]:
    noise = np.array([-1.0, 0.5, 1.2, -0.7, 0.0, 0.4, -0.4, 0.0])
    return [t_interval(effect + noise) for effect in effects]


@given(
    st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=6),
    st.sampled_from([(0.0,), (-0.5, 0.5), (0.3,)]),
)
def test_a_widened_interval_leaves_its_thresholds_out_exactly_when_holm_rejects(
    effects: list[float], thresholds: tuple[float, ...]
) -> None:
    intervals = intervals_of(effects)
    adjusted = holm([decision_p_value(each, thresholds) for each in intervals])
    widened = holm_intervals(intervals, [thresholds] * len(intervals))
    for before, after, p in zip(intervals, widened, adjusted, strict=True):
        assert after.high - after.low >= (1 - 1e-12) * (before.high - before.low)
        if abs(p - 0.05) > 1e-9:
            assert all(map(after.excludes, thresholds)) == (p < 0.05)


def test_holm_steps_down_and_stops() -> None:
    # p = 0.00003, 0.4, 0.9: the first is tested at 5/3 %, the second fails at 5/2 %, the last stays
    levels = [each.level for each in holm_intervals(intervals_of([0.03, 2.0, 0.22]), [(0.0,)] * 3)]
    assert levels == pytest.approx([1 - 0.05 / 2, 1 - 0.05 / 3, 1 - 0.05 / 2])
    alone = holm_intervals(intervals_of([0.5]), [(0.0,)])[0]
    assert (alone.low, alone.level) == pytest.approx((intervals_of([0.5])[0].low, 0.95))


def test_bonferroni_covers_all_at_once() -> None:
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(500):
        family = bonferroni_intervals([t_interval(row) for row in rng.standard_normal((5, 6))])
        missed += any(each.excludes(0.0) for each in family)
    assert missed / 500 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 500)
    assert family[0].level == pytest.approx(0.99)


def test_a_family_without_thresholds_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one threshold"):
        decision_p_value(intervals_of([1.0])[0], ())


@pytest.mark.parametrize(("effect_size", "n"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_seeds_needed_are_those_of_the_power_tables(effect_size: float, n: int) -> None:
    """One-sample t, two-sided 5 %, power 80 %: the sizes of Cohen's tables as G*Power has them."""
    assert seeds_needed(1.0, effect_size) == n
    assert seeds_needed(10.0, 10.0 * effect_size) == n
    assert decision_power(1.0, effect_size, n) >= 0.8 > decision_power(1.0, effect_size, n - 1)


def test_the_promised_power_is_met_in_simulation() -> None:
    n = seeds_needed(1.0, 0.9) or 0
    samples = np.random.default_rng(2).normal(0.9, 1.0, (4000, n))
    lows = samples.mean(1) - t_quantile(n) * samples.std(1, ddof=1) / math.sqrt(n)
    power = decision_power(1.0, 0.9, n)
    assert np.mean(lows > 0.0) == pytest.approx(power, abs=3 * math.sqrt(0.16 / 4000))


@given(st.floats(0.01, 10.0), st.floats(0.01, 10.0))
def test_more_spread_or_a_nearer_threshold_needs_no_fewer_seeds(
    spread: float, distance: float
) -> None:
    needed = seeds_needed(spread, distance)
    assert needed is not None
    assert 2 <= needed <= (seeds_needed(2.0 * spread, distance) or 0)
    assert needed <= (seeds_needed(spread, 0.5 * distance) or 0)
    assert needed <= (seeds_needed(spread, distance, level=0.99) or 0)


def test_some_questions_no_number_of_seeds_decides() -> None:
    assert seeds_needed(1.0, 0.0) is None
    assert seeds_needed(math.nan, 1.0) is None
    assert seeds_needed(0.0, 1.0) == 2
    assert decision_power(1.0, 1.0, 1) == 0.0
    assert decision_power(0.0, 1.0, 2) == 1.0
    with pytest.raises(ValueError, match="a power lies between 0 and 1, not at 80"):
        seeds_needed(1.0, 1.0, power=80)
