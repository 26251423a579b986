"""Intervals: against hand-worked numbers, against scipy's tests, and by how often they cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nnlab.core.analysis.slopes import (
    exponent_interval,
    factor_interval,
    fit_lines,
    slope_interval,
)
from nnlab.core.analysis.statistics import (
    Interval,
    geometric_interval,
    t_interval,
    t_quantile,
)

SAMPLES = st.lists(st.floats(0.1, 100.0), min_size=2, max_size=12).filter(
    lambda values: max(values) > 1.001 * min(values)
)


@pytest.mark.parametrize(
    ("n", "level", "printed"),
    [(2, 0.95, 12.706), (5, 0.95, 2.776), (6, 0.95, 2.571), (10, 0.99, 3.250), (31, 0.9, 1.697)],
)
def test_t_quantile_is_that_of_the_printed_tables(n: int, level: float, printed: float) -> None:
    assert t_quantile(n, level) == pytest.approx(printed, abs=5e-4)


def test_t_quantile_keeps_the_shape_of_the_counts_and_is_nan_without_a_spread() -> None:
    quantiles = t_quantile(np.array([[0, 1], [2, 5]]))
    assert quantiles.shape == (2, 2)
    assert np.isnan(quantiles[0]).all()
    assert quantiles[1] == pytest.approx([12.7062, 2.7764], abs=1e-4)
    assert math.isnan(t_quantile(1))


def test_a_t_interval_worked_by_hand() -> None:
    # mean 3, squared deviations 4 + 1 + 0 + 1 + 4 = 10, std = sqrt(10/4), se = sqrt(2.5/5)
    interval = t_interval([1, 2, 3, 4, 5])
    half = 2.776445105 * math.sqrt(0.5)
    assert (interval.estimate, interval.n) == (3.0, 5)
    assert (interval.low, interval.high) == pytest.approx((3 - half, 3 + half), rel=1e-9)
    assert interval.standard_error == pytest.approx(math.sqrt(0.5))
    assert interval.spread == pytest.approx(math.sqrt(2.5))


def test_a_geometric_interval_worked_by_hand() -> None:
    # logs 0, 2, 4 times ln 2: mean 2 ln 2, std 2 ln 2, t_{.975, 2} = 4.302653
    interval = geometric_interval([1.0, 4.0, 16.0])
    factor = math.exp(4.30265273 * 2 * math.log(2) / math.sqrt(3))
    assert interval.estimate == pytest.approx(4.0)
    assert (interval.low, interval.high) == pytest.approx((4 / factor, 4 * factor), rel=1e-8)
    assert interval.scale == "log"


@pytest.mark.parametrize("values", [(1e-40, 1.0), (1e-308, 1.0), (1e-100, 0.1), (1e-320, 1e-310)])
def test_seeds_decades_apart_reach_beyond_every_float(values: tuple[float, float]) -> None:
    """The ends stand at the largest and smallest number; error and p-value are not cut."""
    interval = geometric_interval(values, 0.999)
    assert 0.0 < interval.low < 1e-300
    assert not interval.excludes(max(values))
    assert not interval.at_level(0.99).excludes(max(values))
    logs = np.log(values)
    assert interval.standard_error == pytest.approx(abs(logs[1] - logs[0]) / 2)
    assert interval.p_value(1.0) == pytest.approx(stats.ttest_1samp(logs, 0.0).pvalue)
    again = geometric_interval(values).at_level(0.999)
    assert (again.low, again.high) == pytest.approx((interval.low, interval.high))


def test_an_interval_restated_ends_at_the_largest_number() -> None:
    again = geometric_interval([0.25, 20.0]).at_level(0.9999)
    assert 0.0 < again.low < 1e-300
    assert 1e300 < again.high < math.inf


@settings(max_examples=30)
@given(SAMPLES, st.floats(0.1, 100.0))
def test_p_values_are_those_of_scipy(values: list[float], null: float) -> None:
    for alternative in ("two-sided", "greater", "less"):
        ours = t_interval(values).p_value(null, alternative)
        theirs = stats.ttest_1samp(values, null, alternative=alternative).pvalue
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-12)
        on_logs = stats.ttest_1samp(np.log(values), math.log(null), alternative=alternative).pvalue
        ours = geometric_interval(values).p_value(null, alternative)
        assert ours == pytest.approx(on_logs, rel=1e-6, abs=1e-12)


@given(SAMPLES, st.floats(0.1, 100.0), st.floats(0.5, 0.999))
def test_an_interval_excludes_what_its_p_value_rejects(
    values: list[float], null: float, level: float
) -> None:
    for interval in (t_interval(values), geometric_interval(values)):
        p = interval.p_value(null)
        if abs(p - (1 - level)) > 1e-9:
            assert interval.at_level(level).excludes(null) == (p < 1 - level)


@given(SAMPLES, st.floats(0.5, 0.999))
def test_restating_at_another_level_is_computing_at_that_level(
    values: list[float], level: float
) -> None:
    for build in (t_interval, geometric_interval):
        restated, fresh = build(values).at_level(level), build(values, level)
        assert (restated.low, restated.high) == pytest.approx((fresh.low, fresh.high), rel=1e-9)
        assert restated.level == level


@given(SAMPLES, st.floats(0.01, 100.0))
def test_a_change_of_unit_changes_a_geometric_interval_by_that_factor(
    values: list[float], factor: float
) -> None:
    plain, scaled = geometric_interval(values), geometric_interval(np.multiply(values, factor))
    expected = (plain.low * factor, plain.estimate * factor, plain.high * factor)
    assert (scaled.low, scaled.estimate, scaled.high) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_both_kinds_cover_at_their_level(n: int) -> None:
    """The percentile bootstrap covers 76, 83 and 90 % here."""
    rng = np.random.default_rng(n)
    samples = rng.normal(2.0, 3.0, (2000, n))
    covered = [not t_interval(row).excludes(2.0) for row in samples]
    on_logs = [not geometric_interval(row).excludes(math.exp(2.0)) for row in np.exp(samples)]
    assert covered == on_logs
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 2000))


def test_one_value_has_no_interval_and_decides_nothing() -> None:
    interval = t_interval([0.7])
    assert interval.estimate == 0.7
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert not interval.excludes(1e9)
    assert interval.p_value(1e9) == 1.0
    assert interval.describe() == "0.7 (n = 1, no interval)"


def test_equal_values_are_certain() -> None:
    interval = t_interval([0.1] * 7)  # a naive mean of these is 0.09999999999999999
    assert (interval.low, interval.estimate, interval.high) == (0.1, 0.1, 0.1)
    assert interval.p_value(0.1) == 1.0
    assert interval.p_value(0.2) == 0.0
    assert interval.p_value(0.2, "less") == 0.0
    assert interval.p_value(0.2, "greater") == 1.0


def test_an_interval_describes_itself() -> None:
    assert Interval(1.86, 1.71, 2.03, 10).describe("ns") == "1.86 ns [1.71, 2.03] (95 %, n = 10)"
    assert Interval(0.5, 0.25, 1.0, 6, 0.99, "log").describe() == "0.5 [0.25, 1] (99 %, n = 6)"


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="needs at least one value"):
        t_interval([])
    with pytest.raises(ValueError, match="2 of 4 values are not finite; leave them out with"):
        t_interval([1.0, math.nan, 2.0, math.inf])
    with pytest.raises(ValueError, match="needs positive values, not 0"):
        geometric_interval([1.0, 0.0])
    with pytest.raises(ValueError, match="between 0 and 1, not at 95"):
        t_quantile(5, 95)
    with pytest.raises(ValueError, match=r"the estimate 3.0 is not in \[1.0, 2.0\]"):
        Interval(3.0, 1.0, 2.0, 5)
    with pytest.raises(ValueError, match="on a log scale is positive, not -1"):
        Interval(-1.0, -2.0, 1.0, 5, scale="log")
    with pytest.raises(ValueError, match="compared with a positive number, not with 0"):
        geometric_interval([1.0, 2.0]).p_value(0.0)


def test_lines_through_points_worked_by_hand() -> None:
    # x - mean = -1, 0, 1: slope = (y3 - y1)/2
    slopes, intercepts = fit_lines([1, 2, 3], [[1.0, 4.0, 5.0], [0.0, 0.0, 0.0]])
    assert slopes.tolist() == [2.0, 0.0]
    assert intercepts == pytest.approx([10 / 3 - 4, 0.0])


def test_a_power_law_gives_its_exponent_and_a_decay_its_factor() -> None:
    rng = np.random.default_rng(0)
    exponents = 0.5 + 0.1 * rng.standard_normal(8)
    batches = 2.0 ** np.arange(3, 10)
    rates = 0.03 * batches ** exponents[:, None]
    found = exponent_interval(batches, rates)
    assert found.estimate == pytest.approx(exponents.mean())
    assert found.spread == pytest.approx(exponents.std(ddof=1))
    assert found.n == 8

    layers = np.arange(2, 12)
    factor = factor_interval(layers, 1e-30 * np.array([[4.0], [5.0], [6.0]]) ** layers)
    assert factor.estimate == pytest.approx((4 * 5 * 6) ** (1 / 3))
    assert factor.scale == "log"
    assert slope_interval(layers, np.array([2.0 * layers, 4.0 * layers])).estimate == 3.0


def test_lines_that_cannot_be_fitted_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two different x"):
        fit_lines([1.0, 1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"shape \(3,\) does not fit x of shape \(2,\)"):
        fit_lines([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="not finite has no slope"):
        fit_lines([1.0, 2.0], [1.0, math.nan])
    with pytest.raises(ValueError, match="a logarithm needs positive y"):
        exponent_interval([1.0, 2.0], [[1.0, 0.0]])
