"""Data sets and their split: what a training run sees, as plain arrays.

`load_dataset` turns the `dataset` of a spec into a `Dataset`, wherever it comes from; `split`
cuts that into the training part and the test part: stratified, seeded, standardized.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.data.datasets import DATASETS
from nnlab.core.data.inputs import listing
from nnlab.core.errors import ColumnError, DataError
from nnlab.core.suggest import nearest, unknown
from nnlab.core.wording import shown

if TYPE_CHECKING:
    from nnlab.core.data.csv_file import Layout
    from nnlab.core.data.encoding import Target
    from nnlab.core.spec.dataset import DatasetSpec

Features = NDArray[np.float64]
"""(n, d), finite."""

Labels = NDArray[np.int64] | NDArray[np.float64]
"""Classification: (n,) int64 class codes; regression: (n, k) float64."""

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Examples with their labels; the arrays are C-contiguous and read-only."""

    name: str
    """The label that goes into the tables: `digits`, `spirals(noise=0.1)`, `iris.csv`."""
    X: Features
    y: Labels
    task: str
    """`classification` or `regression`."""
    classes: tuple[str, ...]
    """Names of the classes in the order of their codes; () for regression."""
    features: tuple[str, ...]
    """Names of the columns of X."""

    def __post_init__(self) -> None:
        _freeze(self, "X", "y")

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of what fixes numbers; computed anew at each call.

        It covers the task, the number of classes, and dtype, shape and bytes of X and y. It does
        not cover names (of the data set, its classes, its features): they fix no number.
        """
        return _content_hash(self.task, len(self.classes), [self.X, self.y])


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What a training run sees; the arrays are C-contiguous and read-only.

    The training part is in an order fixed by the split's seed: its first 1,024 examples are a
    random sample of it. The test part may be empty.
    """

    name: str
    task: str
    classes: tuple[str, ...]
    X_train: Features
    X_test: Features
    y_train: Labels
    y_test: Labels
    content_hash: str
    """SHA-256 (hex) of the four arrays as in `Dataset.content_hash`: fixes a run's numbers."""
    features: tuple[str, ...] = ()
    """Names of the columns of X, where they have names."""

    def __post_init__(self) -> None:
        _freeze(self, "X_train", "X_test", "y_train", "y_test")


def load_dataset(spec: DatasetSpec, loss: str | None = None) -> Dataset:
    """The data set that a spec names: a built-in one, a CSV or NPZ file, or one from OpenML.

    `loss` decides whether the target of a file or of OpenML is a class or a number, by the rule of
    `encoding.encode_target`. Control characters in the names of columns and classes are escaped.

    Raises `DataError`, saying what is wrong and what would mend it.
    """
    if spec.csv is not None:
        return _from_csv(spec, loss)
    if spec.npz is not None:
        from nnlab.core.data.archives import read_npz

        X, target = read_npz(spec.npz, loss)
        return _encoded(spec.label, X, target, [f"x{j + 1}" for j in range(X.shape[1])])
    if spec.openml is not None:
        from nnlab.core.data.openml import fetch

        X, target, features = fetch(spec.openml, spec.version, loss)
        return _encoded(spec.label, X, target, features)
    row = DATASETS.get(spec.name or "")
    if row is None:
        raise DataError(unknown("data set", str(spec.name), DATASETS))
    if problems := row.problems(spec.options):
        raise DataError(f"data set '{row.name}': {'; '.join(problems)}")
    arrays = row.load(spec.options)
    return Dataset(spec.label, arrays.X, arrays.y, row.task, arrays.classes, arrays.features)


def _from_csv(spec: DatasetSpec, loss: str | None) -> Dataset:
    from nnlab.core.data.csv_file import find_layout
    from nnlab.core.data.encoding import encode_features, encode_target
    from nnlab.core.data.tables import read_table

    path, target = spec.csv, spec.target
    assert path is not None
    assert target is not None
    layout = find_layout(path)
    _check_columns(layout, target, spec.leave_out)
    columns = read_table(layout, spec.leave_out)
    goal = columns.pop([column.name for column in columns].index(target))
    encoded = encode_target(goal, loss, layout.place)
    X, features = encode_features(columns, layout.place, "name it under 'leave_out'")
    return _encoded(spec.label, X, encoded, features)


def _check_columns(layout: Layout, target: str, leave_out: Sequence[str]) -> None:
    """Raises `ColumnError` where the table lacks a column that is named, or no feature is left."""
    named: list[tuple[str, str, tuple[str | int, ...]]] = [(target, "predict", ("target",))]
    named += [(name, "leave out", ("leave_out", i)) for i, name in enumerate(leave_out)]
    for name, purpose, path in named:
        if name not in layout.names:
            guess = nearest(name, layout.names)
            hint = f"; did you mean '{shown(guess)}'?" if guess else "."
            raise ColumnError(
                f"{layout.place}: has no column '{shown(name)}' to {purpose}{hint} "
                f"Columns: {listing(layout.names)}",
                *path,
            )
    if target in leave_out:
        what = f"'{shown(target)}' is to be predicted and left out, too"
        raise ColumnError(f"{layout.place}: {what}", "leave_out", leave_out.index(target))
    if len(leave_out) == len(layout.names) - 1:
        raise ColumnError(f"{layout.place}: every column but the target is left out", "leave_out")


