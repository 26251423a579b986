"""Pictures by value, figures by their artists: what is said, drawn, named, and where it stands."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from nnlab.core.analysis.summaries import Summary, summarize
from nnlab.core.report import style
from nnlab.core.report.curves import learning_curves, outcome_against
from nnlab.core.report.figures import draw, is_wide, pictures_of
from nnlab.core.report.layers import gradient_by_layer, gradient_over_time
from nnlab.core.report.overview import learning_rate_by_batch_size
from nnlab.core.report.page_table import page_table
from nnlab.core.report.pictures import (
    Axis,
    HeatPanel,
    HeatPicture,
    Line,
    LinesPicture,
    Panel,
    Picture,
)
from nnlab.core.report.poster import page_footer, page_heading
from nnlab.core.report.sheet import page_rows
from nnlab.core.report.style import Look, activation_look
from nnlab.core.report.table import small_results_table
from nnlab.core.report.units import dead_units, saturation
from tests.frames import Grid, study

DEPTHS = tuple((8,) * depth for depth in (2, 6, 12))
TWELVE = (
    "relu", "leaky_relu", "tanh", "sigmoid", "identity", "elu", "selu", "gelu", "silu",
    "softplus", "softsign", "hard_tanh",
)  # fmt: skip
CASES = {
    "one run": Grid(activations=("relu",), seeds=1, records=8),
    "four activations": Grid(seeds=3, records=8),
    "depths": Grid(activations=("sigmoid", "relu"), sizes=DEPTHS, seeds=2, records=4),
    "rates and batches": Grid(
        activations=("relu", "tanh"), rates=(0.01, 0.1, 5.0), batches=(8, 64), seeds=2, records=4
    ),
    "rates and batches of one": Grid(
        activations=("relu",), rates=(0.01, 0.1, 5.0), batches=(8, 64), seeds=2, records=4
    ),
    "twelve activations": Grid(activations=TWELVE, seeds=2, records=4),
    "rates": Grid(activations=("relu", "tanh"), rates=(0.01, 0.1, 5.0), seeds=2, records=4),
    "initializations": Grid(
        activations=("relu", "tanh"), initializations=("he", "normal:0.01"), seeds=2, records=4
    ),
    "regression": Grid(activations=("relu", "tanh"), regression=True, seeds=2, records=4),
    "no test part": Grid(activations=("relu",), sizes=((8,),), test_part=False, records=4, seeds=1),
    "a single record": Grid(activations=("relu", "tanh"), seeds=2, records=1),
    "slopes": Grid(activations=("leaky_relu:0.1", "leaky_relu:0.25"), seeds=2, records=4),
    "all diverged": Grid(rates=(9.0,), seeds=2, records=4),
}


DRAWN = [
    "depths", "rates and batches", "twelve activations", "initializations", "a single record",
]  # fmt: skip
"""Cases whose pictures are all drawn; the others differ from them in what they say."""

# Summaries and pictures are made once for all tests.


@cache
def summary_of(case: str) -> Summary:
    return summarize(study(CASES[case], name=case))


@cache
def all_of(case: str) -> tuple[Picture, ...]:
    return pictures_of(summary_of(case))


def figures_of(case: str) -> Iterator[tuple[Picture, Figure]]:
    """Every picture of the case with its figure, as large as on the page; one at a time."""
    for row in page_rows(all_of(case)):
        for picture in row:
            yield picture, draw(picture, 1560 / len(row))


def picture_of(case: str, name: str) -> Any:
    return next(picture for picture in all_of(case) if picture.name == name)


# ------------------------------------------------------------------ every picture of every case


def visible_texts(figure: Figure) -> list[Text]:
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
    ]


def assert_texts_fit(figure: Figure) -> None:
    """No text leaves the figure, no two overlap."""
    with style.drawing():
        figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    width, height = figure.bbox.width, figure.bbox.height
    texts = visible_texts(figure)
    words = [text.get_text() for text in texts]
    left, bottom, right, top = np.array([t.get_window_extent(renderer).extents for t in texts]).T
    outside = (left < -1) | (bottom < -1) | (right > width + 1) | (top > height + 1)
    assert not outside.any(), [words[i] for i in np.flatnonzero(outside)]
    wide = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    high = np.minimum.outer(top, top) - np.maximum.outer(bottom, bottom)
    # Two file pixels are one of the page; the boxes of two lines of text overlap a little.
    covered = np.triu((wide > 2) & (high > 5), k=1)
    assert not covered.any(), [(words[i], words[j]) for i, j in np.argwhere(covered)]


@pytest.mark.parametrize("case", CASES)
def test_the_heading_table_and_footer_of_every_page_fit(case: str) -> None:
    summary = summary_of(case)
    for figure in (
        page_heading(summary),
        page_table(small_results_table(summary)),
        page_footer(summary),
    ):
        assert_texts_fit(figure)


@pytest.mark.parametrize("case", CASES)
def test_every_picture_says_what_is_seen_and_how_to_read_it(case: str) -> None:
    pictures = all_of(case)
    assert len({picture.name for picture in pictures}) == len(pictures)
    for picture in pictures:
        assert len(picture.title) > 10
        assert picture.caption.endswith(".")
        words = f"{picture.title} {picture.caption.replace('None at any time', '')}"
        assert not re.search(r"\b(None|nan|inf)\b", words)


def test_without_a_finished_run_there_is_no_picture() -> None:
    assert pictures_of(summary_of("all diverged")) == ()


def test_what_was_not_recorded_is_not_drawn() -> None:
    tables = study(CASES["one run"])
    bare = dataclasses.replace(tables, layers=tables.layers.clear())
    names = [picture.name for picture in pictures_of(summarize(bare))]
    assert names == ["learning_curves"]


# ------------------------------------------------------------------ lines


def assert_drawn_as_said(picture: LinesPicture, figure: Figure) -> None:
    assert len(figure.axes) == len(picture.panels)
    for panel, axes in zip(picture.panels, figure.axes, strict=True):
        assert axes.get_title(loc="left") == panel.title
        assert axes.get_yscale() == ("log" if panel.y.kind == "log" else "linear")
        drawn = {line.get_label(): line for line in axes.lines}
        for line in panel.lines:
            assert np.array_equal(drawn[line.label].get_xdata(), line.x)
            assert np.array_equal(drawn[line.label].get_ydata(), line.y)
            assert drawn[line.label].get_color() == line.look.color
        named = [text.get_text() for text in axes.texts]
        for line in panel.lines:
            assert (style.inert(line.end) in named) == panel.labelled
        bands = sum(1 for line in panel.lines if line.low and not panel.bars)
        assert len(axes.collections) == bands


@pytest.mark.parametrize("case", DRAWN)
def test_every_figure_shows_its_picture_and_no_text_is_cut_or_covered(case: str) -> None:
    for picture, figure in figures_of(case):
        assert_texts_fit(figure)
        assert any(axes.get_xlabel() for axes in figure.axes), picture.name
        if isinstance(picture, LinesPicture | HeatPicture):
            assert any(axes.get_ylabel() for axes in figure.axes), picture.name
        if isinstance(picture, LinesPicture):
            assert_drawn_as_said(picture, figure)


def test_learning_curves_of_four_activations() -> None:
    summary = summary_of("four activations")
    picture = learning_curves(summary)
    loss, accuracy = picture.panels
    assert (picture.rows, picture.columns) == (1, 2)
    assert (loss.y.label, loss.y.kind) == ("cross-entropy, nats; log scale", "log")
    assert (accuracy.y.label, accuracy.x.label) == ("share of examples", "training step")
    assert [line.label for line in loss.lines] == list(summary.shown.lines)
    relu = summary.curves.filter(pl.col("line") == "relu", pl.col("quantity") == "train_loss")
    assert loss.lines[0].y == tuple(relu["mean"])
    assert loss.lines[0].low == tuple(relu["low"])
    assert loss.lines[0].look == activation_look("relu")
    assert "3 seeds" in picture.caption
    assert "ends with the highest mean test accuracy" in picture.title
    assert picture.title.endswith(f"with the lowest, {min(summary.settings['mean']):.3f}")


def test_one_run_has_no_interval_and_says_so() -> None:
    picture = learning_curves(summary_of("one run"))
    assert all(line.low == () for panel in picture.panels for line in panel.lines)
    assert "one run, so there is no interval" in picture.caption
    assert picture.title.startswith("relu ends at a test accuracy of 0.9")


def test_many_lines_go_without_bands_and_say_so() -> None:
    picture = learning_curves(summary_of("twelve activations"))
    assert all(line.low == () for panel in picture.panels for line in panel.lines)
    assert "without their intervals" in picture.caption


def test_depths_are_columns_of_panels() -> None:
    picture = learning_curves(summary_of("depths"))
    assert [panel.title for panel in picture.panels] == ["depth 2", "depth 6", "depth 12"] * 2
    assert picture.panels[0].y.label == "training loss (cross-entropy, nats), log scale"
    assert picture.panels[0].y.group == picture.panels[2].y.group != picture.panels[3].y.group
    assert picture.title.startswith("Depth 12: relu ends with the highest")


def test_panels_of_one_quantity_share_their_limits() -> None:
    figure = draw(learning_curves(summary_of("depths")), 1500)
    limits = [axes.get_ylim() for axes in figure.axes]
    assert limits[0] == limits[1] == limits[2]
    assert limits[3] == limits[4] == limits[5]


def test_regression_shows_two_losses_in_the_unit_of_the_target() -> None:
    picture = learning_curves(summary_of("regression"))
    assert [panel.title for panel in picture.panels] == ["Training loss", "Test loss"]
    assert picture.panels[1].y.label == "mse, variances of the target; log scale"
    assert "test R²" in picture.title


def test_settings_of_different_length_are_compared_by_epoch() -> None:
    summary = summary_of("rates and batches")
    batches = summary.shown.rows["batch_size"].n_unique()
    label = learning_curves(summary).panels[0].x.label
    assert label == ("epoch" if batches > 1 else "training step")
    one = learning_curves(summary_of("rates and batches of one"))
    assert one.panels[0].x.label == "epoch"


def test_the_caption_names_what_was_picked_and_what_was_left_out() -> None:
    grid = Grid(activations=("relu",), rates=(0.1, 5.0), batches=(8, 64), seeds=2, records=4)
    summary = summarize(study(grid))
    caption = learning_curves(summary).caption
    assert "Each batch size at its best learning rate, picked by mean test accuracy" in caption
    assert "batch 8 rate 0.1; batch 64 rate 0.1." in caption
    tables = study(Grid(activations=("relu", "tanh"), seeds=3, records=4))
    status = pl.Series("status", ["finished"] * 4 + ["diverged", "failed"])
    mixed = summarize(dataclasses.replace(tables, runs=tables.runs.with_columns(status)))
    caption = learning_curves(mixed).caption
    assert "Left out because they diverged: tanh 1 of 3." in caption
    assert "Left out because they failed: tanh 1 of 3." in caption


# ------------------------------------------------------------------ gradient by layer


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


def test_learning_rate_by_batch_size_frames_the_best_and_crosses_the_lost() -> None:
    summary = summary_of("rates and batches")
    picture = learning_rate_by_batch_size(summary)
    assert picture.x.names == ("0.01", "0.1", "5")
    assert picture.y.names == ("8", "64")
    relu = picture.panels[0]
    assert relu.lost == ((0, 2), (1, 2))
    assert [row[2] for row in relu.values] == [None, None]
    assert relu.best is not None
    flat = [value for row in relu.values for value in row if value is not None]
    assert relu.values[relu.best[0]][relu.best[1]] == max(flat)
    assert "Cross: every run diverged." in picture.caption
    figure = draw(picture, 1500)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("×") == 2
    assert f"{max(flat):.3f}" in texts
    assert len(figure.axes[0].patches) == 2  # the frame and its halo


def test_partly_diverged_cells_carry_an_asterisk() -> None:
    tables = study(CASES["rates and batches"])
    one = tables.runs.with_row_index().select(
        pl.when(pl.col("index") == 0).then(pl.lit("diverged")).otherwise("status").alias("status")
    )
    summary = summarize(dataclasses.replace(tables, runs=tables.runs.with_columns(one["status"])))
    picture = learning_rate_by_batch_size(summary)
    assert picture.panels[0].partly_lost == ((0, 0),)
    assert "Asterisk" in picture.caption
    texts = [text.get_text() for text in draw(picture, 1500).axes[0].texts]
    assert sum(text.endswith("*") for text in texts) == 1


def test_a_map_needs_both_axes() -> None:
    with pytest.raises(ValueError, match="learning rate and batch size"):
        learning_rate_by_batch_size(summary_of("rates"))


# ------------------------------------------------------------------ sweeps


def test_accuracy_against_depth() -> None:
    picture = outcome_against(summary_of("depths"), "hidden_layer_sizes")
    (panel,) = picture.panels
    assert picture.name == "test_accuracy_by_depth"
    assert (panel.x.label, panel.x.places) == ("depth (hidden layers)", (2.0, 6.0, 12.0))
    assert panel.bars
    assert panel.lines[0].x == (2.0, 6.0, 12.0)
    assert panel.lines[0].label == "sigmoid"


def test_a_rate_at_which_all_diverged_is_a_cross() -> None:
    picture = outcome_against(summary_of("rates"), "learning_rate")
    (panel,) = picture.panels
    assert panel.x.kind == "log"
    assert [x for x, _ in panel.lost] == [5.0, 5.0]
    assert "every run diverged" in picture.caption
    crosses = [line for line in draw(picture, 750).axes[0].lines if line.get_marker() == "x"]
    heights = {float(np.asarray(line.get_ydata())[0]) for line in crosses}
    assert len(heights) == 2  # beside each other, not on top


def test_names_have_no_order_to_join_points_along() -> None:
    picture = outcome_against(summary_of("initializations"), "initialization")
    (panel,) = picture.panels
    assert panel.x.names == ("he", "normal:0.01")
    assert not panel.joined
    relu, tanh = panel.lines
    assert relu.x == (-0.25, 0.75)
    assert tanh.x == (0.25, 1.25)
    drawn = {line.get_label(): line for line in draw(picture, 750).axes[0].lines}
    assert drawn["relu"].get_linestyle() == "None"
    assert drawn["relu"].get_marker() == "o"


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


def test_saturation_says_what_is_normal() -> None:
    picture = saturation(summary_of("four activations"))
    assert "below 5 % of its maximum" in picture.caption
    assert "normal for ReLU" in picture.caption


# ------------------------------------------------------------------ pictures by hand


def test_texts_of_a_picture_are_inert() -> None:
    nasty = "$\\frac{1}{0}$ \x1b[31m <b>"
    line = Line(nasty, Look("#000000"), (0.0, 1.0), (1.0, 2.0))
    panel = Panel(nasty, Axis(nasty), Axis(nasty), (line,), labelled=True, note=nasty)
    picture: Picture = LinesPicture("nasty", nasty, nasty, (panel,), 1)
    figure = draw(picture, 900)
    style.rasterize(figure)
    assert all("\x1b" not in text.get_text() for text in visible_texts(figure))
    cells = HeatPanel(nasty, (0.0, 1.0), (0.0,), ((1.0, None),))
    axis = Axis(nasty, "category", (nasty, nasty))
    heat = HeatPicture("h", nasty, nasty, (cells,), 1, axis, Axis(nasty, "layer"), Axis(nasty))
    style.rasterize(draw(heat, 900))


def test_a_picture_without_numbers_is_empty() -> None:
    panel = Panel("", Axis("x"), Axis("y"), ())
    assert LinesPicture("a", "b", "c", (panel,), 1).is_empty
    assert not LinesPicture(
        "a", "b", "c", (Panel("", Axis("x"), Axis("y"), (), lost=((1.0, Look("#000000")),)),), 1
    ).is_empty
    cells = HeatPanel("", (0.0,), (0.0,), ((None,),))
    assert HeatPicture("a", "b", "c", (cells,), 1, Axis("x"), Axis("y"), Axis("c")).is_empty


def test_wide_pictures_have_a_row_to_themselves() -> None:
    for case in CASES:
        pictures = all_of(case)
        rows = page_rows(pictures)
        assert [picture for row in rows for picture in row] == list(pictures)
        assert all(len(row) == 1 for row in rows if any(map(is_wide, row)))
