"""Whether the setting with the best mean is told from the others by these seeds.

The best of many means is partly luck. It leads only where its paired 95 % intervals to *all* other
settings leave out 0. That takes no correction for their number: with more settings to beat it is
harder to be told from each of them, not easier to be told from one.

Source: Gutmann and Maymin (1987), Is the selected population the best?, Ann. Statist. 15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from nnlab.core.analysis.axes import AXES, Outcome
from nnlab.core.analysis.pairs import (
    Pairs,
    pair_by_seed,
    paired_difference,
    paired_ratio,
)
from nnlab.core.analysis.statistics import LEVEL


@dataclass(frozen=True, slots=True)
class Lead:
    """The settings of a study that have a claim to be its best, rows of `rank_settings`."""

    first: dict[str, Any]
    """With the best mean."""
    alike: tuple[dict[str, Any], ...]
    """Those that these seeds do not tell from the first, the best mean first."""
    others: int
    """How many settings there are besides the first that have a mean."""

    @property
    def is_clear(self) -> bool:
        """Whether the first is told from every other setting."""
        return not self.alike


def lead_of(runs: pl.DataFrame, settings: pl.DataFrame, outcome: Outcome) -> Lead | None:
    """Compare the first of `settings` (`rank_settings`) with each other; None: nothing finished.

    A setting that lost more of its runs than the first ranks behind it whatever its mean, and is
    not compared. Pairs are runs of one seed.
    """
    known = settings.filter(pl.col("mean").is_not_null())
    if known.is_empty():
        return None
    first, *others = known.to_dicts()
    kept = first["finished"] / first["runs"]
    rivals = [row for row in others if row["finished"] / row["runs"] >= kept]
    values = _values(runs, outcome.column)
    own = values[_key(first)]
    alike = tuple(row for row in rivals if _p_value(own, values[_key(row)], outcome) > 1.0 - LEVEL)
    return Lead(first, alike, len(others))


def may_be_most(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose interval (`low`, `high`, null for one seed) goes up to the largest `mean`.

    Not paired as in `lead_of`, so it rather names one too many: for a title that claims no more.
    """
    return rows.filter(pl.max_horizontal("high", "mean") >= pl.col("mean").max())


def may_be_least(rows: pl.DataFrame, slack: float = 0.0) -> pl.DataFrame:
    """As `may_be_most`, down to the least; also those within `slack`, a share of their mean."""
    return rows.filter(
        pl.min_horizontal("low", (1 - slack) * pl.col("mean")) <= pl.col("mean").min()
    )


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[axis] for axis in AXES)


def _values(runs: pl.DataFrame, column: str) -> dict[tuple[Any, ...], dict[int, float | None]]:
    """The outcome of each setting by seed; None for a run that did not finish."""
    value = pl.when(pl.col("status") == "finished").then(pl.col(column))
    found: dict[tuple[Any, ...], dict[int, float | None]] = {}
    for *key, seed, number in runs.select(*AXES, "seed", value.alias("value")).iter_rows():
        found.setdefault(tuple(key), {})[seed] = number
    return found


def _p_value(
    first: Mapping[int, float | None], second: Mapping[int, float | None], outcome: Outcome
) -> float:
    """Of no difference; 1 where fewer than two seeds have both."""
    shared = first.keys() & second.keys()
    if not shared:
        return 1.0
    pairs = pair_by_seed({s: first[s] for s in shared}, {s: second[s] for s in shared})
    if len(pairs.seeds) < 2:
        return 1.0
    if outcome.scale == "log" and _positive(pairs):
        return paired_ratio(pairs).p_value(1.0)
    return paired_difference(pairs).p_value(0.0)


def _positive(pairs: Pairs) -> bool:
    return bool(min(pairs.first.min(), pairs.second.min()) > 0.0)
