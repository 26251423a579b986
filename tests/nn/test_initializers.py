"""Initial weights: the distribution of every rule, paired draws, `auto`, names and messages."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnlab.core.nn.activations import ACTIVATIONS, find_activation
from nnlab.core.nn.initializers import (
    INITIALIZERS,
    find_initializer,
    parse_initialization,
)
from nnlab.core.nn.mlp import initial_parameters, layer_views

Array = NDArray[Any]
RELU = ACTIVATIONS["relu"]
LABELS = [*INITIALIZERS, "normal:0.5", "orthogonal:2"]


def draw(label: str, fan_in: int, fan_out: int, seed: int = 0) -> tuple[Array, Array]:
    row = find_initializer(label, RELU)
    return row.draw(np.random.default_rng(seed), fan_in, fan_out, row.value)


# ------------------------------------------------------------------ distributions


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("fan_in", "fan_out"), [(400, 300), (300, 400)])
def test_variance_is_as_declared(label: str, fan_in: int, fan_out: int) -> None:
    row = find_initializer(label, RELU)
    weights, biases = draw(label, fan_in, fan_out)
    assert weights.shape == (fan_in, fan_out)
    assert biases.shape == (fan_out,)
    variance = row.variance(fan_in, fan_out, row.value)
    # 120,000 draws: the sample variance is known to sqrt(2/n) = 0.4 %
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert abs(weights.mean()) < 5 * math.sqrt(variance / weights.size)
    assert (biases**2).mean() == pytest.approx(
        row.bias_variance(fan_in, fan_out, row.value), rel=0.2
    )


def test_variances_by_hand() -> None:
    expected = {
        "he": 2 / 50, "glorot": 2 / 80, "lecun": 1 / 50, "torch": 1 / 150,
        "normal": 0.0001, "orthogonal": 1 / 50, "normal:0.5": 0.25, "orthogonal:2": 4 / 50,
    }  # fmt: skip
    for label, variance in expected.items():
        row = find_initializer(label, RELU)
        assert row.variance(50, 30, row.value) == pytest.approx(variance)
    assert set(expected) == set(LABELS)


@pytest.mark.parametrize("label", LABELS)
def test_only_torch_draws_biases(label: str) -> None:
    assert (draw(label, 20, 30)[1] == 0).all() == (label != "torch")


def test_torch_is_uniform_within_one_over_root_fan_in() -> None:
    weights, biases = draw("torch", 100, 500)
    for values in (weights, biases):
        assert 0.098 < np.abs(values).max() <= 0.1
        # a uniform law: the quartiles of |w| are quarters of the bound
        assert np.quantile(np.abs(values), [0.25, 0.5, 0.75]) == pytest.approx(
            [0.025, 0.05, 0.075], rel=0.15
        )


@pytest.mark.parametrize(("fan_in", "fan_out"), [(30, 12), (12, 30), (20, 20)])
def test_orthogonal_has_equal_singular_values(fan_in: int, fan_out: int) -> None:
    weights, _ = draw("orthogonal:1.5", fan_in, fan_out)
    small = weights.T @ weights if fan_in >= fan_out else weights @ weights.T
    assert small == pytest.approx(2.25 * np.eye(min(fan_in, fan_out)), abs=1e-12)


def test_orthogonal_is_uniform_over_the_group() -> None:
    # The trace of a uniform orthogonal matrix has mean 0 and variance 1; QR alone is biased.
    rng = np.random.default_rng(1)
    row = find_initializer("orthogonal", RELU)
    traces = [np.trace(row.draw(rng, 4, 4, 1.0)[0]) for _ in range(2000)]
    assert abs(np.mean(traces)) < 5 / math.sqrt(2000)
    assert np.var(traces) == pytest.approx(1, rel=0.15)


# ------------------------------------------------------------------ paired draws


def test_rules_scale_one_draw() -> None:
    standard = np.random.default_rng(0).standard_normal((6, 4))
    for label in ("he", "glorot", "lecun", "normal", "normal:3"):
        row = find_initializer(label, RELU)
        scale = math.sqrt(row.variance(6, 4, row.value))
        assert draw(label, 6, 4)[0] == pytest.approx(standard * scale, rel=1e-15)


def test_a_whole_net_is_the_same_draw_scaled_layer_by_layer() -> None:
    sizes = (5, 7, 3, 2)

    def layers(label: str, activation: str = "relu") -> list[Array]:
        rule = find_initializer(label, find_activation(activation))
        flat = initial_parameters(sizes, rule, np.random.default_rng(4))
        return [layer[0, :-1] for layer in layer_views(flat[None], sizes)]

    for fan_in, he, lecun, leaky in zip(
        sizes, layers("he"), layers("lecun"), layers("auto", "leaky_relu:0.5"), strict=False
    ):
        assert lecun == pytest.approx(he / math.sqrt(2), rel=1e-15)
        assert leaky == pytest.approx(he / math.sqrt(1.25), rel=1e-15)
        assert (np.abs(he) < 6 * math.sqrt(2 / fan_in)).all()


def test_another_seed_is_another_draw() -> None:
    for label in LABELS:
        assert not np.array_equal(draw(label, 3, 3)[0], draw(label, 3, 3, seed=1)[0])
        assert np.array_equal(draw(label, 3, 3)[0], draw(label, 3, 3)[0])


# ------------------------------------------------------------------ auto


def test_auto_takes_the_rule_made_for_the_activation() -> None:
    made_for = {
        "relu": "he", "leaky_relu": "he", "elu": "he", "gelu": "he", "silu": "he",
        "softplus": "he", "mish": "he", "selu": "lecun", "tanh": "glorot", "sigmoid": "glorot",
        "identity": "glorot", "softsign": "glorot", "hard_tanh": "glorot",
    }  # fmt: skip
    assert set(made_for) == set(ACTIVATIONS)
    for name, rule in made_for.items():
        assert find_initializer("auto", ACTIVATIONS[name]).name == rule


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.2, 1.0])
def test_auto_heeds_the_leaky_slope_and_he_does_not(slope: float) -> None:
    leaky = find_activation(f"leaky_relu:{slope}")
    auto, he = find_initializer("auto", leaky), find_initializer("he", leaky)
    assert auto.variance(50, 9, auto.value) == pytest.approx(2 / ((1 + slope**2) * 50))
    assert he.variance(50, 9, he.value) == pytest.approx(2 / 50)


def test_other_parameters_do_not_reach_the_rule() -> None:
    auto = find_initializer("auto", find_activation("elu:3"))
    assert auto.variance(50, 9, auto.value) == pytest.approx(2 / 50)


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("label", "canonical"),
    [
        ("auto", "auto"),
        (" auto ", "auto"),
        ("he", "he"),
        ("normal", "normal:0.01"),
        ("normal:1e-2", "normal:0.01"),
        ("orthogonal", "orthogonal:1"),
        ("orthogonal:1.0", "orthogonal:1"),
        ("torch", "torch"),
        ("normal:0.1234567", "normal:0.1234567"),
    ],
)
def test_canonical_spelling(label: str, canonical: str) -> None:
    assert parse_initialization(label) == canonical
    assert parse_initialization(canonical) == canonical


def test_unknown_rule_names_the_nearest_and_all() -> None:
    allowed = "auto, he, glorot, lecun, orthogonal, normal, torch"
    message = f"unknown initialization 'xaver'. Allowed: {allowed}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_initialization("xaver")
    with pytest.raises(ValueError, match=r"unknown initialization 'glorod'; did you mean 'glorot'"):
        find_initializer("glorod", RELU)


@pytest.mark.parametrize("label", ["he:2", "torch:", "auto:0.1"])
def test_a_number_for_a_rule_that_takes_none(label: str) -> None:
    name = label.partition(":")[0]
    message = f"initialization '{name}' takes no parameter, but '{label}' gives it one"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_initialization(label)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "101", "wide"])
def test_a_deviation_out_of_bounds(text: str) -> None:
    message = (
        f"'normal:{text}': deviation (standard deviation) must be a number from 1e-12 to 100, "
        f"not {text!r}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_initialization(f"normal:{text}")


def test_a_gain_out_of_bounds() -> None:
    message = "'orthogonal:0': gain (common singular value) must be a number from 1e-06 to 100"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}, not '0'$"):
        parse_initialization("orthogonal:0")
