"""What of a grid is shown: which settings become lines, which panels, which are only picked from.

A setting is one combination of the axes; its runs differ in seed only. A picture has room for a
family of lines (activations, if several were trained) and a few panels (architectures). Over the
axes that remain each line stands at its best setting, and the report says so: a best rate picked
on the seeds it is shown with flatters it a little.

Runs that diverged or failed are in no mean, and count against the setting: a setting whose runs
all finished goes before one that lost some.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from nnlab.core.analysis.axes import AXES, OUTCOMES, Outcome, architecture_label
from nnlab.core.analysis.seed_means import seed_means
from nnlab.core.analysis.statistics import Scale

MOST_LINES = 14
MOST_PANELS = 5


def outcome_of(runs: pl.DataFrame) -> Outcome:
    """The outcome that ranks these runs: regression has no accuracy, a study may lack a test."""
    for outcome in OUTCOMES:
        if outcome.column in runs.columns and runs[outcome.column].is_not_null().any():
            return outcome
    return OUTCOMES[-1]


def varying_axes(runs: pl.DataFrame) -> tuple[str, ...]:
    """The axes on which these runs take more than one value, in the order of `AXES`."""
    return tuple(axis for axis in AXES if runs[axis].n_unique() > 1)


def own_axes(runs: pl.DataFrame, line_axis: str = "activation") -> tuple[str, ...]:
    """The axes on which every line has one value of its own, such as its tuned learning rate.

    They vary, but no line has a choice on them: nothing is swept or picked there.
    """
    values = runs.group_by(line_axis).agg(pl.col(AXES).exclude(line_axis).n_unique())
    return tuple(
        axis for axis in varying_axes(runs) if axis != line_axis and bool((values[axis] == 1).all())
    )


def rank_settings(runs: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """One row a setting, the best first.

    Columns: `AXES`, `depth`, `runs`, `finished`, `diverged`, `failed` (counts), `mean`, `low`,
    `high`, `n` (of the outcome, null where nothing finished), `train_loss`, `test_loss`,
    `steps_to_target` (geometric means), `reached` (runs that reached the target), `seconds`
    (mean), `steps`, `diverged_at` (the earliest), `place` (1 is the best).
    """
    by = list(AXES)
    status = pl.col("status")
    counts = runs.group_by(by, maintain_order=True).agg(
        pl.col("depth").first(),
        pl.len().cast(pl.Int64).alias("runs"),
        *((status == name).sum().cast(pl.Int64).alias(name) for name in _STATUSES),
        pl.col("steps").max(),
        pl.col("diverged_at").min(),
    )
    finished = runs.filter(status == "finished")
    means = seed_means(finished, by, {**_ALONGSIDE, outcome.column: outcome.scale})
    ranked = counts
    for name in _ALONGSIDE:
        part = means.filter(pl.col("quantity") == name).select(*by, pl.col("mean").alias(name))
        ranked = ranked.join(part, on=by, how="left", nulls_equal=True, maintain_order="left")
    reached = means.filter(pl.col("quantity") == "steps_to_target")
    reached = reached.select(*by, pl.col("n").alias("reached"))
    ranked = ranked.join(reached, on=by, how="left", nulls_equal=True, maintain_order="left")
    part = means.filter(pl.col("quantity") == outcome.column)
    part = part.select(*by, "mean", "low", "high", "n")
    ranked = ranked.join(part, on=by, how="left", nulls_equal=True, maintain_order="left")
    ranked = ranked.sort(
        pl.col("finished") / pl.col("runs"),
        "mean",
        "train_loss",
        descending=[True, outcome.higher_is_better, False],
        nulls_last=True,
        maintain_order=True,
    )
    return ranked.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("place"))


_STATUSES = ("finished", "diverged", "failed")
_ALONGSIDE: dict[str, Scale] = {
    "train_loss": "log",
    "test_loss": "log",
    "steps_to_target": "log",
    "seconds": "linear",
}


def architecture_labels(runs: pl.DataFrame) -> dict[str, str]:
    """The architectures of a study by `hidden_layer_sizes`, from shallow to deep.

    `depth 2`, `depth 20` where they differ in depth alone, else `architecture_label`.
    """
    sizes = runs.select("depth", "hidden_layer_sizes").unique(maintain_order=True)
    ordered = sizes.sort("depth", maintain_order=True)["hidden_layer_sizes"].to_list()
    if len(ordered) > 1 and len({width for text in ordered for width in text.split("-")}) == 1:
        return {text: f"depth {len(text.split('-'))}" for text in ordered}
    return {text: architecture_label(text) for text in ordered}


def setting_label(axis: str, value: object) -> str:
    """One value of an axis as it stands beside a line: `relu`, `batch 32`, `rate 0.1`."""
    if axis == "learning_rate":
        return f"rate {value:.3g}"
    if axis == "batch_size":
        return f"batch {value}"
    return str(value)


def ordered_values(runs: pl.DataFrame, axis: str) -> list[object]:
    """The values of an axis: numbers ascending, architectures by depth, names as they came."""
    if axis in ("learning_rate", "batch_size"):
        return runs[axis].drop_nulls().unique().sort().to_list()
    if axis == "hidden_layer_sizes":
        return list(architecture_labels(runs))
    return runs[axis].drop_nulls().unique(maintain_order=True).to_list()


@dataclass(frozen=True, slots=True)
class Shown:
    """The settings that stand in the pictures of a study."""

    line_axis: str
    """The axis whose values are the lines; `activation` when several were trained."""
    lines: tuple[str, ...]
    panels: tuple[str, ...]
    """Labels of the architectures shown, from shallow to deep; one when it does not vary."""
    picked: tuple[str, ...]
    """The axes on which each line is at its best: they vary, are neither lines nor panels, and
    a line has more than one value there (see `own_axes`)."""
    rows: pl.DataFrame
    """`rank_settings` of what is shown, with `line` and `panel`: one row for each pair."""
    members: pl.DataFrame
    """The finished runs behind it: `run`, `line`, `panel`, `depth`."""
    left_out_lines: tuple[str, ...] = ()
    """Lines there was no room for."""
    left_out_panels: tuple[str, ...] = ()


def choose_shown(runs: pl.DataFrame, settings: pl.DataFrame) -> Shown:
    """Pick what the pictures show, given `settings = rank_settings(runs, ...)`."""
    varying = varying_axes(runs)
    others = [axis for axis in varying if axis != "hidden_layer_sizes"]
    line_axis = _line_axis(runs, varying)
    own = own_axes(runs, line_axis)
    labelled = label_settings(settings, line_axis)
    # Labels in the order of the axes' values, whatever the ranks of the settings.
    line_values, panel_values = ordered_values(runs, line_axis), list(architecture_labels(runs))
    lines, lines_out = _evenly(
        _labels(labelled, line_axis, line_values, "line"), MOST_LINES, labelled["line"].head(1)
    )
    panels, panels_out = _evenly(
        _labels(labelled, "hidden_layer_sizes", panel_values, "panel"),
        MOST_PANELS,
        labelled["panel"].head(1),
    )
    rows = labelled.filter(pl.col("line").is_in(lines), pl.col("panel").is_in(panels)).unique(
        ["line", "panel"], keep="first", maintain_order=True
    )
    members = (
        runs.filter(pl.col("status") == "finished")
        .join(rows.select(*AXES, "line", "panel"), on=list(AXES), nulls_equal=True)
        .select("run", "line", "panel", "depth")
    )
    return Shown(
        line_axis=line_axis,
        lines=lines,
        panels=panels,
        picked=tuple(axis for axis in others if axis not in (line_axis, *own)),
        rows=rows,
        members=members,
        left_out_lines=lines_out,
        left_out_panels=panels_out,
    )


def _line_axis(runs: pl.DataFrame, varying: tuple[str, ...]) -> str:
    """The first of these axes that varies; architectures of one depth if nothing else does."""
    order = ("activation", "initialization", "optimizer", "batch_size", "learning_rate")
    alone = varying == ("hidden_layer_sizes",) and runs["depth"].n_unique() == 1
    fallback = "hidden_layer_sizes" if alone else "activation"
    return next((axis for axis in order if axis in varying), fallback)


def _labels(labelled: pl.DataFrame, axis: str, values: Sequence[object], column: str) -> list[str]:
    """The labels that stand for these values of an axis, each once."""
    known = dict(labelled.select(axis, column).unique(maintain_order=True).rows())
    return list(dict.fromkeys(known[value] for value in values))


def label_settings(settings: pl.DataFrame, line_axis: str) -> pl.DataFrame:
    """All settings of a study with their `line` and `panel` labels.

    Where the lines are architectures, all stand in one panel.
    """
    names = architecture_labels(settings)
    panel = pl.col("hidden_layer_sizes").replace_strict(names, return_dtype=pl.String)
    if line_axis == "hidden_layer_sizes":
        return settings.with_columns(panel.alias("line"), pl.lit("").alias("panel"))
    lines = [setting_label(line_axis, value) for value in settings[line_axis]]
    return settings.with_columns(pl.Series("line", lines, pl.String), panel.alias("panel"))


def _evenly(
    labels: list[str], most: int, never_left_out: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """At most `most` of the labels, evenly spread with both ends, and those left out.

    The label of the best setting takes the place of its neighbour: a headline about a setting that
    no table and no picture has would be one that a reader cannot check.
    """
    if len(labels) <= most:
        return tuple(labels), ()
    kept = {round(i * (len(labels) - 1) / (most - 1)) for i in range(most)}
    for wanted in map(labels.index, never_left_out):
        if wanted not in kept:
            between = kept - {0, len(labels) - 1}
            kept.remove(min(between, key=lambda i: (abs(i - wanted), i)))
            kept.add(wanted)
    return (
        tuple(label for i, label in enumerate(labels) if i in kept),
        tuple(label for i, label in enumerate(labels) if i not in kept),
    )


def best_by(
    settings: pl.DataFrame, line_axis: str, lines: tuple[str, ...], axes: tuple[str, ...]
) -> pl.DataFrame:
    """The best setting of each line at every value of `axes`: the data of a sweep or a heat map.

    Columns as in `Shown.rows`, one row for each line and value (or pair of values). A cell in
    which every run diverged keeps its row, with a null mean.
    """
    labelled = label_settings(settings, line_axis).filter(pl.col("line").is_in(lines))
    return labelled.unique(["line", *axes], keep="first", maintain_order=True).sort(
        *axes, maintain_order=True
    )
