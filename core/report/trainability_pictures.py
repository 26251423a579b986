"""Pictures of trainability: the loss over depth, and the gradient by layer through training."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl

from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.seed_findings import BySeed
from nnlab.core.analysis.seed_means import BAND, seed_means
from nnlab.core.analysis.trainability import Cell, depths_of, trained
from nnlab.core.report.family import columns_for, layer_axis
from nnlab.core.report.layers import HOW_TO_READ_MAPS
from nnlab.core.report.pictures import Axis, HeatPanel, HeatPicture, Line, LinesPicture, Panel
from nnlab.core.report.style import looks
from nnlab.core.report.vanishing_pictures import WEIGHTS
from nnlab.core.report.wording import listed, ratio, short

_QUANTITIES = (
    ("delta_rms", "delta", "rms (loss per unit of z)"),
    ("gradient_norm", "weight gradient", "norm of dLoss/dW (loss per unit of w)"),
    ("update_ratio", "update", "change of the weights in a step, as a share of them"),
)


def trained_over_depth(losses: Mapping[Cell, BySeed], floor: float) -> HeatPicture:
    """Final training loss over depth (upwards) and activation, a panel for each initialization.

    How to read it: a net of `ln K` has learned nothing. Dark is learned. Going up in a column, the
    place where it turns pale is the depth at which training stops working.
    """
    names = list(dict.fromkeys(cell.activation for cell in losses))
    depths = depths_of(losses)
    panels = []
    for rule in dict.fromkeys(cell.initialization for cell in losses):
        table = [[losses[Cell(name, rule, depth)] for name in names] for depth in depths]
        places = [(j, i) for j in range(len(depths)) for i in range(len(names))]
        panels.append(
            HeatPanel(
                title=WEIGHTS.get(rule, rule),
                x=tuple(float(i) for i in range(len(names))),
                y=tuple(float(j) for j in range(len(depths))),
                values=tuple(tuple(_geometric(cell) for cell in row) for row in table),
                lost=tuple(p for p in places if _lost(table[p[0]][p[1]]) == 1.0),
                partly_lost=tuple(p for p in places if 0.0 < _lost(table[p[0]][p[1]]) < 1.0),
            )
        )
    seeds = max(len(cell) for cell in losses.values())
    marks = {
        "*: some runs diverged and are left out": any(panel.partly_lost for panel in panels),
        "×: all runs diverged": any(panel.lost for panel in panels),
    }
    lost = "".join(f" {words}." for words, there in marks.items() if there)
    return HeatPicture(
        name="trained_over_depth",
        title=_depth_title(losses, floor),
        caption=(
            f"Final training loss, geometric mean over {seeds} seeds, at the learning rate chosen "
            f"for each cell on other seeds; {short(floor, 4)} is the loss of guessing (ln K)."
            f"{lost}"
        ),
        panels=tuple(panels),
        columns=len(panels),
        x=Axis("activation", "category", names=tuple(names)),
        y=Axis("hidden layers", "category", names=tuple(str(depth) for depth in depths)),
        color=Axis("final training loss", "log"),
        written=True,
    )


def _geometric(losses: BySeed) -> float | None:
    kept, _ = finite_part(list(losses.values()))
    return float(np.exp(np.log(kept).mean())) if kept.size and kept.min() > 0 else None


def _lost(losses: BySeed) -> float:
    return sum(loss is None for loss in losses.values()) / len(losses)


def _depth_title(losses: Mapping[Cell, BySeed], floor: float) -> str:
    """Up to which depth most seeds of each activation train, at the better initialization."""
    reached: dict[str, int] = {}
    for cell, values in losses.items():
        share = sum(trained(loss, floor) for loss in values.values()) / len(values)
        if share > 0.5:
            reached[cell.activation] = max(reached.get(cell.activation, 0), cell.depth)
    deepest = max(depths_of(losses))
    fails = [f"{name} beyond {depth}" for name, depth in reached.items() if depth < deepest]
    works = [name for name, depth in reached.items() if depth == deepest]
    parts = [f"training stops working for {listed(fails)} hidden layers"] if fails else []
    parts += [f"it still works for {listed(works)} at {deepest}"] if works else []
    title = "; ".join(parts) or "nothing trains at any depth"
    title = title.replace("it still works", "training still works") if not fails else title
    return title[0].upper() + title[1:]


def fading_by_layer(runs: pl.DataFrame, layers: pl.LazyFrame) -> LinesPicture:
    """Delta, weight gradient and update ratio by layer, before (top) and after training (bottom).

    How to read it: the input is at the left. What falls towards the left does not reach the first
    layers. An update is recorded with the step that follows, so the last is of the record before.
    """
    names = list(dict.fromkeys(runs["activation"]))
    depth = int(runs["depth"][0])
    known = _known(runs, layers)
    step, last = pl.col("step"), pl.col("step").max().over("run")
    panels = []
    for moment, when in (("start", "before training"), ("end", "after training")):
        for quantity, words, label in _QUANTITIES:
            there = known.filter(pl.col(quantity).is_not_null() & pl.col(quantity).is_finite())
            rows = there.filter(step == 0 if moment == "start" else step == last)
            means = seed_means(rows, ["activation", "layer"], {quantity: "log"}, least=BAND)
            panels.append(
                Panel(
                    title=f"{words.capitalize()} {when}",
                    x=layer_axis(depth, output=True, label="layer"),
                    y=Axis(label, "log", group=quantity),
                    lines=_activation_lines(means.filter(pl.col("mean") > 0), names),
                    labelled=quantity == _QUANTITIES[-1][0],
                )
            )
    return LinesPicture(
        name="fading_by_layer",
        title=_fading_title(known, names, depth),
        caption=(
            f"Geometric means over {runs['seed'].n_unique()} seeds, bands 95 % intervals; log "
            "scales. A line that falls towards layer 1 vanishes on its way back."
        ),
        panels=tuple(panels),
        columns=len(_QUANTITIES),
    )


def _known(runs: pl.DataFrame, layers: pl.LazyFrame) -> pl.DataFrame:
    finished = runs.filter(pl.col("status") == "finished")
    return layers.join(finished.lazy().select("run", "activation"), on="run").collect()


def _activation_lines(means: pl.DataFrame, names: list[str]) -> tuple[Line, ...]:
    family = looks("activation", names)
    lines = []
    for name in names:
        own = means.filter(pl.col("activation") == name).sort("layer")
        if own.height:
            x, mean, low, high = (tuple(own[c]) for c in ("layer", "mean", "low", "high"))
            lines.append(Line(name, family[name], x, mean, low, high, marks=True))
    return tuple(lines)


def _fading_title(known: pl.DataFrame, names: list[str], depth: int) -> str:
    words = []
    for name in names:
        own = known.filter(pl.col("activation") == name, pl.col("delta_rms") > 0)
        shares = []
        for moment in (own["step"].min(), own["step"].max()):
            rows = seed_means(own.filter(pl.col("step") == moment), ["layer"], {"delta_rms": "log"})
            at = dict(rows.select("layer", "mean").iter_rows())
            shares.append(ratio(at[1] / at[depth]) if {1, depth} <= at.keys() else "–")
        words.append(f"{name} {shares[0]} → {shares[1]}")
    return f"Delta reaching layer 1 of {depth}, before → after training: {', '.join(words)}"


def fading_over_time(runs: pl.DataFrame, layers: pl.LazyFrame, curves: pl.LazyFrame) -> HeatPicture:
    """Delta over layer (upwards) and training (to the right), a map an activation.

    How to read it: dark at the bottom only is a gradient that does not reach the first layers; a
    map that brightens from some time on is a net that begins to train.
    """
    names = list(dict.fromkeys(runs["activation"]))
    depth = int(runs["depth"][0])
    epochs = curves.select("run", "step", "epoch").collect()
    known = _known(runs, layers).join(epochs, on=["run", "step"])
    means = seed_means(known, ["activation", "epoch", "layer"], {"delta_rms": "log"})
    panels = []
    for name in names:
        own = means.filter(pl.col("activation") == name, pl.col("mean") > 0)
        at = {(e, l): v for e, l, v in own.select("epoch", "layer", "mean").iter_rows()}
        x = sorted({epoch for epoch, _ in at})
        y = list(range(1, depth + 2))
        values = tuple(tuple(at.get((epoch, layer)) for epoch in x) for layer in y)
        panels.append(HeatPanel(name, tuple(x), tuple(float(layer) for layer in y), values))
    spans = {panel.title: _span(panel) for panel in panels}
    most = max(spans, key=lambda name: spans[name])
    return HeatPicture(
        name="fading_over_time",
        title=f"Over {depth} layers and training delta spans {short(spans[most], 1)} decades "
        f"with {most}, the most of all",
        caption="Colour: delta, rms over examples and units (loss per unit of z), geometric mean "
        f"over seeds, log scale. {HOW_TO_READ_MAPS}",
        panels=tuple(panels),
        columns=columns_for(len(panels)),
        x=Axis("epoch"),
        y=layer_axis(depth, output=True, label="layer"),
        color=Axis("delta, rms", "log"),
    )


def _span(panel: HeatPanel) -> float:
    values = [value for row in panel.values for value in row if value]
    return math.log10(max(values) / min(values)) if values else 0.0
