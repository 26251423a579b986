"""Splitting and standardizing: hand-worked numbers, and laws that hold for any data."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nnlab.core.data import Dataset, Split, load_dataset, split
from nnlab.core.errors import DataError
from nnlab.core.spec.dataset import DatasetSpec


def regression(X: Any, y: Any = None) -> Dataset:
    X = np.array(X, dtype=np.float64)
    y = np.arange(len(X), dtype=np.float64)[:, None] if y is None else np.array(y, np.float64)
    names = tuple(f"x{j}" for j in range(X.shape[1]))
    return Dataset("made", X, y, "regression", (), names)


def classification(y: Any, k: int | None = None) -> Dataset:
    """One feature, the index of the example, so that examples can be told apart."""
    codes = np.array(y, dtype=np.int64)
    names = tuple(f"c{j}" for j in range(k or int(codes.max()) + 1))
    X = np.arange(len(codes), dtype=np.float64)[:, None]
    return Dataset("made", X, codes, "classification", names, ("index",))


def test_standardization_by_hand() -> None:
    """Two columns of the training part: 1, 2, 3 (mean 2, variance 2/3) and the constant 7."""
    data = regression([[1, 7], [2, 7], [3, 7], [10, 8]], y=[[0], [10], [20], [100]])
    parts = seed_with_test_row(data, 3)
    s = np.sqrt(2 / 3)
    order = parts.X_train[:, 0].argsort()
    np.testing.assert_allclose(parts.X_train[order], [[-1 / s, 0], [0, 0], [1 / s, 0]], atol=1e-15)
    # the test row 10, 8 is 8 above the mean of the first, 1 above the constant second
    np.testing.assert_allclose(parts.X_test, [[8 / s, 1]])
    # the target: mean 10, variance 200/3
    t = np.sqrt(200 / 3)
    np.testing.assert_allclose(parts.y_train[order], [[-10 / t], [0], [10 / t]], atol=1e-15)
    np.testing.assert_allclose(parts.y_test, [[90 / t]])


def seed_with_test_row(data: Dataset, row: int) -> Split:
    """Split off one example, with the first seed that takes that row."""
    for seed in range(100):
        raw = split(data, 1 / len(data.X), seed, standardize=False)
        if np.array_equal(raw.X_test[0], data.X[row]):
            return split(data, 1 / len(data.X), seed, standardize=True)
    raise AssertionError(f"no seed takes row {row}")


def test_a_constant_that_binary_numbers_cannot_write_stays_constant() -> None:
    """np.std of ten times 0.1 is 1.4e-17, not 0; dividing by that would invent a feature."""
    parts = split(regression([[0.1]] * 10), 0.2, 0, standardize=True)
    assert not parts.X_train.any()
    assert not parts.X_test.any()


def test_differences_too_small_to_square_are_only_shifted() -> None:
    parts = split(regression([[1e-200], [2e-200], [3e-200]]), 0, 0, standardize=True)
    assert np.abs(parts.X_train).max() < 1e-199


def test_classification_leaves_the_labels_alone() -> None:
    parts = split(classification([0, 1] * 10), 0.2, 0, standardize=True)
    assert parts.y_train.dtype == np.int64
    assert set(parts.y_train) == {0, 1}


def test_without_standardize_the_values_are_those_of_the_file() -> None:
    data = regression([[3, 1], [4, 1], [5, 9], [2, 6]])
    parts = split(data, 0.25, 1, standardize=False)
    rows = np.concatenate([parts.X_train, parts.X_test])
    assert sorted(map(tuple, rows)) == sorted(map(tuple, data.X))
    assert parts.y_train.max() <= 3.0


def test_it_is_the_split_of_scikit_learn() -> None:
    X, y = load_digits(return_X_y=True)
    expected = train_test_split(X, y, test_size=0.2, random_state=3, stratify=y)
    parts = split(load_dataset(DatasetSpec(name="digits")), 0.2, 3, standardize=False)
    for ours, theirs in zip(
        (parts.X_train, parts.X_test, parts.y_train, parts.y_test), expected, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_no_test_part() -> None:
    data = load_dataset(DatasetSpec(name="iris"))
    parts = split(data, 0, 0, standardize=True)
    assert parts.X_test.shape == (0, 4)
    assert parts.y_test.shape == (0,)
    assert parts.X_train.shape == (150, 4)
    # iris comes sorted by class; the first examples of a training part must be a sample
    assert set(parts.y_train[:20]) == {0, 1, 2}
    assert set(split(data, 0, 1, standardize=True).y_train[:20]) == {0, 1, 2}


@given(
    counts=st.lists(st.integers(5, 40), min_size=2, max_size=4),
    fraction=st.floats(0.25, 0.75),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_class_is_split_alike_and_nothing_is_lost(
    counts: list[int], fraction: float, seed: int
) -> None:
    data = classification(np.repeat(np.arange(len(counts)), counts))
    parts = split(data, fraction, seed, standardize=False)
    everything = np.concatenate([parts.X_train, parts.X_test])[:, 0]
    np.testing.assert_array_equal(np.sort(everything), data.X[:, 0])
    assert len(parts.X_test) == np.ceil(fraction * len(data.X))
    for code, count in enumerate(counts):
        assert abs((parts.y_test == code).sum() - fraction * count) < 2
    for X, y in ((parts.X_train, parts.y_train), (parts.X_test, parts.y_test)):
        np.testing.assert_array_equal(data.y[X[:, 0].astype(int)], y)


@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_only_the_training_part_sets_mean_and_deviation(
    seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    data = regression(scale * rng.standard_normal((20, 3)) + shift, rng.standard_normal((20, 2)))
    parts = split(data, 0.25, seed, standardize=True)
    for train in (parts.X_train, parts.y_train):
        np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(train.std(axis=0), 1)
    # whatever stands in the test part, the training part does not move by one bit
    raw = split(data, 0.25, seed, standardize=False)
    in_test = (data.X[:, None] == raw.X_test[None]).all(axis=2).any(axis=1)
    changed = split(regression(np.where(in_test[:, None], 1e6, data.X), data.y), 0.25, seed, True)
    np.testing.assert_array_equal(changed.X_train, parts.X_train)
    np.testing.assert_array_equal(changed.y_train, parts.y_train)


def test_arrays_are_contiguous_doubles_that_nobody_can_change() -> None:
    mine = np.asfortranarray(np.arange(20.0).reshape(10, 2))
    data = Dataset("made", mine, np.arange(10.0)[:, None], "regression", (), ("a", "b"))
    parts = split(data, 0.3, 0, standardize=True)
    for array in (data.X, data.y, parts.X_train, parts.X_test, parts.y_train, parts.y_test):
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    mine[0, 0] = 5  # the caller's own array stays the caller's


def test_the_hash_covers_what_fixes_numbers_and_nothing_else() -> None:
    X, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])

    def digest(**changes: Any) -> str:
        fields: dict[str, Any] = {
            "name": "a",
            "X": X,
            "y": y,
            "task": "classification",
            "classes": ("u", "v"),
            "features": ("p", "q"),
        }
        return Dataset(**(fields | changes)).content_hash

    assert len(digest()) == 64
    assert digest() == digest(name="b") == digest(classes=("s", "t")) == digest(features=("r", "s"))
    assert digest() == digest(X=np.asfortranarray(X))
    different = [
        digest(),
        digest(X=X + 1e-15),
        digest(X=X.reshape(2, 3)),
        digest(X=X.astype(np.float32)),
        digest(y=np.array([0, 1, 1])),
        digest(classes=("u", "v", "w")),
        digest(task="regression"),
    ]
    assert len(set(different)) == len(different)


def test_the_hash_of_a_split_depends_on_all_that_it_does() -> None:
    data = load_dataset(DatasetSpec(name="wine"))
    settings: list[tuple[float, int, bool]] = [
        (0.2, 0, True),
        (0.3, 0, True),
        (0.2, 1, True),
        (0.2, 0, False),
        (0.0, 0, True),
        (0.0, 1, True),
    ]
    hashes = [split(data, *setting).content_hash for setting in settings]
    assert len(set(hashes)) == len(hashes)
    assert hashes == [split(data, *setting).content_hash for setting in settings]


@pytest.mark.parametrize(
    ("data", "fraction", "message"),
    [
        (classification([0, 0, 0, 1]), 0.5, r"class 'c1' has 1 example\(s\); at least 2"),
        (classification([0, 1, 2] * 4), 0.1, "leaves 10 for training and 2 for testing, but each"),
        (classification([0, 1] * 4), 0.9, "leaves 0 for training; make it smaller"),
        (classification([0] * 40 + [1] * 2), 0.9, "leaves 4 for training, none of class 'c1'"),
        (regression([[1], [2]]), 0.99, "leaves 0 for training"),
        (regression([[1], [2]]), 1.0, "'test_fraction' must be at least 0 and below 1, not 1.0"),
        (regression([[1], [2]]), float("nan"), "below 1, not nan"),
        (regression([[1e300], [-1e300], [5]]), 0, r"x0 has values too large .*\(up to 1e\+300\)"),
        (regression([[1], [2]], y=[[1e200], [-1e200]]), 0, "the target has values too large"),
    ],
)
def test_splits_that_cannot_be(data: Dataset, fraction: float, message: str) -> None:
    with pytest.raises(DataError, match=message):
        split(data, fraction, 0, standardize=True)


def test_a_test_value_beyond_the_scale_of_the_training_part() -> None:
    data = regression([[0.0], [1e-9], [2e-9], [1e305]])
    with pytest.raises(DataError, match=r"x0 has values too large .*\(up to 1e\+305\)"):
        seed_with_test_row(data, 3)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(DataError, match=f"'split_seed' must be from 0 to 4294967295, not {seed}"):
        split(regression([[1], [2]]), 0.5, seed, standardize=False)


def test_unknown_names_and_options_are_refused_here_too() -> None:
    """The spec refuses them first; a `DatasetSpec` made by hand passes it by."""
    unknown = DatasetSpec.model_construct(name="digit", options={})
    with pytest.raises(DataError, match="unknown data set 'digit'; did you mean 'digits'"):
        load_dataset(unknown)
    wrong = DatasetSpec.model_construct(name="moons", options={"n": 1, "noise": -1})
    with pytest.raises(DataError, match=r"data set 'moons': 'n' is .* not 1; 'noise' is .* not -1"):
        load_dataset(wrong)


def test_a_label_tells_the_options() -> None:
    data = load_dataset(DatasetSpec(name="spirals", options={"n": 50}))
    assert data.name == "spirals(n=50)"
    assert data.X.shape == (50, 2)
