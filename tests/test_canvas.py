"""Layout: labels that do not collide, ticks, limits, boxes."""

from __future__ import annotations

import doctest
import importlib
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.report.canvas import (
    Box,
    Margins,
    limits_of,
    panel_boxes,
    ticks_of,
)
from nnlab.core.report.end_labels import spread
from nnlab.core.report.heat import edges_of
from nnlab.core.report.pictures import Axis

places = st.lists(st.floats(-50, 350), max_size=15)


@given(places, st.floats(1, 30))
def test_spread_labels_keep_their_order_distance_and_bounds(
    wanted: list[float], gap: float
) -> None:
    found = spread(wanted, gap, 0.0, 300.0)
    possible = min(gap, 300.0 / max(1, len(wanted) - 1))
    assert all(b - a >= possible - 1e-6 for a, b in pairwise(sorted(found)))
    assert all(-1e-6 <= place <= 300 + 1e-6 for place in found)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    assert order == sorted(range(len(wanted)), key=lambda i: found[i])


@given(st.lists(st.integers(0, 10), min_size=1, max_size=10, unique=True))
def test_labels_that_have_room_stay_where_they_are(tens: list[int]) -> None:
    wanted = [30.0 * ten for ten in tens]
    assert spread(wanted, 18, 0, 300) == pytest.approx(wanted)


def test_two_labels_at_one_place_part_evenly() -> None:
    assert spread([100.0, 100.0], 20, 0, 300) == [90.0, 110.0]
    assert spread([100.0, 105.0, 250.0], 20, 0, 300) == [92.5, 112.5, 250.0]
    assert spread([], 20, 0, 300) == []


# ------------------------------------------------------------------ limits and ticks


def test_limits_leave_air_and_stay_within_what_can_be() -> None:
    assert limits_of(Axis("x"), [0, 100]) == (-4, 104)
    assert limits_of(Axis("x", within=(0, 1)), [-3, 0.5]) == pytest.approx((-0.02, 0.52))
    assert limits_of(Axis("x", limits=(1, 2)), [7]) == (1, 2)
    assert limits_of(Axis("x", "category", ("a", "b")), []) == (-0.5, 1.5)
    low, high = limits_of(Axis("x", "log"), [0.0, 1e-3, 10, math.nan])
    assert 0 < low < 1e-3
    assert high > 10


@pytest.mark.parametrize("kind", ["linear", "log", "percent", "layer"])
def test_no_numbers_still_make_an_axis(kind: str) -> None:
    low, high = limits_of(Axis("x", kind), [])  # type: ignore[arg-type]
    assert low < high


def test_nothing_dead_shows_five_per_cent() -> None:
    low, high = limits_of(Axis("x", "percent"), [0.0, 0.0])
    assert low < 0
    assert high > 0.05


@pytest.mark.parametrize(
    ("axis", "limits", "names"),
    [
        (Axis("x"), (0, 1), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Axis("x"), (0, 9000), ["0", "2,000", "4,000", "6,000", "8,000"]),
        (Axis("x", "percent"), (0, 0.5), ["0 %", "10 %", "20 %", "30 %", "40 %", "50 %"]),
        (Axis("x", "log"), (0.01, 10), ["0.01", "0.1", "1", "10"]),
        (Axis("x", "log"), (1e-13, 1), ["10⁻¹³", "10⁻¹⁰", "10⁻⁷", "10⁻⁴", "10⁻¹"]),
        (Axis("x", "log"), (0.02, 0.5), ["0.03", "0.1", "0.3"]),
        (Axis("x", "log"), (0.30, 0.32), ["0.30", "0.31", "0.32"]),
        (Axis("x", "category", tuple("abcdefgh")), (-0.5, 7.5), ["a", "c", "e", "g"]),
        (Axis("x", places=(2.0, 4.0, 8.0)), (2, 8), ["2", "4", "8"]),
        (Axis("x", "layer", ("1", "out"), places=(1.0, 5.0)), (1, 5), ["1", "out"]),
    ],
)
def test_ticks_read_well(axis: Axis, limits: tuple[float, float], names: list[str]) -> None:
    spots, texts = ticks_of(axis, limits, 6)
    assert [text.lstrip("−") for text in texts] == names
    assert len(spots) == len(texts)


@given(st.floats(1e-300, 1e300), st.floats(1.0001, 1e30), st.integers(2, 9))
def test_a_log_axis_always_has_ticks_within_it(low: float, span: float, most: int) -> None:
    high = low * span
    if not math.isfinite(high):
        return
    spots, _ = ticks_of(Axis("x", "log"), (low, high), most)
    assert all(low * 0.999 <= spot <= high * 1.001 for spot in spots)
    assert len(spots) <= max(3 * most, 12)


# ------------------------------------------------------------------ boxes


def test_panels_are_alike_and_fill_the_box() -> None:
    margins = Margins(top=50, bottom=40, left=[60, 4], right=[0, 96], gap=20)
    boxes = panel_boxes(Box(10, 5, 1000, 400), 2, margins)
    assert [[(b.left, b.bottom, b.width, b.height) for b in row] for row in boxes] == [
        [(70, 245, 410, 110), (504, 245, 410, 110)],
        [(70, 45, 410, 110), (504, 45, 410, 110)],
    ]


def test_cells_meet_halfway_between_records() -> None:
    assert edges_of(Axis("step"), [0, 10, 40]) == [0, 5, 25, 40]
    assert edges_of(Axis("step"), [7]) == [6.5, 7.5]
    assert edges_of(Axis("layer", "layer"), [1, 2, 3]) == [0.5, 1.5, 2.5, 3.5]


@pytest.mark.parametrize("room", ["wording", "family", "captions", "markdown_parts"])
def test_the_examples_in_the_docstrings_hold(room: str) -> None:
    module = importlib.import_module(f"nnlab.core.report.{room}")
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
