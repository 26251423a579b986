"""The pictures of the plane under maps: the kinds, a matrix taken apart, a net layer by layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.trained_net import Stage, TrainedNet, readout_accuracy
from nnlab.core.analysis.transformations import TRANSFORMATIONS, Parts, Transformation
from nnlab.core.report.plane import Dots, PlanePanel, PlanePicture, Stroke
from nnlab.core.report.plane_pictures import (
    AFTER,
    BEFORE,
    FIGURE,
    GRID,
    Array,
    class_dots,
    coordinates,
    grid_lines,
    moved_figure,
    moved_grid,
    region,
    square_about,
)
from nnlab.core.report.style import INK, PALETTE, Look
from nnlab.core.report.wording import percent, short

_ORIGIN = Look(INK)
_FIRST, _SECOND = Look(PALETTE[1]), Look(PALETTE[2])
_WIDE, _TALL = (-2.0, 2.0), (-1.5, 2.1)
"""The kinds are shown on this piece of the plane."""


def _same(points: Array) -> Array:
    return points


def kinds_picture() -> PlanePicture:
    """Every kind: the plane before in grey, after in colour."""
    lines = grid_lines(-1.0, 1.0, 5)
    kinds = tuple(_kind_panel(row, lines) for row in TRANSFORMATIONS.values())
    start = PlanePanel(
        "before", _WIDE, _TALL,
        (*moved_grid(lines, _same, BEFORE), moved_figure(_same, Look("#7d7d7d"))),
        (_origin_dot(np.zeros(2)),), note="a grid, an F, and the origin",
    )  # fmt: skip
    return PlanePicture(
        "kinds",
        "Four kinds keep the origin and are linear; translation moves it and is not",
        "Grey: before. Blue: after. The black dot is where the origin goes.",
        (start, *kinds),
        3,
    )


def _kind_panel(row: Transformation, lines: list[Array]) -> PlanePanel:
    linear = not row.shift.any()
    area = f"areas × {short(abs(row.determinant), 2)}"
    turned = ", turned over" if row.determinant < 0 else ""
    return PlanePanel(
        row.name if linear else f"{row.name} (affine)",
        _WIDE,
        _TALL,
        (
            *moved_grid(lines, _same, BEFORE, 0.9),
            moved_figure(_same, BEFORE, 0.15, 1.4),
            *moved_grid(lines, row.apply, GRID),
            moved_figure(row.apply, AFTER),
        ),
        (_origin_dot(row.apply(np.zeros((1, 2)))[0]),),
        note=f"{area}{turned}; keeps {row.keeps}",
    )


def _origin_dot(place: Array) -> Dots:
    return Dots((float(place[0]),), (float(place[1]),), _ORIGIN, 9.0)


def parts_picture(parts: Parts) -> PlanePicture:
    """The unit circle, a grid and the figure, through the three parts of a matrix."""
    angle = np.linspace(0.0, 2.0 * np.pi, 121)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    axes = np.asarray(
        np.linalg.inv(parts.steps[0][1]), np.float64
    )  # its columns are turned onto the axes first
    so_far = np.eye(2)
    places = [np.vstack([circle, grid_corners()])]
    matrices = [so_far]
    for _, step in parts.steps:
        so_far = step @ so_far
        matrices.append(so_far)
        places.append(places[0] @ so_far.T)
    wide, tall = (1.08 * np.abs(np.vstack(places)).max(axis=0)).tolist()
    lines = grid_lines(-1.0, 1.0, 5)
    panels = []
    titles = ("before", "turned", "stretched", "mirrored, turned" if parts.mirrored else "turned")
    for i, (matrix, title) in enumerate(zip(matrices, titles, strict=True)):
        panels.append(
            PlanePanel(
                title,
                (-wide, wide),
                (-max(tall, 0.5 * wide), max(tall, 0.5 * wide)),
                (
                    *(Stroke(*coordinates(line @ matrix.T), GRID, 1.0) for line in lines),
                    Stroke(*coordinates(FIGURE_SMALL @ matrix.T), AFTER, 2.0, fill=0.3),
                    Stroke(*coordinates(circle @ matrix.T), _ORIGIN, 1.8),
                    *_two_arrows(axes, matrix),
                ),
                lead="" if i == 0 else parts.steps[i - 1][0],
                note=_stage_note(parts, i),
            )
        )
    name = "; ".join(" ".join(short(float(v), 3) for v in row) for row in parts.matrix)
    steps = ", ".join(words for words, _ in parts.steps)
    return PlanePicture(
        "matrix",
        f"[{name}] = {steps}",
        "The two arrows are the directions that the matrix keeps at right angles: turned onto "
        "the axes, stretched there, and turned (or mirrored) into place. The circle becomes an "
        "ellipse with the stretches as its half axes.",
        tuple(panels),
        4,
    )


def grid_corners() -> Array:
    """The corners of the grid's square."""
    return np.array([(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)])


