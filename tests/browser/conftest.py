"""One browser for all tests here, and the pages they open."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nnlab.core.analysis.summaries import Summary, summarize
from nnlab.core.report.figures import pictures_of
from nnlab.core.report.html import html
from nnlab.core.report.png import png
from tests.answers import four_claims
from tests.browser.window import Window, need_browser, started
from tests.frames import Grid, study

NASTY = '</script><script>document.title = "harmed"</script><img src=x onerror="alert(1)">'
LINES = Grid(
    activations=("relu", "tanh", "sigmoid"),
    rates=(0.1, 1.0),
    sizes=((32, 32, 32),),
    seeds=2,
    records=9,
)
GRID = Grid(
    activations=("relu", "identity"),
    rates=(0.03, 0.1, 0.3, 3.0),
    batches=(16, 64),
    seeds=2,
    records=5,
)


@cache
def lines() -> Summary:
    """Three activations at two rates, with claims."""
    claims = [judged.as_json() for judged in four_claims()]
    return summarize(dataclasses.replace(study(LINES, name="lines"), claims=claims))


@cache
def grid() -> Summary:
    """Learning rate by batch size; the largest rate diverges."""
    return summarize(study(GRID, name="grid"))


@cache
def nasty() -> Summary:
    """Names that are markup, wherever a name can stand."""
    tables = study(dataclasses.replace(LINES, rates=(0.1,)), name="nasty", description=NASTY)
    renamed = pl.col("activation").replace({"tanh": NASTY})
    runs = tables.runs.with_columns(renamed, dataset=pl.lit(NASTY), initialization=pl.lit(NASTY))
    environment = {"command": ["nnlab", NASTY]}
    return summarize(
        dataclasses.replace(tables, runs=runs, spec_text=f"# {NASTY}", environment=environment)
    )


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages as files; a picture is a grey rectangle of the right size."""
    folder = tmp_path_factory.mktemp("pages")
    grey = png(np.full((600, 3120, 3), 200, dtype=np.uint8))
    found = {}
    for name, make in {"lines": lines, "grid": grid, "nasty": nasty}.items():
        pictures = pictures_of(make())[:2]
        found[name] = folder / f"{name}.html"
        text = html(make(), pictures, {picture.name: grey for picture in pictures})
        found[name].write_text(text, encoding="utf-8")
    return found


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """The browser."""
    need_browser()
    with started(tmp_path_factory.mktemp("profile")) as opened:
        yield opened
