"""Pictures of how training went and where it ended: learning curves, outcome against an axis."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from nnlab.core.analysis.axes import Outcome
from nnlab.core.analysis.selection import ordered_values
from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import (
    AXIS_WORDS,
    at_its_best,
    averaged,
    joined,
    left_out,
    loss_unit,
    picked,
    setting_words,
    time_axis,
    value_words,
)
from nnlab.core.report.family import family_lines
from nnlab.core.report.lead_words import ahead, ahead_words
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import Look, looks
from nnlab.core.report.wording import fixed, listed, plural, short


def learning_curves(summary: Summary) -> LinesPicture:
    """Loss and accuracy over training, a line an activation, a column of panels an architecture.

    How to read it: lower and earlier is better in the loss, which has a log scale; the number
    behind a name is the last value. Where lines end far apart, so do the activations; where
    bands overlap all along, these seeds cannot tell them apart.
    """
    shown = summary.shown
    quantities = ["train_loss", *_second(summary.curves)]
    time, words = time_axis(summary)
    x = Axis(words, group="x")
    panels = []
    for quantity in quantities:
        for i, panel in enumerate(shown.panels):
            single = len(shown.panels) == 1
            rows = summary.curves.filter(pl.col("panel") == panel, pl.col("quantity") == quantity)
            value = short if quantity.endswith("loss") else fixed
            lines = family_lines(summary, rows, time, value)
            panels.append(
                Panel(
                    title=_QUANTITIES[quantity] if single else panel,
                    x=x,
                    y=_curve_axis(summary, quantity, lines, single),
                    lines=lines,
                    labelled=single or i == len(shown.panels) - 1,
                    note="" if lines else "no run finished",
                )
            )
    return LinesPicture(
        name="learning_curves",
        title=_curves_title(summary),
        caption=joined(
            averaged(summary, "Line"),
            "Losses are averaged geometrically." if summary.seeds > 1 else "",
            picked(summary),
            left_out(summary),
        ),
        panels=tuple(panels),
        columns=len(quantities) if len(shown.panels) == 1 else len(shown.panels),
    )


_QUANTITIES = {
    "train_loss": "Training loss",
    "test_loss": "Test loss",
    "train_accuracy": "Training accuracy",
    "test_accuracy": "Test accuracy",
}


def _second(curves: pl.DataFrame) -> list[str]:
    """What stands beside the training loss: the first of these that was recorded."""
    recorded = set(curves["quantity"])
    order = ("test_accuracy", "train_accuracy", "test_loss")
    return [name for name in order if name in recorded][:1]


def _curve_axis(summary: Summary, quantity: str, lines: Sequence[Line], single: bool) -> Axis:
    """The y axis; where the panel's title names an architecture, it also names the quantity."""
    group = "" if single else quantity
    words = _QUANTITIES[quantity].lower()
    if quantity.endswith("loss"):
        unit = loss_unit(summary)
        label = f"{unit}; log scale" if single else f"{words} ({unit}), log scale"
        return Axis(label, "log", group=group)
    label = "share of examples" if single else f"{words} (share of examples)"
    limits = _late(lines) if single and lines and len(lines[0].x) >= 5 else None
    return Axis(label, limits=limits, group=group, within=(0.0, 1.0))


def _late(lines: Sequence[Line]) -> tuple[float, float]:
    """Limits in which the final accuracies can be told apart; the first steps may fall below."""
    finals = [line.y[-1] for line in lines]
    highest = max(max(line.y) for line in lines)
    span = max(highest - min(finals), 0.04)
    low = max(min(min(line.y) for line in lines), min(finals) - 3 * span)
    air = 0.04 * (highest - low)
    return low - air, min(highest + 2 * air, 1.0 + 0.5 * air)


def _curves_title(summary: Summary) -> str:
    """Who ends where, in the deepest architecture drawn, if these seeds can tell."""
    deepest = summary.shown.panels[-1]
    rows = summary.shown.rows.filter(pl.col("panel") == deepest, pl.col("mean").is_not_null())
    outcome = summary.outcome
    where = f"{deepest.capitalize()}: " if len(summary.shown.panels) > 1 else ""
    top = ahead(summary, rows)
    if top is None:
        return f"{where}no run finished"
    mean = f"mean {outcome.words}" if summary.seeds > 1 else outcome.words
    if rows.height == 1:
        return f"{where}{rows['line'][0]} ends at a {mean} of {top.values}"
    none = "no clear difference" if where else "No clear difference"
    if len(top.rows) == rows.height:
        if top.equal:
            return f"{where}{'all' if where else 'All'} end alike, {mean} {top.values}"
        seeds = plural(summary.seeds, "seed")
        return f"{where}{none} in {mean} over {seeds}: {top.values}"
    names = listed([row["line"] for row in top.rows], 4)
    if top.alone:
        who = f"{names} ends with the {outcome.extreme} {mean}, {top.values}"
    elif top.equal:
        who = f"{names} end with the {outcome.extreme} {mean}, {top.values}"
    else:
        who = f"{none} in {mean} between {names}, {top.values}"
    return f"{where}{who}; {_last(summary, rows)}"


