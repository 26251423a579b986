"""Means over seeds with their 95 % t-intervals, for every group of a large table at once.

`statistics.t_interval` takes one sample; a report needs thousands of them (each step, layer and
activation), out of tables that need not fit into memory. Here polars streams the counts, means
and standard deviations, and Student's factor is applied to those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from nnlab.core.analysis.statistics import LEVEL, Scale, t_quantile

BAND = 3
"""Seeds that a band in a picture takes: that of two is wider than anything that could be true."""


def seed_means(
    table: pl.DataFrame | pl.LazyFrame,
    by: Sequence[str],
    quantities: Mapping[str, Scale],
    level: float = LEVEL,
    least: int = 2,
) -> pl.DataFrame:
    """Mean and t-interval of each quantity in each group: one row a group and quantity.

    `quantities` maps a column to its scale: "linear" gives the arithmetic mean, "log" the
    geometric mean with the interval of the logarithms. Columns of the answer: `by`,
    `quantity`, `mean`, `low`, `high`, `n`, `zeros`. Values that are missing or not finite do
    not count; a logarithm leaves zeros out and counts them in `zeros` (a mean of 0 then says
    that all were zero). A group without any value has no row, a column the table lacks none
    either. `low` and `high` are null where n < `least`. Rows are sorted by `by`.
    """
    lazy = table.lazy()
    absent = [name for name in quantities if name not in lazy.collect_schema().names()]
    lazy = lazy.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in absent)
    values = [_value(name, scale) for name, scale in quantities.items()]
    prepared = lazy.select(*by, *values, *((pl.col(q) == 0).alias(f"{q}/zero") for q in quantities))
    statistics = [
        expression
        for name in quantities
        for expression in (
            pl.col(name).mean().alias(f"{name}/mean"),
            pl.col(name).std().alias(f"{name}/std"),
            pl.col(name).count().cast(pl.Int64).alias(f"{name}/n"),
            pl.col(f"{name}/zero").sum().cast(pl.Int64).alias(f"{name}/zeros"),
        )
    ]
    groups = prepared.group_by(*by).agg(statistics).collect(engine="streaming").sort(*by)
    tidy = [_tidy(groups, by, name, scale, level) for name, scale in quantities.items()]
    few = pl.col("n") < least
    ends = (pl.when(few).then(None).otherwise(pl.col(end)).alias(end) for end in ("low", "high"))
    return pl.concat(tidy).with_columns(*ends)


def _value(name: str, scale: Scale) -> pl.Expr:
    """The column on its scale, null where it says nothing."""
    value = pl.col(name).cast(pl.Float64)
    if scale == "log":
        return pl.when(value.is_finite() & (value > 0)).then(value.log()).alias(name)
    return pl.when(value.is_finite()).then(value).alias(name)


def _tidy(
    groups: pl.DataFrame, by: Sequence[str], name: str, scale: Scale, level: float
) -> pl.DataFrame:
    n = groups[f"{name}/n"].fill_null(0).to_numpy()
    mean = groups[f"{name}/mean"].fill_null(np.nan).to_numpy()
    spread = groups[f"{name}/std"].fill_null(np.nan).to_numpy()
    zeros = groups[f"{name}/zeros"].fill_null(0)
    reach = t_quantile(n, level) * spread / np.sqrt(np.maximum(n, 1))
    low, high = mean - reach, mean + reach
    if scale == "log":
        mean, low, high = np.exp(mean), np.exp(low), np.exp(high)
        mean = np.where((n == 0) & (zeros.to_numpy() > 0), 0.0, mean)
    else:
        zeros = zeros * 0
    tidy = groups.select(*by).with_columns(
        pl.lit(name).alias("quantity"),
        pl.Series("mean", mean).fill_nan(None),
        pl.Series("low", low).fill_nan(None),
        pl.Series("high", high).fill_nan(None),
        pl.Series("n", n, dtype=pl.Int64),
        pl.Series("zeros", zeros, dtype=pl.Int64),
    )
    return tidy.filter(pl.col("mean").is_not_null())
