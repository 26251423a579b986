"""The benchmark as one picture: how many times nnlab's time everyone takes, and how cost grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contenders import CONTENDERS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tables import Row

# Okabe & Ito 2008: told apart with any colour vision.
_COLORS = {"eager": "#D55E00", "stacked": "#E69F00", "vmap": "#CC79A7", "jax": "#0072B2",
           "sklearn": "#009E73", "products": "#777777"}  # fmt: skip
_MARKERS = dict(zip(_COLORS, "os^Dv|", strict=True))


def draw(found: dict[str, Any], path: Path) -> None:
    """Write the picture; nothing without cases and growth."""
    if not found["cases"] and not found["growth"]:
        return
    axes = list(dict.fromkeys(row["axis"] for row in found["growth"]))
    tall = 1.6 + 0.3 * len(found["cases"])
    figure = Figure(figsize=(12, tall + (3.2 if axes else 0)), layout="constrained")
    FigureCanvasAgg(figure)
    parts = figure.subfigures(2 if axes else 1, 1, squeeze=False,
                              height_ratios=[tall, 3.2] if axes else [tall])  # fmt: skip
    if found["cases"]:
        _ratios(parts[0, 0].subplots(), found["cases"])
    if axes:
        for place, name in zip(parts[-1, 0].subplots(1, len(axes)), axes, strict=True):
            _growth(place, name, [row for row in found["growth"] if row["axis"] == name])
    figure.savefig(path, dpi=130)


def _ratios(axes: Any, rows: list[Row]) -> None:
    """One line a case: to the right of 1 nnlab is faster."""
    for name, color in _COLORS.items():
        points = [
            (1 / row["ratio"][name] if name == "products" else row["ratio"][name], -i)
            for i, row in enumerate(rows)
            if name in row["ratio"]
        ]
        if points:
            axes.plot(*zip(*points, strict=True), _MARKERS[name], color=color, markersize=7,
                      label=CONTENDERS[name].title)  # fmt: skip
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    ticks = [0.5, 1, 2, 5, 10, 20]
    axes.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
    axes.set_yticks(range(0, -len(rows), -1), [row["case"] for row in rows])
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.grid(axis="x", color="#DDDDDD")
    axes.set_xlabel("time a step and run, as a multiple of nnlab's (right of the line nnlab wins)")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _growth(axes: Any, name: str, rows: list[Row]) -> None:
    """Both on log scales: a straight line of slope 1 is cost that grows as the thing does."""
    values = [row["value"] for row in rows]
    axes.plot(values, [row["step_microseconds"] for row in rows], "o-", color="#0072B2")
    axes.plot(values, [1000 * row["megabytes"] for row in rows], "s--", color="#E69F00")
    first = rows[-1]
    line = [first["step_microseconds"] * v / first["value"] for v in values]
    axes.plot(values, line, ":", color="#777777")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(values, [str(v) for v in values])
    axes.minorticks_off()
    axes.set_title(f"{name}: µs a step (blue),\nkB (orange), proportional (dotted)", fontsize=9)
