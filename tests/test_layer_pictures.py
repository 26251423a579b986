"""The gradient by layer, before and after training, and over time; dead and saturated units."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from nnlab.core.analysis.summaries import summarize
from nnlab.core.report.figures import draw
from nnlab.core.report.layers import gradient_by_layer, gradient_over_time
from nnlab.core.report.pictures import (
    HeatPicture,
    LinesPicture,
)
from nnlab.core.report.units import dead_units, saturation
from tests.frames import Grid, study
from tests.report_cases import (
    picture_of,
    summary_of,
)


def test_gradient_before_and_after_delta_and_weights() -> None:
    summary = summary_of("four activations")
    picture = gradient_by_layer(summary)
    assert [panel.title for panel in picture.panels] == [
        "Delta before training",
        "Delta after training",
        "Weight gradient before training",
        "Weight gradient after training",
    ]
    first = picture.panels[0]
    assert first.y.kind == "log"
    assert first.y.label == "delta, rms (loss per unit of z)"
    assert first.x.names == ("1", "2", "out")
    assert [panel.labelled for panel in picture.panels] == [False, False, False, True]
    sigmoid = next(line for line in first.lines if line.label == "sigmoid")
    assert sigmoid.x == (1, 2, 3)
    assert sigmoid.y[1] / sigmoid.y[0] == pytest.approx(4.2, rel=0.3)
    assert picture.title == (
        "Gradient reaching layer 1 before training: least with sigmoid, "
        f"{sigmoid.y[0] / sigmoid.y[1]:.2f} times the last hidden layer's"
    )


def test_every_depth_has_its_row() -> None:
    picture = gradient_by_layer(summary_of("depths"))
    assert (picture.rows, picture.columns) == (3, 4)
    assert picture.panels[-1].title == "depth 12: weight gradient, end"
    assert picture.panels[-1].x.names == ("1", "5", "10", "out")
    assert "least with sigmoid (depth 12)" in picture.title


def test_a_single_record_has_no_after() -> None:
    picture = gradient_by_layer(summary_of("a single record"))
    assert [panel.title for panel in picture.panels] == [
        "Delta before training",
        "Weight gradient before training",
    ]


def test_gradients_of_zero_are_named() -> None:
    tables = study(Grid(activations=("relu", "tanh"), seeds=2, records=2))
    dead = pl.when(pl.col("layer") == 1).then(0.0).otherwise(pl.col("delta_rms"))
    layers = tables.layers.with_columns(dead.alias("delta_rms"))
    picture = gradient_by_layer(summarize(dataclasses.replace(tables, layers=layers)))
    assert picture.title == "No gradient reaches layer 1"
    assert "are left out: relu and tanh." in picture.caption
    assert picture.panels[0].lines[0].x == (2, 3)


# ------------------------------------------------------------------ maps


def test_maps_of_gradient_over_layer_and_time() -> None:
    summary = summary_of("four activations")
    picture = gradient_over_time(summary)
    assert [panel.title for panel in picture.panels] == list(summary.shown.lines)
    assert (picture.x.label, picture.y.label, picture.color.label) == (
        "training step", "layer", "delta, rms",
    )  # fmt: skip
    panel = picture.panels[2]
    assert (len(panel.values), len(panel.values[0])) == (3, 8)
    own = summary.layers.filter(
        pl.col("line") == "sigmoid", pl.col("quantity") == "delta_rms", pl.col("step") == 0
    )
    assert [row[0] for row in panel.values] == own.sort("layer")["mean"].to_list()
    assert "spans a factor of" in picture.title


def test_cells_are_drawn_with_one_scale() -> None:
    figure = draw(picture_of("four activations", "gradient_over_time"), 1500)
    *maps, scale = figure.axes
    norms = {axes.collections[0].norm for axes in maps}
    assert len(norms) == 1
    assert scale.get_yscale() == "log"
    assert maps[0].get_ylabel() == "layer"


# ------------------------------------------------------------------ dead and saturated units


def test_dead_units_of_a_shallow_net_are_lines_by_layer() -> None:
    picture = dead_units(summary_of("four activations"))
    assert isinstance(picture, LinesPicture)
    assert [panel.title for panel in picture.panels] == ["Layer 1", "Layer 2"]
    assert {panel.y.kind for panel in picture.panels} == {"percent"}
    assert picture.title.startswith("Dead units at the end: most with relu, ")
    assert picture.title.endswith(" of layer 2")


def test_dead_units_of_a_deep_net_are_maps_of_those_that_have_any() -> None:
    picture = dead_units(summary_of("depths"))
    assert isinstance(picture, HeatPicture)
    assert [panel.title for panel in picture.panels] == ["relu"]
    assert len(picture.panels[0].values) == 12  # hidden layers only
    assert "None at any time: sigmoid." in picture.caption


def test_nothing_dead_is_said() -> None:
    picture = dead_units(summary_of("slopes"))
    assert isinstance(picture, LinesPicture)
    assert picture.title == "Dead units: none at any time"
    assert [panel.note for panel in picture.panels] == ["none at any time"]


def test_titles_name_all_that_may_have_the_most() -> None:
    """Whose interval reaches the largest mean, or the least, may be first as well."""
    title = saturation(summary_of("four activations")).title
    assert title.startswith("Saturation at the end: most with relu and leaky_relu, ")
    title = dead_units(summary_of("rates and batches of one")).title
    assert title.startswith("Dead units at the end: no clear difference, at most ")
    title = gradient_by_layer(summary_of("rates and batches")).title
    assert title.startswith("Gradient reaching layer 1 before training: alike for all, ")


def test_saturation_says_what_is_normal() -> None:
    picture = saturation(summary_of("four activations"))
    assert "below 5 % of its maximum" in picture.caption
    assert "normal for ReLU" in picture.caption
