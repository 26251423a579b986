"""`report.html` in Chromium: the slider, and what is chosen, move the marks."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nnlab.core.report.wording import percent, short
from tests.browser.conftest import lines
from tests.browser.window import Window

pytestmark = pytest.mark.machine

HOME, END, LEFT = "\ue011", "\ue010", "\ue012"
"""Keys, as WebDriver writes them."""


def told(moment: str, quantity: str, write: object) -> list[str]:
    """`relu from 0.1 to 0.02` for each line, from the summary's own means."""
    ends = lines().ends.filter(pl.col("moment") == moment, pl.col("quantity") == quantity)
    found = []
    for label in lines().shown.lines:
        own = ends.filter(pl.col("line") == label).sort("layer")["mean"].to_list()
        first, last = (write(value) for value in (own[0], own[-1]))  # type: ignore[operator]
        found.append(f"{label} from {first} to {last}")
    return found


WRITTEN = {"gradient": ("delta_rms", short), "saturated": ("saturated_fraction", percent)}


def test_the_slider_moves_gradient_dead_units_and_saturation_together(
    window: Window, pages: dict[str, Path]
) -> None:
    window.show(pages["lines"])
    window.choose("[data-axis=learning_rate]", "1")  # large steps, where units die
    figures = ("#gradient", "#dead", "#saturated", "#curves")
    end = {figure: window.words(figure) for figure in figures}
    drawn = {figure: window.marks(figure) for figure in figures}
    cursor = "return document.querySelector('#curves .cursor').getAttribute('x1')"
    before = float(window.ask(cursor))
    window.press("#time", HOME)
    for figure in ("#gradient", "#dead", "#saturated"):
        assert window.words(figure) != end[figure]
        assert window.marks(figure) != drawn[figure]
        assert len(window.marks(figure)) == 3
    assert window.marks("#curves") == drawn["#curves"]  # there it is a cursor that moves
    assert float(window.ask(cursor)) < before
    assert "step 0 of" in window.ask(
        "return document.querySelector('#time').getAttribute('aria-valuetext')"
    )


@pytest.mark.parametrize(("moment", "key"), [("start", HOME), ("end", END)])
def test_the_pictures_by_layer_show_the_means_of_the_tables(
    window: Window, pages: dict[str, Path], moment: str, key: str
) -> None:
    window.show(pages["lines"])
    window.press("#time", LEFT, key)
    for figure, (quantity, write) in WRITTEN.items():
        words = window.words(f"#{figure}")
        for line in told(moment, quantity, write):
            assert line in words


def test_the_same_as_numbers(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"])
    window.click("#moment summary")
    # A browser tells of an opened <details> in its own time, and the table is written then.
    window.until(lambda: bool(window.each("#moment tbody tr", "innerText")))
    rows = [text.split("\t") for text in window.each("#moment tbody tr", "innerText")]
    ends = lines().ends.filter(pl.col("moment") == "end", pl.col("quantity") == "delta_rms")
    for label in lines().shown.lines:
        own = ends.filter(pl.col("line") == label).sort("layer")["mean"].to_list()
        assert ["delta", label, *map(short, own)] in rows


# ------------------------------------------------------------------ what is chosen


def test_lines_and_seeds_are_chosen(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"])
    assert len(window.marks("#curves")) == len(window.marks("#gradient")) == 3
    mean = window.marks("#curves")[0]
    window.click("#line-1")
    assert len(window.marks("#curves")) == len(window.marks("#gradient")) == 2
    thin = "#curves path.thin"
    assert window.visible(thin) == 4
    window.press("#seed-1", " ")  # by the keyboard
    assert window.visible(thin) == 0
    assert window.marks("#curves")[0] != mean
    window.click("#seed-0")
    assert window.marks("#curves") == []
    assert "no finished run is chosen" in window.words("#gradient")
    assert window.console() == []


def test_one_seed_shows_that_run(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"])
    window.choose("[data-axis=learning_rate]", "0")
    window.click("#seed-1")
    runs = lines().tables.runs.filter(pl.col("seed") == 0, pl.col("learning_rate") == 0.1)
    curves = lines().tables.curves.collect()
    for run, label in runs.select("run", "activation").rows():
        own = curves.filter(pl.col("run") == run).sort("step")["train_loss"].to_list()
        assert f"{label} from {short(own[0])} to {short(own[-1])}" in window.words("#curves")


def test_the_curve_and_the_gradient_are_chosen(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"])
    before = window.words("#curves"), window.words("#gradient")
    window.choose("#curve-of", "test_accuracy")
    window.choose("#gradient-of", "gradient_norm")
    assert window.words("#curves").startswith("test accuracy")
    assert window.words("#gradient").startswith("weight gradient step")
    assert not set(before) & {window.words("#curves"), window.words("#gradient")}
