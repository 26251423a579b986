"""Columns of numbers and of text -> the arrays a network trains on.

Text features become one column of zeros and ones for each category; a target becomes class codes
or numbers. CSV, NPZ and OpenML all come through here, so one rule holds for all three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.data.inputs import MAX_VALUES
from nnlab.core.errors import DataError
from nnlab.core.nn.losses import LOSSES
from nnlab.core.wording import shown

MAX_CATEGORIES = 50
"""Most different texts a feature column may hold."""

MAX_CLASSES = 1000
"""Most classes a target may have."""

MAX_GUESSED_CLASSES = 20
"""Most different whole numbers that are taken for classes when no loss says so."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column: float64 `values` (n,); for text, the codes into the sorted `categories`."""

    name: str
    values: NDArray[np.float64]
    categories: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the values are codes of `categories`."""
        return bool(self.categories)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is to be predicted: (n,) int64 codes with their class names, or (n, k) float64."""

    y: NDArray[np.int64] | NDArray[np.float64]
    classes: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        """`classification` when there are classes, otherwise `regression`."""
        return "classification" if self.classes else "regression"


def text_column(name: str, texts: Sequence[str]) -> Column:
    """A column of text as codes into its sorted, distinct values."""
    categories = sorted(set(texts))
    code = {text: float(k) for k, text in enumerate(categories)}
    values = np.fromiter((code[text] for text in texts), np.float64, len(texts))
    return Column(name, values, tuple(categories))


def encode_features(
    columns: Sequence[Column], source: str, way_out: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The feature matrix (n, d) and its d column names, in the order of `columns`.

    A text column of c categories becomes c columns `name=category` of zeros and ones, in sorted
    order. Raises `DataError` for a text column of more than `MAX_CATEGORIES` categories (an
    identifier or free text, which no network should see; `way_out` says how to leave it out) and
    for more than `MAX_VALUES` numbers.
    """
    for column in columns:
        if len(column.categories) > MAX_CATEGORIES:
            raise DataError(
                f"{source}: column '{shown(column.name)}' is text with "
                f"{len(column.categories):,} different values, and at most {MAX_CATEGORIES} are "
                f"turned into features; {way_out}, or group its values"
            )
    rows = len(columns[0].values)
    width = sum(max(1, len(column.categories)) for column in columns)
    if rows * width > MAX_VALUES:
        raise DataError(
            f"{source}: {rows:,} rows of {width:,} features (text columns count once for each of "
            f"their categories) are more than the {MAX_VALUES:,} values that fit; keep fewer rows "
            f"or columns"
        )
    matrix = np.empty((rows, width))
    names: list[str] = []
    for column in columns:
        start = len(names)
        if column.is_text:
            names += [f"{column.name}={category}" for category in column.categories]
            matrix[:, start : len(names)] = column.values[:, None] == np.arange(
                len(column.categories)
            )
        else:
            names.append(column.name)
            matrix[:, start] = column.values
    return matrix, tuple(names)


def encode_target(column: Column, loss: str | None, source: str) -> Target:
    """The target as classes or as numbers.

    It is a **class** when the loss is one for classification only (`cross_entropy`,
    `binary_cross_entropy`), and always when it is text. With no loss given, whole numbers are
    classes too when at most `MAX_GUESSED_CLASSES` different ones occur and on average at least
    twice each. Everything else is a **number**.

    Text classes are coded in sorted order; numeric ones in ascending order, `1` and `1.0` being
    one class. Raises `DataError` for a single class, a constant number, and for more classes than
    half the rows or than `MAX_CLASSES`.
    """
    place = f"{source}: the target '{shown(column.name)}'"
    rows = len(column.values)
    if rows < 2:
        raise DataError(f"{source}: one example is not enough; at least 2 are needed")
    values, codes = np.unique(column.values, return_inverse=True)
    if len(values) == 1:
        only = column.categories[0] if column.is_text else _number_name(values[0])
        raise DataError(
            f"{place} is '{shown(only)}' in every row: there is nothing to learn from it"
        )
    if column.is_text:
        names = column.categories
    elif is_classification_loss(loss) or (loss is None and _looks_like_classes(values, rows)):
        names = tuple(_number_name(value) for value in values)
    else:
        return Target(column.values[:, None].copy())
    if 2 * len(names) > rows or len(names) > MAX_CLASSES:
        mend = (
            "if it names the rows, choose another target, and if not, more rows are needed"
            if column.is_text
            else "use 'loss: mse' to predict it as a number"
        )
        raise DataError(
            f"{place} has {len(names):,} different values in {rows:,} rows, too many for classes "
            f"(at most half the rows, and at most {MAX_CLASSES:,}); {mend}"
        )
    return Target(codes.astype(np.int64), names)


def encode_numbers(values: NDArray[np.float64], loss: str | None, source: str) -> Target:
    """A target of several numbers an example, `values` (n, k), each of which must vary.

    Raises `DataError` when one does not, and when the loss wants a single class.
    """
    if is_classification_loss(loss):
        raise DataError(
            f"{source}: the target has {values.shape[1]} numbers an example; '{loss}' needs one "
            f"class each, which is one number or text"
        )
    if len(values) < 2:
        raise DataError(f"{source}: one example is not enough; at least 2 are needed")
    constant = np.flatnonzero(values.min(axis=0) == values.max(axis=0))
    if constant.size:
        raise DataError(
            f"{source}: number {constant[0]} of the target (counting from 0) is "
            f"{_number_name(values[0, constant[0]])} in every row: there is nothing to learn "
            f"from it"
        )
    return Target(values)


def is_classification_loss(loss: str | None) -> bool:
    """Whether this loss is for classes only, so that it makes the target one."""
    return loss in LOSSES and tuple(LOSSES[loss].tasks) == ("classification",)


def _looks_like_classes(values: NDArray[np.float64], rows: int) -> bool:
    whole = bool(np.all(values == np.floor(values)))
    return whole and len(values) <= min(MAX_GUESSED_CLASSES, rows // 2)


def _number_name(value: np.float64) -> str:
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)
