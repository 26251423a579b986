"""Linear maps of the plane, matrices taken apart, and the matrix that a user writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nnlab.core.analysis.transformations import (
    TRANSFORMATIONS,
    parse_matrix,
    rotation_matrix,
    take_apart,
)
from nnlab.core.errors import UsageError

Array = NDArray[Any]


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_all_but_translation_are_linear(name: str) -> None:
    row = TRANSFORMATIONS[name]
    fault = row.fault(np.array([1.0, 2.0]), np.array([-0.5, 0.3]))
    assert (fault > 0.1) == (name == "translation")
    assert fault < 1e-15 or name == "translation"


def test_what_each_kind_does() -> None:
    assert rotation_matrix(90) @ [1, 0] == pytest.approx([0, 1])
    determinants = {name: row.determinant for name, row in TRANSFORMATIONS.items()}
    assert determinants == pytest.approx(
        {"rotation": 1, "scaling": 0.9, "reflection": -1, "shear": 1, "translation": 1}
    )
    moved = TRANSFORMATIONS["translation"].apply(np.zeros((1, 2)))
    assert moved.tolist() == [[0.9, 0.6]]


matrices = st.lists(st.floats(-100, 100), min_size=4, max_size=4).map(
    lambda v: np.array(v).reshape(2, 2)
)


@given(matrices)
def test_the_parts_multiply_to_the_matrix(matrix: Array) -> None:
    parts = take_apart(matrix.copy())
    scale = max(1.0, float(np.abs(matrix).max()))
    np.testing.assert_allclose(parts.product, matrix, atol=1e-10 * scale)
    assert parts.stretches[0] >= parts.stretches[1] >= 0
    assert -90 - 1e-9 <= parts.first <= 90 + 1e-9
    if parts.rank == 2:
        largest = np.abs(matrix).max()  # a determinant of tiny numbers is 0
        assert parts.mirrored == (np.linalg.det(matrix / largest) < 0)


@pytest.mark.parametrize(
    ("matrix", "steps", "rank"),
    [
        ([[1, 0], [0, 1]], ["turn 0°", "stretch 1 and 1", "turn 0°"], 2),
        ([[1, 0], [0, -1]], ["turn 0°", "stretch 1 and 1", "mirror, turn 0°"], 2),
        ([[0, -3], [3, 0]], ["turn 0°", "stretch 3 and 3", "turn 90°"], 2),
        ([[-1, 0], [0, -1]], ["turn 0°", "stretch 1 and 1", "turn 180°"], 2),
        ([[2, 0], [0, 1]], ["turn 0°", "stretch 2 and 1", "turn 0°"], 2),
        ([[1, 2], [2, 4]], ["turn −63°", "stretch 5 and 0", "turn 63°"], 1),
        ([[0, 0], [0, 0]], ["turn 0°", "stretch 0 and 0", "turn 0°"], 0),
    ],
)
def test_matrices_taken_apart_by_hand(matrix: list[list[int]], steps: list[str], rank: int) -> None:
    parts = take_apart(np.array(matrix, np.float64))
    assert [words for words, _ in parts.steps] == steps
    assert parts.rank == rank


@pytest.mark.parametrize("text", ["2 1; 0 1", "2, 1; 0, 1", " 2 1;0 1; "])
def test_a_matrix_is_read(text: str) -> None:
    assert parse_matrix(text).tolist() == [[2, 1], [0, 1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3; 4 5 6", r"has 2 rows of 3 numbers; .* a 2 x 2 matrix such as"),
        ("1 2", r"has 1 row of 2 numbers"),
        ("1 2; 3", r"has 2 rows of 2 and 1 numbers"),
        ("", r"has 1 row of 0 numbers"),
        ("1 2; 3 x", r"'x' in row 2 is no number; write two rows of two"),
        ("1 nan; 3 4", r"'nan' in row 1 is not a number from -1e\+06 to 1e\+06"),
        ("1 2; inf 4", r"'inf' in row 2 is not a number from"),
        ("1e9 2; 3 4", r"'1e9' in row 1 is not a number from"),
    ],
)
def test_what_is_no_matrix_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_matrix(text)
