"""The data sets that come along: what a row declares, and what it then delivers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.data import load_dataset
from nnlab.core.data.builtin import BuiltIn, Option
from nnlab.core.data.datasets import DATASETS
from nnlab.core.spec.dataset import DatasetSpec

ROWS = list(DATASETS.values())
GENERATED = [row for row in ROWS if row.options]


@pytest.fixture(params=ROWS, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> BuiltIn:
    assert isinstance(request.param, BuiltIn)
    return request.param


@pytest.fixture(params=GENERATED, ids=lambda row: row.name)
def generated(request: pytest.FixtureRequest) -> BuiltIn:
    assert isinstance(request.param, BuiltIn)
    return request.param


def test_the_sets_of_the_design_are_there() -> None:
    expected = "digits iris wine breast_cancer diabetes moons circles blobs xor spirals sine"
    assert list(DATASETS) == expected.split()
    assert all(name == row.name for name, row in DATASETS.items())


def test_a_row_says_what_it_is(row: BuiltIn) -> None:
    assert row.description
    assert row.source
    assert row.task in ("classification", "regression")
    assert (row.classes == 0) == (row.task == "regression")


def test_the_arrays_are_as_declared(row: BuiltIn) -> None:
    data = load_dataset(DatasetSpec(name=row.name))
    assert data.name == row.name
    assert data.task == row.task
    assert data.X.shape == (row.n, row.features)
    assert data.X.dtype == np.float64
    assert len(data.features) == len(set(data.features)) == row.features
    assert len(data.classes) == len(set(data.classes)) == row.classes
    assert np.isfinite(data.X).all()
    if row.task == "classification":
        assert data.y.dtype == np.int64
        np.testing.assert_array_equal(np.unique(data.y), np.arange(row.classes))
    else:
        assert data.y.dtype == np.float64
        assert data.y.shape == (row.n, 1)
        assert np.isfinite(data.y).all()


def test_loading_twice_gives_the_same_bytes(row: BuiltIn) -> None:
    spec = DatasetSpec(name=row.name)
    assert load_dataset(spec).content_hash == load_dataset(spec).content_hash


def test_no_two_sets_share_a_hash() -> None:
    hashes = {load_dataset(DatasetSpec(name=row.name)).content_hash for row in ROWS}
    assert len(hashes) == len(ROWS)


def test_defaults_pass_their_own_check(row: BuiltIn) -> None:
    defaults = row.complete({})
    assert row.problems(defaults) == []
    assert {type(value) for value in defaults.values()} <= {int, float}
    assert row.counts({}) == (row.n, row.features, row.classes)


def test_the_seed_of_a_generated_set_changes_the_numbers(generated: BuiltIn) -> None:
    small = {"n": 40}
    first = generated.load({**small, "seed": 0})
    assert not np.array_equal(first.X, generated.load({**small, "seed": 1}).X)
    np.testing.assert_array_equal(first.X, generated.load(small).X)


@given(data=st.data())
def test_counts_tell_the_truth_for_any_options(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(GENERATED))
    options: dict[str, object] = {"n": data.draw(st.integers(4, 60))}
    for name in {"classes", "features"} & set(row.options):
        options[name] = data.draw(st.integers(2, 9))
    counts = row.counts(options)
    if not row.problems(options):
        arrays = row.load(options)
        assert arrays.X.shape == (counts.n, counts.features)
        assert len(arrays.classes) == counts.classes
        if counts.classes:
            per_class = np.bincount(arrays.y.astype(int))
            assert len(per_class) == counts.classes
            assert per_class.max() - per_class.min() <= 2  # balanced (odd n in four quadrants)


def test_without_noise_the_shapes_are_exact() -> None:
    circles = DATASETS["circles"].load({"noise": 0, "factor": 0.25})
    radius = np.hypot(*circles.X.T)
    np.testing.assert_allclose(radius, np.where(circles.y == 0, 1.0, 0.25))

    xor = DATASETS["xor"].load({"noise": 0})
    np.testing.assert_array_equal(xor.y, (xor.X[:, 0] > 0) != (xor.X[:, 1] > 0))

    sine = DATASETS["sine"].load({"noise": 0, "periods": 2})
    np.testing.assert_allclose(sine.y, np.sin(4 * np.pi * sine.X))

    # On arm j of k the angle less 2 pi turns r is 2 pi j / k, whole turns aside.
    spirals = DATASETS["spirals"].load({"noise": 0, "classes": 3, "turns": 1.25})
    angle = np.arctan2(spirals.X[:, 1], spirals.X[:, 0])
    arm = (angle / (2 * np.pi) - 1.25 * np.hypot(*spirals.X.T)) % 1.0 * 3
    np.testing.assert_allclose((arm - spirals.y + 0.5) % 3.0, 0.5, atol=1e-9)


def test_noise_is_a_standard_deviation() -> None:
    quiet, loud = (DATASETS["sine"].load({"n": 20_000, "noise": noise}) for noise in (0, 0.3))
    np.testing.assert_array_equal(quiet.X, loud.X)
    assert (loud.y - quiet.y).std() == pytest.approx(0.3, rel=0.03)


OPTION = Option(3, 1, 10, int, "how many")


@pytest.mark.parametrize("value", [1, 10, 5.0])
def test_values_that_fit(value: object) -> None:
    assert OPTION.problem("k", value) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (11, "11"),
        (2.5, "2.5"),
        (float("nan"), ".nan"),
        (float("inf"), ".inf"),
        pytest.param(10**5000, "a whole number of hundreds of digits", id="huge"),
        (True, "true"),
        ("3", "'3' (text)"),
        (None, "nothing (null)"),
        ([3], "a list"),
    ],
)
def test_values_that_do_not_fit(value: object, shown: str) -> None:
    assert OPTION.problem("k", value) == f"'k' is a whole number from 1 to 10, not {shown}"


def test_a_fraction_is_a_number_from() -> None:
    noise = DATASETS["moons"].options["noise"]
    assert noise.problem("noise", -0.1) == "'noise' is a number from 0 to 10, not -0.1"


def test_every_option_of_a_row_has_a_default_within_its_bounds(generated: BuiltIn) -> None:
    for name, option in generated.options.items():
        assert option.problem(name, option.default) is None
        assert option.description
    assert {"n", "seed"} <= set(generated.options)


def test_wrong_options_are_all_named() -> None:
    moons = DATASETS["moons"]
    assert moons.problems({"nois": 1, "n": -1}) == [
        "unknown option of 'moons' 'nois'; did you mean 'noise'? Allowed: n, noise, seed",
        "'n' is a whole number from 4 to 1000000, not -1",
    ]
    assert DATASETS["iris"].problems({"n\x1b": 10}) == [
        "'iris' has no options; remove 'n\\x1b'",
    ]
    assert DATASETS["blobs"].problems({"n": 10, "classes": 6}) == [
        "'n' (=10) must be at least twice the number of classes (=6)"
    ]


def test_importing_the_table_is_light() -> None:
    code = (
        "import sys, nnlab.core.data.datasets, nnlab.core.data;"
        "print([m for m in ('sklearn', 'scipy', 'polars', 'pydantic') if m in sys.modules])"
    )
    path = [str(Path(entry).resolve()) for entry in sys.path if entry]
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {path!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
