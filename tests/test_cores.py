"""How many cores this process may use, which is not how many there are."""

from __future__ import annotations

import os

import pytest

from nnlab.core.cores import default_jobs


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