def _last(summary: Summary, rows: pl.DataFrame) -> str:
    """`sigmoid with the lowest, 0.113`, and all whose mean prints like that."""
    outcome = summary.outcome
    ranked = rows.sort("mean", descending=outcome.higher_is_better, maintain_order=True)
    values = [value_words(outcome, value) for value in ranked["mean"]]
    names = [name for name, v in zip(ranked["line"], values, strict=True) if v == values[-1]]
    worst = "lowest" if outcome.higher_is_better else "highest"
    return f"{listed(names, 4)} with the {worst}, {values[-1]}"


# ------------------------------------------------------------------ outcome against one axis


def outcome_against(summary: Summary, axis: str) -> LinesPicture:
    """The final outcome over one axis of the grid, a line an activation.

    How to read it: each point is a setting trained to the end, the bar its 95 % interval over
    seeds. A line that stays level does not care about the axis; a cross at the lower edge is a
    value at which every run diverged.
    """
    sweep, outcome = summary.sweeps[axis], summary.outcome
    x, places = _sweep_axis(summary, axis)
    labels = summary.shown.lines
    line_axis = summary.shown.line_axis
    if line_axis == axis:
        line_axis, labels = "activation", (summary.settings["activation"][0],)
    family = looks(line_axis, labels)
    ordered = x.kind != "category"
    lines: list[Line] = []
    lost: list[tuple[float, Look]] = []
    for place, label in enumerate(labels):
        table = sweep.filter(pl.col("line") == label)
        # Names have no order to join points along: beside each other instead.
        aside = 0.0 if ordered or len(labels) == 1 else 0.5 * (place / (len(labels) - 1) - 0.5)
        spots = [places[value] + aside for value in table[axis]]
        rows = sorted(zip(spots, table.select("mean", "low", "high").rows(), strict=True))
        known = [(spot, *row) for spot, row in rows if row[0] is not None]
        lost.extend((spot, family[label]) for spot, row in rows if row[0] is None)
        if known:
            xs, means, lows, highs = zip(*known, strict=True)
            lines.append(
                Line(
                    label,
                    family[label],
                    xs,
                    means,
                    tuple(map(outcome.possible, lows)),
                    tuple(map(outcome.possible, highs)),
                    True,
                    value_words(outcome, means[-1]),
                )
            )
    panel = Panel(
        title="",
        x=x,
        y=_outcome_axis(summary, outcome),
        lines=tuple(lines),
        labelled=True,
        bars=True,
        joined=ordered,
        lost=tuple(lost),
    )
    return LinesPicture(
        name=f"{outcome.column}_by_{_axis_words(x, axis).replace(' ', '_')}",
        title=_sweep_title(summary, axis, _axis_words(x, axis)),
        caption=joined(
            averaged(summary, "Point", "bar"),
            at_its_best(summary, "point", (axis,)),
            "A cross at the lower edge: every run diverged." if lost else "",
        ),
        panels=(panel,),
        columns=1,
    )


def _axis_words(x: Axis, axis: str) -> str:
    """What a sweep goes over: depth, where architectures differ in that, else as it is called."""
    return "depth" if axis == "hidden_layer_sizes" and x.kind != "category" else AXIS_WORDS[axis]


def _outcome_axis(summary: Summary, outcome: Outcome) -> Axis:
    if outcome.column.endswith("loss"):
        part = "training" if outcome.column.startswith("train") else "test"
        return Axis(f"{part} loss ({loss_unit(summary)}), log scale", "log")
    if outcome.column == "test_r2":
        return Axis("test R² (1 is perfect, 0 the mean)", within=outcome.within)
    return Axis(f"{outcome.words} (share of examples)", within=outcome.within)


def _sweep_axis(summary: Summary, axis: str) -> tuple[Axis, dict[object, float]]:
    """The x axis of a sweep, and where on it each value of the grid's axis stands."""
    runs = summary.tables.runs
    values = ordered_values(runs, axis)
    if axis in ("learning_rate", "batch_size"):
        numbers = {value: float(str(value)) for value in values}
        words = AXIS_WORDS[axis] + (" (examples)" if axis == "batch_size" else "")
        return Axis(f"{words}, log scale", "log", places=tuple(numbers.values())), numbers
    depths = dict(runs.select(axis, "depth").unique().rows()) if axis.startswith("hidden") else {}
    if depths and len(set(depths.values())) == len(depths):
        numbers = {value: float(depths[value]) for value in values}
        return Axis("depth (hidden layers)", places=tuple(numbers.values())), numbers
    names = tuple(_place_name(summary, axis, value) for value in values)
    return Axis(AXIS_WORDS[axis], "category", names), {v: float(i) for i, v in enumerate(values)}


def _place_name(summary: Summary, axis: str, value: object) -> str:
    return setting_words(summary, {axis: value}, (axis,))


def _sweep_title(summary: Summary, axis: str, axis_words: str) -> str:
    words = summary.outcome.words
    head = f"{words[0].upper()}{words[1:]} against {axis_words}"
    top = ahead(summary, summary.sweeps[axis])
    if top is None:
        return f"{head}: no run finished"
    row = top.rows[0]
    at = f"{row['line']}, {setting_words(summary, row, (axis,))}"
    return f"{head}: {ahead_words(summary, top, at, 'point')}"
