"""`docs/notebook.py` runs, cell by cell, and shows what its text says it shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import matplotlib.figure
import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = (ROOT / "docs" / "notebook.py").read_text(encoding="utf-8")
CELL = re.compile(r"^# %%(?: \[(\w+)\])?\n", re.M)


def cells() -> list[tuple[str, str]]:
    """(kind, source) of each cell of the percent format: `markdown` or `code`."""
    _, *parts = CELL.split(SOURCE)
    return [(kind or "code", text) for kind, text in zip(parts[::2], parts[1::2], strict=True)]


def display(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line, where that is an expression, as a notebook shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "notebook.py", "exec"), names)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "notebook.py", "eval"), names)


@pytest.mark.machine
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    shown = [display(source, names) for kind, source in cells() if kind == "code"]
    frames = [value for value in shown if isinstance(value, pl.DataFrame)]
    means, at_start, differences = frames
    assert means["activation"].to_list() == ["relu", "tanh", "sigmoid"]
    assert means["runs"].to_list() == [6, 6, 6]
    assert at_start.shape == (9, 3)
    assert sum(isinstance(value, matplotlib.figure.Figure) for value in shown) == 1
    assert (tmp_path / "learning_curves.png").stat().st_size > 10_000
    assert (tmp_path / "results" / "notebook" / "report.png").is_file()
    assert set(differences["activation"]) == {"tanh", "sigmoid"}
    assert set(differences["against"]) == {"relu"}
    within = pl.col("estimate").is_between(pl.col("low"), pl.col("high"))
    assert differences.filter(~within).is_empty()
    assert differences["clear"].any()
    assert not differences["clear"].all()


def test_polars_frames_go_to_pandas_as_the_notebook_says() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pl.DataFrame({"activation": ["relu", "tanh"], "test_accuracy": [0.5, None]})
    table = frame.to_pandas()
    assert list(table["activation"]) == ["relu", "tanh"]
    assert table["test_accuracy"].isna().tolist() == [False, True]


def test_it_is_kept_without_outputs_and_every_step_is_explained() -> None:
    kinds = [kind for kind, _ in cells()]
    assert kinds.count("markdown") >= 6
    assert all(
        line.startswith("#") for kind, text in cells() if kind == "markdown"
        for line in text.split("\n") if line
    )  # fmt: skip
    assert "](docs/notebook.py)" in (ROOT / "README.md").read_text(encoding="utf-8")
