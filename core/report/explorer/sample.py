"""Which runs and moments of a study go into its page, so that the page stays within its size.

First the moments are thinned, then seeds are left out, then settings, evenly; the best run stays.
What is left out is said on the page and is in the tables beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from nnlab.core.analysis.axes import AXES
from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.wording import plural

MOST_BYTES = 3_000_000
"""Of a whole page."""
_ROW_BYTES = 320
"""Of a run in the table of runs and in the lists beside the numbers; measured, rounded up."""
_NUMBER_BYTES = 8 / 3
_CURVES, _LAYERS = 4, 4
"""Numbers of a moment, and of a moment and layer."""
_MOMENTS = (40, 30, 20, 12)
"""How many moments of a run are kept, tried in this order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What of a study its page holds."""

    runs: pl.DataFrame
    """The rows of `runs.csv` that are in the page, in its order."""
    moments: int
    """Moments kept of each run, evenly picked, the first and the last included."""
    note: str
    """What was left out, in a sentence; empty where nothing was."""


def choose_sample(summary: Summary, room: float, recorded: int) -> Sample:
    """As much of the study as takes no more than `room` bytes.

    `recorded` is how many moments the run with the most of them has.
    """
    runs = summary.tables.runs
    layers = runs["depth"].to_numpy().astype(np.float64) + 1
    for most in _MOMENTS:
        moments = min(most, recorded)
        bytes_of = _ROW_BYTES + _NUMBER_BYTES * moments * (_CURVES + _LAYERS * layers)
        if bytes_of.sum() <= room:
            return Sample(runs, moments, _note(runs.height, runs.height, moments, recorded))
    order = _most_wanted(summary)
    fits = int(np.searchsorted(np.cumsum(bytes_of[order]), room, side="right"))
    kept = runs[np.sort(order[: max(fits, 1)])]
    return Sample(kept, moments, _note(kept.height, runs.height, moments, recorded))


def _most_wanted(summary: Summary) -> np.ndarray:
    """The places of all runs: the best, then all settings' first seeds, then their second, ...

    Within a seed settings come in an order of which every beginning is spread evenly.
    """
    runs, best = summary.tables.runs, summary.best_run
    numbered = runs.with_columns(
        pl.struct(AXES).rank("dense").alias("setting"),
        pl.col("seed").rank("dense").alias("rank"),
    )
    setting = numbered["setting"].to_numpy().astype(np.int64) - 1
    golden = (setting * 0.6180339887498949) % 1.0  # fills a line evenly however far one counts
    first = np.ones(runs.height) if best is None else (runs["run"] != best["run"]).to_numpy()
    return np.lexsort((golden, numbered["rank"].to_numpy(), first))


def _note(kept: int, total: int, moments: int, recorded: int) -> str:
    parts = []
    if kept < total:
        parts.append(
            f"{kept:,} of {plural(total, 'run')}, evenly picked, the first seeds of each setting "
            "before the others"
        )
    if moments < recorded:
        parts.append(f"{moments} of {recorded} recorded moments of each run")
    if not parts:
        return ""
    return f"To keep this page small it holds {' and '.join(parts)}; the tables beside it hold all."
