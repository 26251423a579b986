"""`nnlab results export`."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from nnlab.cli.results_export import TRACKERS, Format, Table
from nnlab.core.export import FORMATS, TABLES
from nnlab.core.reading import read_runs
from tests.command_line import Nnlab, document
from tests.saved_studies import GRID


def test_export_prints_csv_unless_told_otherwise(nnlab: Nnlab, results: Path) -> None:
    result = nnlab("results", "export", "small")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (results / "small" / "runs.csv").read_text()
    table = nnlab("results", "export", "small", "--table", "curves").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == pl.read_parquet(results / "small" / "curves.parquet").height
    assert nnlab("results", "export", "small", "-o", "-").stdout == result.stdout


def test_export_prints_one_json_document(nnlab: Nnlab, results: Path) -> None:
    by_format = nnlab("results", "export", "small", "--format", "json").stdout
    assert [row["run"] for row in json.loads(by_format)] == read_runs(results / "small")[
        "run"
    ].to_list()
    assert nnlab("results", "export", "small", "--json").stdout == by_format


@pytest.mark.parametrize("form", FORMATS)
def test_export_writes_a_file_in_the_format_of_its_name(
    nnlab: Nnlab, results: Path, folder: Path, form: str
) -> None:
    result = nnlab("results", "export", "small", "-o", f"table.{form}", "--table", "layers")
    assert (result.exit_code, result.stdout) == (0, "")
    assert re.fullmatch(rf"layers of small written to table.{form}, \S+ k?B.*\n", result.stderr)
    read: dict[str, Callable[[Path], pl.DataFrame]] = {
        "csv": pl.read_csv,
        "json": pl.read_json,
        "parquet": pl.read_parquet,
    }
    expected = pl.read_parquet(results / "small" / "layers.parquet")
    assert read[form](folder / f"table.{form}").height == expected.height
    told = document(nnlab("results", "export", "small", "-o", f"table.{form}", "--json"))
    assert told["bytes"] == (folder / f"table.{form}").stat().st_size
    assert (told["format"], told["table"]) == (form, "runs")
    quiet = nnlab("results", "export", "small", "-o", f"table.{form}", "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "parquet"], "Parquet is not for standard output; name a file: -o FILE"),
        (["--format", "csv", "--json"], "--json and --format csv contradict each other"),
        (["-o", "."], "is a folder; name a file in it"),
        (["-o", "results/small/runs.csv"], "is in the folder of the study itself"),
        (["-o", "results/small/../small/x.csv"], "is in the folder of the study itself"),
        (["--format", "xml"], "'xml' is not one of 'csv', 'parquet', 'json'"),
        (["--table", "weights"], "'--table': 'weights' is not one of 'runs', 'layers', 'curves'"),
    ],
)
def test_export_refuses_what_makes_no_sense(
    nnlab: Nnlab, results: Path, words: list[str], message: str
) -> None:
    before = (results / "small" / "runs.csv").read_text()
    result = nnlab("results", "export", "small", *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert (results / "small" / "runs.csv").read_text() == before


def test_the_choices_are_those_of_the_core() -> None:
    assert {form.value for form in Format if form not in TRACKERS} == set(FORMATS)
    assert {table.value for table in Table} == set(TABLES)


def test_a_reader_that_goes_away_ends_export_quietly(results: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "nnlab.cli", "results", "export", GRID, "--table", "layers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
