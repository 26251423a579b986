"""The picture of a whole grid: the outcome over learning rate and batch size."""

from __future__ import annotations

import polars as pl

from nnlab.core.analysis.selection import ordered_values
from nnlab.core.analysis.summaries import GRID, Summary
from nnlab.core.report.captions import at_its_best, joined, setting_words
from nnlab.core.report.family import columns_for
from nnlab.core.report.lead_words import ahead, ahead_words
from nnlab.core.report.pictures import Axis, Gaps, HeatPanel, HeatPicture
from nnlab.core.report.wording import plural, short


def learning_rate_by_batch_size(summary: Summary) -> HeatPicture:
    """The outcome over learning rate (to the right) and batch size (upwards), a map an activation.

    How to read it: the framed cell has the best mean of its map. A ridge that climbs to the right
    says that larger batches want larger rates; a cross is a setting at which every run diverged,
    an asterisk one at which some did.
    """
    grid, outcome = summary.grid, summary.outcome
    if grid is None:
        raise ValueError("this study varies learning rate and batch size not both")
    rates = ordered_values(summary.tables.runs, "learning_rate")
    batches = ordered_values(summary.tables.runs, "batch_size")
    labels = [label for label in summary.shown.lines if label in set(grid["line"])]
    labels = labels or grid["line"].unique(maintain_order=True).to_list()
    panels = tuple(_panel(grid, label, rates, batches) for label in labels)
    top = ahead(summary, grid)
    title = f"{outcome.words[0].upper()}{outcome.words[1:]} over learning rate and batch size"
    if top is not None:
        row = top.rows[0]
        at = f"{row['line']}, {setting_words(summary, row, GRID)}"
        title += f": {ahead_words(summary, top, at, 'cell')}"
    lost = any(panel.lost for panel in panels)
    partly = any(panel.partly_lost for panel in panels)
    return HeatPicture(
        name="learning_rate_by_batch_size",
        title=title,
        caption=joined(
            f"Colour: mean {outcome.words} over {plural(summary.seeds, 'seed')}, after the last "
            f"step; the framed cell has the {outcome.extreme} of its map."
            if summary.seeds > 1
            else f"Colour: {outcome.words} of one run after the last step; the framed cell has the "
            f"{outcome.extreme} of its map.",
            "Of cells alike the one with the lowest training loss is framed."
            if any(map(_has_equals, panels))
            else "",
            at_its_best(summary, "cell", GRID),
            "Cross: every run diverged." if lost else "",
            "Asterisk: some diverged and are left out." if partly else "",
        ),
        panels=panels,
        columns=columns_for(len(panels)),
        x=Axis("learning rate", "category", tuple(short(_number(rate)) for rate in rates)),
        y=Axis("batch size (examples)", "category", tuple(str(batch) for batch in batches)),
        color=_color(summary, panels),
        written=True,
    )


def _panel(grid: pl.DataFrame, label: str, rates: list[object], batches: list[object]) -> HeatPanel:
    rows = grid.filter(pl.col("line") == label)
    cells = {(row["batch_size"], row["learning_rate"]): row for row in rows.iter_rows(named=True)}
    places = [(j, i) for j in range(len(batches)) for i in range(len(rates))]
    found = {p: cells[key] for p in places if (key := (batches[p[0]], rates[p[1]])) in cells}
    values: tuple[Gaps, ...] = tuple(
        tuple(found[(j, i)]["mean"] if (j, i) in found else None for i in range(len(rates)))
        for j in range(len(batches))
    )
    ranked = [p for p in found if found[p]["mean"] is not None]
    return HeatPanel(
        title=label,
        x=tuple(float(i) for i in range(len(rates))),
        y=tuple(float(j) for j in range(len(batches))),
        values=values,
        best=min(ranked, key=lambda p: int(found[p]["place"])) if ranked else None,
        lost=tuple(p for p in found if found[p]["mean"] is None and found[p]["diverged"]),
        partly_lost=tuple(p for p in ranked if found[p]["finished"] < found[p]["runs"]),
    )


def _has_equals(panel: HeatPanel) -> bool:
    """Whether another cell has exactly the value of the framed one."""
    if panel.best is None:
        return False
    row, column = panel.best
    values = [value for cells in panel.values for value in cells]
    return values.count(panel.values[row][column]) > 1


def _color(summary: Summary, panels: tuple[HeatPanel, ...]) -> Axis:
    outcome = summary.outcome
    if outcome.column.endswith("loss"):
        part = "training" if outcome.column.startswith("train") else "test"
        return Axis(f"{part} loss", "log")
    values = [v for panel in panels for row in panel.values for v in row if v is not None]
    if outcome.column == "test_r2" and values and min(values) < 0 < max(values):
        return Axis(outcome.words, limits=(0.0, max(values)))  # worse than the mean is all one
    return Axis(outcome.words)


def _number(value: object) -> float:
    return float(str(value))
