"""The tables of a report as text cells: once for the picture, the Markdown and the HTML page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from nnlab.core.analysis.selection import architecture_labels, ordered_values, own_axes
from nnlab.core.analysis.summaries import Summary, result_rows
from nnlab.core.report.captions import (
    AXIS_WORDS,
    listed_values,
    mean_words,
    setting_words,
    value_words,
)
from nnlab.core.report.style import Look, looks
from nnlab.core.report.wording import fixed, listed, percent, plural, ratio, short


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text; the first column names the row."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    looks: tuple[Look | None, ...] = ()
    """The look of each row's line, where it has one."""
    best: int | None = None
    """The row to mark; none where the seeds cannot tell which is best."""
    note: str = ""


def results_table(summary: Summary) -> Table:
    """One row for each line and architecture drawn: outcome, loss, gradient, units, runs."""
    rows = result_rows(summary)
    shown = summary.shown
    columns = _result_columns(summary, rows)
    family = looks(shown.line_axis, shown.lines)
    records = list(rows.iter_rows(named=True))
    best = [i for i, row in enumerate(records) if row["best"]]
    return Table(
        heads=tuple(columns),
        rows=tuple(tuple(cell(row) for cell in columns.values()) for row in records),
        looks=tuple(family[row["line"]] for row in records),
        best=best[0] if best and _is_clear(summary) and len(records) > 1 else None,
        note=_results_note(summary),
    )


def _is_clear(summary: Summary) -> bool:
    """Whether there is a best setting to mark: one that is told from all others."""
    return summary.lead is not None and summary.lead.is_clear


def small_results_table(summary: Summary, most: int = 15) -> Table:
    """`results_table`, or where that is long the best architecture of each line."""
    table = results_table(summary)
    if len(table.rows) <= most:
        return table
    records = list(result_rows(summary).iter_rows(named=True))
    places: dict[str, int] = {}
    for i, row in enumerate(records):
        known = places.get(row["line"])
        if known is None or row["place"] < records[known]["place"]:
            places[row["line"]] = i
    kept = sorted(places.values(), key=lambda i: summary.shown.lines.index(records[i]["line"]))
    return Table(
        heads=table.heads,
        rows=tuple(table.rows[i] for i in kept),
        looks=tuple(table.looks[i] for i in kept),
        best=kept.index(table.best) if table.best in kept else None,
        note=table.note + " Of the architectures drawn each row has the best.",
    )


def _result_columns(summary: Summary, rows: pl.DataFrame) -> dict[str, Any]:
    """Column head -> function of a row (a mapping) that gives the cell."""
    shown, outcome = summary.shown, summary.outcome
    columns: dict[str, Any] = {AXIS_WORDS[shown.line_axis]: lambda row: row["line"]}
    if len(shown.panels) > 1:
        columns["architecture"] = lambda row: row["panel"]
    for axis in own_axes(summary.settings, shown.line_axis):
        columns[AXIS_WORDS[axis]] = _axis_cell(summary, axis)
    for axis in shown.picked:
        columns[f"best {AXIS_WORDS[axis]}"] = _axis_cell(summary, axis)
    if rows["mean"].is_not_null().any():
        interval = " [95\N{NO-BREAK SPACE}%]" if summary.seeds > 1 else ""
        columns[f"{outcome.words}{interval}"] = lambda row: mean_words(outcome, row)
    if outcome.column != "train_loss":
        columns["training loss"] = lambda row: short(row["train_loss"])
    if rows["steps_to_target"].is_not_null().any():
        columns["steps to target"] = _target_cell
    for name, head, word in _MEASURED:
        if rows[name].is_not_null().any():
            columns[head] = _cell(name, word)
    columns["runs"] = _runs_cell
    return columns


def _seconds(value: float | None) -> str:
    return short(value, 2)


_MEASURED: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("diverged_at", "diverged from step", short),
    ("reach_start", "gradient reaching layer 1", ratio),
    ("dead_fraction", "dead units", percent),
    ("saturated_fraction", "saturated", percent),
    ("seconds", "seconds a run", _seconds),
)
"""Columns that stand in the table where there is anything in them."""


def _cell(name: str, word: Callable[[float | None], str]) -> Callable[[dict[str, Any]], str]:
    return lambda row: word(row[name])


def _axis_cell(summary: Summary, axis: str) -> Any:
    def cell(row: dict[str, Any]) -> str:
        value = row[axis]
        if axis == "hidden_layer_sizes":
            return architecture_labels(summary.settings)[value]
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    return cell


def _target_cell(row: dict[str, Any]) -> str:
    """Steps to the target, and how many runs reached it unless all did."""
    steps = short(row["steps_to_target"])
    if row["reached"] in (None, row["runs"]):
        return steps
    return f"{steps} ({row['reached']} of {row['runs']} runs)"


def _runs_cell(row: dict[str, Any]) -> str:
    if row["finished"] == row["runs"]:
        return str(row["runs"])
    lost = [f"{row[status]} {status}" for status in ("diverged", "failed") if row[status]]
    return f"{row['finished']} of {row['runs']} ({', '.join(lost)})"


def _results_note(summary: Summary) -> str:
    if summary.counts.finished == 0:
        return ""
    deep = summary.shown.rows["depth"].max()
    reference = "the last hidden layer" if isinstance(deep, int) and deep > 1 else "the output"
    note = (
        f"Gradient reaching layer 1: its delta over that of {reference}, before training. Dead: "
        "share of all hidden units; saturated: of all units and examples; both after training."
    )
    absent = (*summary.shown.left_out_lines, *summary.shown.left_out_panels)
    return f"{note} Not in this table: {listed(absent)}." if absent else note


