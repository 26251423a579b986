"""The estimate of time as of here and now: what is measured, how much of it, what is made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core import calibration
from nnlab.core.batches import encode
from nnlab.core.calibration import LEAST, MOST, makespan, slowness, time_of
from nnlab.core.outcome import DIVERGED, FINISHED
from nnlab.core.plan import Stack, make_stacks
from nnlab.core.train import train_stack
from tests.small import small_study

WORK = st.lists(st.floats(0.0, 1e3), max_size=12)


@pytest.fixture
def idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of four cores on which nothing else runs; the file says so."""
    told = tmp_path / "loadavg"
    told.write_text("0.00 0.00 0.00 1/321 4711\n", encoding="ascii")
    monkeypatch.setattr(calibration, "_RUNNING", told)
    monkeypatch.setattr(calibration, "default_jobs", lambda: 4)
    return told


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The processor seconds that each measured piece of work takes, in turn; empty: none more."""
    taken: list[float] = []

    def seconds(stack: Stack, examples: object, waiting: list[float]) -> float:
        waiting.append(calibration._others_running())
        return taken.pop(0)

    monkeypatch.setattr(calibration, "_processor_seconds", seconds)
    return taken


def longest(tmp_path: Path) -> Stack:
    return make_stacks(small_study(tmp_path, steps=1000).plan.runs, 1)[0]


def measured(stack: Stack) -> float:
    """Estimated seconds of the steps that are measured."""
    short, long = calibration._pieces(stack)
    assert long is not None
    return long.work - short.work


@given(WORK, st.integers(1, 5))
def test_the_last_worker_is_done_between_the_bounds(work: list[float], workers: int) -> None:
    end = makespan(work, workers)
    fair, largest = sum(work) / workers, max(work, default=0.0)
    assert end >= max(fair, largest) * (1 - 1e-12)
    assert end <= (fair + largest) * (1 + 1e-12)


def test_nothing_takes_no_time(tmp_path: Path) -> None:
    assert time_of(small_study(tmp_path).plan.split, [], 2) == 0.0


def test_what_takes_a_moment_is_not_measured(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    stacks = make_stacks(study.plan.runs, 1)
    with mock.patch.object(calibration, "slowness", side_effect=AssertionError):
        assert time_of(study.plan.split, stacks, 1) == sum(stack.work for stack in stacks)


def test_a_slow_machine_multiplies_the_estimate(
    tmp_path: Path, idle: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps take three times as long as estimated; warming up and records do not count."""
    monkeypatch.setattr(calibration, "WORTHWHILE", 0.0)
    study = small_study(tmp_path, steps=1000)
    stacks = make_stacks(study.plan.runs, 1)
    clock += [9.0, 0.5 + 3 * measured(stacks[0]), 0.5]
    expected = 3 * sum(stack.work for stack in stacks)
    assert time_of(study.plan.split, stacks, 1) == pytest.approx(expected)
    assert not clock


def test_programs_that_wait_for_the_cores_count(
    tmp_path: Path, idle: Path, clock: list[float]
) -> None:
    """Six others and two workers on four cores: each gets half a core."""
    study, stack = small_study(tmp_path), longest(tmp_path)
    idle.write_text("9.00 9.00 9.00 7/321 4711\n", encoding="ascii")
    clock += [0.0, measured(stack), 0.0]
    assert slowness(study.plan.split, stack, 2) == pytest.approx(2.0)


@pytest.mark.parametrize("text", ["", "1.0 2.0", "1.0 2.0 3.0 many/321 1"])
def test_a_system_that_does_not_tell_counts_as_idle(
    tmp_path: Path, idle: Path, clock: list[float], text: str
) -> None:
    idle.write_text(text, encoding="ascii")
    stack = longest(tmp_path)
    clock += [0.0, measured(stack), 0.0]
    assert slowness(small_study(tmp_path).plan.split, stack, 2) == pytest.approx(1.0)
    idle.unlink()
    clock += [0.0, measured(stack), 0.0]
    assert slowness(small_study(tmp_path).plan.split, stack, 2) == pytest.approx(1.0)


@pytest.mark.parametrize(("taken", "factor"), [(1e6, MOST), (0.0, LEAST), (-1.0, LEAST)])
def test_a_wild_measurement_is_not_believed(
    tmp_path: Path, idle: Path, clock: list[float], taken: float, factor: float
) -> None:
    clock += [0.0, taken, 0.0]
    assert slowness(small_study(tmp_path).plan.split, longest(tmp_path), 1) == factor


def test_runs_that_diverge_at_once_are_measured_all_the_same(tmp_path: Path) -> None:
    """What has ended takes no time: as a measure of the others it would promise too much."""
    study = small_study(tmp_path, steps=1000, activation="relu", learning_rate=[0.1, 1e6, 1e7, 1e8])
    (stack,) = make_stacks(study.plan.runs, 1)
    _, long = calibration._pieces(stack)
    assert long is not None
    examples = encode(study.plan.split, long.recipe)
    assert {r.status for r in train_stack(long, examples, lambda _: None)} == {FINISHED}
    as_asked = Stack(long.recipe, tuple(replace(run, recipe=long.recipe) for run in stack.runs))
    assert DIVERGED in {r.status for r in train_stack(as_asked, examples, lambda _: None)}


def test_of_a_net_with_long_steps_nothing_is_trained(
    tmp_path: Path, idle: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "LONGEST_STEP", 0.0)
    assert slowness(small_study(tmp_path).plan.split, longest(tmp_path), 1) == 1.0


def test_the_real_thing_measures_and_leaves_nothing(tmp_path: Path) -> None:
    study = small_study(tmp_path / "results", steps=1000)
    factor = slowness(study.plan.split, make_stacks(study.plan.runs, 1)[0], 1)
    assert factor >= LEAST
    assert not (tmp_path / "results").exists()
