"""OpenML through scikit-learn, with its downloader replaced: no test touches the network."""

import socket
import warnings
from typing import Any
from urllib.error import HTTPError, URLError

import numpy as np
import pytest
import sklearn.datasets
from scipy.sparse import csr_matrix
from sklearn.utils import Bunch

from nnlab.core.data import Dataset, load_dataset, openml
from nnlab.core.errors import DataError
from nnlab.core.spec.dataset import DatasetSpec

Calls = list[dict[str, Any]]


def answer(**changes: Any) -> Bunch:
    """What `fetch_openml(as_frame=False, parser="liac-arff")` returns for a small set."""
    fields: dict[str, Any] = {
        "data": np.array([[1.5, 1.0], [2.5, 0.0], [3.5, 1.0], [4.5, 0.0]]),
        "feature_names": ["size", "colour"],
        "categories": {"colour": ["red", "blue", "never"]},
        "target": np.array(["b", "a", "b", "a"], dtype=object),
        "target_names": ["kind"],
    }
    return Bunch(**(fields | changes))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`served(bunch or exception)` makes the download give that; returns the calls made."""

    def serve(what: Bunch | Exception) -> Calls:
        calls: Calls = []

        def fetch(name: str, **options: Any) -> Bunch:
            calls.append({"name": name, "timeout": socket.getdefaulttimeout(), **options})
            warnings.warn("version 1 of dataset x is inactive", UserWarning, stacklevel=1)
            if isinstance(what, Exception):
                raise what
            return what

        monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
        return calls

    return serve


def load(loss: str | None = None, version: int | None = None) -> Dataset:
    return load_dataset(DatasetSpec(openml="Some-Set", version=version), loss)


def test_numbers_categories_and_classes(served: Any) -> None:
    calls = served(answer())
    data = load()
    assert data.name == "Some-Set"
    assert data.features == ("size", "colour=blue", "colour=red")
    np.testing.assert_array_equal(data.X, [[1.5, 1, 0], [2.5, 0, 1], [3.5, 1, 0], [4.5, 0, 1]])
    assert data.classes == ("a", "b")
    np.testing.assert_array_equal(data.y, [1, 0, 1, 0])
    (call,) = calls
    assert (call["name"], call["version"]) == ("Some-Set", "active")
    assert call["timeout"] == openml.TIMEOUT
    assert socket.getdefaulttimeout() is None


def test_a_version_is_passed_on(served: Any) -> None:
    calls = served(answer())
    assert load(version=3).name == "Some-Set(version=3)"
    assert calls[0]["version"] == 3


def test_sparse_features_without_categories(served: Any) -> None:
    dense = np.array([[0.0, 2.0], [0.0, 0.0], [3.0, 0.0], [1.0, 1.0]])
    served(answer(data=csr_matrix(dense), categories=None))
    np.testing.assert_array_equal(load().X, dense)


def test_targets_that_are_numbers(served: Any) -> None:
    served(answer(target=np.array([1.0, 2.0, 4.0, 8.0])))
    np.testing.assert_array_equal(load().y, [[1], [2], [4], [8]])
    both = np.array([[1.0, 2.0], [2.0, 3.0], [4.0, 4.0], [8.0, 5.0]])
    served(answer(target=both, target_names=["p", "q"]))
    np.testing.assert_array_equal(load().y, both)
    with pytest.raises(DataError, match="has 2 numbers an example; 'cross_entropy' needs one"):
        load("cross_entropy")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": None}, "names no target; download it as CSV and use 'csv' and 'target'"),
        ({"target_names": []}, "names no target"),
        (
            {"target": np.array([["a", "b"]] * 4, dtype=object), "target_names": ["p", "q"]},
            "has 2 targets that are categories; one is needed",
        ),
        (
            {"target": np.array(["a", None, "b", "a"], dtype=object)},
            "row 2, column 'kind': the value is missing; download it as CSV, fill it in",
        ),
        ({"target": np.array([1.0, 2.0, np.nan, 1.0])}, "row 3, column 'kind': the value is miss"),
        (
            {"target": np.array([[1.0, 2.0], [np.nan, 0.0]] * 2), "target_names": ["p", "q"]},
            "row 2, column 'p': the value is missing",
        ),
        (
            {"data": np.array([[1.0, 0.0], [2.0, np.nan], [1.0, 0.0], [1.0, 0.0]])},
            "row 2, column 'colour': the value is missing",
        ),
        ({"data": np.empty((4, 0)), "feature_names": []}, "has no features"),
    ],
)
def test_unfit_data(served: Any, changes: dict[str, Any], message: str) -> None:
    served(answer(**changes))
    with pytest.raises(DataError, match=message) as caught:
        load(version=2)
    assert str(caught.value).startswith("openml 'Some-Set' version 2: ")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            URLError("Name or service not known"),
            r"could not be downloaded \(.*Name or service not known.*\); check the connection, or "
            "download it as CSV elsewhere and use 'csv' and 'target'",
        ),
        (TimeoutError("timed out"), r"could not be downloaded \(timed out\)"),
        (HTTPError("u", 503, "busy\x1b[2J", {}, None), r"\(HTTP Error 503: busy\\x1b\[2J\)"),  # type: ignore[arg-type]
        (
            ValueError("No active dataset Some-Set found."),
            r"could not be read \(No active dataset Some-Set found.\); check the name and version",
        ),
        (ValueError("STRING attributes are not supported"), "or download it as CSV and use 'csv'"),
    ],
)
def test_downloads_that_fail(served: Any, error: Exception, message: str) -> None:
    served(error)
    with pytest.raises(DataError, match=message):
        load()
    assert socket.getdefaulttimeout() is None


def test_a_feature_of_too_many_texts_says_what_leaves_it_out(served: Any) -> None:
    texts = [f"t{i}" for i in range(60)]
    served(
        answer(
            data=np.column_stack([np.arange(60.0), np.arange(60.0)]),
            categories={"colour": texts},
            target=np.array(["a", "b"] * 30, dtype=object),
        )
    )
    with pytest.raises(DataError, match=r"60 different .*; download the data as CSV and name it"):
        load()


def test_too_many_values(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    served(answer())
    monkeypatch.setattr(openml, "MAX_VALUES", 7)
    with pytest.raises(DataError, match="4 rows of 2 columns are more than the 7 values that fit"):
        load()
