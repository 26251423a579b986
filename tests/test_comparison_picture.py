"""The comparison in a report: the picture by value, the figure by its artists, the pages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from matplotlib.lines import Line2D

from nnlab.core.analysis.summaries import MOST_COMPARED, StudyTables, Summary, summarize
from nnlab.core.report.comparison import comparison_picture, comparison_sections
from nnlab.core.report.figures import draw, is_wide, natural_height, pictures_of
from nnlab.core.report.forest import draw_forest
from nnlab.core.report.html import html
from nnlab.core.report.markdown import markdown
from nnlab.core.report.pictures import Axis, Estimate, ForestPanel, ForestPicture, ForestRow
from nnlab.core.report.style import FAINT, looks, rasterize
from tests.frames import Grid, study

GRID = Grid(activations=("relu", "tanh", "sigmoid"), seeds=4, records=5)


@pytest.fixture(scope="module")
def tables() -> StudyTables:
    return study(GRID)


@pytest.fixture(scope="module")
def summary(tables: StudyTables) -> Summary:
    return summarize(tables)


def test_each_other_activation_is_a_row_and_each_measure_a_panel(summary: Summary) -> None:
    picture = comparison_picture(summary)
    family = looks("activation", ("relu", "tanh", "sigmoid"))
    assert picture.lines == (
        ForestRow("tanh", family["tanh"]),
        ForestRow("sigmoid", family["sigmoid"]),
    )
    assert [panel.title for panel in picture.panels] == [
        "Test accuracy", "Training loss", "Gradient reaching layer 1", "Dead units",
    ]  # fmt: skip
    labels = [panel.x.label for panel in picture.panels]
    assert labels == [
        "percentage points; higher is better", "times relu's; lower is better", "times relu's",
        "percentage points; lower is better",
    ]  # fmt: skip
    assert [panel.none for panel in picture.panels] == [0.0, 1.0, 1.0, 0.0]
    assert [panel.x.kind for panel in picture.panels] == ["linear", "log", "log", "linear"]


def test_the_marks_are_the_contrasts(summary: Summary) -> None:
    comparison = summary.comparison
    assert comparison is not None
    picture = comparison_picture(summary)
    for panel in picture.panels:
        for row, estimate in zip(picture.lines, panel.estimates, strict=True):
            contrast = next(
                c
                for c in comparison.contrasts
                if c.activation == row.name and c.measure.words == panel.title.lower()
            )
            assert contrast.interval is not None
            assert estimate is not None
            factor = 100.0 if contrast.measure.share else 1.0
            assert estimate.value == factor * contrast.interval.estimate
            assert (estimate.low, estimate.high) == (
                factor * contrast.interval.low, factor * contrast.interval.high,
            )  # fmt: skip
            assert estimate.clear == contrast.clear


def test_title_and_caption_say_what_is_seen_and_how_far_it_goes(summary: Summary) -> None:
    picture = comparison_picture(summary)
    assert picture.title.startswith("sigmoid's test accuracy is ")
    assert picture.title.endswith(" percentage points lower than relu's")
    assert "over 4 pairs of equal seed; bar: 95 % interval." in picture.caption
    assert "Holm-adjusted p of at most 0.05 over 8 tests" in picture.caption
    assert picture.caption.endswith("4 seeds only explore.")


def test_where_nothing_is_clear_the_title_says_so() -> None:
    picture = comparison_picture(
        summarize(study(Grid(activations=("relu", "leaky_relu"), seeds=2)))
    )
    assert picture.title == "2 seeds tell no difference between leaky_relu and relu"


def test_a_measure_without_any_difference_is_told_not_drawn(tables: StudyTables) -> None:
    layers = tables.layers.with_columns(pl.lit(0).alias("dead_units"))
    picture = comparison_picture(summarize(replace(tables, layers=layers)))
    assert "Dead units" not in [panel.title for panel in picture.panels]
    assert "No difference at any seed in dead units." in picture.caption


def test_a_lost_run_is_told(tables: StudyTables) -> None:
    lost = (pl.col("activation") == "tanh") & (pl.col("seed") == 2)
    columns = ["train_loss", "test_loss", "train_accuracy", "test_accuracy"]
    runs = tables.runs.with_columns(
        pl.when(lost).then(pl.lit("diverged")).otherwise("status").alias("status"),
        *(pl.when(~lost).then(pl.col(column)) for column in columns),
    )
    picture = comparison_picture(summarize(replace(tables, runs=runs)))
    assert "In no mean: 1 of 4 runs with tanh diverged." in picture.caption
    accuracy = picture.panels[0].estimates[0]
    assert accuracy is not None
    assert accuracy.words.endswith(" (3 of 4)")
    assert not accuracy.clear


def test_blocks_have_headings() -> None:
    grid = replace(GRID, activations=("relu", "tanh"), sizes=((8,), (8, 8)))
    picture = comparison_picture(summarize(study(grid)))
    assert [(row.name, row.look is None) for row in picture.lines] == [
        ("depth 1", True), ("tanh", False), ("depth 2", True), ("tanh", False),
    ]  # fmt: skip
    assert [estimate is None for estimate in picture.panels[0].estimates] == [True, False] * 2


@pytest.mark.parametrize(
    "grid",
    [
        replace(GRID, activations=("relu",)),
        replace(GRID, seeds=1),
        replace(GRID, rates=tuple(0.01 * i for i in range(1, MOST_COMPARED + 2))),
    ],
    ids=["one activation", "one seed", "many blocks"],
)
def test_nothing_is_compared(grid: Grid) -> None:
    summary = summarize(study(grid))
    assert summary.comparison is None
    assert comparison_sections(summary) == ()
    assert "comparison" not in [picture.name for picture in pictures_of(summary)]
    with pytest.raises(ValueError, match="one activation, one seed or many blocks"):
        comparison_picture(summary)


def test_it_opens_the_page_at_full_width(summary: Summary) -> None:
    first = pictures_of(summary)[0]
    assert first.name == "comparison"
    assert is_wide(first)
    assert not first.is_empty


# ------------------------------------------------------------------ drawn


def forest(*estimates: Estimate | None, kind: str = "log") -> ForestPicture:
    look = looks("activation", ("tanh",))["tanh"]
    axis = Axis("times relu's", "log") if kind == "log" else Axis("points")
    panel = ForestPanel("Steps", axis, 1.0 if kind == "log" else 0.0, estimates, "not reached")
    rows = tuple(ForestRow(f"row {i}", look) for i in range(len(estimates)))
    return ForestPicture("comparison", "A title", "A caption.", rows, (panel,))


def xs(line: Line2D) -> list[float]:
    return [float(x) for x in np.asarray(line.get_xdata())]


def test_a_bar_a_mark_and_its_words_for_each_estimate() -> None:
    picture = forest(
        Estimate(0.8, 0.7, 0.9, True, "0.8 ×"), Estimate(1.1, 0.5, 2.0, False, "1.1 ×")
    )
    (axes,) = draw(picture, 800).axes
    drawn = [line for line in axes.lines if line.get_color() != FAINT]
    assert [xs(line) for line in drawn] == [[0.7, 0.9], [0.8], [0.5, 2.0], [1.1]]
    marks = drawn[1::2]
    look = looks("activation", ("tanh",))["tanh"]
    assert [mark.get_markerfacecolor() for mark in marks] == [look.color, "white"]
    assert [text.get_text() for text in axes.texts] == ["0.8 ×", "1.1 ×"]
    assert axes.get_xscale() == "log"
    none = [line for line in axes.lines if line.get_color() == FAINT]
    assert [xs(line) for line in none] == [[1.0, 1.0]]


def test_a_row_without_an_estimate_says_why() -> None:
    (axes,) = draw(forest(Estimate(0.8, 0.7, 0.9), None), 800).axes
    assert [text.get_text() for text in axes.texts] == ["not reached"]


def test_the_line_of_no_effect_is_always_in_sight() -> None:
    for picture in (
        forest(Estimate(30.0, 29.0, 31.0)),
        forest(Estimate(0.001, 0.0009, 0.0011)),
        forest(Estimate(5.0, 4.0, 6.0), kind="linear"),
        forest(Estimate(0.0), kind="linear"),
        forest(Estimate(1.0)),
    ):
        (axes,) = draw(picture, 800).axes
        low, high = axes.get_xlim()
        assert low < picture.panels[0].none < high


def test_a_huge_interval_does_not_squeeze_the_estimates() -> None:
    """Two seeds of ratio 2 can have an interval over eight powers of ten."""
    (axes,) = draw(forest(Estimate(2.0, 2e-4, 2e4), Estimate(1.5, 1.4, 1.6)), 800).axes
    low, high = axes.get_xlim()
    assert low > 0.05
    assert high < 40


def test_the_picture_has_its_natural_height() -> None:
    one, two = forest(Estimate(2.0)), forest(Estimate(2.0), Estimate(3.0))
    assert natural_height(two, 800) > natural_height(one, 800)
    pixels = rasterize(draw_forest(one, 800, natural_height(one, 800)))
    assert pixels.shape[1] == 1600


# ------------------------------------------------------------------ pages


def test_the_pages_carry_the_table_and_the_sentences(summary: Summary) -> None:
    (section,) = comparison_sections(summary)
    assert section.heading == "Against relu"
    assert section.table.heads == ("measure", "activation", "mean", "against relu", "p")
    assert [row[:2] for row in section.table.rows[:3]] == [
        ("test accuracy", "relu"), ("", "tanh"), ("", "sigmoid"),
    ]  # fmt: skip
    assert section.table.rows[0][3:] == ("", "")
    text = markdown(summary, ())
    assert "## Against relu\n\n| measure | activation | mean | against relu | p |" in text
    page = html(summary, (), {})
    assert "<h2>Against relu</h2>" in page
    for words in section.sentences:
        assert words.endswith(".")
        assert f"- {words}" in text.replace("\\", "")
    assert page.count("<li>") == len(section.sentences)


def test_rates_of_their_own_are_no_sweep_and_no_choice(tables: StudyTables) -> None:
    """Each activation at its own rate: nothing was picked on the seeds shown."""
    rate = pl.when(pl.col("activation") == "relu").then(0.1).otherwise(0.2)
    summary = summarize(replace(tables, runs=tables.runs.with_columns(rate.alias("learning_rate"))))
    assert summary.varying == ("activation", "learning_rate")
    assert summary.shown.picked == ()
    assert summary.sweeps == {}
    caption = comparison_picture(summary).caption
    assert "Each at its own learning rate: relu 0.1, tanh 0.2, sigmoid 0.2." in caption
    text = markdown(summary, ())
    assert "| activation | learning rate | test accuracy" in text
