"""A study at a glance: everything a report shows, as tidy frames and plain values.

`summarize` reads the three tables of a results folder and answers: what varied, what became of
the runs, which setting was best, how training went. It draws nothing and writes nothing; the
report draws it, the terminal prints from it, a test compares it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from nnlab.core.analysis.axes import Outcome
from nnlab.core.analysis.comparison import Comparison, compare_activations, count_blocks
from nnlab.core.analysis.leaders import Lead, lead_of
from nnlab.core.analysis.selection import (
    Shown,
    best_by,
    choose_shown,
    outcome_of,
    own_axes,
    rank_settings,
    varying_axes,
)
from nnlab.core.analysis.trajectories import (
    gradient_reach,
    layer_curves,
    layer_ends,
    learning_curves,
    units_at_end,
    with_epochs,
)
from nnlab.core.errors import SpecError
from nnlab.core.spec.reader import read


@dataclass(frozen=True, slots=True)
class StudyTables:
    """The content of one results folder, as a report needs it."""

    name: str
    description: str
    spec_text: str
    """The resolved spec, as `spec.yaml` has it."""
    runs: pl.DataFrame
    """One row a run, columns of `runs.csv`."""
    layers: pl.LazyFrame
    """One row a run, record and layer; scanned, not read, where there are many."""
    curves: pl.LazyFrame
    """One row a run and record."""
    environment: Mapping[str, Any]
    """`environment.json`: versions, platform, command line, times."""
    claims: Sequence[Mapping[str, Any]] = ()
    """The entries of `claims.json`, where the study was asked a question."""

    @property
    def spec(self) -> dict[str, Any]:
        """The resolved spec as plain values; empty where it cannot be read."""
        # not by a YAML 1.1 reader: to that, 1e-07 is a text and the text no is false
        try:
            return dict(read(self.spec_text, "spec.yaml").values)
        except SpecError:
            return {}


@dataclass(frozen=True, slots=True)
class Counts:
    """Runs by what became of them."""

    finished: int
    diverged: int
    failed: int

    @property
    def total(self) -> int:
        """All runs of the study."""
        return self.finished + self.diverged + self.failed


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the report of one study shows."""

    tables: StudyTables
    counts: Counts
    varying: tuple[str, ...]
    """The axes on which runs differ, seeds apart."""
    seeds: int
    outcome: Outcome
    settings: pl.DataFrame
    """`rank_settings`: one row a setting, the best first."""
    lead: Lead | None
    """Whether the first of them is told from the others; None where no run finished."""
    shown: Shown
    best_run: dict[str, Any] | None
    """The row of `runs` with the best outcome; None where no run finished."""
    curves: pl.DataFrame
    """`learning_curves` of what is shown."""
    layers: pl.DataFrame
    """`layer_curves` of what is shown, with epochs."""
    ends: pl.DataFrame
    """`layer_ends`: the first and last record of `layers`."""
    reach: pl.DataFrame
    """`gradient_reach` at the first and last record."""
    sweeps: dict[str, pl.DataFrame]
    """Axis -> the best setting of each line at each of its values (see `best_by`)."""
    grid: pl.DataFrame | None
    """The same over learning rate and batch size, where both vary."""
    comparison: Comparison | None = None
    """The activations against the first; None for one activation, one seed or too many blocks."""


def count_status(runs: pl.DataFrame) -> Counts:
    """Runs by status."""
    status = runs["status"]
    return Counts(*(int((status == name).sum()) for name in ("finished", "diverged", "failed")))


def best_run(runs: pl.DataFrame, outcome: Outcome) -> dict[str, Any] | None:
    """The finished run with the best outcome, ties to the lower training loss."""
    finished = runs.filter(pl.col("status") == "finished", pl.col(outcome.column).is_not_null())
    if finished.is_empty():
        return None
    order = finished.sort(
        outcome.column,
        "train_loss",
        descending=[outcome.higher_is_better, False],
        nulls_last=True,
        maintain_order=True,
    )
    return order.row(0, named=True)


