"""Linear transformations of the plane, what they keep, and any matrix taken apart.

    v -> A v (+ t)

Rotation, scaling, reflection and shear are linear: A (u + v) = A u + A v. A translation is not
(it moves the origin); with A it is an affine map, and in a net it is the bias.

Any A is a rotation, then a scaling along the axes, then a rotation or a reflection: A = U S V^T,
the singular value decomposition.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.errors import UsageError
from nnlab.core.wording import quoted, shown

Array = NDArray[np.float64]

LARGEST = 1e6
"""Of an entry of a user's matrix."""


@dataclass(frozen=True, slots=True, eq=False)
class Transformation:
    """One map of the plane."""

    name: str
    matrix: Array
    shift: Array
    keeps: str
    """What it leaves as it was, in a few words."""

    def apply(self, points: Array) -> Array:
        """The points (n, 2), moved."""
        return np.asarray(points @ self.matrix.T + self.shift)

    @property
    def determinant(self) -> float:
        """By what an area grows; negative where the plane is turned over."""
        return float(np.linalg.det(self.matrix))

    def fault(self, u: Array, v: Array) -> float:
        """|T(u + v) - T(u) - T(v)| / (|u| + |v|): 0 for a linear map."""
        both, first, second = self.apply(np.array([u + v, u, v]))
        return float(
            np.linalg.norm(both - first - second) / (np.linalg.norm(u) + np.linalg.norm(v))
        )


def rotation_matrix(degrees: float) -> Array:
    """Counter-clockwise."""
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


_ZERO = np.zeros(2)
TRANSFORMATIONS: dict[str, Transformation] = {
    row.name: row
    for row in (
        Transformation(
            "rotation", rotation_matrix(35.0), _ZERO, "lengths, angles, the origin",
        ),
        Transformation("scaling", np.diag([1.5, 0.6]), _ZERO, "the directions of the axes"),
        Transformation(
            "reflection", np.diag([-1.0, 1.0]), _ZERO, "lengths and angles, not which side is left",
        ),
        Transformation(
            "shear", np.array([[1.0, 0.7], [0.0, 1.0]]), _ZERO, "areas, and every horizontal line",
        ),
        Transformation(
            "translation", np.eye(2), np.array([0.9, 0.6]), "everything but the origin",
        ),
    )
}  # fmt: skip
"""The kinds, one row each; the pictures follow."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A matrix as a turn by `first` degrees, a stretch of the axes, and a turn by `second`.

    Before the last turn the plane may be turned over.
    """

    matrix: Array
    first: float
    stretches: tuple[float, float]
    """Singular values, the larger first."""
    second: float
    """For a mirrored matrix the turn after y has been turned over."""
    mirrored: bool

    @property
    def rank(self) -> int:
        """How many of the stretches are not 0."""
        return sum(stretch > 0 for stretch in self.stretches)

    @property
    def steps(self) -> tuple[tuple[str, Array], ...]:
        """The parts in the order in which they act, in words and as matrices."""
        stretch = np.diag(self.stretches)
        flip = np.diag([1.0, -1.0]) if self.mirrored else np.eye(2)
        last = (
            f"mirror, turn {_degrees(self.second)}"
            if self.mirrored
            else (f"turn {_degrees(self.second)}")
        )
        return (
            (f"turn {_degrees(self.first)}", rotation_matrix(self.first)),
            (f"stretch {self.stretches[0]:.3g} and {self.stretches[1]:.3g}", stretch),
            (last, rotation_matrix(self.second) @ flip),
        )

    @property
    def product(self) -> Array:
        """The parts multiplied together again."""
        found = np.eye(2)
        for _, step in self.steps:
            found = step @ found
        return found


def take_apart(matrix: Array) -> Parts:
    """The singular value decomposition of a 2 x 2 matrix, its first factor made a rotation.

    Where the singular values are equal, or one is 0, the two turns are not unique; the first is
    then 0 for a rotation, a reflection and every multiple of one.
    """
    U, (large, small), Vt = np.linalg.svd(matrix)
    small = small if small > 1e-12 * large else 0.0
    if large - small <= 1e-12 * large:
        U, Vt = (matrix / large if large > 0 else np.eye(2)), np.eye(2)
    if np.linalg.det(Vt) < 0:  # turn over the second axis in between: U S V^T stays what it is
        Vt[1], U[:, 1] = -Vt[1], -U[:, 1]
    if Vt[0, 0] < 0:  # a first turn of at most 90 degrees either way
        U, Vt = -U, -Vt
    mirrored = bool(np.linalg.det(U) < 0)
    if mirrored and small == 0.0:  # along a direction that vanishes nothing is mirrored
        U, mirrored = U @ np.diag([1.0, -1.0]), False
    return Parts(
        matrix,
        math.degrees(math.atan2(Vt[1, 0], Vt[0, 0])),
        (float(large), float(small)),
        math.degrees(math.atan2(U[1, 0], U[0, 0])),
        mirrored,
    )


def _degrees(angle: float) -> str:
    text = f"{angle:.0f}"
    return {"-0": "0°", "-180": "180°"}.get(text, f"{text}°").replace("-", "−")


def parse_matrix(text: str) -> Array:
    """`"2 1; 0 1"` as a 2 x 2 matrix: rows apart by ';', numbers by blanks or commas.

    Raises `UsageError` that names the row, the number, and what would fit.
    """
    rows = [row.replace(",", " ").split() for row in text.strip().split(";")]
    if rows and not rows[-1] and len(rows) > 1:
        rows.pop()  # a ';' at the end
    sizes = " and ".join(dict.fromkeys(str(len(row)) for row in rows))
    if len(rows) != 2 or any(len(row) != 2 for row in rows):
        lines = "row" if len(rows) == 1 else "rows"
        raise UsageError(
            f"--matrix {quoted(text)} has {len(rows)} {lines} of {sizes} numbers; a map of the "
            'plane is a 2 x 2 matrix such as --matrix "2 1; 0 1"'
        )
    values = []
    for i, row in enumerate(rows, 1):
        for word in row:
            try:
                value = float(word)
            except ValueError:
                raise UsageError(
                    f"--matrix: '{shown(word)}' in row {i} is no number; write two rows of two "
                    'numbers such as "2 1; 0 1"'
                ) from None
            if not abs(value) <= LARGEST:
                raise UsageError(
                    f"--matrix: '{shown(word)}' in row {i} is not a number from -{LARGEST:g} to "
                    f"{LARGEST:g}"
                )
            values.append(value)
    return np.array(values).reshape(2, 2)
