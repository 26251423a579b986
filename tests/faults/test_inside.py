"""The short form of the faults that are done inside this process, and that they are real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from nnlab.core import files, folder
from tests.faults import inside
from tests.faults.disk import FaultyDisk, on
from tests.faults.tally import Tally


@pytest.fixture
def place(tmp_path: Path) -> inside.Place:
    return inside.Place(tmp_path)


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (inside.refusing_disk, 6),
        (inside.damaged_stores, len(inside.DAMAGES)),
        (inside.damaged_tables, 4),
        (inside.deleted_while_running, 2),
        (inside.clock_going_backwards, 2),
    ],
)
def test_no_harm_is_done(place: inside.Place, fault: inside.Fault, times: int) -> None:
    tally = fault(place, times)
    assert tally.faults == times
    assert tally.harm == 0, tally


def test_a_store_that_is_written_in_place_would_be_found_out(
    place: inside.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harness notices what it is there to notice."""

    @contextmanager
    def in_place(path: Path) -> Iterator[BinaryIO]:
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.disk.create(path) as file:
            yield file

    monkeypatch.setattr(folder, "whole_file", in_place)
    tally = inside.refusing_disk(place, 6)
    assert tally.half_files > 0
    assert tally.tracebacks > 0


def test_a_stack_of_runs_is_one_file_and_one_flush(place: inside.Place) -> None:
    """Eight runs in two stacks cost the store two sequences of create, flush, rename, flush."""
    disk = FaultyDisk()
    with on(disk):
        inside.train(place.fresh())
    steps = [call for call in disk.calls if call != "write"]
    sequence = ["create", "sync", "rename", "sync folder"]
    assert steps == sequence * (len(steps) // 4)
    spec, stacks, tables, weights, environment = 1, 2, 3, 8, 1
    all_files = spec + stacks + tables + weights + environment + len(inside.CANNED)
    assert len(steps) == 4 * all_files


def test_a_tally_adds_up_and_is_a_row() -> None:
    tally = Tally(2, lost=1) + Tally(3, half_files=1)
    assert tally.harm == 2
    assert tally.row("fault") == "| fault | 5 | 1 | 1 | 0 | 0 | 0 |"
