"""Steps to a target loss: by activation and seed, and what they say of one against another."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.seed_findings import BySeed, no_interval
from nnlab.core.analysis.statistics import Interval, geometric_interval

Steps = dict[str, dict[int, float | None]]
"""By activation and seed; None where the run was lost or the target was not reached."""


def steps_by_seed(runs: pl.DataFrame) -> Steps:
    """Steps to the target of these rows of `runs.csv`, one rate an activation.

    Raises ValueError where an activation has a seed twice.
    """
    found: Steps = {}
    columns = ("activation", "seed", "status", "steps_to_target")
    for row in runs.select(columns).iter_rows(named=True):
        own = found.setdefault(row["activation"], {})
        if row["seed"] in own:
            raise ValueError(f"{row['activation']} has seed {row['seed']} twice")
        own[row["seed"]] = row["steps_to_target"] if row["status"] == "finished" else None
    return found


def steps_interval(values: BySeed) -> Interval:
    """Geometric mean over the seeds that reached the target, with its interval."""
    kept, _ = finite_part(list(values.values()))
    return geometric_interval(kept) if kept.size else no_interval("log")


def unreached(steps: Mapping[str, BySeed]) -> tuple[str, ...]:
    """The activations of which some seed did not reach the target."""
    return tuple(name for name, values in steps.items() if None in values.values())


def milliseconds_a_step(runs: pl.DataFrame) -> dict[str, float]:
    """Time of one step by activation, median over finished runs; measured, not exact."""
    rows = (
        runs.filter(pl.col("status") == "finished")
        .group_by("activation", maintain_order=True)
        .agg((1e3 * pl.col("seconds") / pl.col("steps")).median())
        .rows()
    )
    return dict(rows)
