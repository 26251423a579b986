"""What a study came to, as plain values: kept beside its tables, so that a second look needs none.

Reading ten thousand rows and ranking their settings is quick; importing what does it is not. A
`Standing` is small whatever the study: the best settings, how many there are, the best run.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from nnlab.core.analysis.axes import OUTCOMES, Outcome

if TYPE_CHECKING:
    import polars as pl

MOST_SETTINGS = 20
"""So many settings of a study are kept, the best; those of a small study are all of them."""
FORM = 2
"""Raised when what is kept, or how it is worked out, changes: what an older version kept is not
read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The outcome of a study at a glance."""

    counts: dict[str, int]
    """Runs by status."""
    settings: int
    """How many settings there are."""
    seeds: int
    outcome: str
    """The column of `runs.csv` that ranks the settings."""
    varying: tuple[str, ...]
    """The axes on which runs differ, seeds apart."""
    one_width: bool
    """Whether all hidden layers of all runs are of one width: architectures differ in depth."""
    best: tuple[dict[str, Any], ...]
    """Rows of `rank_settings`, the best first, with `order`: the place in the grid."""
    alike: int
    """How many other settings these seeds do not tell from the best (see `leaders`)."""
    best_run: dict[str, Any] | None
    """The row of `runs.csv` with the best outcome; None where no run finished."""

    @property
    def ranked_by(self) -> Outcome:
        """The outcome that ranks the settings."""
        return next(row for row in OUTCOMES if row.column == self.outcome)


def standing_of(runs: pl.DataFrame) -> Standing:
    """Work out the standing from the rows of `runs.csv`."""
    from nnlab.core.analysis.axes import AXES
    from nnlab.core.analysis.leaders import lead_of
    from nnlab.core.analysis.selection import outcome_of, rank_settings, varying_axes
    from nnlab.core.analysis.summaries import best_run, count_status

    outcome = outcome_of(runs)
    ranked = rank_settings(runs, outcome)
    order = runs.select(AXES).unique(maintain_order=True).with_row_index("order")
    best = ranked.head(MOST_SETTINGS).join(
        order, on=list(AXES), how="left", nulls_equal=True, maintain_order="left"
    )
    lead = lead_of(runs, ranked, outcome)
    sizes = runs["hidden_layer_sizes"].drop_nulls().unique().to_list()
    return Standing(
        counts=asdict(count_status(runs)),
        settings=len(ranked),
        seeds=runs["seed"].n_unique(),
        outcome=outcome.column,
        varying=varying_axes(runs),
        one_width=len({width for text in sizes for width in text.split("-")}) == 1,
        best=tuple(best.to_dicts()),
        alike=len(lead.alike) if lead else 0,
        best_run=best_run(runs, outcome),
    )


def to_json(standing: Standing) -> dict[str, Any]:
    """The standing as JSON knows it: what is not finite is None."""
    return {"form": FORM} | {
        field.name: _strict(getattr(standing, field.name)) for field in fields(Standing)
    }


def from_json(told: Any) -> Standing | None:
    """The standing that `to_json` told; None where it is of another form or damaged."""
    if not isinstance(told, dict) or told.get("form") != FORM:
        return None
    try:
        standing = Standing(
            counts={str(name): int(count) for name, count in told["counts"].items()},
            settings=int(told["settings"]),
            seeds=int(told["seeds"]),
            outcome=str(told["outcome"]),
            varying=tuple(map(str, told["varying"])),
            one_width=bool(told["one_width"]),
            best=tuple(dict(row) for row in told["best"]),
            alike=int(told["alike"]),
            best_run=None if told["best_run"] is None else dict(told["best_run"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    known = any(row.column == standing.outcome for row in OUTCOMES)
    return standing if known else None


def _strict(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _strict(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value
