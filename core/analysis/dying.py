"""Dead units at the end of training: one number a run, means with lost runs counted.

A unit is dead when f'(z) is exactly 0 for every training example. After divergence activations
are NaN, no unit counts as dead, and the share falls: a run that did not finish has no number here,
and is counted instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from nnlab.core.analysis.seed_means import BAND, seed_means

AXES = ("activation", "optimizer", "hidden_layer_sizes", "depth", "learning_rate", "seed")
"""What a run's row keeps of `runs.csv`."""


def dead_by_run(runs: pl.DataFrame, layers: pl.LazyFrame) -> pl.DataFrame:
    """One row a run: its `AXES`, its outcome, and what of its hidden units is dead.

    `runs` and `layers` as in `runs.csv` and `layers.parquet`. Columns besides: `run`, `status`,
    `test_accuracy`; `dead_at_birth` and `dead` (share of all hidden units at the first and the
    last record) and `dead_in_last` (share of the last hidden layer's, at the last record). These
    three and the accuracy are null for a run that did not finish.
    """
    hidden = layers.join(runs.lazy().select("run", "depth"), on="run").filter(
        pl.col("layer") <= pl.col("depth")
    )
    step, dead = pl.col("step"), pl.col("dead_units")
    first, last = step == step.min(), step == step.max()
    units = pl.col("units").filter(last).sum()
    shares = (
        hidden.group_by("run")
        .agg(
            (dead.filter(first).sum() / units).alias("dead_at_birth"),
            (dead.filter(last).sum() / units).alias("dead"),
            (dead / pl.col("units"))
            .filter(last, pl.col("layer") == pl.col("depth"))
            .first()
            .alias("dead_in_last"),
        )
        .collect()
    )
    finished = pl.col("status") == "finished"
    told = ("dead_at_birth", "dead", "dead_in_last", "test_accuracy")
    return (
        runs.select("run", "status", *AXES, "test_accuracy")
        .join(shares, on="run", how="left", maintain_order="left")
        .with_columns(pl.when(finished).then(pl.col(name)).alias(name) for name in told)
    )


def dead_means(by_run: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Means over seeds of `dead`, `dead_in_last`, `test_accuracy` by setting, and the runs behind.

    Columns: `by`, then for each of the three `<name>`, `<name>_low`, `<name>_high` (95 %), and
    `runs`, `lost`. Null where no run finished, the ends where fewer than `BAND` did. Sorted by
    `by`.
    """
    names = ("dead", "dead_in_last", "test_accuracy")
    counts = by_run.group_by(*by).agg(
        pl.len().alias("runs"), (pl.col("status") != "finished").sum().alias("lost")
    )
    means = seed_means(by_run, by, dict.fromkeys(names, "linear"), least=BAND)
    for name in names:
        own = means.filter(pl.col("quantity") == name).select(
            *by,
            pl.col("mean").alias(name),
            pl.col("low").alias(f"{name}_low"),
            pl.col("high").alias(f"{name}_high"),
        )
        counts = counts.join(own, on=list(by), how="left")
    return counts.sort(*by)


def by_seed(
    by_run: pl.DataFrame, column: str, setting: Mapping[str, object]
) -> dict[int, float | None]:
    """The value of each seed at one setting; None for a run that was lost.

    Raises ValueError where the setting was not trained, or a seed has it twice.
    """
    rows = by_run.filter(*(pl.col(key).eq(value) for key, value in setting.items()))
    found: dict[int, float | None] = dict(rows.select("seed", column).rows())
    if not rows.height or len(found) < rows.height:
        raise ValueError(f"{rows.height} runs of {len(found)} seeds have {dict(setting)}")
    return found
