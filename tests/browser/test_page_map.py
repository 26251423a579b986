"""`report.html` in Chromium: the map of learning rate and batch size."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nnlab.core.report.wording import short
from tests.browser.conftest import grid
from tests.browser.window import Window

pytestmark = pytest.mark.machine

CELLS = """return Array.from(document.querySelectorAll('#grid figure'), (figure) => [
  figure.querySelector('figcaption').textContent,
  Array.from(figure.querySelectorAll('rect.cell'), (cell) => cell.dataset.mean)])"""


def test_the_map_shows_the_means_of_the_summary(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["grid"])
    table = grid().grid
    assert table is not None
    for label, cells in window.ask(CELLS):
        own = table.filter(pl.col("line") == label).sort("batch_size", "learning_rate")
        for cell, mean in zip(cells, own["mean"].to_list(), strict=True):
            assert (float(cell) if cell else None) == (mean and pytest.approx(mean, rel=1e-3))
    assert window.visible("#grid rect.lost") == 4


def test_the_optimum_curve_joins_the_best_rate_of_each_batch_size(
    window: Window, pages: dict[str, Path]
) -> None:
    window.show(pages["grid"])
    table = grid().grid
    assert table is not None
    labels = window.each("#grid svg", "getAttribute('aria-label')")
    for label in labels:
        own = table.filter(pl.col("line") == label.split(":")[0])
        for batch in (16, 64):
            best = own.filter(pl.col("batch_size") == batch).sort("place").row(0, named=True)
            assert f"batch {batch} at rate {short(best['learning_rate'])} with" in label
    assert window.visible("#grid circle.optimum") == 2 * len(labels) == 4


def test_what_the_map_colours_is_chosen(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["grid"])
    before = window.ask(CELLS)
    window.choose("#result-of", "train_loss")
    assert window.ask(CELLS) != before
    window.click("#line-0")
    assert [label for label, _ in window.ask(CELLS)] == ["identity"]
