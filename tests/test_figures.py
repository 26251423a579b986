"""Pictures by value, figures by their artists: what is said, drawn, named, and where it stands."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from nnlab.core.analysis.summaries import summarize
from nnlab.core.report import style
from nnlab.core.report.figures import draw, is_wide, pictures_of
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
from nnlab.core.report.style import Look
from nnlab.core.report.table import small_results_table
from tests.frames import study
from tests.report_cases import (
    CASES,
    DRAWN,
    all_of,
    figures_of,
    summary_of,
)

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
