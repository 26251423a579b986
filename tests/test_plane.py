"""Pictures of the plane: by value, and by the artists that are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from nnlab.core.analysis.trained_net import TrainedNet
from nnlab.core.analysis.transformations import TRANSFORMATIONS, parse_matrix, take_apart
from nnlab.core.analysis.two_layer_net import RELU_SQUARED, random_net
from nnlab.core.analysis.worked_example import forward, jacobians
from nnlab.core.questions.by_hand import EXAMPLE
from nnlab.core.report.figures import draw, is_wide, natural_height
from nnlab.core.report.plane import Dots, PlanePanel, PlanePicture, Region, Stroke, Words
from nnlab.core.report.plane_pictures import grid_lines, region, square_about
from nnlab.core.report.style import Look, rasterize
from nnlab.core.report.transformation_pictures import (
    kinds_picture,
    layers_picture,
    parts_picture,
)
from nnlab.core.report.worked_example import net_picture

LOOK = Look("#0072b2")


def picture(*panels: PlanePanel, columns: int = 2) -> PlanePicture:
    return PlanePicture("p", "A title", "A caption", panels, columns)


PANEL = PlanePanel(
    "left", (-2.0, 2.0), (-1.0, 1.0),
    strokes=(
        Stroke((0.0, 1.0), (0.0, 1.0), LOOK),
        Stroke((0.0, 1.0), (0.0, 0.5), LOOK, arrow=True),
    ),
    dots=(Dots((0.5, 0.6), (0.1, 0.2), LOOK),), words=(Words(0.0, 0.5, "here"),), note="a note",
)  # fmt: skip


def test_what_a_panel_holds_is_drawn() -> None:
    spec = picture(PANEL, replace(PANEL, title="right", lead="turn"))
    figure = draw(spec, 800)
    left, _right = figure.axes
    assert left.get_xlim() == (-2.0, 2.0)
    assert left.get_aspect() == 1.0
    drawn = [line.get_xydata().tolist() for line in left.lines]  # type: ignore[union-attr]
    assert [[0.0, 0.0], [1.0, 1.0]] in drawn
    assert [[0.5, 0.1], [0.6, 0.2]] in drawn
    assert [text.get_text() for text in left.texts] == ["here"]
    assert sum(isinstance(patch, FancyArrowPatch) for patch in left.patches) == 1
    written = {text.get_text() for text in figure.texts}
    assert {"A title", "A caption", "left", "right", "a note", "turn"} <= written
    box = left.get_position()
    width, height = figure.get_size_inches()
    assert box.width * width / (box.height * height) == pytest.approx(2.0)  # 4 by 2 units


def test_the_first_panel_of_a_row_has_no_arrow_to_it() -> None:
    led = replace(PANEL, lead="turn")
    figure = draw(picture(led, led, led, columns=2), 800)
    assert [text.get_text() for text in figure.texts].count("turn") == 1


def test_a_region_is_coloured_and_its_border_drawn() -> None:
    made = region(lambda p: (p[:, 0] > 0).astype(float), (-1.0, 1.0), (-1.0, 1.0), cells=8)
    assert made.values[0] == (0.0,) * 4 + (1.0,) * 4
    panel = PlanePanel("", (-1.0, 1.0), (-1.0, 1.0), region=made)
    (axes,) = draw(picture(panel, columns=1), 400).axes
    assert len(axes.images) == 1
    border = np.concatenate([path.vertices for path in axes.collections[0].get_paths()])
    assert np.abs(border[:, 0]).max() < 0.13
    flat = Region(((0.2, 0.3),), LOOK, LOOK)
    (axes,) = draw(picture(replace(panel, region=flat), columns=1), 400).axes
    assert not axes.collections  # nowhere undecided


def test_it_is_wide_and_as_high_as_it_needs() -> None:
    assert is_wide(picture(PANEL))
    one, two = (natural_height(picture(*[PANEL] * n, columns=1), 600) for n in (1, 2))
    assert two > 1.7 * one
    assert picture(PANEL, PANEL, PANEL).rows == 2
    assert not picture(PANEL).is_empty
    assert picture(PlanePanel("", (0.0, 1.0), (0.0, 1.0))).is_empty


def test_a_panel_has_one_scale() -> None:
    points = np.array([[0.0, 0.0], [4.0, 1.0]])
    x, y = square_about(points, air=0.0)
    assert (x, y) == ((0.0, 4.0), (-1.5, 2.5))
    assert len(grid_lines(-1.0, 1.0, 5)) == 10


def test_every_kind_has_its_panel() -> None:
    found = kinds_picture()
    assert [panel.title.split()[0] for panel in found.panels] == ["before", *TRANSFORMATIONS]
    assert "turned over" in next(p.note for p in found.panels if p.title == "reflection")
    origin = {p.title: (p.dots[0].x[0], p.dots[0].y[0]) for p in found.panels}
    assert {place for title, place in origin.items() if "affine" not in title} == {(0.0, 0.0)}


@pytest.mark.parametrize("text", ["2 1; 0 1", "0 1; 1 0", "1 2; 2 4", "0 0; 0 0", "1e6 0; 0 1e-6"])
def test_any_matrix_can_be_drawn(text: str) -> None:
    found = parts_picture(take_apart(parse_matrix(text)))
    assert len(found.panels) == 4
    assert rasterize(draw(found, 900)).shape[2] == 3


def test_a_net_layer_by_layer() -> None:
    rng = np.random.default_rng(0)
    shapes = ((2, 2), (2, 2), (2, 1))
    net = TrainedNet(
        tuple(rng.standard_normal(shape) for shape in shapes),
        tuple(rng.standard_normal(out) for _, out in shapes),
        "tanh", "binary_cross_entropy", "sigmoid",
    )  # fmt: skip
    x, y = rng.standard_normal((30, 2)), np.arange(30) % 2
    found = layers_picture(net, net.stages(x), y, seed=3)
    titles = [panel.title for panel in found.panels]
    assert titles == ["input", "layer 1: linear", "layer 1: tanh", "layer 2: linear",
                      "layer 2: tanh", "the net's answer"]  # fmt: skip
    notes = [panel.note for panel in found.panels]
    assert notes[0] == notes[1]  # a linear step moves no line's accuracy
    assert notes[2] == notes[3]
    assert found.panels[-1].region is not None
    assert "seed 3" in found.caption


def test_the_net_with_its_numbers() -> None:
    at, d = forward(EXAMPLE, RELU_SQUARED), jacobians(EXAMPLE, RELU_SQUARED)
    found = net_picture(EXAMPLE, at, d, "n")
    assert found is not None
    words = [each.text for each in found.panels[0].words]
    assert {"z1 = −2", "dl/dz1 = 4", "dl/dz1 = −6", "dl/dz3 = −2"} <= set(words)
    assert found.title.startswith("1 of 3 hidden units is off")
    # 2 x 3 + 3 x 2 weights, one line from each output to the loss
    assert sum(stroke.arrow for stroke in found.panels[0].strokes) == 14
    large = random_net(np.random.default_rng(0), (6, 3, 2))
    args = forward(large, RELU_SQUARED), jacobians(large, RELU_SQUARED)
    assert net_picture(large, *args, "n") is None
