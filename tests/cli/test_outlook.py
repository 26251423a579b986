"""What a study would do, told: the parts that a whole command shows only on a large grid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nnlab.cli.outlook import FEW_RECORDS, MUCH_MEASURING, lines
from nnlab.core.plan import make_stacks
from nnlab.core.settings import Settings
from nnlab.core.study import Study, prepare
from tests.small import small_spec


def told(share: float, **keys: object) -> str:
    """The lines of a study of whose time so much is measuring."""
    study: Study = prepare(small_spec(**keys), Settings(jobs=1))
    outlook = replace(study.outlook(), seconds=100.0, measuring_seconds=100 * share)
    return " ".join(map(str, lines(study, outlook, 300)))


@pytest.mark.parametrize(("share", "percent"), [(0.84, 80), (0.86, 90), (MUCH_MEASURING, 30)])
def test_it_is_said_where_measuring_takes_much_of_the_time(share: float, percent: int) -> None:
    expected = f", some {percent} % of it to measure 40 moments a run (records: 5 takes less)"
    assert expected in told(share, steps=100, records=40)


@pytest.mark.parametrize(
    ("share", "keys"),
    [
        (MUCH_MEASURING - 0.01, {"steps": 100, "records": 40}),
        (0.9, {"steps": 100, "records": FEW_RECORDS}),
        (0.9, {"steps": FEW_RECORDS - 1, "records": 40}),
    ],
)
def test_and_not_where_it_is_little_or_could_not_be_less(
    share: float, keys: dict[str, int]
) -> None:
    assert "to measure" not in told(share, **keys)


def test_in_few_steps_there_are_fewer_moments_than_records() -> None:
    assert "to measure 11 moments" in told(0.9, steps=10, records=40)


def test_the_estimate_of_measuring_grows_with_the_moments_and_is_part_of_the_work() -> None:
    (few,), (many,) = (
        make_stacks(prepare(small_spec(steps=100, records=n), Settings(jobs=1)).plan.runs, 1)
        for n in (10, 40)
    )
    assert many.measuring == pytest.approx(4 * few.measuring)
    assert many.work - many.measuring == pytest.approx(few.work - few.measuring)
