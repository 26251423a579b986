"""Every row of `ACTIVATIONS` keeps the contract: derivatives, kinks, bounds, precision, memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from nnlab.core.nn.activations import ACTIVATIONS, Activation, find_activation
from nnlab.core.nn.calls import make

Array = NDArray[Any]

LABELS = [*ACTIVATIONS, "leaky_relu:0.2", "elu:0.5", "elu:3"]
EPS32 = float(np.finfo(np.float32).eps)


@pytest.fixture(params=LABELS)
def activation(request: pytest.FixtureRequest) -> Activation:
    """Every activation, and some with a parameter off its default."""
    return find_activation(request.param)


def grid(dtype: Any = np.float64) -> Array:
    """Pre-activations from tiny to large, both signs and both zeros."""
    sizes = np.concatenate([np.geomspace(1e-6, 1e3, 400), np.linspace(0, 12, 1201)])
    return np.concatenate([-sizes, sizes]).astype(dtype)


# ------------------------------------------------------------------ values

# Each to 16 digits from the formula with 30-digit arithmetic (mpmath): z, f(z), f'(z).
REFERENCE = [
    ("relu", 1, 1, 1),
    ("relu", -2, 0, 0),
    ("relu", 0, 0, 0),
    ("leaky_relu", -2, -0.02, 0.01),
    ("leaky_relu:0.2", -2, -0.4, 0.2),
    ("tanh", 1, 0.7615941559557649, 0.4199743416140260),
    ("sigmoid", 1, 0.7310585786300049, 0.1966119332414819),
    ("sigmoid", 0, 0.5, 0.25),
    ("identity", -2, -2, 1),
    ("elu", -1, -0.6321205588285577, 0.3678794411714423),
    ("elu:3", -1, -1.896361676485673, 1.103638323514327),
    ("selu", 1, 1.0507009873554805, 1.0507009873554805),
    ("selu", -1, -1.1113307378125628, 0.6467686030348141),
    ("gelu", 1, 0.8413447460685429, 1.0833154705876863),
    ("gelu", -2, -0.04550026389635841, -0.08523180107819697),
    ("gelu", 0, 0, 0.5),
    ("silu", 1, 0.7310585786300049, 0.9276705118714867),
    ("silu", -2, -0.2384058440442351, -0.09078424878489548),
    ("silu", 0, 0, 0.5),
    ("softplus", 1, 1.3132616875182228, 0.7310585786300049),
    ("softplus", -2, 0.1269280110429725, 0.1192029220221176),
    ("softsign", 1, 0.5, 0.25),
    ("hard_tanh", 0.5, 0.5, 1),
    ("hard_tanh", -3, -1, 0),
    ("hard_tanh", 1, 1, 0),
    ("mish", 1, 0.8650983882673103, 1.0490362200997922),
    ("mish", -2, -0.25250148269570886, -0.10835509242039394),
    ("mish", 0, 0, 0.6),
]


@pytest.mark.parametrize(("label", "z", "value", "slope"), REFERENCE)
def test_reference_values(label: str, z: float, value: float, slope: float) -> None:
    activation = find_activation(label)
    assert activation.f([z])[0] == pytest.approx(value, rel=5e-15, abs=5e-16)
    assert activation.df([z])[0] == pytest.approx(slope, rel=5e-15, abs=5e-16)


def test_reference_values_cover_every_row() -> None:
    assert {find_activation(label).name for label, *_ in REFERENCE} == set(ACTIVATIONS)


def test_selu_keeps_mean_zero_and_variance_one() -> None:
    selu = ACTIVATIONS["selu"]

    def moment(order: int) -> float:
        def integrand(z: float) -> float:
            density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
            return float(selu.f([z])[0]) ** order * density

        return sum(quad(integrand, *ends, epsabs=1e-13)[0] for ends in ((-30, 0), (0, 30)))

    assert moment(1) == pytest.approx(0, abs=1e-12)
    assert moment(2) == pytest.approx(1, abs=1e-12)


def test_ends_of_the_leaky_slope() -> None:
    z = grid()
    for flat, whole in (("relu", "leaky_relu:0"), ("identity", "leaky_relu:1")):
        assert np.array_equal(find_activation(whole).f(z), ACTIVATIONS[flat].f(z))
        assert np.array_equal(find_activation(whole).df(z), ACTIVATIONS[flat].df(z))


def test_integers_count_as_float64() -> None:
    z = np.arange(-3, 4)
    for row in ACTIVATIONS.values():
        assert row.f(z).dtype == row.df(z).dtype == np.float64
        assert np.array_equal(row.f(z), row.f(z.astype(np.float64)))


# ------------------------------------------------------------------ derivatives


def test_slope_is_the_derivative(activation: Activation) -> None:
    h = 1e-5
    z = np.linspace(-8, 8, 3203)
    for kink in activation.kinks:
        z = z[np.abs(z - kink) > 2 * h]
    numerical = (activation.f(z + h) - activation.f(z - h)) / (2 * h)
    assert np.abs(activation.df(z) - numerical).max() < 1e-8


@pytest.mark.parametrize("label", ["leaky_relu", "leaky_relu:0.2", "elu:0.5", *ACTIVATIONS])
def test_kinks_are_where_the_derivative_jumps_or_bends(label: str) -> None:
    activation, h = find_activation(label), 1e-4
    points = np.arange(-3, 3.25, 0.25)
    # over h: of order h where f' is smooth, 1 at a bend, 1/h at a jump
    second = activation.df(points + h) - 2 * activation.df(points) + activation.df(points - h)
    assert set(points[np.abs(second) / h > 0.01]) == set(activation.kinks)


def test_slope_at_a_kink_is_one_of_its_two_sides(activation: Activation) -> None:
    for kink in activation.kinks:
        sides = activation.df([kink - 1e-9, kink + 1e-9])
        assert np.abs(sides - activation.df([kink])).min() < 1e-8


def test_max_slope_is_the_supremum(activation: Activation) -> None:
    z = np.linspace(-40, 40, 800_001)
    steepest = np.abs(activation.df(z)).max()
    assert steepest <= activation.max_slope * (1 + 1e-10)
    assert steepest >= activation.max_slope * (1 - 1e-8)


# ------------------------------------------------------------------ numbers at the edge


def test_float32_follows_float64(activation: Activation) -> None:
    z = grid(np.float32)
    f, df = activation.f(z), activation.df(z)
    assert f.dtype == df.dtype == np.float32
    exact, exact_slope = activation.f(z.astype(np.float64)), activation.df(z.astype(np.float64))
    assert np.abs(f - exact).max(initial=0, where=np.abs(z) <= 1) <= 4 * EPS32
    assert (np.abs(f - exact) / np.maximum(np.abs(z), 1)).max() <= 4 * EPS32
    # the self-gated ones lose a digit: z (1 - gate) for large z
    assert np.abs(df - exact_slope).max() <= 16 * EPS32 * activation.max_slope


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_and_tiny_arguments_stay_finite(activation: Activation, dtype: Any) -> None:
    sizes = np.array([0.0, 1e-45, 1e-38, 20, 50, 88, 89, 104, 710, 750, 1e4, 1e20, 3e38])
    if dtype == np.float64:
        sizes = np.append(sizes, [1e300, 5e-324])
    z = np.concatenate([-sizes, sizes]).astype(dtype)
    f, df = activation.f(z), activation.df(z)
    assert np.isfinite(f).all()
    assert np.isfinite(df).all()
    assert (np.abs(f) <= np.maximum(activation.max_slope, 1) * (np.abs(z.astype(float)) + 1)).all()
    assert (np.abs(df) <= activation.max_slope * 1.000001).all()


def test_both_zeros_are_one(activation: Activation) -> None:
    for dtype in (np.float32, np.float64):
        z = np.array([0.0, -0.0], dtype)
        assert np.equal(*activation.f(z))
        assert np.equal(*activation.df(z))


def test_nan_stays_visible(activation: Activation) -> None:
    assert np.isnan(activation.f(np.array([np.nan])))


# ------------------------------------------------------------------ memory


def test_functions_write_their_outputs_and_nothing_else(activation: Activation) -> None:
    z = np.random.default_rng(0).normal(0, 2, (3, 5))
    original, p = z.copy(), activation.value
    a, d, t = (np.full_like(z, np.nan) for _ in range(3))
    make(activation.forward(z, a, t, p))
    assert np.array_equal(z, original)
    assert np.array_equal(a, activation.f(original))
    activations = a.copy()
    t.fill(np.nan)
    make(activation.slope(z, a, d, t, p))
    assert np.array_equal(z, original)
    assert np.array_equal(a, activations)
    assert np.array_equal(d, activation.df(original))


def test_needs_z_says_whether_the_slope_reads_z(activation: Activation) -> None:
    z = np.linspace(-2, 2, 12)
    a, d, t = activation.f(z), np.empty_like(z), np.empty_like(z)
    make(activation.slope(np.full_like(z, np.nan), a, d, t, activation.value))
    if activation.needs_z:
        assert np.isnan(d).any()
    else:
        assert np.array_equal(d, activation.df(z))


def test_strided_arrays_give_the_same_bits(activation: Activation) -> None:
    z = np.random.default_rng(1).normal(0, 2, (4, 6, 10)).astype(np.float32)
    memory = np.ones((4, 7, 10), np.float32)  # a layer's activations leave a row for the ones
    a, t, d = memory[:, :-1], np.empty_like(z), np.empty_like(z)
    make(activation.forward(z, a, t, activation.value))
    make(activation.slope(z, a, d, t, activation.value))
    assert np.array_equal(a, activation.f(z.ravel()).reshape(z.shape))
    assert np.array_equal(d, activation.df(z.ravel()).reshape(z.shape))
    assert (memory[:, -1] == 1).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_plain_use_takes_any_shape(activation: Activation, dtype: Any) -> None:
    z = np.linspace(-3, 3, 24).astype(dtype).reshape(2, 3, 4)
    for function in (activation.f, activation.df):
        expected = function(z)
        assert expected.shape == z.shape
        assert expected.dtype == dtype
        assert np.array_equal(function(z.T), expected.T)
        assert np.array_equal(function(z[:, ::2]), expected[:, ::2])
        assert function(z[0, 0, 0]).shape == ()
        assert function(z[0, 0, 0]) == expected[0, 0, 0]
        assert function(z[:0]).shape == (0, 3, 4)
