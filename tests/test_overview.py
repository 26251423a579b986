"""The map of a whole grid: its cells, the framed one, crosses and asterisks."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from nnlab.core.analysis.summaries import summarize
from nnlab.core.report.figures import draw
from nnlab.core.report.overview import learning_rate_by_batch_size
from tests.frames import Grid, study
from tests.report_cases import (
    CASES,
    summary_of,
)


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
    assert "Each cell" not in picture.caption  # no cell had a choice
    assert "no clear difference between the highest and 6 of 7 other cells" in picture.title
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


def test_what_each_cell_is_the_best_of_is_named() -> None:
    sizes = ((8,), (8, 8, 8))
    grid = Grid(rates=(0.03, 0.1), batches=(8, 64), sizes=sizes, seeds=2, records=2)
    picture = learning_rate_by_batch_size(summarize(study(grid)))
    assert "Each cell at its best depth, by mean test accuracy." in picture.caption
    mixed = dataclasses.replace(grid, sizes=((8,), (4, 8)), optimizers=("sgd", "adam"))
    picture = learning_rate_by_batch_size(summarize(study(mixed)))
    assert "Each cell at its best architecture and optimizer, by mean" in picture.caption


def test_a_map_of_equals_says_so() -> None:
    tables = study(Grid(activations=("relu",), rates=(0.03, 0.1), batches=(8, 64), seeds=2))
    runs = tables.runs.with_columns(test_accuracy=pl.lit(1.0))
    picture = learning_rate_by_batch_size(summarize(dataclasses.replace(tables, runs=runs)))
    assert picture.title.endswith(": all 4 cells alike at the highest, 1.000")
    assert "Of cells alike the one with the lowest training loss is framed." in picture.caption


def test_a_map_needs_both_axes() -> None:
    with pytest.raises(ValueError, match="learning rate and batch size"):
        learning_rate_by_batch_size(summary_of("rates"))
