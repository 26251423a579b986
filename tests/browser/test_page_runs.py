"""`report.html` in Chromium: the table of runs sorts, filters and shows a run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nnlab.core.report.wording import short
from tests.browser.conftest import grid
from tests.browser.window import Window

pytestmark = pytest.mark.machine

ENTER = "\ue007"
"""The key, as WebDriver writes it."""

RELU, RATE = pl.col("activation") == "relu", pl.col("learning_rate")
SHOWN = "#runs-table tbody tr:not([hidden]) th"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("relu", RELU),
        ("learning_rate=0.1 relu", RELU & (RATE == 0.1)),
        ("learning_rate<=0.1 batch_size>16", (RATE <= 0.1) & (pl.col("batch_size") > 16)),
        ("status=diverged", pl.col("status") == "diverged"),
        ("nowhere", pl.lit(False)),
    ],
)
def test_the_filter_keeps_what_it_says(
    window: Window, pages: dict[str, Path], words: str, wanted: pl.Expr
) -> None:
    window.show(pages["grid"])
    window.press("#runs-words", words)
    runs = grid().tables.runs
    kept = runs.filter(wanted)["run"].to_list()
    assert window.each(SHOWN, "textContent") == kept
    said = window.each("#runs-count", "textContent")[0]
    assert said == f"{len(kept)} of {runs.height} runs"


def test_a_status_is_chosen(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["grid"])
    window.choose("#runs-status", "diverged")
    runs = grid().tables.runs
    assert (
        window.each(SHOWN, "textContent")
        == runs.filter(pl.col("status") == "diverged")["run"].to_list()
    )


def test_a_head_sorts_and_sorts_back(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["grid"])
    head = "#runs-table th[data-key=test_accuracy]"
    at = window.each(head, "cellIndex")[0]
    for sense, reverse in (("ascending", False), ("descending", True)):
        window.press(f"{head} button", ENTER)
        assert window.each(head, "getAttribute('aria-sort')") == [sense]
        found = window.each("#runs-table tbody tr", f"cells[{at}].textContent")
        numbers = [float(value) for value in found if value != "–"]
        assert numbers == sorted(numbers, reverse=reverse)
        assert found[len(numbers) :] == ["–"] * 8  # the diverged, last either way


def test_a_click_shows_that_runs_curves(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["grid"])
    runs = grid().tables.runs
    run = runs.row(5, named=True)
    window.click("#runs-table tbody tr:nth-child(6) td:nth-child(3)")  # anywhere in the row
    panel = window.each("#run", "innerText")[0]
    assert f"Run {run['run']}" in panel
    assert f"{run['activation']}, learning rate 0.1, batch size 16, seed 1, finished" in panel
    assert window.ask("return document.activeElement.id") == "run-head"
    own = grid().tables.curves.collect().filter(pl.col("run") == run["run"]).sort("step")
    loss = own["train_loss"].to_list()
    assert f"training loss from {short(loss[0])} to {short(loss[-1])}" in window.words("#run")
    titles = window.each("#run figcaption", "firstChild.textContent")
    assert titles == ["Loss", "Accuracy", "Delta", "Weight gradient", "Dead units", "Saturation"]
    window.click("#run-close")
    assert window.ask("return document.activeElement.textContent") == run["run"]
    assert window.ask("return document.querySelector('#run').hidden") is True


def test_a_diverged_run_shows_what_there_is(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["grid"])
    window.choose("#runs-status", "diverged")
    window.click("#runs-table tbody tr:not([hidden]) button")
    assert "diverged" in window.each("#run p", "textContent")[0]
    assert window.visible("#run svg[role=img]") == 6
    assert window.console() == []
