"""`report.html` in Chromium: studies at the edges of what there is still open without a word."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import polars as pl
import pytest

from nnlab.core.analysis.summaries import StudyTables, summarize
from nnlab.core.report.html import html
from tests.browser.window import Window
from tests.frames import Grid, study

pytestmark = pytest.mark.machine

ONE = Grid(activations=("relu",), seeds=1, records=4)


def with_a_failed_run() -> StudyTables:
    """Its first run failed before anything was recorded."""
    tables = study(dataclasses.replace(ONE, seeds=3))
    first = tables.runs["run"][0]
    failed = pl.col("run") == first
    values = [name for name in tables.runs.columns if name.endswith(("loss", "accuracy"))]
    return dataclasses.replace(
        tables,
        runs=tables.runs.with_columns(
            status=pl.when(failed).then(pl.lit("failed")).otherwise("status"),
            **{name: pl.when(~failed).then(name) for name in values},
        ),
        layers=tables.layers.filter(~failed),
        curves=tables.curves.filter(~failed),
    )


def with_lost_columns() -> StudyTables:
    """Nothing was measured of the layers, and the names of two seeds are far apart."""
    tables = study(dataclasses.replace(ONE, seeds=2))
    return dataclasses.replace(
        tables,
        runs=tables.runs.with_columns(seed=pl.col("seed") * 1_000_000_007),
        layers=tables.layers.filter(pl.lit(False)),
    )


ODD = {
    "one run": lambda: study(ONE),
    "one record": lambda: study(dataclasses.replace(ONE, records=1)),
    "regression without a test part": lambda: study(
        dataclasses.replace(ONE, regression=True, test_part=False)
    ),
    "lines are batch sizes": lambda: study(
        dataclasses.replace(ONE, rates=(0.1, 0.3), batches=(16, 32))
    ),
    "lines are depths": lambda: study(dataclasses.replace(ONE, sizes=((8,), (8, 8), (8,) * 12))),
    "a slope a line": lambda: study(
        dataclasses.replace(ONE, activations=tuple(f"leaky_relu:0.{i:02}" for i in range(1, 20)))
    ),
    "a failed run": with_a_failed_run,
    "no layers": with_lost_columns,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_studies_open_and_answer(window: Window, tmp_path: Path, name: str) -> None:
    page = tmp_path / "page.html"
    summary = summarize(ODD[name]())
    page.write_text(html(summary, (), {}), encoding="utf-8")
    window.show(page, width=390)
    assert window.visible("#explore") == 1
    assert window.visible("#curves path.line") >= 1
    for row in range(1, min(4, summary.tables.runs.height) + 1):
        window.click(f"#runs-table tbody tr:nth-child({row}) button")
        assert window.visible("#run-head") == 1
    window.press("#time", "\ue011")  # Home
    window.click("#explore input[name=seed]")
    for select in window.each("#explore select", "id"):
        if select:
            window.choose(f"#{select}", window.each(f"#{select} option:last-child", "value")[0])
    assert window.console() == []
    assert window.ask("return document.documentElement.scrollWidth") <= 390
