"""What is shown of a grid: its lines, its panels, and what is left out by name."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from nnlab.core.analysis.selection import (
    MOST_LINES,
    architecture_labels,
    best_by,
    choose_shown,
)
from tests.frames import SMALL, Grid, ranked, study


def shown_of(grid: Grid) -> Any:
    runs = study(grid).runs
    return choose_shown(runs, ranked(runs))


def test_activations_are_the_lines() -> None:
    shown = shown_of(SMALL)
    assert (shown.line_axis, shown.lines, shown.panels, shown.picked) == (
        "activation", ("relu", "tanh"), ("64-64",), (),
    )  # fmt: skip
    assert shown.members.height == 6


def test_each_activation_stands_at_its_best_rate() -> None:
    grid = Grid(activations=("relu", "tanh"), rates=(0.001, 0.1, 5.0), seeds=2, records=3)
    shown = shown_of(grid)
    assert shown.picked == ("learning_rate",)
    assert shown.rows["learning_rate"].to_list() == [0.1, 0.1]  # 5 diverges, 0.001 is slow
    assert shown.members.height == 4


def test_up_to_five_depths_are_all_panels() -> None:
    sizes = tuple((8,) * depth for depth in (20, 2, 4, 8, 12))
    shown = shown_of(Grid(activations=("relu", "tanh"), sizes=sizes, seeds=1, records=2))
    assert shown.panels == ("depth 2", "depth 4", "depth 8", "depth 12", "depth 20")
    assert shown.left_out_panels == ()
    assert shown.rows.height == 10


@pytest.mark.parametrize("best", range(1, 10))
def test_the_depth_of_the_best_setting_is_always_shown(best: int) -> None:
    sizes = tuple((8,) * depth for depth in range(1, 10))
    runs = study(Grid(activations=("relu",), sizes=sizes, seeds=1, records=2)).runs
    runs = runs.with_columns(
        test_accuracy=pl.when(pl.col("depth") == best).then(0.9).otherwise(0.5)
    )
    shown = choose_shown(runs, ranked(runs))
    assert f"depth {best}" in shown.panels
    assert (shown.panels[0], shown.panels[-1]) == ("depth 1", "depth 9")
    assert len(shown.panels) == 5
    assert len(shown.left_out_panels) == 4


@pytest.mark.parametrize(
    ("axes", "line_axis", "lines", "panels"),
    [
        ({"optimizers": ("sgd", "adam")}, "optimizer", ("sgd", "adam"), ("64-64",)),
        ({"rates": (1.0, 0.01)}, "learning_rate", ("rate 0.01", "rate 1"), ("64-64",)),
        ({"batches": (64, 8)}, "batch_size", ("batch 8", "batch 64"), ("64-64",)),
        ({"sizes": ((8, 8), (4, 4))}, "hidden_layer_sizes", ("8-8", "4-4"), ("",)),
        ({"sizes": ((8, 8), (4,))}, "activation", ("relu",), ("4", "8-8")),
    ],
)
def test_with_one_activation_another_axis_is_the_lines(
    axes: dict[str, Any], line_axis: str, lines: tuple[str, ...], panels: tuple[str, ...]
) -> None:
    shown = shown_of(Grid(activations=("relu",), seeds=1, records=2, **axes))
    assert (shown.line_axis, shown.lines, shown.panels) == (line_axis, lines, panels)


def test_too_many_lines_are_thinned_evenly_and_named() -> None:
    slopes = tuple(f"leaky_relu:{i / 100:g}" for i in range(1, 31))
    shown = shown_of(Grid(activations=slopes, seeds=1, records=2))
    assert len(shown.lines) == MOST_LINES
    assert (shown.lines[0], shown.lines[-1]) == (slopes[0], slopes[-1])
    assert set(shown.lines) | set(shown.left_out_lines) == set(slopes)


def test_architectures_are_named_briefly() -> None:
    runs = study(Grid(sizes=((9,) * 5, (9, 4, 4)), activations=("relu",), seeds=1, records=2)).runs
    assert architecture_labels(runs) == {"9-4-4": "9-4-4", "9-9-9-9-9": "5 × 9"}


def test_a_cell_where_all_diverged_keeps_its_place() -> None:
    runs = study(Grid(activations=("relu",), rates=(0.1, 5.0), seeds=2, records=2)).runs
    sweep = best_by(ranked(runs), "activation", ("relu",), ("learning_rate",))
    assert sweep["learning_rate"].to_list() == [0.1, 5.0]
    assert sweep["mean"][1] is None
    assert sweep["diverged"].to_list() == [0, 2]
