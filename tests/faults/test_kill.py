"""A training stopped at random moments loses nothing; two at once get in nobody's way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import kill, real

if not hasattr(os, "fork"):
    pytest.skip("the trainings are forked", allow_module_level=True)

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def disturber(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kill.Disturber]:
    place = tmp_path_factory.mktemp("kills")
    made = kill.Disturber(kill.write_spec(place, 24, 200), place, seed=1)
    yield made
    made.close()


def test_five_kills_lose_nothing(disturber: kill.Disturber) -> None:
    tally = disturber.disturb("KILL", 5)
    assert tally.faults == 5
    assert tally.harm == 0, tally


@pytest.mark.parametrize("how", ["TERM", "INT"])
def test_an_end_that_is_asked_for_loses_nothing(disturber: kill.Disturber, how: str) -> None:
    tally = disturber.disturb(how, 2)
    assert tally.harm == 0, tally


def test_two_processes_on_one_folder_both_end_well(disturber: kill.Disturber) -> None:
    tally = kill.together(disturber, 2)
    assert tally.harm == 0, tally


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    disturber = kill.Disturber(kill.write_spec(tmp_path, 24, 2000), tmp_path, commands=True)
    tally = disturber.disturb("WORKER", 1)
    assert tally.harm == 0, tally


def test_a_killed_process_leaves_no_lock(disturber: kill.Disturber) -> None:
    assert real.holder_killed(disturber, 1).harm == 0


def test_a_disk_that_is_really_full_or_read_only(disturber: kill.Disturber) -> None:
    with real.mounted(100) as place:
        if place is None:
            pytest.skip("mounting a file system is not permitted here")
    tally = real.full_tmpfs(disturber, 1) + real.read_only_tmpfs(disturber, 1)
    assert tally.faults == 2
    assert tally.harm == 0, tally
