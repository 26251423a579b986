"""The names of activations, and the numbers some carry: spelling, bounds, messages."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.nn.activations import ACTIVATIONS, Activation, find_activation
from nnlab.core.nn.initializers import AUTO, INITIALIZERS
from nnlab.core.nn.parameters import Parameter, join_label, split_label

PARAMETRIZED = [row for row in ACTIVATIONS.values() if row.parameter is not None]


def test_a_name_finds_its_row() -> None:
    for name, row in ACTIVATIONS.items():
        assert find_activation(name) is row
        assert row.name == row.label == name


def test_aliases_lead_to_the_row_and_to_its_canonical_name() -> None:
    assert find_activation("logistic").label == "sigmoid"
    assert find_activation("linear").label == "identity"
    assert find_activation("swish").label == "silu"
    names = [alias for row in ACTIVATIONS.values() for alias in (row.name, *row.aliases)]
    assert len(set(names)) == len(names)


def test_every_row_is_described() -> None:
    for row in ACTIVATIONS.values():
        assert "z" in row.formula
        assert re.search(r"\b(19|20)\d\d$", row.paper)
        assert row.initialization in INITIALIZERS
        assert row.initialization != AUTO


@pytest.mark.parametrize("row", PARAMETRIZED, ids=lambda row: str(row.name))
@given(data=st.data())
def test_a_label_reads_back_as_the_same_number(row: Activation, data: st.DataObject) -> None:
    assert row.parameter is not None
    value = data.draw(st.floats(row.parameter.low, row.parameter.high))
    found = find_activation(f"{row.name}:{value!r}")
    assert found.value == value
    assert find_activation(found.label) == found


def test_labels_are_short_where_they_can_be() -> None:
    assert find_activation("leaky_relu:0.20").label == "leaky_relu:0.2"
    assert find_activation("leaky_relu:0.01").label == "leaky_relu"
    assert find_activation("leaky_relu:-0").label == "leaky_relu:0"
    assert find_activation(" elu : 2e0 ").label == "elu:2"
    assert join_label("normal", 0.1234567) == "normal:0.1234567"
    assert split_label("relu") == ("relu", None)
    assert split_label("relu:") == ("relu", "")


def test_the_parameter_changes_the_function() -> None:
    assert find_activation("leaky_relu:0.2").f([-1.0])[0] == -0.2
    assert find_activation("elu:2").f([-1.0])[0] == pytest.approx(2 * np.expm1(-1))
    assert find_activation("elu:2").max_slope == 2
    assert find_activation("elu:0.5").max_slope == 1


def test_unknown_activation_names_the_nearest_and_all() -> None:
    with pytest.raises(ValueError, match=r"unknown activation 'rleu'; did you mean 'relu'\?") as e:
        find_activation("rleu")
    assert str(e.value).endswith(f"Allowed: {', '.join(ACTIVATIONS)}")
    with pytest.raises(ValueError, match=r"unknown activation 'xyz'\. Allowed: relu, leaky_relu"):
        find_activation("xyz")
    with pytest.raises(ValueError, match="unknown activation ''"):
        find_activation("")


@pytest.mark.parametrize("label", ["relu:0.1", "gelu:", "swish:1"])
def test_a_number_for_a_row_that_takes_none(label: str) -> None:
    name = label.partition(":")[0]
    message = f"activation '{name}' takes no parameter, but '{label}' gives it one"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        find_activation(label)


@pytest.mark.parametrize("text", ["-0.1", "1.01", "nan", "inf", "steep", ""])
def test_a_slope_out_of_bounds(text: str) -> None:
    message = (
        f"'leaky_relu:{text}': slope (slope for z <= 0) must be a number from 0 to 1, not {text!r}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        find_activation(f"leaky_relu:{text}")


@pytest.mark.parametrize("text", ["0", "-1", "10.1"])
def test_an_alpha_out_of_bounds(text: str) -> None:
    message = (
        f"'elu:{text}': alpha (-f(z) as z -> -inf) must be a number from 0.01 to 10, not {text!r}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        find_activation(f"elu:{text}")


def test_bounds_are_allowed_values() -> None:
    parameter = Parameter("slope", default=0.5, low=0.0, high=1.0, meaning="of a line")
    assert parameter.read("0", "x:0") == 0
    assert parameter.read("1", "x:1") == 1


@pytest.mark.parametrize("label", ["leaky_relu(0.2)", "leaky_relu=0.2", " leaky_relu ( 0.2 ) "])
def test_other_ways_to_write_a_parameter_are_understood(label: str) -> None:
    with pytest.raises(ValueError, match=r"did you mean 'leaky_relu:0\.2'\? A parameter stands"):
        find_activation(label)


@pytest.mark.parametrize("label", ["relu(0.2)", "leaky_relu=much", "rleu(0.2)", "leaky_relu(2"])
def test_what_is_no_parameter_is_not_suggested(label: str) -> None:
    with pytest.raises(ValueError, match=r"unknown activation .* Allowed: relu"):
        find_activation(label)
