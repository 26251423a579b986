"""Pairs by seed, and runs that gave no number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nnlab.core.analysis.pairs import (
    finite_part,
    median_rank_last,
    pair_by_seed,
    paired_difference,
    paired_ratio,
    rank_last,
)

FIRST = {0: 30.0, 1: 41.0, 2: 26.0, 3: 39.0, 4: 33.0}
SECOND = {4: 90.0, 3: 131.0, 2: 80.0, 1: 122.0, 0: 95.0}


def test_pairs_go_by_seed_and_not_by_order() -> None:
    pairs = pair_by_seed(FIRST, SECOND)
    assert pairs.seeds == (0, 1, 2, 3, 4)
    assert pairs.second.tolist() == [95.0, 122.0, 80.0, 131.0, 90.0]
    assert pairs.non_finite_share == 0.0


def test_paired_intervals_are_those_of_scipys_paired_test() -> None:
    pairs = pair_by_seed(FIRST, SECOND)
    difference = paired_difference(pairs)
    theirs = stats.ttest_rel(pairs.first, pairs.second)
    assert difference.p_value(0.0) == pytest.approx(theirs.pvalue)
    bounds = theirs.confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((bounds.low, bounds.high))

    ratio = paired_ratio(pairs)
    on_logs = stats.ttest_rel(np.log(pairs.first), np.log(pairs.second))
    assert ratio.p_value(1.0) == pytest.approx(on_logs.pvalue)
    bounds = on_logs.confidence_interval(0.95)
    ends = (math.exp(bounds.low), math.exp(bounds.high))
    assert (ratio.low, ratio.high) == pytest.approx(ends)


def test_pairing_removes_what_a_seed_shares() -> None:
    rng = np.random.default_rng(0)
    luck = rng.normal(0.0, 1.0, 10)  # a good split helps both conditions
    first = dict(enumerate(luck + 0.2 + 0.01 * rng.standard_normal(10)))
    second = dict(enumerate(luck))
    paired = paired_difference(pair_by_seed(first, second))
    unpaired = stats.ttest_ind(list(first.values()), list(second.values()))
    assert paired.p_value(0.0) < 1e-9
    assert unpaired.pvalue > 0.5


@given(st.dictionaries(st.integers(0, 99), st.floats(0.1, 10.0), min_size=2))
def test_exchanging_the_two_inverts_a_ratio_and_negates_a_difference(
    values: dict[int, float],
) -> None:
    other = {seed: 1.0 + value * (1 + seed % 3) for seed, value in values.items()}
    there, back = pair_by_seed(values, other), pair_by_seed(other, values)
    ratio, inverse = paired_ratio(there), paired_ratio(back)
    assert inverse.estimate == pytest.approx(1.0 / ratio.estimate)
    assert inverse.low == pytest.approx(1.0 / ratio.high)
    assert paired_difference(back).estimate == pytest.approx(-paired_difference(there).estimate)


def test_a_pair_with_a_lost_run_is_left_out_and_named() -> None:
    pairs = pair_by_seed({**FIRST, 1: math.inf}, {**SECOND, 3: None})
    assert pairs.seeds == (0, 2, 4)
    assert pairs.left_out == (1, 3)
    assert pairs.non_finite_share == 0.4
    assert paired_ratio(pairs).n == 3


def test_what_cannot_be_paired_is_refused() -> None:
    with pytest.raises(ValueError, match="only one of the two conditions has seeds 4, 9"):
        pair_by_seed(FIRST, {**dict.fromkeys(range(4), 1.0), 9: 1.0})
    with pytest.raises(ValueError, match="there is no pair to compare"):
        pair_by_seed({}, {})
    with pytest.raises(ValueError, match="a ratio needs positive values, not -1"):
        paired_ratio(pair_by_seed({0: -1.0, 1: 1.0}, {0: 2.0, 1: 2.0}))
    with pytest.raises(ValueError, match="there is none"):
        paired_ratio(pair_by_seed({0: None}, {0: 1.0}))


def test_finite_values_are_kept_in_order_and_the_others_counted() -> None:
    kept, lost = finite_part([3.0, math.nan, None, 1.0, -math.inf])
    assert kept.tolist() == [3.0, 1.0]
    assert lost == 3


def test_lost_runs_share_the_last_ranks() -> None:
    assert rank_last([0.3, math.nan, 0.1, None, 0.3]).tolist() == [2.5, 4.5, 1.0, 4.5, 2.5]
    assert rank_last([0.3, -math.inf, 0.9], better="higher").tolist() == [2.0, 3.0, 1.0]


@given(st.lists(st.floats(-10.0, 10.0), min_size=1))
def test_ranks_of_finite_values_are_scipys(values: list[float]) -> None:
    assert rank_last(values).tolist() == stats.rankdata(values).tolist()


def test_a_median_counts_lost_runs_as_the_worst() -> None:
    assert median_rank_last([1.0, 2.0, math.nan]) == 2.0
    assert median_rank_last([1.0, math.nan, None]) == math.inf
    assert median_rank_last([0.9, 0.8, None], better="higher") == 0.8
    assert median_rank_last([0.9, None, None], better="higher") == -math.inf
    with pytest.raises(ValueError, match="a median needs at least one value"):
        median_rank_last([])