def summarize(tables: StudyTables) -> Summary:
    """Read the tables once and gather everything a report shows.

    Memory grows with the settings shown, records and layers, not with the runs of `layers` and
    `curves`. Diverged and failed runs are counted and left out of every mean.
    """
    runs = tables.runs
    outcome = outcome_of(runs)
    settings = rank_settings(runs, outcome)
    shown = choose_shown(runs, settings)
    curves = learning_curves(tables.curves, shown)
    layers = with_epochs(layer_curves(tables.layers, shown), curves)
    ends = layer_ends(layers)
    varying = varying_axes(runs)
    own = own_axes(runs, shown.line_axis)
    swept = tuple(axis for axis in varying if axis not in own)
    return Summary(
        tables=tables,
        counts=count_status(runs),
        varying=varying,
        seeds=runs["seed"].n_unique(),
        outcome=outcome,
        settings=settings,
        lead=lead_of(runs, settings, outcome),
        shown=shown,
        best_run=best_run(runs, outcome),
        curves=curves,
        layers=layers,
        ends=ends,
        reach=gradient_reach(tables.layers, ends, shown),
        sweeps=_sweeps(settings, shown, swept),
        grid=_over(settings, shown, GRID) if _is_grid(swept) else None,
        comparison=_comparison(tables),
    )


MOST_COMPARED = 8
"""Blocks (see `comparison`) up to which a report compares activations; of more it would drown."""


def _comparison(tables: StudyTables) -> Comparison | None:
    """The activations against the first, where there are several and pairs to compare."""
    runs = tables.runs
    if runs["seed"].n_unique() < 2 or not 1 <= count_blocks(runs) <= MOST_COMPARED:
        return None
    return compare_activations(runs, tables.layers, tables.spec.get("target_loss"))


GRID = ("learning_rate", "batch_size")


def _is_grid(varying: tuple[str, ...]) -> bool:
    return all(axis in varying for axis in GRID)


def _sweeps(
    settings: pl.DataFrame, shown: Shown, varying: tuple[str, ...]
) -> dict[str, pl.DataFrame]:
    """One sweep for each axis that varies besides the activation.

    Learning rate and batch size go into the grid instead when both vary.
    """
    in_grid = GRID if _is_grid(varying) else ()
    axes = [axis for axis in varying if axis != "activation" and axis not in in_grid]
    return {axis: _over(settings, shown, (axis,)) for axis in axes}


def _over(settings: pl.DataFrame, shown: Shown, axes: tuple[str, ...]) -> pl.DataFrame:
    """The best of each line at each value of the axes.

    Where the lines stand for one of these axes themselves there is a single line, named by the
    activation that all runs share.
    """
    if shown.line_axis in axes:
        return best_by(settings, "activation", (settings["activation"][0],), axes)
    return best_by(settings, shown.line_axis, shown.lines, axes)


def result_rows(summary: Summary) -> pl.DataFrame:
    """The table of results: one row for each line and panel shown, in the order of the lines.

    Columns of `Shown.rows`, and `reach_start`, `reach_end` (of `gradient_reach`),
    `dead_fraction`, `saturated_fraction` (`units_at_end`), `best` (true in the row that ranks
    first; in none when nothing finished).
    """
    shown, on = summary.shown, ["line", "panel"]
    rows = shown.rows.join(units_at_end(summary.ends), on=on, how="left", maintain_order="left")
    for moment in ("start", "end"):
        part = summary.reach.filter(pl.col("moment") == moment)
        part = part.select(*on, pl.col("mean").alias(f"reach_{moment}"))
        rows = rows.join(part, on=on, how="left", maintain_order="left")
    best = (pl.col("place") == pl.col("place").min()) & pl.col("mean").is_not_null()
    lines = pl.Enum(list(shown.lines))
    panels = pl.Enum(list(shown.panels))
    return rows.with_columns(best.alias("best")).sort(
        pl.col("panel").cast(panels), pl.col("line").cast(lines)
    )
