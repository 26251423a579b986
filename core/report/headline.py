"""The answer of a study in one line: who is best, if these seeds can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnlab.core.analysis.axes import FEWEST_SEEDS
from nnlab.core.analysis.leaders import Lead
from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import mean_words, setting_words, value_words
from nnlab.core.report.wording import listed, plural

MOST_NAMED = 4
"""Settings without a clear difference that are named; of more, the first two."""


def headline(summary: Summary) -> str:
    """Who is best, that nobody is, or that nothing finished and what to try.

    `Best: ...` is said of a setting only when all its paired differences to the others are told
    from 0 (see `analysis.leaders`); of seeds too few for a verdict it says so.
    """
    lead, outcome = summary.lead, summary.outcome
    if lead is None:
        return nothing_finished(summary)
    mean = "mean " if summary.seeds > 1 else ""
    words = f"{setting(summary, lead.first)}, {mean}{outcome.words} "
    words += mean_words(outcome, lead.first)
    if len(summary.settings) == 1:
        return words
    if lead.is_clear:
        few = f"; {summary.seeds} seeds only explore" if summary.seeds < FEWEST_SEEDS else ""
        return f"Best: {words}{few}"
    if summary.seeds == 1:
        return f"{outcome.extreme.capitalize()}: {words}; one seed cannot tell by how much"
    return _undecided(summary, lead)


def _undecided(summary: Summary, lead: Lead) -> str:
    """`relu 0.975 and tanh 0.969: no clear difference in mean test accuracy over 3 seeds`."""
    rows, outcome = [lead.first, *lead.alike], summary.outcome
    named = rows if len(rows) <= MOST_NAMED else rows[:2]
    parts = [f"{setting(summary, row)} {value_words(outcome, row['mean'])}" for row in named]
    if more := len(rows) - len(named):
        parts.append(f"{more:,} more of {plural(len(summary.settings), 'setting')}")
    seeds = plural(summary.seeds, "seed")
    return f"{listed(parts)}: no clear difference in mean {outcome.words} over {seeds}"


def setting(summary: Summary, row: Mapping[str, Any]) -> str:
    """A setting by what it differs in: `relu (rate 0.1, batch 32)`."""
    axes = tuple(axis for axis in summary.varying if axis != "activation")
    at = f" ({setting_words(summary, row, axes)})" if axes else ""
    return f"{row['activation']}{at}"


def nothing_finished(summary: Summary) -> str:
    """Why there are no pictures, and what to change."""
    counts = summary.counts
    if counts.total == 0:
        return "This study has no runs."
    if counts.diverged == 0:
        return "No run finished: all failed."
    first = summary.settings["diverged_at"].min()
    least = summary.settings["learning_rate"].min()
    when = f", the first at step {first}" if isinstance(first, int) else ""
    rate = f"{least:g}" if isinstance(least, int | float) else "that"
    return (
        f"No run finished: {counts.diverged:,} of {counts.total:,} diverged{when}. "
        f"Try a learning rate below {rate}."
    )
