"""`nnlab report`: the pictures again, from the stored numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nnlab.cli.main import app
from nnlab.core import drawing
from nnlab.core.results import Results
from nnlab.core.saved import open_study
from tests.command_line import document
from tests.saved_studies import make_studies


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_studies(tmp_path_factory.mktemp("trained") / "results")


def report(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", *words], prog_name="nnlab")


def test_report_draws_every_file_from_the_tables_alone(studies: Path) -> None:
    tables = {path: path.read_bytes() for path in (studies / "small").iterdir()}
    result = report("small", "--results", str(studies))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Report: {studies / 'small' / 'report.png'}\n"
    for name, start in (("report.png", b"\x89PNG"), ("report.html", b"<!"), ("report.md", b"# ")):
        assert (studies / "small" / name).read_bytes().lower().startswith(start.lower())
    assert list((studies / "small" / "figures").glob("*.png"))
    assert all(path.read_bytes() == content for path, content in tables.items())


def test_report_as_json(studies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Results] = []
    monkeypatch.setattr(drawing, "write_report", drawn.append)
    told = document(report("sine", "--results", str(studies), "--json"))
    assert told == {
        "name": "sine",
        "folder": str(studies / "sine"),
        "png": str(studies / "sine" / "report.png"),
        "html": str(studies / "sine" / "report.html"),
    }
    assert [results.spec.name for results in drawn] == ["sine"]


def test_report_of_a_damaged_table_says_which(
    studies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = studies / "rates" / "layers.parquet"
    content = bytearray(layers.read_bytes())
    content[10:60] = bytes(50)
    layers.write_bytes(content)
    monkeypatch.setattr(drawing, "write_report", lambda results: results.layers.collect())
    result = report("rates", "--results", str(studies))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "layers.parquet is damaged" in result.stderr
    assert "`nnlab train" in result.stderr
    assert open_study(studies, "rates").runs.height == 12  # all else is as it was


def test_report_of_an_unknown_study(studies: Path) -> None:
    result = report("smal", "--results", str(studies), "--json")
    assert result.exit_code == document(result)["exit_code"] == 2
    assert "did you mean 'small'?" in result.stderr
