"""`nnlab results diff`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from nnlab.core.reading import read_runs
from tests.command_line import Nnlab, document, widest
from tests.saved_studies import GRID


def test_diff_of_two_studies(nnlab: Nnlab, results: Path) -> None:
    result = nnlab("results", "diff", "small", "small~1")
    assert (result.exit_code, result.stderr) == (0, "")
    assert widest(result.stdout) <= 80
    assert re.search(r"^steps +12 +40$", result.stdout, re.M)
    assert re.search(r"^runs +4 finished +4 finished$", result.stdout, re.M)
    assert "No run in both, 4 only in small, 4 only in small~1." in result.stdout
    assert "test accuracy in the settings that both trained" in result.stdout
    difference = document(nnlab("results", "diff", "small", "small~1", "--json"))
    assert difference["spec"] == {"steps": {"first": 12, "second": 40}}
    assert difference["runs"] == {"in_both": 0, "only_first": 4, "only_second": 4}
    means = {}
    for name in ("small", "small~1"):
        table = read_runs(results / name).group_by("activation").agg(pl.mean("test_accuracy"))
        means[name] = dict(table.iter_rows())
    for row in difference["settings"]:
        name = row["activation"]
        assert row["first"] == pytest.approx(means["small"][name])
        change = means["small~1"][name] - means["small"][name]
        assert row["change"] == pytest.approx(change)
        shown = f"{change:+.3f}".replace("-", "−")
        assert re.search(rf"^{name} .* {re.escape(shown)} ± ", result.stdout, re.M)
    ways = "higher" in result.stdout, "lower" in result.stdout, "the same in" in result.stdout
    assert any(ways)
    assert "Of 2 settings, the test accuracy of small~1 is " in result.stdout


def test_diff_of_a_study_with_itself(nnlab: Nnlab, results: Path) -> None:
    result = nnlab("results", "diff", "small", "small")
    assert "Both hold the same 4 runs." in result.stdout
    assert "Every setting that both trained has the same runs in both." in result.stdout
    assert result.stdout.startswith("A: small\nB: small\n")


def test_diff_says_how_little_chance_leaves(nnlab: Nnlab, results: Path) -> None:
    """Many settings: the largest are shown, and what chance alone would give is said."""
    shutil.copytree(results / GRID, results / "other")
    path = results / "other" / "runs.csv"
    table = read_runs(results / "other")
    better = pl.when(pl.col("activation") == "relu").then(0.5 + 0.001 * pl.col("seed"))
    table = table.with_columns(
        (pl.col("test_accuracy") + better.otherwise(0.0)).alias("test_accuracy"),
        ("f" + pl.col("run").str.slice(1)).alias("run"),
    )
    path.write_text(table.write_csv())
    text = nnlab("results", "diff", GRID, "other").stdout
    assert widest(text) <= 80
    assert text.startswith(f"A: {GRID}\nB: other\n")
    assert re.search(r"^The 10 largest differences; \d+ more with --json\.$", text, re.M)
    words = " ".join(text.split())
    difference = document(nnlab("results", "diff", GRID, "other", "--json"))
    changes = [row for row in difference["settings"] if row["change"] is not None]
    clear = [row for row in changes if row["low"] is not None and row["low"] > 0]
    relu = [row for row in changes if row["activation"] == "relu"]
    intervals = sum(row["low"] is not None for row in changes)
    assert f"is higher in {len(relu)}, the same in {len(changes) - len(relu)}." in words
    assert f"{len(clear)} of {intervals} intervals (95 %, over common seeds) exclude 0" in words
    assert f"chance alone gives about {intervals * 0.05:.0f}." in words
    assert re.search(r"Largest difference: relu, hidden layer sizes ", words)


def test_diff_of_what_cannot_be_compared(nnlab: Nnlab, results: Path) -> None:
    text = nnlab("results", "diff", "small", "sine").stdout
    assert re.search(r"^dataset +\{name: xor, .*\{name: sine, ", text, re.M)
    assert re.search(r"^loss +cross_entropy +mse$", text, re.M)
    assert "They have no outcome in common that could be compared." in text
    assert document(nnlab("results", "diff", "small", "sine", "--json"))["outcome"] is None


def test_diff_wraps_long_values_instead_of_cutting_them(nnlab: Nnlab, results: Path) -> None:
    text = nnlab("results", "diff", "small", GRID).stdout
    assert widest(text) <= 80
    assert "[[4], [4, 4, 4, 4]]" in text
    words = " ".join(text.split())
    assert "1000.0]" in words
    assert "…" not in text
