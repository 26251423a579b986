"""Losses and outputs: from logits, without overflow, and with the conventions of the contract."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import log_loss, mean_squared_error

from nnlab.core.nn.losses import LOSSES, OUTPUTS, PAIRS, Pair, outputs_for, sum_outputs

Array = NDArray[Any]
DTYPES = (np.float32, np.float64)


@pytest.fixture(params=list(PAIRS.values()), ids=lambda pair: f"{pair.loss}+{pair.output}")
def pair(request: pytest.FixtureRequest) -> Pair:
    """Every pair that may be chosen."""
    chosen: Pair = request.param
    return chosen


def apply(pair: Pair, z: Any, y: Any, dtype: Any = np.float64) -> tuple[Array, Array]:
    """l_i `(runs, batch)` and dl_i/dz; `z` and `y` are left alone."""
    logits = np.array(z, dtype)
    delta = np.full_like(logits, np.nan)
    return pair.loss_and_delta(logits, np.asarray(y, dtype), delta), delta


def examples(outputs: int = 3, batch: int = 7, runs: int = 2) -> tuple[Array, Array]:
    """Moderate logits and one-hot targets."""
    rng = np.random.default_rng(outputs)
    z = rng.normal(0, 2, (runs, batch, outputs))
    return z, np.eye(outputs)[rng.integers(outputs, size=(runs, batch))]


# ------------------------------------------------------------------ the tables


def test_every_loss_pairs_with_its_default_output() -> None:
    for name, loss in LOSSES.items():
        assert loss.name == name
        assert outputs_for(name)[0] == loss.default_output
        assert {(name, output) for output in outputs_for(name)} <= set(PAIRS)
    assert sum(len(outputs_for(name)) for name in LOSSES) == len(PAIRS)
    assert outputs_for("mse") == ("identity", "relu", "sigmoid", "softmax")
    assert {output for _, output in PAIRS} == set(OUTPUTS)
    for (loss_name, output_name), row in PAIRS.items():
        assert (row.loss, row.output) == (loss_name, output_name)


# ------------------------------------------------------------------ by the definitions


def naive_softmax(z: list[float]) -> list[float]:
    exponentials = [math.exp(v) for v in z]
    return [e / sum(exponentials) for e in exponentials]


NAIVE_OUTPUTS: dict[str, Callable[[list[float]], list[float]]] = {
    "softmax": naive_softmax,
    "sigmoid": lambda z: [1 / (1 + math.exp(-v)) for v in z],
    "identity": lambda z: z,
    "relu": lambda z: [max(v, 0.0) for v in z],
}


def naive_loss(name: str, yhat: list[float], y: list[float]) -> float:
    """The loss of one example straight from its definition."""
    both = list(zip(yhat, y, strict=True))
    if name == "cross_entropy":
        return -sum(t * math.log(p) for p, t in both)
    if name == "binary_cross_entropy":
        terms = [t * math.log(p) + (1 - t) * math.log(1 - p) for p, t in both]
        return -sum(terms) / len(both)
    return sum((p - t) ** 2 for p, t in both) / len(both)


def test_loss_is_its_definition(pair: Pair) -> None:
    z, y = examples()
    loss, _ = apply(pair, z, y)
    for at in np.ndindex(loss.shape):
        yhat = NAIVE_OUTPUTS[pair.output](z[at].tolist())
        assert loss[at] == pytest.approx(naive_loss(pair.loss, yhat, y[at].tolist()), rel=1e-12)


def test_output_is_its_definition() -> None:
    z, _ = examples()
    for name, output in OUTPUTS.items():
        values = output.function(z)
        assert values is not z
        for at in np.ndindex(z.shape[:-1]):
            assert values[at].tolist() == pytest.approx(NAIVE_OUTPUTS[name](z[at].tolist()))


def test_delta_is_the_derivative_of_the_loss(pair: Pair) -> None:
    z, y = examples()
    h, delta = 1e-5, apply(pair, z, y)[1]
    for k in range(z.shape[-1]):
        step = np.zeros_like(z)
        step[..., k] = h
        numerical = (apply(pair, z + step, y)[0] - apply(pair, z - step, y)[0]) / (2 * h)
        assert delta[..., k] == pytest.approx(numerical, rel=1e-7, abs=1e-9)


def test_soft_targets_of_binary_cross_entropy() -> None:
    pair = PAIRS["binary_cross_entropy", "sigmoid"]
    # z = ln 3: sigmoid 3/4. l = -[0.2 ln(3/4) + 0.8 ln(1/4)], dl/dz = 3/4 - 0.2
    loss, delta = apply(pair, [[[math.log(3)]]], [[[0.2]]])
    assert loss[0, 0] == pytest.approx(-0.2 * math.log(0.75) - 0.8 * math.log(0.25))
    assert delta[0, 0, 0] == pytest.approx(0.55)


def test_softmax_cross_entropy_has_gradient_p_minus_y() -> None:
    z, y = examples(5)
    _, delta = apply(PAIRS["cross_entropy", "softmax"], z, y)
    assert delta == pytest.approx(OUTPUTS["softmax"].function(z) - y, abs=1e-15)
    assert delta.sum(axis=-1) == pytest.approx(np.zeros((2, 7)), abs=1e-15)


def test_means_are_over_outputs_where_the_contract_says_so() -> None:
    z, y = np.zeros((1, 1, 4)), np.ones((1, 1, 4))
    assert apply(PAIRS["mse", "identity"], z, y)[0] == 1  # not 4
    assert apply(PAIRS["mse", "identity"], z, y)[1] == pytest.approx(-0.5 * y)  # 2 (0 - 1) / 4
    loss, delta = apply(PAIRS["binary_cross_entropy", "sigmoid"], z, y)
    assert loss == pytest.approx(math.log(2))
    assert delta == pytest.approx(-0.125 * y)  # (1/2 - 1) / 4
    one_hot = np.array([[[1.0, 0, 0, 0]]])
    assert apply(PAIRS["cross_entropy", "softmax"], z, one_hot)[0] == pytest.approx(math.log(4))


def test_against_scikit_learn() -> None:
    z, y = examples(4, batch=30, runs=1)
    ce, bce, mse = (
        apply(PAIRS[key], z, y)[0].mean()
        for key in (("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid"),
                    ("mse", "sigmoid"))
    )  # fmt: skip
    p = OUTPUTS["softmax"].function(z)[0]
    assert ce == pytest.approx(log_loss(y[0].argmax(axis=1), p, labels=range(4)), rel=1e-12)
    s = OUTPUTS["sigmoid"].function(z)[0]
    each = [log_loss(y[0, :, k], s[:, k], labels=[0, 1]) for k in range(4)]
    assert bce == pytest.approx(np.mean(each), rel=1e-12)
    assert mse == pytest.approx(mean_squared_error(y[0], s), rel=1e-12)


# ------------------------------------------------------------------ far logits


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy_of_far_logits_is_exact(dtype: Any) -> None:
    pair, wrong = PAIRS["cross_entropy", "softmax"], [[[0, 1]]]
    for z, expected in (([1000, 0], 1000), ([1e4, -1e4], 2e4), ([-1e4, 1e4], 0), ([88, 0], 88)):
        loss, delta = apply(pair, [[z]], wrong, dtype)
        assert loss[0, 0] == expected
        sign = np.sign(expected)
        assert delta[0, 0] == pytest.approx([sign, -sign], abs=1e-25)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("z", [-1e4, -100.0, 100.0, 1e4])
def test_binary_cross_entropy_of_far_logits_is_exact(dtype: Any, y: float, z: float) -> None:
    loss, delta = apply(PAIRS["binary_cross_entropy", "sigmoid"], [[[z]]], [[[y]]], dtype)
    assert loss[0, 0] == pytest.approx(max(z if y == 0 else -z, 0), rel=0, abs=1e-25)
    assert delta[0, 0, 0] == pytest.approx((z > 0) - y, rel=0, abs=1e-25)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_pair_overflows(pair: Pair, dtype: Any) -> None:
    z = [[[1e4, 0, -1e4], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4], [0, 0, 1e4]]]
    loss, delta = apply(pair, z, [[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]], dtype)
    assert loss.dtype == delta.dtype == dtype
    assert np.isfinite(loss).all()
    assert np.isfinite(delta).all()
    assert (loss >= 0).all()


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_squared_error_of_a_saturated_output_is_one_with_no_gradient(output: str) -> None:
    loss, delta = apply(PAIRS["mse", output], [[[1e4, -1e4]]], [[[0, 1]]])
    assert loss[0, 0] == 1
    assert (delta == 0).all()


def test_numbers_of_the_softmax_chapter() -> None:
    softmax, sigmoid = OUTPUTS["softmax"].function, OUTPUTS["sigmoid"].function
    far = np.array([1000.0, 0.0], np.float32)
    assert softmax(far).tolist() == [1, 0]
    z = np.array([0.3, 1.0, 0.9])
    assert softmax(z).argmax() == 1
    assert softmax(z).max() < 0.5  # soft, not one-hot ...
    assert softmax(z / 1e-3) == pytest.approx([0, 1, 0], abs=1e-40)  # ... until it is cooled
    assert sigmoid(np.array([16.64], np.float32))[0] == 1
    assert sigmoid(np.array([16.6], np.float32))[0] < 1


@given(
    z=st.lists(st.floats(-50, 50), min_size=2, max_size=6),
    shift=st.floats(-1e3, 1e3),
    data=st.data(),
)
def test_softmax_does_not_see_a_common_shift(z: list[float], shift: float, data: Any) -> None:
    y = np.eye(len(z))[data.draw(st.integers(0, len(z) - 1))]
    for name in ("cross_entropy", "mse"):
        loss, delta = apply(PAIRS[name, "softmax"], [[z]], [[y]])
        shifted, shifted_delta = apply(PAIRS[name, "softmax"], [[np.add(z, shift)]], [[y]])
        assert shifted == pytest.approx(loss, rel=1e-9, abs=1e-11)
        assert shifted_delta == pytest.approx(delta, rel=1e-9, abs=1e-11)


def test_float32_follows_float64(pair: Pair) -> None:
    z, y = examples()
    z = z.astype(np.float32)
    loss, delta = apply(pair, z, y, np.float32)
    exact, exact_delta = apply(pair, z, y)
    assert loss == pytest.approx(exact, rel=1e-5, abs=1e-6)
    assert delta == pytest.approx(exact_delta, rel=1e-5, abs=1e-6)


# ------------------------------------------------------------------ without the losses

PAIRS_THAT_TELL = [pair for pair in PAIRS.values() if pair.delta_below is not None]
strange = st.sampled_from([math.inf, -math.inf, math.nan, 3e38])


@pytest.mark.parametrize("pair", PAIRS_THAT_TELL, ids=lambda pair: f"{pair.loss}+{pair.output}")
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([0.0, 1.0, 20.0, 59.0, 61.0, 200.0]),
    shape=st.sampled_from([(1, 3, 4), (2, 2, 3), (10, 1, 1), (10, 3, 2)]),
    above=st.sampled_from([-1.0, -0.01, 0.01, 1.0, 100.0]),
    odd=st.none() | strange,
    dtype=st.sampled_from(DTYPES),
)
def test_a_signal_without_its_losses_is_the_same_signal(
    pair: Pair, seed: int, spread: float, shape: tuple[int, int, int], above: float,
    odd: float | None, dtype: Any,
) -> None:  # fmt: skip
    """Where it says True no loss is above the ceiling; where False, the losses are still there."""
    rng = np.random.default_rng(seed)
    memory = rng.uniform(-spread / 2, spread / 2, shape).astype(dtype)
    if odd is not None:
        memory.flat[rng.integers(memory.size)] = odd
    y = np.eye(shape[0], dtype=dtype)[rng.integers(shape[0], size=shape[1:])]
    kept = memory.transpose(1, 2, 0)
    with np.errstate(all="ignore"):
        losses, expected = apply(pair, kept, y, dtype)
        ceiling = float(np.nanmax(losses, initial=0.0)) + above
        delta = np.full_like(memory, 7).transpose(1, 2, 0)
        assert pair.delta_below is not None
        if pair.delta_below(kept, y, delta)(ceiling):
            assert (losses <= ceiling).all()
            assert delta.tobytes() == expected.tobytes()
        else:
            assert (delta == 7).all()
            again, late = apply(pair, kept, y, dtype)
            assert np.array_equal(again, losses, equal_nan=True)
            assert np.array_equal(late, expected, equal_nan=True)


@pytest.mark.parametrize("pair", PAIRS_THAT_TELL, ids=lambda pair: f"{pair.loss}+{pair.output}")
def test_ordinary_losses_need_not_be_known(pair: Pair) -> None:
    z, y = examples()
    delta = np.empty_like(z)
    assert pair.delta_below is not None
    begin = pair.delta_below(z.copy(), y, delta)
    assert begin(20.0)
    assert not pair.delta_below(z.copy(), y, delta)(0.5)


# ------------------------------------------------------------------ shapes


def test_targets_broadcast_over_runs(pair: Pair) -> None:
    z, y = examples(runs=3)
    shared = apply(pair, z, y[:1])
    own = apply(pair, z, np.repeat(y[:1], 3, axis=0))
    assert np.array_equal(shared[0], own[0])
    assert np.array_equal(shared[1], own[1])


@pytest.mark.parametrize("outputs", [1, 2, 9, 10, 300])
def test_sum_over_outputs_has_the_same_bits_for_one_example_and_many(outputs: int) -> None:
    values = np.random.default_rng(3).normal(size=(outputs, 4, 5)).astype(np.float32)
    many = sum_outputs(values.transpose(1, 2, 0))
    assert many == pytest.approx(values.astype(np.float64).sum(axis=0), abs=1e-4)
    for r, b in np.ndindex(4, 5):
        alone = np.ascontiguousarray(values[:, r : r + 1, b : b + 1]).transpose(1, 2, 0)
        assert sum_outputs(alone)[0, 0] == many[r, b]
