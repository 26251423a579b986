"""Who is ahead in one picture, by the rule of the headline: nobody, where the seeds cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from nnlab.core.analysis.axes import AXES
from nnlab.core.analysis.leaders import lead_of
from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import value_words


@dataclass(frozen=True, slots=True)
class Ahead:
    """The settings of a picture that have a claim to be its best."""

    rows: tuple[dict[str, Any], ...]
    """The first, and those that are not told from it."""
    of: int
    """How many settings of the picture have a mean."""
    values: str
    """Their means as printed: `0.969 to 0.975`, `1.000` where all print alike."""

    @property
    def alone(self) -> bool:
        """Whether one is told from all others."""
        return len(self.rows) == 1

    @property
    def equal(self) -> bool:
        """Whether their means print alike."""
        return " to " not in self.values


def ahead(summary: Summary, rows: pl.DataFrame) -> Ahead | None:
    """Who is ahead among `rows` of `rank_settings`; None where none of them has a mean.

    One seed tells nothing of its own luck: there those that print alike share the place, and the
    highest is no more than the highest of these runs.
    """
    known = rows.filter(pl.col("mean").is_not_null()).sort("place")
    if known.is_empty():
        return None
    first, *others = known.to_dicts()
    if summary.seeds > 1:
        runs = summary.tables.runs.join(known, on=list(AXES), how="semi", nulls_equal=True)
        lead = lead_of(runs, known, summary.outcome)
        alike = list(lead.alike) if lead else []
    else:
        printed = value_words(summary.outcome, first["mean"])
        alike = [row for row in others if value_words(summary.outcome, row["mean"]) == printed]
    found = (first, *alike)
    return Ahead(found, known.height, span(summary, found))


def span(summary: Summary, rows: tuple[dict[str, Any], ...]) -> str:
    """The least and the largest mean of these settings: `0.969 to 0.975`, or what all print."""
    means = [row["mean"] for row in rows]
    low, high = (value_words(summary.outcome, end) for end in (min(means), max(means)))
    return low if low == high else f"{low} to {high}"


def ahead_words(summary: Summary, top: Ahead, at: str, place: str) -> str:
    """Who is ahead among the places of a map or a sweep; `at` is the first of them in words.

    `highest with tanh, rate 1 (0.975)`, `no clear difference between the highest and 12 of 23
    other cells, 0.969 to 0.975`, `13 of 24 cells alike at the highest, 1.000`.
    """
    extreme = summary.outcome.extreme
    if top.alone:
        return f"{extreme} with {at} ({top.values})"
    count = len(top.rows)
    if top.equal:
        which = f"all {count:,}" if count == top.of else f"{count:,} of {top.of:,}"
        return f"{which} {place}s alike at the {extreme}, {top.values}"
    if count == top.of:
        return f"no clear difference between {count:,} {place}s, {top.values}"
    return (
        f"no clear difference between the {extreme} and {count - 1:,} of {top.of - 1:,} other "
        f"{place}s, {top.values}"
    )
