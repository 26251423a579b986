"""The words that several pictures share: how it was averaged, what was picked, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from nnlab.core.analysis.axes import Outcome
from nnlab.core.analysis.selection import architecture_labels, own_axes, setting_label
from nnlab.core.analysis.summaries import Counts, Summary
from nnlab.core.report.wording import fixed, listed, plural, short, with_interval

AXIS_WORDS = {
    "activation": "activation",
    "hidden_layer_sizes": "architecture",
    "initialization": "initialization",
    "optimizer": "optimizer",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
}

_LOSSES = {
    "cross_entropy": "cross-entropy, nats",
    "binary_cross_entropy": "binary cross-entropy, nats",
}


def loss_unit(summary: Summary) -> str:
    """What a loss is measured in: `cross-entropy, nats`.

    A squared error is in variances of the target for standardized regression, else in squared
    units of the target.
    """
    spec, runs = summary.tables.spec, summary.tables.runs
    loss = str(spec.get("loss") or "loss")
    if loss != "mse":
        return _LOSSES.get(loss, loss)
    regression = runs["train_accuracy"].is_null().all()
    scaled = regression and spec.get("standardize", True)
    return "mse, variances of the target" if scaled else "mse, squared units of the target"


def averaged(summary: Summary, line: str = "Line", interval: str = "band", mean: str = "") -> str:
    """How to read a line or point: over how many seeds, and where its interval is, if any.

    `mean` is the kind of mean, `geometric` for one.
    """
    if summary.seeds == 1:
        return f"{line}: one run, so there is no interval."
    words = f"{line}: {mean} mean".replace("  ", " ") + f" over {plural(summary.seeds, 'seed')}"
    if interval == "band" and not has_bands(summary):
        return f"{words} (so many lines are drawn without their intervals)."
    return f"{words}; {interval}: 95 % interval."


def has_bands(summary: Summary) -> bool:
    """Whether lines are drawn with their intervals: more than a few bands hide each other."""
    return summary.seeds > 1 and len(summary.shown.lines) <= MOST_BANDS


MOST_BANDS = 8


def picked(summary: Summary) -> str:
    """Which settings the lines stand for, when others were tried; empty when none were."""
    shown = summary.shown
    if not shown.picked:
        return ""
    axes = listed([AXIS_WORDS[axis] for axis in shown.picked])
    what = AXIS_WORDS[shown.line_axis]
    note = (
        f"Each {what} at its best {axes}, picked by mean {summary.outcome.words} on these same "
        "seeds"
    )
    if len(shown.panels) > 1 or len(shown.lines) > 6:
        return f"{note} (listed in the table)."
    values = [
        f"{row['line']} {setting_words(summary, row, shown.picked)}"
        for row in shown.rows.sort(_order(summary)).iter_rows(named=True)
    ]
    return f"{note}: {'; '.join(values)}."


def at_its_best(summary: Summary, what: str, over: Sequence[str]) -> str:
    """`Each cell at its best depth, by mean test accuracy.`; empty where nothing is picked from.

    `over` are the axes that the picture shows. All others on which a line has a choice are named.
    """
    line_axis = "activation" if summary.shown.line_axis in over else summary.shown.line_axis
    own = own_axes(summary.settings, line_axis)
    axes = [axis for axis in summary.varying if axis not in (line_axis, *over, *own)]
    if not axes:
        return ""
    mean = "mean " if summary.seeds > 1 else ""
    names = listed([axis_words(summary, axis) for axis in axes])
    return f"Each {what} at its best {names}, by {mean}{summary.outcome.words}."


def axis_words(summary: Summary, axis: str) -> str:
    """An axis as this study varies it: architectures that differ in depth alone are depths."""
    if axis == "hidden_layer_sizes":
        names = architecture_labels(summary.settings).values()
        return "depth" if all(name.startswith("depth ") for name in names) else "architecture"
    return AXIS_WORDS[axis]


def setting_words(summary: Summary, row: Mapping[str, object], axes: tuple[str, ...]) -> str:
    """The values of some axes in one setting: `rate 0.1, batch 32`."""
    words = []
    for axis in axes:
        value = row[axis]
        if axis == "hidden_layer_sizes":
            name = architecture_labels(summary.settings)[str(value)]
            words.append(name if name.startswith("depth") else f"net {name}")
        else:
            words.append(setting_label(axis, value))
    return ", ".join(words)


def left_out(summary: Summary) -> str:
    """Which runs of the settings shown are in no mean, and which lines had no room."""
    rows, notes = summary.shown.rows, []
    for status in ("diverged", "failed"):
        lost = rows.filter(pl.col(status) > 0).group_by("line", maintain_order=True)
        by_line = lost.agg(pl.col(status).sum(), pl.col("runs").sum()).rows()
        if by_line:
            counts = [f"{line} {count} of {total}" for line, count, total in by_line]
            notes.append(f"Left out because they {status}: {listed(counts)}.")
    absent = (*summary.shown.left_out_lines, *summary.shown.left_out_panels)
    if absent:
        notes.append(f"Not drawn: {listed(absent)}.")
    return " ".join(notes)


def time_axis(summary: Summary) -> tuple[str, str]:
    """The column that counts training time, and its label.

    Steps, but epochs where the settings shown make different numbers of steps.
    """
    if summary.shown.rows["steps"].n_unique() > 1:
        return "epoch", "epoch"
    return "step", "training step"


def architecture_words(summary: Summary, panel: str) -> str:
    """` (20 × 64)` where the architecture varies, else nothing."""
    return f" ({panel})" if len(summary.shown.panels) > 1 else ""


def lines_among(summary: Summary, rows: pl.DataFrame) -> list[str]:
    """The lines of the figures that have a row here, in the figures' order."""
    there = set(rows["line"])
    return [line for line in summary.shown.lines if line in there]


