"""Two studies side by side: what their specs say differently, which runs they share, what came out.

Outcomes are compared setting by setting (activation, architecture, learning rate, ...), whatever
else the two specs do differently. Over seeds that both have, the difference is that of pairs, with
its t-interval; else it is the difference of the two means, and has none. Runs that diverged or
failed are in no mean and are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from nnlab.core.analysis.axes import AXES, OUTCOMES, Outcome
from nnlab.core.analysis.pairs import finite_part, pair_by_seed, paired_difference, paired_ratio
from nnlab.core.analysis.statistics import Floats
from nnlab.core.spec import Spec
from nnlab.core.spec.reader import read


@dataclass(frozen=True, slots=True)
class Difference:
    """What `compare_studies` finds; the second study is always compared with the first."""

    keys: dict[str, tuple[object, object]]
    """Keys of the spec whose values differ."""
    in_both: int
    """Runs with the same hash, which are the same in every number."""
    only_first: int
    only_second: int
    outcome: Outcome | None
    """What the settings are compared by; None where the two have nothing comparable."""
    settings: pl.DataFrame
    """One row a setting that both trained, in the order of the first; see `_compared`."""


def compare_studies(
    first: Spec, first_runs: pl.DataFrame, second: Spec, second_runs: pl.DataFrame
) -> Difference:
    """Compare two studies, each its resolved spec and the rows of its `runs.csv`."""
    hashes, other_hashes = set(first_runs["run"]), set(second_runs["run"])
    same_loss = first.loss == second.loss
    outcome = common_outcome(first_runs, second_runs, same_loss)
    return Difference(
        keys=differing_keys(first, second),
        in_both=len(hashes & other_hashes),
        only_first=len(hashes - other_hashes),
        only_second=len(other_hashes - hashes),
        outcome=outcome,
        settings=_compared(first_runs, second_runs, outcome),
    )


def differing_keys(first: Spec, second: Spec) -> dict[str, tuple[object, object]]:
    """The keys whose values differ, as a spec writes them; the name does not count.

    >>> from nnlab.core.spec import make_spec
    >>> differing_keys(make_spec(name="a", seeds=5), make_spec(name="b", depth=2, width=64))
    {'seeds': (5, 1)}
    """
    written = read(first.to_yaml(), "").values, read(second.to_yaml(), "").values
    silent = {"name"}
    if first.architectures == second.architectures:
        silent |= {"hidden_layer_sizes", "width", "depth"}  # two ways to say the same
    return {
        key: (value, written[1][key])
        for key, value in written[0].items()
        if key not in silent and value != written[1][key]
    }


def common_outcome(runs: pl.DataFrame, others: pl.DataFrame, same_loss: bool) -> Outcome | None:
    """The first outcome that finished runs of both have; losses only where they are the same."""
    finished = [table.filter(pl.col("status") == "finished") for table in (runs, others)]
    for outcome in OUTCOMES:
        comparable = same_loss or not outcome.column.endswith("_loss")
        if comparable and all(table[outcome.column].is_not_null().any() for table in finished):
            return outcome
    return None


_SCHEMA = {
    "activation": pl.String, "hidden_layer_sizes": pl.String, "initialization": pl.String,
    "optimizer": pl.String, "learning_rate": pl.Float64, "batch_size": pl.Int64,
    "depth": pl.Int64, "same": pl.Boolean, "first": pl.Float64, "second": pl.Float64,
    "change": pl.Float64, "low": pl.Float64, "high": pl.Float64, "pairs": pl.Int64,
    "lost_first": pl.Int64, "lost_second": pl.Int64,
}  # fmt: skip


def _compared(runs: pl.DataFrame, others: pl.DataFrame, outcome: Outcome | None) -> pl.DataFrame:
    """Columns: `AXES`, `depth`, `same` (the same runs in both), `first`, `second` (means, geometric
    on a log scale), `change` (second minus first, on a log scale second over first), `low`, `high`
    (its 95 % interval), `pairs` (seeds behind all of these; 0: no common seeds, means over each
    study's own), `lost_first`, `lost_second` (runs without a number).
    """
    tables = [_by_setting(table, outcome) for table in (runs, others)]
    rows = []
    for setting, mine in tables[0].items():
        if (theirs := tables[1].get(setting)) is None:
            continue
        row: dict[str, object] = dict(zip((*AXES, "depth"), setting, strict=True))
        row["same"] = set(mine.hashes) == set(theirs.hashes)
        row |= _change(mine.values, theirs.values, outcome)
        row["lost_first"] = sum(value is None for value in mine.values.values())
        row["lost_second"] = sum(value is None for value in theirs.values.values())
        rows.append(row)
    return pl.DataFrame(rows, schema=_SCHEMA)


@dataclass(frozen=True, slots=True)
class _Setting:
    """The runs of one setting: their hashes, and their outcomes by seed."""

    hashes: list[str] = field(default_factory=list)
    values: dict[int, float | None] = field(default_factory=dict)
    """None where a run did not finish, or has no logarithm on a log scale."""


def _by_setting(runs: pl.DataFrame, outcome: Outcome | None) -> dict[tuple[object, ...], _Setting]:
    value = pl.lit(None, dtype=pl.Float64) if outcome is None else pl.col(outcome.column)
    good = (pl.col("status") == "finished") & value.is_finite()
    if outcome is not None and outcome.scale == "log":
        good &= value > 0
    chosen = pl.when(good).then(value).alias("value")
    told: dict[tuple[object, ...], _Setting] = {}
    for *setting, run, seed, found in runs.select(*AXES, "depth", "run", "seed", chosen).rows():
        group = told.setdefault(tuple(setting), _Setting())
        group.hashes.append(run)
        group.values[seed] = found
    return told


def _change(
    first: Mapping[int, float | None], second: Mapping[int, float | None], outcome: Outcome | None
) -> dict[str, float | int | None]:
    """The means and how the second differs; None where one of the two has no number at all."""
    told: dict[str, float | int | None] = dict.fromkeys(
        ("first", "second", "change", "low", "high")
    )
    told["pairs"] = 0
    if outcome is None:
        return told
    log = outcome.scale == "log"
    common = first.keys() & second.keys()
    if common:
        pairs = pair_by_seed({s: second[s] for s in common}, {s: first[s] for s in common})
        if pairs.seeds:
            change = paired_ratio(pairs) if log else paired_difference(pairs)
            told |= {"first": _mean(pairs.second, log), "second": _mean(pairs.first, log)}
            told |= {"change": change.estimate, "pairs": change.n}
            return told | ({"low": change.low, "high": change.high} if change.n > 1 else {})
    a = _mean(finite_part(list(first.values()))[0], log)
    b = _mean(finite_part(list(second.values()))[0], log)
    told |= {"first": a, "second": b}
    if a is not None and b is not None:
        told["change"] = b / a if log else b - a
    return told


def _mean(values: Floats, log: bool) -> float | None:
    """Mean, geometric on a log scale."""
    if not values.size:
        return None
    return float(np.exp(np.log(values).mean()) if log else values.mean())
