"""A finished folder is known by its record; what was altered since is found and named."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from nnlab.core import completion
from nnlab.core.errors import StoreError
from nnlab.core.folder import CURVES, ENVIRONMENT, LAYERS, RUNS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "study"
    (made / "weights").mkdir(parents=True)
    for name in (RUNS, CURVES, LAYERS, "weights/a.npz", "weights/b.npz"):
        (made / name).write_bytes(name.encode() * 10)
    return made


def facts_of(folder: Path) -> dict[str, object]:
    """As they come back from the disk."""
    facts: dict[str, object] = {"files": completion.record(folder, weights=True)}
    (folder / ENVIRONMENT).write_text(json.dumps(facts))
    return completion.read_facts(folder)


def test_what_was_written_is_whole(folder: Path) -> None:
    assert completion.alteration(folder, facts_of(folder)) is None


def test_nothing_is_read_while_sizes_and_times_are_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = facts_of(folder)
    monkeypatch.setattr(completion, "_sha256", None)
    assert completion.alteration(folder, facts) is None


def test_a_copy_is_whole_too(folder: Path, tmp_path: Path) -> None:
    facts = facts_of(folder)
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    for name in (RUNS, CURVES, LAYERS):
        os.utime(tmp_path / "copy" / name, (0, 0))
    assert completion.alteration(tmp_path / "copy", facts) is None


@pytest.mark.parametrize("name", [RUNS, CURVES, LAYERS])
@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_an_altered_table_is_named(folder: Path, name: str, how: str) -> None:
    facts, path = facts_of(folder), folder / name
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if how == "cut" else bytes([content[0] ^ 1]) + content[1:])
        os.utime(path, (0, 0))  # an alteration within one tick of the clock is not looked for
    what = completion.alteration(folder, facts) or ""
    assert str(path) in what
    assert ("is missing" if how == "gone" else "is damaged: it is not what was written") in what


@pytest.mark.parametrize("how", ["one gone", "one cut", "all gone"])
def test_altered_weights_are_named(folder: Path, how: str) -> None:
    facts = facts_of(folder)
    if how == "all gone":
        shutil.rmtree(folder / "weights")
    elif how == "one gone":
        (folder / "weights" / "a.npz").unlink()
    else:
        (folder / "weights" / "a.npz").write_bytes(b"")
    assert "weights is damaged" in (completion.alteration(folder, facts) or "")


def test_a_file_that_is_being_written_is_not_one_of_the_weights(folder: Path) -> None:
    facts = facts_of(folder)
    (folder / "weights" / ".c.npz.host.1.0.tmp").write_text("half")
    assert completion.alteration(folder, facts) is None


def test_without_a_record_the_tables_have_to_be_there(folder: Path) -> None:
    assert completion.alteration(folder, {}) is None
    (folder / CURVES).unlink()
    assert "curves.parquet is missing" in (completion.alteration(folder, {}) or "")


@pytest.mark.parametrize("record", [None, 3, [], "x", {}])
def test_a_record_of_another_form_is_not_believed(folder: Path, record: object) -> None:
    assert completion.alteration(folder, {"files": {RUNS: record}}) is not None


def test_damaged_facts_are_an_error_that_names_them(folder: Path) -> None:
    assert completion.read_facts(folder) == {}
    (folder / ENVIRONMENT).write_text("[1, 2]")
    with pytest.raises(StoreError, match=r"environment\.json is damaged: it holds no mapping"):
        completion.read_facts(folder)
    (folder / ENVIRONMENT).write_text("{")
    with pytest.raises(StoreError, match=r"environment\.json is damaged: Expecting"):
        completion.read_facts(folder)
    assert completion.facts_or_none(folder) == {}
