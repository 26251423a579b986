"""The numbers of a run by which activations are compared, and on which scale each is averaged.

Losses, steps and gradient ratios are compared as ratios (geometric means), accuracies and shares
as differences (arithmetic means); where a value is 0, and a ratio therefore means nothing, the
measure is compared as a difference after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from nnlab.core.analysis.pairs import Better
from nnlab.core.analysis.statistics import Scale


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a run: a column of `measured_runs`."""

    column: str
    words: str
    scale: Scale
    better: Better | None = None
    """Which way is good; None where neither is."""
    share: bool = False
    """A share of something: differences are told in percentage points."""


MEASURES = (
    Measure("test_accuracy", "test accuracy", "linear", "higher", share=True),
    Measure("test_r2", "test R²", "linear", "higher"),
    Measure("train_accuracy", "training accuracy", "linear", "higher", share=True),
    Measure("train_loss", "training loss", "log", "lower"),
    Measure("steps_to_target", "steps to target", "log", "lower"),
    Measure("gradient_ratio", "gradient reaching layer 1", "log"),
    Measure("dead_fraction", "dead units", "linear", "lower", share=True),
)
"""In the order in which they are shown. Training accuracy stands in where there is no test part."""

SECONDS = "seconds_per_step"
"""Of a run's share of its stack's time: runs of one stack have one clock, so that this is no
measure of what an activation costs, and is shown but never compared."""


def measured_runs(runs: pl.DataFrame, layers: pl.LazyFrame) -> pl.DataFrame:
    """`runs` with what is compared: null in everything for a run that did not finish.

    Adds `gradient_ratio` (delta of layer 1 over that of the last hidden layer, before training;
    with one hidden layer the output layer is the reference), `dead_fraction` (of all hidden units,
    after training) and `seconds_per_step`. `layers` is streamed.
    """
    finished = pl.col("status") == "finished"
    of_runs = runs.filter(finished).select("run", "depth", "steps").lazy()
    records = layers.join(of_runs, on="run", how="inner")
    extra = _gradient_ratio(records).join(
        _dead_fraction(records), on="run", how="full", coalesce=True
    )
    columns = [measure.column for measure in MEASURES if measure.column in runs.columns]
    return (
        runs.with_columns(pl.when(finished).then(pl.col(column)) for column in columns)
        .with_columns(
            pl.when(finished).then(pl.col("seconds") / pl.col("steps")).alias(SECONDS),
        )
        .join(extra.collect(engine="streaming"), on="run", how="left", maintain_order="left")
    )


def _gradient_ratio(records: pl.LazyFrame) -> pl.LazyFrame:
    reference = pl.when(pl.col("depth") > 1).then(pl.col("depth")).otherwise(2)
    layer, delta = pl.col("layer"), pl.col("delta_rms")
    by_run = records.filter(pl.col("step") == 0).group_by("run")
    ends = by_run.agg(
        delta.filter(layer == 1).first().alias("first"),
        delta.filter(layer == reference).first().alias("last"),
    )
    ratio = pl.when(pl.col("last") > 0).then(pl.col("first") / pl.col("last"))
    return ends.select("run", ratio.alias("gradient_ratio"))


def _dead_fraction(records: pl.LazyFrame) -> pl.LazyFrame:
    hidden = records.filter(pl.col("step") == pl.col("steps"), pl.col("layer") <= pl.col("depth"))
    share = pl.col("dead_units").sum() / pl.col("units").sum()
    return hidden.group_by("run").agg(share.alias("dead_fraction"))


def measures_of(runs: pl.DataFrame) -> tuple[Measure, ...]:
    """The measures that these `measured_runs` have, each on the scale that its values allow."""
    known = {m.column for m in MEASURES if m.column in runs.columns and _values(runs, m.column)}
    if "test_accuracy" in known:
        known.discard("train_accuracy")
    return tuple(
        replace(m, scale=_scale(m, _values(runs, m.column))) for m in MEASURES if m.column in known
    )


def _values(runs: pl.DataFrame, column: str) -> list[float]:
    return runs[column].drop_nulls().to_list()


def _scale(measure: Measure, values: Sequence[float]) -> Scale:
    return measure.scale if min(values) > 0.0 else "linear"
