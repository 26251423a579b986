"""Learning curves, and the outcome against one axis: lines, labels, limits, captions."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl

from nnlab.core.analysis.summaries import summarize
from nnlab.core.report.curves import learning_curves, outcome_against
from nnlab.core.report.figures import draw
from nnlab.core.report.style import activation_look
from tests.frames import Grid, study
from tests.report_cases import (
    summary_of,
)


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
    means = dict(summary.settings.select("activation", "mean").rows())
    lowest, *alike = sorted(means.values())
    # the headline says no clear difference of the same three
    assert picture.title == (
        "No clear difference in mean test accuracy between relu, tanh and leaky_relu, "
        f"{min(alike):.3f} to {max(alike):.3f}; sigmoid with the lowest, {lowest:.3f}"
    )


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
    assert picture.title == (
        "Depth 12: no clear difference in mean test accuracy over 2 seeds: 0.175 to 0.963"
    )


def titles(values: dict[str, tuple[float, ...]]) -> tuple[str, str]:
    """Of the curves, and of the sweep over rates, where each activation has these accuracies."""
    seeds = len(next(iter(values.values())))
    tables = study(Grid(activations=tuple(values), seeds=seeds, records=4))
    numbers = [values[name][seed] for name, seed in tables.runs.select("activation", "seed").rows()]
    runs = tables.runs.with_columns(test_accuracy=pl.Series(numbers))
    again = runs.with_columns(learning_rate=0.2, run=pl.col("run") + "b")
    swept = summarize(dataclasses.replace(tables, runs=pl.concat([runs, again])))
    curves = learning_curves(summarize(dataclasses.replace(tables, runs=runs)))
    return curves.title, outcome_against(swept, "learning_rate").title


def test_titles_name_a_leader_only_where_the_seeds_tell_one() -> None:
    clear: dict[str, tuple[float, ...]] = {
        "relu": (0.95, 0.96, 0.975),
        "tanh": (0.5, 0.5, 0.51),
        "elu": (0.5, 0.5, 0.51),
    }
    curves, sweep = titles(clear)
    assert curves == (
        "relu ends with the highest mean test accuracy, 0.962; tanh and elu with the lowest, 0.503"
    )
    assert sweep == "Test accuracy against learning rate: 2 of 6 points alike at the highest, 0.962"


def test_what_prints_alike_is_neither_highest_nor_lowest() -> None:
    curves, sweep = titles({"relu": (1.0, 1.0), "tanh": (1.0, 1.0)})
    assert curves == "All end alike, mean test accuracy 1.000"
    assert sweep.endswith("all 4 points alike at the highest, 1.000")
    curves, _ = titles({"relu": (1.0,), "tanh": (1.0,), "elu": (0.5,)})
    assert curves == (
        "tanh and relu end with the highest test accuracy, 1.000; elu with the lowest, 0.500"
    )


def test_no_interval_leaves_what_an_accuracy_can_be() -> None:
    tables = study(Grid(activations=("relu", "tanh"), rates=(0.1, 0.2), seeds=2, records=4))
    runs = tables.runs.with_columns(
        test_accuracy=pl.when(pl.col("seed") == 0).then(0.7).otherwise(1.0)
    )
    summary = summarize(dataclasses.replace(tables, runs=runs))
    assert max(summary.settings["high"]) > 1.5
    (panel,) = outcome_against(summary, "learning_rate").panels
    assert {(line.low, line.high) for line in panel.lines} == {((0.0, 0.0), (1.0, 1.0))}
    shares = pl.col("quantity").str.ends_with("accuracy") | pl.col("quantity").str.ends_with("ion")
    for table in (summary.curves, summary.layers):
        ends = table.filter(shares).select("low", "high").drop_nulls()
        assert ends.height
        assert min(ends["low"]) >= 0.0
        assert max(ends["high"]) <= 1.0


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
