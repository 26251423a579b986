"""A learning rate of its own for each activation: `learning_rate: {relu: 0.1, tanh: 0.2}`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nnlab.core.errors import SpecError
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.spec import json_schema, make_spec, parse_spec
from nnlab.core.spec.rates import OwnRates
from tests.small import small_plan, small_spec

SPEC = "name: x\nactivation: [relu, swish, 'leaky_relu:0.2']\n"
RATES = {"relu": 0.1, "silu": 0.2, "leaky_relu:0.2": 0.3}


def test_each_activation_is_trained_at_its_own_rate() -> None:
    plan = small_plan(learning_rate={"relu": 0.1, "tanh": 0.4}, seeds=2)
    found = [(run.activation, run.learning_rate, run.seed) for run in plan.runs]
    assert found == [("relu", 0.1, 0), ("relu", 0.1, 1), ("tanh", 0.4, 0), ("tanh", 0.4, 1)]


def test_its_runs_are_those_of_the_same_rates_shared() -> None:
    own = small_plan(learning_rate={"relu": 0.1, "tanh": 0.4})
    shared = small_plan(learning_rate=[0.1, 0.4])
    assert {run.id for run in own.runs} < {run.id for run in shared.runs}


def test_aliases_and_parameters_become_canonical() -> None:
    spec = parse_spec(f"{SPEC}learning_rate: {{leaky_relu:0.20: 0.3, silu: .2, relu: 1e-1}}")
    assert isinstance(spec.learning_rate, OwnRates)
    assert spec.learning_rate.written() == RATES
    assert [spec.rates_of(name) for name in spec.activation] == [(0.1,), (0.2,), (0.3,)]
    assert spec.n_runs == 3


def test_it_is_written_and_read_again() -> None:
    spec = make_spec(name="x", activation=list(RATES), learning_rate=RATES)
    assert "learning_rate: {relu: 0.1, silu: 0.2, leaky_relu:0.2: 0.3}" in spec.to_yaml()
    assert parse_spec(spec.to_yaml()) == spec


@given(
    st.lists(st.sampled_from(list(ACTIVATIONS)), min_size=1, unique=True).flatmap(
        lambda names: st.fixed_dictionaries(dict.fromkeys(names, st.floats(1e-6, 1e3)))
    ),
    st.integers(1, 5),
)
def test_any_mapping_survives_and_has_one_rate_each(rates: dict[str, float], seeds: int) -> None:
    spec = make_spec(name="x", activation=list(rates), learning_rate=rates, seeds=seeds)
    assert parse_spec(spec.to_yaml()) == spec
    assert spec.n_runs == len(rates) * seeds


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ("{relu: 0.1, silu: 0.2}", "learning_rate has no rate for 'leaky_relu:0.2': each activ"),
        ("{relu: 0.1, silu: 1, leaky_relu:0.2: 1, tanh: 1}",
         "learning_rate names 'tanh', which is not among the activations: relu, silu, leaky"),
        ("{rleu: 0.1}", "learning_rate: unknown activation 'rleu'; did you mean 'relu'?"),
        ("{relu: fast}", r"learning_rate, relu: expected a number above 0, got 'fast' \(text\)"),
        ("{relu: 0}", "learning_rate, relu: expected a number above 0, got 0"),
        ("{silu: 0.1, swish: 0.2}", "learning_rate: 'silu' is given twice"),
        ("{relu: [0.1, 0.2]}", "learning_rate, relu: expected a number above 0, got a list"),
        ("{}", "log-spaced rates are written"),
        ("{from: 0.1, relu: 0.2}", "log-spaced rates are written"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(rates: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_spec(f"{SPEC}learning_rate: {rates}\n")


def test_a_wrong_activation_is_the_only_thing_told() -> None:
    """That the rates then do not fit the activations goes without saying."""
    with pytest.raises(SpecError) as caught:
        parse_spec("name: x\nactivation: [relu, tahn]\nlearning_rate: {relu: 1, tanh: 1}\n")
    assert len(caught.value.problems) == 1


def test_the_schema_agrees() -> None:
    validator = Draft202012Validator(json_schema()["properties"]["learning_rate"])
    assert validator.is_valid(RATES)
    for wrong in ({}, {"rleu": 0.1}, {"relu": 0}, {"relu": "fast"}, {"from": 1, "relu": 1}):
        assert not validator.is_valid(wrong), wrong


def test_the_folders_spec_repeats_the_study(tmp_path: Path) -> None:
    spec = small_spec(learning_rate={"relu": 0.1, "tanh": 0.4})
    path = tmp_path / "again.yaml"
    path.write_text(spec.to_yaml())
    assert small_plan(learning_rate={"relu": 0.1, "tanh": 0.4}).digest == (
        small_plan(**{"learning_rate": spec.learning_rate.written()}).digest  # type: ignore[union-attr]
    )
