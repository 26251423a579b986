"""The thresholds that are found are those that are known, and stable forms have none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from nnlab.core.analysis.float_limits import (
    CROSS_ENTROPY,
    DTYPES,
    NAIVE_PAIR,
    PROBE,
    PROBES,
    find_threshold,
    naive_binary_cross_entropy,
    naive_softmax,
    values_along,
)
from nnlab.core.nn.losses import PAIRS


@pytest.mark.parametrize(
    ("name", "dtype", "known"),
    [
        ("exp", "float16", 11.09),
        ("exp", "float32", 88.72283),
        ("exp", "float64", math.log(np.finfo(np.float64).max)),
        ("softmax-overflow", "float32", 88.72283),
        ("cross-entropy", "float32", 88.72283),
        ("sigmoid", "float32", 16.64),
        ("binary", "float32", 16.64),
        # half the smallest denormal rounds to 0: ln 2^150, ln 2^1075, ln 2^25
        ("softmax-underflow", "float32", 150 * math.log(2)),
        ("softmax-underflow", "float64", 1075 * math.log(2)),
        ("true-class", "float16", 25 * math.log(2)),
    ],
)
def test_known_thresholds(name: str, dtype: str, known: float) -> None:
    found = find_threshold(PROBE[name], dtype)
    assert found.last == pytest.approx(known, rel=5e-4)
    assert found.first is not None
    assert found.first == float(np.nextafter(np.dtype(dtype).type(found.last), np.inf, dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_it_holds_at_the_last_and_not_at_the_next(probe, dtype: str) -> None:  # type: ignore[no-untyped-def]
    found, kind = find_threshold(probe, dtype), np.dtype(dtype).type
    with np.errstate(all="ignore"):
        assert probe.holds(probe.value(kind(found.last)))
        if found.first is None:
            assert found.last == np.finfo(dtype).max
        else:
            assert not probe.holds(probe.value(kind(found.first)))


def test_only_what_is_computed_stably_holds_for_all() -> None:
    always = {p.name for p in PROBES if find_threshold(p, "float32").first is None}
    assert always == {"softmax-max", "softmax-max-low", "log-sum-exp", "binary-stable"}


def test_the_textbooks_example() -> None:
    z = np.array([[[1000.0, 0.0]]], np.float32)
    with np.errstate(all="ignore"):
        assert np.array_equal(naive_softmax(z)[0, 0], [np.nan, 0.0], equal_nan=True)
    (value,) = values_along(PROBE["log-sum-exp"], "float32", np.array([1000.0]))
    assert value == 1000.0
    assert values_along(PROBE["softmax-max"], "float32", np.array([1000.0]))[0] == 1.0


def test_where_nothing_breaks_the_naive_forms_are_the_stable_ones() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((1, 6, 3)), np.eye(3)[rng.integers(3, size=(1, 6))]
    deltas = np.empty_like(z), np.empty_like(z)
    naive = NAIVE_PAIR.loss_and_delta(z, y, deltas[0])
    stable = CROSS_ENTROPY.loss_and_delta(z.copy(), y, deltas[1])
    np.testing.assert_allclose(naive, stable, rtol=1e-12)
    np.testing.assert_allclose(*deltas, rtol=1e-10, atol=1e-15)
    one = z[..., :1]
    binary = PAIRS["binary_cross_entropy", "sigmoid"]
    found = binary.loss_and_delta(one.copy(), y[..., :1], np.empty_like(one))
    np.testing.assert_allclose(naive_binary_cross_entropy(one, y[..., :1])[..., 0], found)


def test_a_probe_that_never_holds_is_refused() -> None:
    never = replace(PROBE["exp"], holds=lambda value: False)
    with pytest.raises(ValueError, match=r"exp\(x\) is not finite even at 0.001"):
        find_threshold(never, "float64")