FIGURE_SMALL = 0.6 * (FIGURE - np.array([0.42, 0.62]))
"""Inside the unit circle."""


def _two_arrows(axes: Array, matrix: Array) -> tuple[Stroke, ...]:
    """Arrows along the two directions; one that has vanished is left out."""
    arrows = []
    for column, look in ((axes[:, 0], _FIRST), (axes[:, 1], _SECOND)):
        end = matrix @ column
        if np.linalg.norm(end) > 1e-9:
            x, y = (0.0, float(end[0])), (0.0, float(end[1]))
            arrows.append(Stroke(x, y, look, 3.0, arrow=True))
    return tuple(arrows)


def _stage_note(parts: Parts, i: int) -> str:
    if i < 3:
        return ""
    det = parts.stretches[0] * parts.stretches[1] * (-1 if parts.mirrored else 1)
    return f"determinant {short(det, 3)}, rank {parts.rank}"


def layers_picture(
    net: TrainedNet, stages: list[Stage], y: NDArray[np.int64], seed: int
) -> PlanePicture:
    """A net with two units a layer: the points and a grid after every step, then the answer."""
    x_limits, y_limits = square_about(stages[0].points, 0.06)
    lines = grid_lines(x_limits[0], x_limits[1], 13, 80)
    moved = [net.stages(line) for line in lines]
    panels = []
    for i, stage in enumerate(stages):
        limits = square_about(stage.points)
        strokes = tuple(
            Stroke(*coordinates(each[i].points), GRID, 0.9, opacity=0.8) for each in moved
        )
        line = percent(readout_accuracy(stage.points, y))
        panels.append(
            PlanePanel(
                _stage_title(stage, net.activation),
                limits[0],
                limits[1],
                strokes,
                class_dots(stage.points, y, 5.5),
                note=f"best straight line: {line}",
                lead=_stage_lead(stage, net.activation),
                origin=False,
            )
        )
    panels.append(
        PlanePanel(
            "the net's answer",
            x_limits,
            y_limits,
            dots=class_dots(stages[0].points, y, 5.5),
            region=region(lambda points: net.predict(points)[:, 0], x_limits, y_limits),
            note="the last line, seen from the input",
            lead="all of it",
        )
    )
    first, last = (readout_accuracy(stages[i].points, y) for i in (0, -1))
    return PlanePicture(
        "layers",
        f"Linear steps turn and stretch, {net.activation} bends: a straight line separates "
        f"{percent(first)} before and {percent(last)} after",
        f"Two spiral arms through a trained net with two units a layer (seed {seed}), step by "
        "step, with a grid that was square at the input. The number below each panel moves only "
        f"where {net.activation} works. Last panel: the input, coloured by the net's answer.",
        tuple(panels),
        4,
    )


def _stage_title(stage: Stage, activation: str) -> str:
    if stage.kind == "input":
        return "input"
    return f"layer {stage.layer}: {'linear' if stage.kind == 'linear' else activation}"


def _stage_lead(stage: Stage, activation: str) -> str:
    if stage.kind == "input":
        return ""
    return f"W{stage.layer}, b{stage.layer}" if stage.kind == "linear" else activation
