"""Softmax with a temperature: its limit, its derivative, and argmax's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nnlab.core.analysis.soft_argmax import (
    decay,
    gap_of,
    hardmax,
    jacobian,
    slopes_by_differences,
    soften,
    softmax,
)

Array = NDArray[Any]
logits = st.lists(st.floats(-5, 5), min_size=2, max_size=6).map(np.array)


def test_two_classes_by_hand() -> None:
    found = soften(np.array([1.0, 0.0]), 0.5)  # p = sigmoid(2)
    p = 1 / (1 + math.exp(-2))
    assert found.p == pytest.approx([p, 1 - p])
    assert found.distance == pytest.approx(1 - p)
    assert found.index == pytest.approx(1 * p + 2 * (1 - p))
    assert found.maximum == pytest.approx(0.5 * math.log(math.exp(2) + 1))
    # dp1/dz = p (1 - p) / T (1, -1): four such entries, so twice that
    assert found.slope == pytest.approx(2 * p * (1 - p) / 0.5)


def test_cold_it_is_the_argmax() -> None:
    z = np.array([0.3, 2.0, 1.0])
    found = soften(z, 0.01)
    np.testing.assert_allclose(found.p, hardmax(z), atol=1e-40)
    assert found.distance == pytest.approx(math.exp(-100) + math.exp(-170), rel=1e-6)
    assert (found.index, found.maximum) == (2.0, 2.0)


@given(logits)
def test_the_derivative_is_that_of_differences(z: Array) -> None:
    np.testing.assert_allclose(jacobian(z), slopes_by_differences(z, hard=False), atol=1e-8)
    np.testing.assert_allclose(jacobian(z).sum(axis=0), 0.0, atol=1e-14)  # the p sum to 1


@given(logits, st.floats(-100, 100))
def test_only_differences_count(z: Array, shift: float) -> None:
    np.testing.assert_allclose(softmax(z + shift, 1.0), softmax(z, 1.0), rtol=1e-10, atol=1e-300)


def test_argmax_has_no_derivative() -> None:
    assert not slopes_by_differences(np.array([1.0, 0.5]), hard=True).any()
    assert slopes_by_differences(np.array([1.0, 1.0]), hard=True).any()  # a jump, at a tie


def test_the_decay_is_the_gaps() -> None:
    z = np.array([0.0, 1.0, 3.0])
    assert gap_of(z) == 2.0
    assert decay(z, 2.0) == pytest.approx(1.0, abs=1e-5)
    assert decay(np.array([3.0, 0.0, 3.0]), 2.0) == pytest.approx(0.0, abs=1e-6)  # a tie stays 1/2
