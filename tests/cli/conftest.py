"""Running the command line inside the test's process, in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nnlab.cli.main import app
from nnlab.core import study
from tests.command_line import TINY, Nnlab
from tests.saved_studies import make_grid, make_studies


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty but for `tiny.yaml`; 80 columns, no colours wanted or forbidden."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path


@pytest.fixture
def nnlab(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Nnlab:
    """`nnlab("train", "tiny.yaml")`; no report is drawn: that has tests of its own, and is slow."""
    monkeypatch.setattr(study, "write_report", lambda results: None)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), prog_name="nnlab")

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with the studies of `saved_studies`; to be left as it is."""
    return make_grid(make_studies(tmp_path_factory.mktemp("trained") / "results"))


@pytest.fixture
def results(folder: Path, trained: Path) -> Path:
    """The same as `results` in the current folder, the test's own."""
    return Path(shutil.copytree(trained, folder / "results"))