def joined(*sentences: str) -> str:
    """Sentences with a space between, empty ones dropped."""
    return " ".join(sentence for sentence in sentences if sentence)


def mean_words(outcome: Outcome, row: Mapping[str, Any]) -> str:
    """Mean and interval of a setting: `0.972 [0.968, 0.976]`."""
    if outcome.scale == "linear":
        return with_interval(
            row["mean"], outcome.possible(row["low"]), outcome.possible(row["high"])
        )
    ends = short(row["low"]), short(row["high"])
    if row["low"] is None or ends[0] == ends[1]:
        return short(row["mean"])
    return f"{short(row['mean'])} [{ends[0]}, {ends[1]}]"


def value_words(outcome: Outcome, value: float | None) -> str:
    """An outcome as a number: shares and R² with three decimals, losses with three digits."""
    return short(value) if outcome.scale == "log" else fixed(value)


def _order(summary: Summary) -> pl.Expr:
    return pl.col("line").cast(pl.Enum(list(summary.shown.lines)))


def listed_values(values: Sequence[object], most: int = 4) -> str:
    """`0.1`, `0.1, 0.3, 1`; many values as `0.001 … 1 (13 values)`.

    >>> listed_values([1, 2]), listed_values(range(9))
    ('1, 2', '0 … 8 (9 values)')
    """
    texts = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{texts[0]} … {texts[-1]} ({len(texts)} values)"


def counts_words(counts: Counts) -> str:
    """`20 runs: 18 finished, 2 diverged`."""
    parts = [
        f"{count:,} {name}"
        for name, count in (
            ("finished", counts.finished),
            ("diverged", counts.diverged),
            ("failed", counts.failed),
        )
        if count
    ]
    return f"{plural(counts.total, 'run')}: {', '.join(parts) or 'none'}"


def varies_words(summary: Summary) -> str:
    """`varies: activation (4), learning rate (6)`, seeds last; `a single run` for one."""
    counts = [
        f"{AXIS_WORDS[axis]} ({summary.settings[axis].n_unique()})" for axis in summary.varying
    ]
    if summary.seeds > 1:
        counts.append(f"seed ({summary.seeds})")
    return f"varies: {', '.join(counts)}" if counts else "nothing varies"


def made_words(environment: Mapping[str, Any]) -> str:
    """With what, on what and when it was made: `nnlab 0.1.0, numpy 2.4.6, Linux x86_64, ...`."""
    versions, platform = environment.get("versions"), environment.get("platform")
    parts = []
    if isinstance(versions, dict):
        names = ("nnlab", "python", "numpy")
        parts += [f"{name} {versions[name]}" for name in names if versions.get(name)]
    if isinstance(platform, dict):
        parts += [str(platform[key]) for key in ("system", "machine") if platform.get(key)]
    commit = environment.get("git_commit")
    if commit:
        parts.append(f"commit {str(commit)[:10]}")
    if environment.get("finished"):
        parts.append(f"finished {environment['finished']}")
    return f"Made with {', '.join(parts)}" if parts else "Made with nnlab"
