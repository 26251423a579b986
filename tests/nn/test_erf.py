"""The error function against SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from nnlab.core.nn.erf import erf


def ours(x: NDArray[Any]) -> NDArray[Any]:
    out, scratch = np.full_like(x, np.nan), np.full_like(x, np.nan)
    before = x.copy()
    erf(x, out, scratch)
    assert np.array_equal(x, before, equal_nan=True)
    return out


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 5e-7), (np.float64, 4e-16)])
def test_error_is_as_documented(dtype: Any, error: float) -> None:
    x = np.concatenate([np.linspace(-7, 7, 140_001), np.geomspace(1e-300, 1, 301)]).astype(dtype)
    assert np.abs(ours(x) - special.erf(x.astype(np.float64))).max() < error


def test_double_precision_is_relative_near_zero() -> None:
    x = np.geomspace(1e-300, 0.02, 500)
    assert ours(x) == pytest.approx(special.erf(x), rel=5e-16, abs=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ends(dtype: Any) -> None:
    x = np.array([-np.inf, -1e30, -6.5, -0.0, 0.0, 6.5, 1e30, np.inf, np.nan], dtype)
    expected = np.array([-1, -1, -1, 0, 0, 1, 1, 1, np.nan])
    assert ours(x) == pytest.approx(expected, abs=float(np.finfo(dtype).eps), nan_ok=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_odd_and_bounded(dtype: Any) -> None:
    x = np.linspace(0, 8, 10_001).astype(dtype)
    assert np.array_equal(ours(-x), -ours(x))
    assert (np.abs(ours(x)) <= 1 + np.finfo(dtype).eps).all()