def _encoded(label: str, X: Features, target: Target, features: Sequence[str]) -> Dataset:
    classes, names = (
        tuple(shown(text, _LONGEST_NAME) for text in texts) for texts in (target.classes, features)
    )
    return Dataset(label, X, target.y, target.task, classes, names)


def split(dataset: Dataset, test_fraction: float, split_seed: int, standardize: bool) -> Split:
    """Shuffle by `split_seed` and cut off ceil(`test_fraction` n) examples as the test part.

    It is scikit-learn's `train_test_split(X, y, test_size=test_fraction,
    random_state=split_seed)`, stratified by `y` for classification; with `test_fraction` 0 all
    examples are training, permuted by `RandomState(split_seed)`.

    `standardize` subtracts the mean of the training part from every feature, and for regression
    from the target, and divides by its standard deviation (population, ddof 0); what is constant
    in the training part is only shifted.

    Raises `DataError` when a part would be empty or a class missing from one, and for values too
    large to standardize.
    """
    train, test = _cut(dataset, test_fraction, split_seed)
    X_train, X_test = dataset.X[train], dataset.X[test]
    y_train, y_test = dataset.y[train], dataset.y[test]
    if standardize:
        X_train, X_test = _standardized(X_train, X_test, dataset, dataset.features)
        if dataset.task == "regression":
            y_train, y_test = _standardized(y_train, y_test, dataset, ("the target",))
    arrays = X_train, X_test, y_train, y_test
    content = _content_hash(dataset.task, len(dataset.classes), arrays)
    return Split(
        dataset.name, dataset.task, dataset.classes, X_train, X_test, y_train, y_test, content,
        dataset.features,
    )  # fmt: skip


def _cut(dataset: Dataset, test_fraction: float, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Indices of the training and of the test part."""
    place = f"data set '{shown(dataset.name)}'"
    n = len(dataset.X)
    if not 0 <= test_fraction < 1:
        raise DataError(f"'test_fraction' must be at least 0 and below 1, not {test_fraction}")
    if not 0 <= seed < 2**32:
        raise DataError(f"'split_seed' must be from 0 to {2**32 - 1}, not {seed}")
    if test_fraction == 0:
        return np.random.RandomState(seed).permutation(n), np.arange(0)
    n_test = math.ceil(test_fraction * n)
    sizes = f"'test_fraction' {test_fraction} of {n:,} examples leaves {n - n_test:,} for training"
    if n_test == n:
        raise DataError(f"{place}: {sizes}; make it smaller")
    stratify = None
    if dataset.task == "classification":
        stratify = dataset.y
        counts = np.bincount(dataset.y.astype(np.int64), minlength=len(dataset.classes))
        if counts.min() < 2:
            raise DataError(
                f"{place}: class '{shown(dataset.classes[int(counts.argmin())])}' has "
                f"{counts.min()} example(s); at least 2 are needed, one for each part of the "
                f"split; add some, leave the class out, or set 'test_fraction: 0'"
            )
        if min(n_test, n - n_test) < len(counts):
            raise DataError(
                f"{place}: {sizes} and {n_test:,} for testing, but each part needs at least one "
                f"of each of the {len(counts):,} classes; change 'test_fraction'"
            )
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(
        np.arange(n), test_size=test_fraction, random_state=seed, stratify=stratify
    )
    if stratify is not None:
        missing = np.setdiff1d(np.arange(len(dataset.classes)), stratify[train])
        if missing.size:
            raise DataError(
                f"{place}: {sizes}, none of class '{shown(dataset.classes[missing[0]])}'; make "
                f"'test_fraction' smaller"
            )
    return train, test


def _standardized(
    train: Features, test: Features, dataset: Dataset, names: Sequence[str]
) -> tuple[Features, Features]:
    """Both parts in units of the training part's standard deviation about its mean."""
    with np.errstate(over="ignore", invalid="ignore"):
        # Compared exactly: rounding gives the deviation of a constant 0.1 as 1e-17, not 0.
        constant = train.min(axis=0) == train.max(axis=0)
        mean = np.where(constant, train[0], train.mean(axis=0))
        deviation = np.where(constant, 1.0, train.std(axis=0))
        deviation[deviation == 0] = 1.0  # differences so small that their squares vanish
        parts = (train - mean) / deviation, (test - mean) / deviation
    fit = np.isfinite(deviation)
    for part in parts:
        fit &= np.isfinite(part).all(axis=0)
    if not fit.all():
        column = int(np.argmin(fit))
        name = names[column] if column < len(names) else names[0]
        largest = max(np.abs(part[:, column]).max(initial=0.0) for part in (train, test))
        raise DataError(
            f"data set '{shown(dataset.name)}': {shown(name)} has values too large to standardize "
            f"(up to {largest:.3g}); rescale the column"
        )
    return parts


def _freeze(value: object, *fields: str) -> None:
    """Make the arrays C-contiguous and read-only without touching the caller's own."""
    for field in fields:
        view = np.ascontiguousarray(getattr(value, field)).view()
        view.flags.writeable = False
        object.__setattr__(value, field, view)


def _content_hash(task: str, n_classes: int, arrays: Sequence[NDArray[Any]]) -> str:
    digest = hashlib.sha256(f"{task} {n_classes}".encode())
    for array in arrays:
        # little-endian whatever the machine, so that a hash means the same everywhere
        portable = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"|{portable.dtype.str} {portable.shape}|".encode())
        digest.update(portable.data)
    return digest.hexdigest()
