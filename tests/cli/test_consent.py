"""Work of hours begins only when that is agreed to; nothing ever waits at a prompt in a pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nnlab.cli import consent, console
from nnlab.cli.pace import duration
from nnlab.configs import shipped
from nnlab.core.data import load_dataset, split
from nnlab.core.limits import LONG_SECONDS, forecast
from nnlab.core.scaling.study import prepare_scaling
from nnlab.core.settings import Settings
from nnlab.core.spec import load_spec, parse_spec, resolve
from nnlab.core.study import Study
from tests.command_line import Nnlab, document
from tests.terminal import Terminal

LONG = ["-s", "steps=1000000000"]


def test_without_a_terminal_long_work_wants_yes(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("train", "tiny.yaml", *LONG)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'tiny' would take about" in result.stderr
    assert "add --yes to begin it all the same, or make the grid" in result.stderr
    assert not (folder / "results").exists()
    told = document(nnlab("train", "tiny.yaml", *LONG, "--json"))
    assert told["exit_code"] == 2


@pytest.mark.machine
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    """With standard input open and silent: the command ends by itself."""
    command = [sys.executable, "-m", "nnlab.cli", "train", "tiny.yaml", *LONG]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.wait(timeout=60) == 2
        assert process.stderr is not None
        assert "add --yes" in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


def test_compare_asks_as_well(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("compare", "tiny.yaml", *LONG)
    assert result.exit_code == 2
    assert "add --yes" in result.stderr


def test_a_search_asks_as_well(nnlab: Nnlab, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = ["scaling", "tiny.yaml", "--target", "0.5", "--batch-sizes", "4,8", "-s", "steps=20"]
    with monkeypatch.context() as patch:
        patch.setattr("nnlab.core.scaling.study.LONG_SECONDS", 0.1)
        result = nnlab(*search)
    assert result.exit_code == 2
    assert "'tiny' would take about" in result.stderr
    assert "add --yes" in result.stderr
    assert not (folder / "results").exists()
    study = prepare_scaling(load_spec("tiny.yaml", search[-1:]), Settings())
    assert study.long_seconds() is None


def test_no_question_takes_so_long_that_it_would_have_to_ask() -> None:
    """What `nnlab answer all` trains, on one core: `answer` does not call `agree`."""
    total = 0.0
    for name, path in shipped().items():
        spec = parse_spec(path.read_bytes(), name, path.parent)
        data = load_dataset(spec.dataset, spec.loss)
        parts = split(data, spec.test_fraction, spec.split_seed, spec.standardize)
        total += forecast(resolve(spec, data), parts, 1).seconds
    assert total < LONG_SECONDS / 2


def test_yes_begins_it(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Study, "long_seconds", lambda self: 1e6)
    assert nnlab("train", "tiny.yaml").exit_code == 2
    assert nnlab("train", "tiny.yaml", "--yes").exit_code == 0


def test_a_dry_run_says_so_and_asks_nothing(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("train", "tiny.yaml", *LONG, "--dry-run")
    assert result.exit_code == 0
    assert "to begin it takes --yes" in " ".join(result.stdout.split())
    assert "--yes" not in nnlab("train", "tiny.yaml", "--dry-run").stdout


@pytest.mark.parametrize(("typed", "begun"), [("y\n", True), ("YES\n", True), ("n\n", False),
                                              ("\n", False), ("", False)])  # fmt: skip
def test_on_a_terminal_it_asks(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch, typed: str, begun: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Study, "long_seconds", lambda self: 1e6)
    monkeypatch.setattr(consent, "_someone_is_there", lambda: True)
    monkeypatch.setattr(console, "ask", asked.append)
    monkeypatch.setattr(console, "answer", lambda: typed)
    result = nnlab("train", "tiny.yaml")
    assert asked == [f"'tiny' would take about {duration(1e6)}. Begin? [y/N] "]
    assert (result.exit_code == 0) is begun
    if not begun:
        assert "not begun: 'tiny' would take about 11 d 13 h" in result.stderr


@pytest.mark.machine
def test_the_question_on_a_real_terminal(folder: Path) -> None:
    terminal = Terminal("train", "tiny.yaml", *LONG, folder=folder)
    terminal.wait_for(r"Begin\? \[y/N\] ")
    terminal.type("n\r")
    assert terminal.end() == 2
    assert "not begun" in " ".join(terminal.lines)
    assert not (folder / "results").exists()
