"""The results of a study as a table, a few sentences, and a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nnlab.cli.tables import Column, column, lay_out, paragraph
from nnlab.core.analysis.axes import FEWEST_SEEDS, Outcome, architecture_label
from nnlab.core.report.wording import fixed, plural, short

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.analysis.standing import Standing
    from nnlab.core.results import Results

MOST_ROWS = 20
"""Settings that are all shown, in the order of the grid."""
BEST_ROWS = 10
"""How many of more settings are shown: the best, in their order."""


def results_lines(results: Results, width: int) -> list[Text]:
    """What a study came to: its table, how to read it, the best run, where the rest is."""
    from rich.text import Text

    standing = results.standing
    rows = list(standing.best)
    if standing.settings > MOST_ROWS:
        rows = rows[:BEST_ROWS]
    else:
        rows.sort(key=lambda row: int(row["order"]))  # as the spec writes them
    first = _first(rows, standing.ranked_by)
    bold = first if standing.settings > 1 else []
    sentences = _sentences(standing, bool(bold))
    if more := standing.settings - len(rows):
        where = results.folder / "runs.csv"
        sentences.insert(0, f"The best {len(rows)}; {more:,} more settings in {where}")
    return [
        Text(_headline(results, standing), style="bold"),
        Text(),
        *lay_out(_columns(rows, standing, bold), width, bold),
        Text(),
        *(Text(line) for sentence in sentences for line in paragraph(sentence, width)),
    ]


def results_document(results: Results) -> dict[str, Any]:
    """The same for programs: everything in the table, of all settings, best first."""
    from nnlab.core.analysis.selection import outcome_of, rank_settings
    from nnlab.core.analysis.summaries import best_run

    outcome = outcome_of(results.runs)
    settings = rank_settings(results.runs, outcome)
    if outcome.column in settings.columns:  # a loss stands there by itself already
        settings = settings.drop(outcome.column)
    return {
        "name": results.spec.name,
        "folder": str(results.folder),
        "report": str(results.report),
        "runs": results.counts,
        "outcome": outcome.column,
        "best_run": best_run(results.runs, outcome),
        "settings": settings.rename({"mean": outcome.column}).to_dicts(),
    }


def _headline(results: Results, standing: Standing) -> str:
    counts = standing.counts
    total = plural(sum(counts.values()), "run")
    lost = [f"{counts[status]:,} {status}" for status in ("diverged", "failed") if counts[status]]
    note = f" ({', '.join(lost)})" if lost else ""
    return f"{results.spec.name}: {plural(standing.settings, 'setting')}, {total}{note}"


def _first(rows: list[dict[str, Any]], outcome: Outcome) -> list[int]:
    """The rows to mark: the first in rank, and those that print the same mean and lost no more."""
    words = short if outcome.scale == "log" else fixed

    def shown(row: dict[str, Any]) -> tuple[str, float]:
        return words(row["mean"]), row["finished"] / row["runs"]

    lead = [row for row in rows if row["place"] == 1 and row["n"]]
    return [i for i, row in enumerate(rows) if lead and row["n"] and shown(row) == shown(lead[0])]


def _columns(rows: list[dict[str, Any]], standing: Standing, best: list[int]) -> list[Column]:
    """Mark, axes, outcome, what was lost, and what else is worth knowing."""
    outcome = standing.ranked_by
    marks = ["*" if i in best else "" for i in range(len(rows))]
    columns = [column("", marks, number=False)] if best else []
    columns += [_axis(axis, rows, standing) for axis in standing.varying or ("activation",)]
    columns.append(column(outcome.words, _aligned([_with_interval(row, outcome) for row in rows])))
    for status in ("diverged", "failed"):
        if any(row[status] for row in rows):
            columns.append(column(status, [_lost(row, status) for row in rows]))
    if any(row["steps_to_target"] is not None for row in rows):
        cells = [_count(row["steps_to_target"]) for row in rows]
        columns.append(column("steps to target", cells))
    for name, title in (("train_loss", "training loss"), ("test_loss", "test loss")):
        if name != outcome.column:
            columns.append(column(title, [short(row[name]) for row in rows], spare=True))
    columns.append(column("seconds a run", [short(row["seconds"], 2) for row in rows], spare=True))
    return columns


def _axis(axis: str, rows: list[dict[str, Any]], standing: Standing) -> Column:
    """The values of one axis in `rows`; architectures by depth where all widths are the same."""
    values = [row[axis] for row in rows]
    if axis == "learning_rate":
        return column("learning rate", distinct(values))
    if axis == "batch_size":
        return column("batch", [str(value) for value in values])
    if axis != "hidden_layer_sizes":
        return column(axis, [str(value) for value in values], number=False)
    if standing.one_width:
        return column("depth", [str(row["depth"]) for row in rows])
    return column(
        "hidden layers", [architecture_label(str(value)) for value in values], number=False
    )


def distinct(values: Sequence[float]) -> list[str]:
    """Numbers with three significant digits, or as many more as tell them apart.

    >>> distinct([0.1, 0.31622776601683794, 1.0]), distinct([0.10001, 0.1])
    (['0.1', '0.316', '1'], ['0.10001', '0.1'])
    """
    texts = [f"{value:g}" for value in values]
    for digits in range(3, 18):
        texts = [f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def _with_interval(row: dict[str, Any], outcome: Outcome) -> str:
    """`0.974 ± 0.004`; a geometric mean, whose interval is not symmetric, with both ends."""
    words = short if outcome.scale == "log" else fixed
    ends = words(row["low"]), words(row["high"])
    if row["low"] is None or row["high"] is None or _is_point(row):
        return words(row["mean"])
    if outcome.scale == "log":
        return f"{words(row['mean'])} [{ends[0]}, {ends[1]}]"
    half = words((row["high"] - row["low"]) / 2)
    return f"{words(row['mean'])} ± {'<0.001' if half == '0.000' else half}"


def _aligned(cells: list[str]) -> list[str]:
    """Means without an interval below those with one, not below their intervals."""
    tails = [len(cell) - cell.index(" ±") for cell in cells if " ±" in cell]
    return [cell if " ±" in cell else cell + " " * max(tails, default=0) for cell in cells]


def _is_point(row: dict[str, Any]) -> bool:
    """Whether all seeds came to the same: an interval of no width would read as certainty."""
    low, high = row["low"], row["high"]
    return low is not None and high - low <= 1e-12 * max(abs(low), abs(high), 1.0)


def _alike(standing: Standing) -> str:
    """How far the first is told from the others, behind what the mark means."""
    if standing.seeds < 2:
        return "; one seed cannot tell by how much"
    others, seeds = standing.settings - 1, standing.seeds
    if not standing.alike:
        if seeds < FEWEST_SEEDS:
            return f", told from every other; {seeds} seeds only explore"
        return f", told from every other by {seeds} seeds"
    which = f"{standing.alike:,} of the {plural(others, 'other setting')}"
    if standing.alike == others:
        which = "any other" if others > 1 else "the other"
    return f"; over {seeds} seeds no clear difference to {which}"


def _lost(row: dict[str, Any], status: str) -> str:
    return f"{row[status]} of {row['runs']}" if row[status] else ""


def _count(steps: float | None) -> str:
    return "–" if steps is None else f"{steps:,.0f}"


def _sentences(standing: Standing, marked: bool) -> list[str]:
    """How to read the table, and which single run was best."""
    seeds, outcome = standing.seeds, standing.ranked_by
    mean = "geometric mean" if outcome.scale == "log" else "mean"
    sentences = []
    if marked:
        sentences.append(f"* {outcome.extreme} {mean} {outcome.words}{_alike(standing)}")
    if seeds > 1:
        interval = "[ ]" if outcome.scale == "log" else "±"
        same = any(_is_point(row) for row in standing.best)
        none = f"; no {interval} where all seeds came to the same" if same else ""
        sentences.append(f"{interval} 95 % interval of the {mean} over {seeds} seeds{none}")
    best = standing.best_run
    if best is None:
        return ["No run finished."]
    names = [axis for axis in standing.varying if axis != "activation"]
    cells = [_axis(name, [best], standing) for name in names]
    axes = [str(best["activation"]), *(f"{cell.title} {cell.cells[0]}" for cell in cells)]
    value = (short if outcome.scale == "log" else fixed)(best[outcome.column])
    sentences.append(
        f"Best run: {best['run']} ({', '.join(axes)}, seed {best['seed']}), {outcome.words} {value}"
    )
    return sentences
