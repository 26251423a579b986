"""What the README says of commands and files is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def first_block() -> list[str]:
    match = re.search(r"^```\w*\n(.*?)^```", README, re.S | re.M)
    assert match is not None
    return match.group(1).strip().splitlines()


def test_the_first_block_is_two_commands_that_set_themselves_up() -> None:
    job, tests = first_block()
    for line in (job, tests):
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert job.endswith(".venv/bin/nnlab train configs/quickstart.yaml")
    assert tests.endswith("pytest")


def test_the_picture_stands_before_the_first_block() -> None:
    assert README.index("![") < README.index("```")


def test_every_linked_file_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_specs_of_the_table_ship() -> None:
    """`docs/reference.md`, written from the code, has all of them."""
    named = re.findall(r"^\| `(\w+)` \|", README[README.index("| spec |") :], re.M)
    assert len(named) >= 5
    for name in named:
        assert (ROOT / "configs" / f"{name}.yaml").is_file(), name


def test_the_example_from_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.S | re.M)
    assert blocks
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "curves.png").stat().st_size > 1000
    assert (tmp_path / "results" / "from-python" / "report.png").is_file()
