"""A spec and its data: what they decide, and what does not fit them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest

from nnlab.core.errors import SpecError
from nnlab.core.nn.losses import LOSSES, OUTPUTS, PAIRS
from nnlab.core.spec import (
    DatasetSpec,
    parse_spec,
    resolve,
)
from nnlab.core.spec.rules import steps_in, training_count
from tests.spec_texts import refused, spec_of


@dataclass(frozen=True)
class FakeData:
    """As much of a data set as `resolve` looks at."""

    task: str = "classification"
    n: int = 100
    classes: tuple[str, ...] = ("a", "b", "c")
    name: str = "fake"

    @property
    def X(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.zeros((self.n, 2))


BCE = "binary_cross_entropy"
TWO_CLASSES = FakeData(classes=("a", "b"))
REGRESSION = FakeData("regression", classes=())


# ------------------------------------------------------------------ with the data


@pytest.mark.parametrize(
    ("text", "data", "loss", "output"),
    [
        ("", FakeData(), "cross_entropy", "softmax"),
        ("", TWO_CLASSES, "cross_entropy", "softmax"),
        ("loss: " + BCE, TWO_CLASSES, BCE, "sigmoid"),
        ("loss: mse", FakeData(), "mse", "identity"),
        ("loss: mse\noutput: softmax", FakeData(), "mse", "softmax"),
        ("dataset: sine", REGRESSION, "mse", "identity"),
        ("dataset: sine\noutput: relu", REGRESSION, "mse", "relu"),
    ],
)  # fmt: skip
def test_the_data_decide_loss_and_output(text: str, data: FakeData, loss: str, output: str) -> None:
    resolved = resolve(spec_of(text), data)
    assert (resolved.loss, resolved.output) == (loss, output)
    assert resolve(resolved, data) == resolved
    assert parse_spec(resolved.to_yaml()) == resolved


CSV = "dataset: {csv: d.csv, target: y}\n"


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        ("output: softmax\nloss: mse", REGRESSION, "output .softmax. is for classification, and"),
        ("loss: cross_entropy", REGRESSION, "loss 'cross_entropy' is for classification, and f"),
        ("output: sigmoid", FakeData(), "output 'sigmoid' goes with binary_cross_entropy, mse"),
        ("batch_size: 81", FakeData(), r"batch_size \(=81\) is larger than the training part of f"),
        ("batch_size: full\nwarmup_steps: 20", FakeData(), r"warmup_steps \(=20\) must be below"),
        ("", FakeData(n=1), r"test_fraction \(=0.2\) leaves no training example of the 1 of fake"),
        ("", FakeData(classes=("a",)), "fake has a single class: there is nothing to learn"),
        ("", FakeData(name="\x1b[31m", classes=("a",)), r"\\x1b\[31m has a single class"),
    ],
)  # fmt: skip
def test_a_spec_that_does_not_fit_its_data(text: str, data: FakeData, message: str) -> None:
    spec = spec_of(CSV + text)
    with pytest.raises(SpecError, match=message) as caught:
        resolve(spec, data)
    assert caught.value.exit_code == 2


def test_everything_that_does_not_fit_the_data_is_listed_with_its_place() -> None:
    spec = spec_of(CSV + "loss: cross_entropy\nbatch_size: [8, 90, 95]\n", source="s.yaml")
    with pytest.raises(SpecError) as caught:
        resolve(spec, REGRESSION)
    assert caught.value.source == "s.yaml"
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    assert places == [(3, 7), (4, 17), (4, 21)]


def test_the_size_of_the_training_part_is_that_of_the_split() -> None:
    from nnlab.core.data import load_dataset, split

    dataset = load_dataset(DatasetSpec(name="moons", options={"n": 101}))
    for fraction in (0.0, 0.2, 0.33, 0.5):
        parts = split(dataset, fraction, 0, standardize=True)
        assert len(parts.X_train) == training_count(101, fraction)


def test_steps_of_an_epoch_drop_the_last_short_batch() -> None:
    # 10 examples by 4: two whole batches; by 10: one; full: one
    assert [steps_in(3, size, 10) for size in (4, 10, "full")] == [6, 3, 3]


@pytest.mark.parametrize("pair", sorted(product(LOSSES, OUTPUTS)))
def test_a_loss_and_an_output_go_together_exactly_when_the_table_says(
    pair: tuple[str, str],
) -> None:
    text = f"dataset: iris\nloss: {pair[0]}\noutput: {pair[1]}\n"
    if pair in PAIRS:
        assert spec_of(text).loss == pair[0]
    else:
        assert "goes with" in refused(text)[0].message
