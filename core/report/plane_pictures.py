"""What pictures of the plane are made of: a grid, a figure, points by class, regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nnlab.core.report.plane import Coordinates, Dots, Region, Stroke
from nnlab.core.report.style import PALETTE, Look

Array = NDArray[np.float64]
Move = Callable[[Array], Array]

CLASS_LOOKS = (Look(PALETTE[0], (), "o"), Look(PALETTE[1], (), "^"))
"""Of the two classes of a data set in the plane: a colour and a marker each."""
BEFORE = Look("#b8b8b8")
AFTER = Look(PALETTE[0])
GRID = Look("#8fa9c4")

FIGURE = np.array(
    [(0, 0), (0.3, 0), (0.3, 0.5), (0.7, 0.5), (0.7, 0.75), (0.3, 0.75), (0.3, 1.0), (0.85, 1.0),
     (0.85, 1.25), (0, 1.25), (0, 0)]
)  # fmt: skip
"""A capital F: it is its own picture under no rotation and no reflection, so both show."""


def coordinates(points: Array) -> tuple[Coordinates, Coordinates]:
    """The x and the y of points (n, 2)."""
    return tuple(map(float, points[:, 0])), tuple(map(float, points[:, 1]))


def grid_lines(low: float, high: float, lines: int, points: int = 2) -> list[Array]:
    """Lines of a square grid, each as `points` points (more where they will be bent)."""
    places, along = np.linspace(low, high, lines), np.linspace(low, high, points)
    found = []
    for place in places:
        fixed = np.full(points, place)
        found += [np.stack([fixed, along], axis=1), np.stack([along, fixed], axis=1)]
    return found


def moved_grid(lines: Sequence[Array], move: Move, look: Look, width: float = 1.1) -> list[Stroke]:
    """The grid after a map."""
    return [Stroke(*coordinates(move(line)), look, width, opacity=0.8) for line in lines]


def moved_figure(move: Move, look: Look, fill: float = 0.3, width: float = 2.2) -> Stroke:
    """The figure after a map."""
    return Stroke(*coordinates(move(FIGURE)), look, width, fill=fill)


def class_dots(points: Array, y: NDArray[np.int64], size: float = 5.0) -> tuple[Dots, ...]:
    """The points of the two classes, each with its look."""
    return tuple(
        Dots(*coordinates(points[y == code]), look, size) for code, look in enumerate(CLASS_LOOKS)
    )


def square_about(points: Array, air: float = 0.12) -> tuple[tuple[float, float], ...]:
    """Limits of x and y: a square with all the points in it and some air around."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, float((high - low).max()) * (0.5 + air) or 1.0
    return tuple((float(m - half), float(m + half)) for m in middle)


def region(
    function: Move, x: tuple[float, float], y: tuple[float, float], cells: int = 160
) -> Region:
    """The plane within the limits, coloured by `function` (n, 2) -> (n,) in 0 to 1."""
    xs = x[0] + (np.arange(cells) + 0.5) * (x[1] - x[0]) / cells
    ys = y[0] + (np.arange(cells) + 0.5) * (y[1] - y[0]) / cells
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    values = function(grid).reshape(cells, cells)
    return Region(tuple(tuple(map(float, row)) for row in values), *CLASS_LOOKS)