def settings_table(summary: Summary, most: int = 60) -> Table:
    """All settings of the study, the best first; a long list is cut and says so."""
    outcome, varying = summary.outcome, summary.varying or ("activation",)
    rows = summary.settings.head(most)
    cells = []
    for row in rows.iter_rows(named=True):
        names = [_axis_cell(summary, axis)(row) for axis in varying]
        cells.append(
            (
                str(row["place"]),
                *names,
                mean_words(outcome, row),
                short(row["train_loss"]),
                _runs_cell(row),
            )
        )
    left = summary.settings.height - rows.height
    return Table(
        heads=(
            "place",
            *(AXIS_WORDS[axis] for axis in varying),
            outcome.words,
            "training loss",
            "runs",
        ),
        rows=tuple(cells),
        best=0 if cells and _is_clear(summary) else None,
        note=f"{plural(left, 'further setting')} in runs.csv." if left > 0 else "",
    )


def scope_table(summary: Summary) -> Table:
    """What the numbers are about: data, network, training, and what varied."""
    spec, runs = summary.tables.spec, summary.tables.runs
    fraction = spec.get("test_fraction")
    data = [str(runs["dataset"][0]) if runs.height else "no runs"]
    if isinstance(fraction, int | float):
        data.append(
            f"{percent(float(fraction))} held out for testing" if fraction else "no test part"
        )
    if "standardize" in spec:
        data.append("standardized" if spec["standardize"] else "not standardized")
    loss = [str(spec[key]) for key in ("loss",) if spec.get(key)]
    output = [f"{spec['output']} output"] if spec.get("output") else []
    length = [f"{n} {unit}" for unit in ("epochs", "steps") if (n := spec.get(unit)) is not None]
    training = [
        *(listed_values_of(summary, axis) for axis in ("optimizer", "learning_rate", "batch_size")),
        *(length or [f"{listed_values(runs['steps'].unique().sort().to_list())} steps"]),
        *([f"{spec['schedule']} schedule"] if spec.get("schedule") else []),
    ]
    rows = [
        ("data", ", ".join(data)),
        ("network", ", ".join([listed_values_of(summary, "hidden_layer_sizes"), *output, *loss])),
        ("activation", listed_values_of(summary, "activation")),
        ("training", ", ".join(training)),
        ("initialization", listed_values_of(summary, "initialization")),
        ("seeds", str(summary.seeds)),
    ]
    if spec.get("dtype"):
        rows.append(("arithmetic", str(spec["dtype"])))
    return Table(heads=("", "scope of these numbers"), rows=tuple(rows))


def listed_values_of(summary: Summary, axis: str) -> str:
    """The values of an axis that were tried, in words."""
    values = ordered_values(summary.tables.runs, axis)
    if axis == "learning_rate":
        return f"learning rate {listed_values(values)}"
    if axis == "batch_size":
        return f"batch size {listed_values(values)}"
    cell = _axis_cell(summary, axis)
    return listed_values([cell({axis: value}) for value in values], 14)


def environment_table(environment: Mapping[str, Any]) -> Table:
    """What a reader wants of `environment.json`: with what, where, how and when it was made.

    The file itself has more, such as the fingerprints by which a folder is known to be whole.
    """
    words: dict[str, Callable[[Any], str]] = {
        "versions": lambda v: _named(v) if isinstance(v, dict) else str(v),
        "platform": _platform,
        "blas": _blas,
        "git_commit": str,
        "command": lambda v: " ".join(map(str, v)) if isinstance(v, list | tuple) else str(v),
        "started": str,
        "finished": str,
        "jobs": str,
    }
    cells = {
        key: word(environment[key])
        for key, word in words.items()
        if environment.get(key) is not None
    }
    rows = tuple((_HEADS.get(key, key), cell) for key, cell in cells.items() if cell)
    return Table(heads=("", "environment"), rows=rows)


_HEADS = {"blas": "BLAS", "git_commit": "commit"}
"""What a row of the environment is called, where that is not its key."""


def _named(versions: Mapping[str, Any]) -> str:
    """`python 3.11.7, numpy 2.4.6`"""
    return ", ".join(f"{name} {text}" for name, text in versions.items() if text)


def _platform(value: Any) -> str:
    """`Linux 6.1, x86_64, 2 cores`"""
    if not isinstance(value, dict):
        return str(value)
    parts = [str(value[key]) for key in ("system", "machine") if value.get(key)]
    if isinstance(cores := value.get("cores"), int):
        parts.append(plural(cores, "core"))
    return ", ".join(parts)


def _blas(value: Any) -> str:
    """`openblas 0.3.30 (Haswell)`: NumPy's; SciPy may bring one of its own behind it."""
    if not isinstance(value, list | tuple):
        return str(value)
    libraries = [
        f"{entry.get('internal_api')} {entry.get('version')} ({entry.get('architecture')})"
        for entry in value
        if isinstance(entry, dict)
    ]
    return ", ".join(dict.fromkeys(libraries))


def best_run_words(summary: Summary) -> str:
    """The single best run, in words; empty where none finished."""
    run = summary.best_run
    if run is None:
        return ""
    outcome = summary.outcome
    value = value_words(outcome, run[outcome.column])
    axes = tuple(axis for axis in summary.varying if axis != "activation")
    setting = ", ".join([run["activation"], *(setting_words(summary, run, (a,)) for a in axes)])
    loss = "" if outcome.column == "train_loss" else f", training loss {short(run['train_loss'])}"
    return (
        f"Best single run: `{run['run']}` ({setting}, seed {run['seed']}), {outcome.words} "
        f"{value}{loss}, {fixed(run['seconds'], 2)} s."
    )
