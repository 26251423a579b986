"""Data sets by name from openml.org, through scikit-learn's downloader and its cache.

scikit-learn checks what it downloads against OpenML's checksum and keeps it under
`~/scikit_learn_data` (or `$SCIKIT_LEARN_DATA`); a second call needs no network.
"""

from __future__ import annotations

import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.data.encoding import (
    Column,
    Target,
    encode_features,
    encode_numbers,
    encode_target,
    text_column,
)
from nnlab.core.data.inputs import MAX_VALUES
from nnlab.core.errors import DataError
from nnlab.core.wording import shown

TIMEOUT = 30.0
"""Seconds without a byte from the server after which a download is given up."""


def fetch(
    name: str, version: int | None, loss: str | None
) -> tuple[NDArray[np.float64], Target, tuple[str, ...]]:
    """Features (n, d), target and feature names of an OpenML data set.

    `version` None takes the oldest active one. Categories become columns of zeros and ones, as
    for a CSV file. Raises `DataError` when it is unknown, out of reach, holds free text or missing
    values, or has no single target.
    """
    place = f"openml '{shown(name)}'" + (f" version {version}" if version else "")
    bunch = _download(name, version, place)
    categories: dict[str, list[Any]] = bunch.categories or {}
    rows, width = bunch.data.shape
    if rows * width > MAX_VALUES:
        raise DataError(
            f"{place}: {rows:,} rows of {width:,} columns are more than the {MAX_VALUES:,} values "
            f"that fit"
        )
    data = bunch.data.toarray() if hasattr(bunch.data, "toarray") else bunch.data
    columns = []
    for position, feature in enumerate(map(str, bunch.feature_names)):
        values = np.asarray(data[:, position], dtype=np.float64)
        _refuse_missing(np.isfinite(values), feature, place)
        if labels := categories.get(feature):
            columns.append(text_column(feature, [str(labels[int(code)]) for code in values]))
        else:
            columns.append(Column(feature, values))
    if not columns:
        raise DataError(f"{place}: has no features")
    X, features = encode_features(
        columns, place, "download the data as CSV and name it under 'leave_out'"
    )
    return X, _target(bunch, loss, place), features


def _target(bunch: Any, loss: str | None, place: str) -> Target:
    if bunch.target is None or not bunch.target_names:
        raise DataError(f"{place}: names no target; download it as CSV and use 'csv' and 'target'")
    name = str(bunch.target_names[0])
    target = np.asarray(bunch.target)
    if target.dtype.kind == "O":  # categories; a missing one is None
        if target.ndim != 1:
            raise DataError(
                f"{place}: has {target.shape[1]} targets that are categories; one is needed"
            )
        _refuse_missing(np.array([label is not None for label in target]), name, place)
        return encode_target(text_column(name, [str(x) for x in target]), loss, place)
    values = target.astype(np.float64)
    if values.ndim == 2:
        _refuse_missing(np.isfinite(values.sum(axis=1)), name, place)
        return encode_numbers(values, loss, place)
    _refuse_missing(np.isfinite(values), name, place)
    return encode_target(Column(name, values), loss, place)


def _refuse_missing(present: NDArray[np.bool_], name: str, place: str) -> None:
    if not present.all():
        raise DataError(
            f"{place}: row {int(np.argmin(present)) + 1}, column '{shown(name)}': the value is "
            f"missing; download it as CSV, fill it in, and use 'csv' and 'target'"
        )


def _download(name: str, version: int | None, place: str) -> Any:
    """scikit-learn's bunch, or one clear `DataError` for all that can go wrong on the way."""
    from sklearn.datasets import fetch_openml

    with _timeout(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on other versions and on the parser
        try:
            # liac-arff: the same arrays whether or not pandas happens to be installed
            return fetch_openml(
                name,
                version=version or "active",
                as_frame=False,
                parser="liac-arff",
                n_retries=1,
            )
        except OSError as error:  # URLError, timeouts, an unwritable cache
            raise DataError(
                f"{place}: could not be downloaded ({shown(str(error), 200)}); check the "
                f"connection, or download it as CSV elsewhere and use 'csv' and 'target'"
            ) from None
        except Exception as error:  # unknown names, broken ARFF files, wrong checksums
            raise DataError(
                f"{place}: could not be read ({shown(str(error), 200)}); check the name and "
                f"version at openml.org, or download it as CSV and use 'csv' and 'target'"
            ) from None


@contextmanager
def _timeout() -> Iterator[None]:
    """scikit-learn's download waits for ever by itself; the default of sockets ends that."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
