"""Curves through a scaling study: laws that generate the data are found again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnlab.core.analysis.scaling_fits import (
    exponent,
    fit_hyperbola,
    fit_power,
    fit_saturating,
    parabola,
)

BATCH = (8, 16, 32, 64, 128, 256, 512)


def test_the_vertex_by_hand() -> None:
    # ln cost = (ln rate)^2 at rates e^-1, 1, e^2 would need neighbours: here 1/2, 1, 2 and cost
    # exp of (x - ln 2 / 4)^2: vertex 2^(1/4), cost 1
    shift = math.log(2) / 4
    rates = (0.25, 0.5, 1.0, 2.0, 4.0)
    costs = [math.exp((math.log(rate) - shift) ** 2) for rate in rates]
    assert parabola(rates, costs) == pytest.approx((2**0.25, 1.0))


def test_the_vertex_stays_among_its_points() -> None:
    # falling to the last finite cost: the best tried is on the edge, the vertex no further out
    rate, _ = parabola((1.0, 2.0, 4.0, 8.0), (8.0, 4.0, 3.9, math.inf))
    assert 2.0 <= rate <= 4.0


def test_without_three_finite_costs_the_best_tried_is_taken() -> None:
    assert parabola((1.0, 2.0, 4.0), (math.inf, 5.0, 6.0)) == pytest.approx((2.0, 5.0))
    rate, cost = parabola((1.0, 2.0), (math.inf, math.inf))
    assert math.isnan(rate)
    assert cost == math.inf


def test_exponent_by_hand() -> None:
    assert exponent((1, 2, 4), (1.0, 2.0, 4.0)) == pytest.approx(1.0)
    assert exponent((1, 4), (3.0, 6.0)) == pytest.approx(0.5)
    assert math.isnan(exponent((1, 4), (3.0, math.nan)))


@settings(max_examples=20)
@given(st.floats(1e-3, 10), st.floats(10.0, 400.0))
def test_a_saturating_law_is_found_again(scale: float, bend: float) -> None:
    rates = scale / (1 + bend / np.array(BATCH))
    law = fit_saturating(BATCH, rates)
    assert (law.scale, law.bend) == pytest.approx((scale, bend), rel=1e-3)
    assert law.resolved
    assert law.error < 1e-4 < fit_power(BATCH, rates).error
    assert law.at(BATCH) == pytest.approx(rates, rel=1e-3)


@settings(max_examples=20)
@given(st.floats(1.0, 1e3), st.floats(10.0, 400.0))
def test_a_hyperbola_is_found_again(scale: float, bend: float) -> None:
    steps = scale * (1 + bend / np.array(BATCH))
    law = fit_hyperbola(BATCH, steps)
    assert (law.scale, law.bend) == pytest.approx((scale, bend), rel=1e-3)
    assert law.at(BATCH) == pytest.approx(steps, rel=1e-3)


@settings(max_examples=20)
@given(st.floats(1e-3, 10), st.floats(-1, 2))
def test_a_power_law_is_found_again(scale: float, power: float) -> None:
    rates = scale * np.array(BATCH, float) ** power
    law = fit_power(BATCH, rates)
    assert (law.scale, law.bend) == pytest.approx((scale, power), rel=1e-9, abs=1e-9)
    assert law.at(BATCH) == pytest.approx(rates)


def test_a_bend_beyond_what_was_measured_is_not_resolved() -> None:
    assert not fit_saturating(BATCH, [0.01 * b for b in BATCH]).resolved
    assert not fit_saturating(BATCH, [0.1 for _ in BATCH]).resolved
