"""Runs as a table: the columns that vary, the rest said once; or one run, everything about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from nnlab.cli import console
from nnlab.cli.tables import Column, column, fits, lay_out
from nnlab.core.analysis.axes import AXES, architecture_label
from nnlab.core.analysis.rows import values_of
from nnlab.core.analysis.selection import outcome_of
from nnlab.core.quantities import RUN_COLUMNS
from nnlab.core.report.wording import fixed, plural, short

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.analysis.rows import Rows
    from nnlab.core.results import Results

_BY_THE_WAY = (
    "train_loss", "test_loss", "steps_to_target", "diverged_at", "train_accuracy", "steps",
    "seconds", "dataset", "reason", "depth",
)  # fmt: skip
"""What varies and is shown where there is room, in this order of preference."""

_UNITS = {
    name: RUN_COLUMNS[name].unit
    for name in ("batch_size", "steps_to_target", "diverged_at", "seconds")
}
"""Said behind the value where one run is shown; the others say it themselves or have none."""


def rows_lines(study: Results, rows: Rows, most: int, all_columns: bool) -> list[Text]:
    """The first `most` of the runs that were chosen, under what they have in common."""
    from rich.text import Text

    runs = rows.runs
    lines = [Text(_headline(study, runs), style="bold")]
    if len(runs) == 1:
        return [*lines, *_one(runs)]
    shown = runs.head(most)
    left_out: list[str] = []
    if all_columns:
        tables = _panels(shown, list(RUN_COLUMNS))
    else:
        if rows.shared:
            lines.append(Text(f"All with {_shared(rows)}"))
        wanted, left_out = _that_fit(shown, rows)
        tables = [_columns(shown, wanted)]
    for table in tables:
        lines += [Text(), *lay_out(table, console.width())]
    if more := len(runs) - len(shown):
        lines += [Text(), Text(f"{more:,} more; --limit 0 shows all")]
    if left_out:
        words = ", ".join(_title(name) for name in left_out)
        lines += [Text(), Text(f"No room for {words}: --all, --json or a wider terminal")]
    return lines


def nothing_lines(study: Results, rows: Rows) -> list[Text]:
    """That no run matches, and what there is in the columns that the condition asks for."""
    from rich.text import Text

    lines = [Text(f"{study.folder.name}: none of {plural(len(study.runs), 'run')} matches")]
    for name in rows.asked_for:
        values, more = values_of(study.runs, name)
        told = ", ".join(_cell(name, value) for value in values) or "no value in any run"
        rest = f" and {more:,} more" if more else ""
        lines.append(Text(console.inert(f"{name}: {told}{rest}")))
    return lines


def _headline(study: Results, runs: pl.DataFrame) -> str:
    total = plural(len(study.runs), "run")
    matched = total if len(runs) == len(study.runs) else f"{len(runs):,} of {total}"
    counts = [(status, n) for status, n in study.counts.items() if n and status != "finished"]
    lost = ", ".join(f"{n:,} {status}" for status, n in counts)
    note = f" ({lost})" if lost and len(runs) == len(study.runs) else ""
    return console.inert(f"{study.folder.name}: {matched}{note}")


def _one(runs: pl.DataFrame) -> list[Text]:
    """Everything about the only run, one value a line, with its unit."""
    from rich.text import Text

    told = {name: value for name, value in runs.row(0, named=True).items() if value is not None}
    wide = max(len(_title(name)) for name in told)
    lines = []
    for name, value in told.items():
        unit = f" {_UNITS[name]}" if name in _UNITS else ""
        lines.append(Text(console.inert(f"  {_title(name):<{wide}}  {_cell(name, value)}{unit}")))
    return lines


def _shared(rows: Rows) -> str:
    pairs = [f"{_title(name)} {_cell(name, value)}" for name, value in rows.shared.items()]
    return console.inert(", ".join(pairs))


def _that_fit(runs: pl.DataFrame, rows: Rows) -> tuple[list[str], list[str]]:
    """The columns to show in their order, and those that vary but find no room.

    Never left out of those: the axes and the seed, the status, the outcome, what was asked for.
    """
    outcome = outcome_of(rows.runs).column
    varying = [name for name in rows.varying if name != "run"]
    if "hidden_layer_sizes" in varying and "depth" in varying:
        varying.remove("depth")  # said by the sizes
    always = {*rows.asked_for, *AXES, "seed", "status", outcome} & {*varying} | {"run"}
    wanted = [name for name in RUN_COLUMNS if name in always]
    left_out = []
    for name in (*_BY_THE_WAY, *varying):
        if name not in varying or name in wanted or name in left_out:
            continue
        more = [column for column in RUN_COLUMNS if column in {*wanted, name}]
        if fits(_columns(runs, more), console.width()):
            wanted = more
        else:
            left_out.append(name)
    return wanted, left_out


def _panels(runs: pl.DataFrame, names: Sequence[str]) -> list[list[Column]]:
    """All columns, in as many tables as it takes; each begins with the run."""
    panels, panel = [], ["run"]
    for name in names[1:]:
        if len(panel) > 1 and not fits(_columns(runs, [*panel, name]), console.width()):
            panels.append(panel)
            panel = ["run"]
        panel.append(name)
    return [_columns(runs, names) for names in (*panels, panel)]


def _columns(runs: pl.DataFrame, names: Sequence[str]) -> list[Column]:
    return [
        column(
            _title(name),
            [_cell(name, value) for value in runs[name].to_list()],
            number=RUN_COLUMNS[name].kind != "text" or name == "run",  # half a hash is no use
        )
        for name in names
    ]


def _title(name: str) -> str:
    """`learning rate`: a title that may go over two lines."""
    return name.replace("_", " ")


def _cell(name: str, value: object) -> str:
    """A value of a column of `runs.csv`."""
    if value is None:
        return "" if RUN_COLUMNS[name].kind == "text" else "–"
    if name == "hidden_layer_sizes":
        return architecture_label(str(value))
    if isinstance(value, float):
        if name == "learning_rate":
            return f"{value:g}"
        return fixed(value) if RUN_COLUMNS[name].unit == "share" else short(value)
    return f"{value:,}" if name in ("steps", "diverged_at") else str(value)
