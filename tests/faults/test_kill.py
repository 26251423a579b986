"""A training killed at random moments loses nothing; two at once get in nobody's way."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.faults import kill


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "killed.yaml"
    path.write_text(kill.SPEC.format(seeds=5, steps=400))
    return path


def test_five_kills_lose_nothing(spec: Path, tmp_path: Path) -> None:
    tally = kill.rounds(5, spec, tmp_path, seed=1, program=kill.WITHOUT_DRAWING)
    assert tally.kills == 5
    assert tally.harm == 0, tally


def test_two_processes_on_one_folder_both_end_well(spec: Path, tmp_path: Path) -> None:
    command = kill.command(spec, tmp_path / "shared", kill.WITHOUT_DRAWING)
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    kill.undisturbed(spec, tmp_path / "alone", kill.WITHOUT_DRAWING)
    assert kill.same_tables(tmp_path / "alone" / "killed", tmp_path / "shared" / "killed")
    assert len(kill.stored_runs(tmp_path / "shared")) == 60
