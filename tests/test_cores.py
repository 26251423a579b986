"""How many cores this process may use, which is not how many there are; what a cache holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nnlab.core.cores import USUAL_CACHE, default_jobs, second_level_cache


def test_a_process_bound_to_some_cores_counts_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 5, 7}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert default_jobs() == 3


@pytest.mark.parametrize(("told", "jobs"), [(4, 4), (None, 1)])
def test_a_system_that_binds_nothing_counts_them_all(
    monkeypatch: pytest.MonkeyPatch, told: int | None, jobs: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: told)
    assert default_jobs() == jobs


def test_the_second_level_cache_as_linux_tells_it(tmp_path: Path) -> None:
    for index, (level, size) in enumerate(
        [("1", "48K"), ("1", "32K"), ("2", "1024K"), ("3", "9K")]
    ):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        (folder / "level").write_text(f"{level}\n")
        (folder / "size").write_text(f"{size}\n")
    assert second_level_cache(tmp_path) == 2**20


@pytest.mark.parametrize("size", [None, "", "large"])
def test_a_cache_that_is_not_told_is_a_usual_one(tmp_path: Path, size: str | None) -> None:
    if size is not None:
        (tmp_path / "index2").mkdir()
        (tmp_path / "index2" / "level").write_text("2")
        (tmp_path / "index2" / "size").write_text(size)
    assert second_level_cache(tmp_path) == USUAL_CACHE
