"""Pictures of what hidden layers put out: sigmoid's silent top layer, and who is centred."""

from __future__ import annotations

import numpy as np
import polars as pl

from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import Look, looks
from nnlab.core.report.wording import fixed, listed, short


def top_layer_silence(outputs: pl.DataFrame, losses: pl.DataFrame, floor: float) -> LinesPicture:
    """The mean output of each hidden layer of the sigmoid nets, and the loss, through training.

    How to read it: a layer near 0 says nothing. On the left the top hidden layer falls there while
    the others stay; on the right the loss of sigmoid stays at that of guessing for as long. After
    Glorot & Bengio (2010), figure 2. Takes `outputs_by_layer`, and the loss by run and epoch.
    """
    sigmoid = _rows(outputs, "sigmoid", "activation_mean")
    depth = _deepest(sigmoid)
    return LinesPicture(
        name="top_layer_silence",
        title=_silence_title(sigmoid, losses, depth, floor),
        caption=(
            "Left: mean output over units and examples, mean over seeds with 95 % interval; layer "
            f"{depth} is the top hidden layer. Right: training loss, geometric mean over seeds, "
            "band from the lowest to the highest seed; grey: ln K, the loss of guessing."
        ),
        panels=(
            Panel(
                title="Sigmoid: mean output of each hidden layer",
                x=Axis("epoch", group="epoch"),
                y=Axis("mean output", limits=(0.0, 1.0)),
                lines=_layer_lines(sigmoid, depth),
                labelled=True,
            ),
            Panel(
                title="Training loss",
                x=Axis("epoch", group="epoch"),
                y=Axis("cross-entropy", "log"),
                lines=_loss_lines(losses, floor),
                labelled=True,
            ),
        ),
        columns=2,
    )


def _rows(outputs: pl.DataFrame, activation: str, quantity: str) -> pl.DataFrame:
    rows = outputs.filter(pl.col("activation") == activation, pl.col("quantity") == quantity)
    return rows.sort("layer", "epoch")


def _deepest(rows: pl.DataFrame) -> int:
    deepest = rows["layer"].max()
    return deepest if isinstance(deepest, int) else 0


def _layer_lines(rows: pl.DataFrame, depth: int, bands: bool = True) -> tuple[Line, ...]:
    labels = [f"layer {layer}" for layer in range(1, depth + 1)]
    family = looks("hidden_layer_sizes", labels)
    lines = []
    for layer, label in enumerate(labels, start=1):
        own = rows.filter(pl.col("layer") == layer)
        low, high = (tuple(own["low"]), tuple(own["high"])) if bands else ((), ())
        lines.append(Line(label, family[label], tuple(own["epoch"]), tuple(own["mean"]), low, high))
    return tuple(line for line in lines if line.x)


def _loss_lines(losses: pl.DataFrame, floor: float) -> tuple[Line, ...]:
    names = list(dict.fromkeys(losses["activation"]))
    family = looks("activation", names)
    loss = pl.col("train_loss")
    means = (
        losses.filter(loss.is_finite() & (loss > 0))
        .group_by("activation", "epoch")
        .agg(
            loss.log().mean().exp().alias("mean"), loss.min().alias("low"), loss.max().alias("high")
        )
        .sort("epoch")
    )
    lines = []
    for name in names:
        own = means.filter(pl.col("activation") == name)
        x, mean, low, high = (tuple(own[column]) for column in ("epoch", "mean", "low", "high"))
        lines.append(Line(name, family[name], x, mean, low, high))
    ends = [epoch for line in lines for epoch in line.x]
    guessing = Line("", Look("#9a9a9a"), (min(ends), max(ends)), (floor, floor)) if ends else None
    return (*([guessing] if guessing else []), *lines)


def _silence_title(sigmoid: pl.DataFrame, losses: pl.DataFrame, depth: int, floor: float) -> str:
    top = sigmoid.filter(pl.col("layer") == depth).sort("epoch")
    if top.is_empty():
        return "No sigmoid net finished"
    place = int(np.argmin(top["mean"].to_numpy()))
    start, lowest = float(top["mean"][0]), float(top["mean"][place])
    epoch = float(top["epoch"][place])
    until = losses.filter(pl.col("activation") == "sigmoid", pl.col("epoch") <= epoch)
    best = until["train_loss"].min()
    share = float(best) / floor if isinstance(best, float) else 1.0
    return (
        f"The top hidden layer of sigmoid goes from {fixed(start, 2)} to {fixed(lowest, 2)} by "
        f"epoch {short(epoch)}; until then the loss is never below "
        f"{fixed(100.0 * share, 1)} % of guessing"
    )


def centring(outputs: pl.DataFrame) -> LinesPicture:
    """Where the outputs of each hidden layer lie (top), and how far off centre (bottom).

    How to read it: top, a point is the mean of a layer's outputs and the bar reaches one standard
    deviation to either side: what is centred has its bar across 0. Bottom, |mean| over spread
    through training, one line a layer, on a log scale: above 1 the mean outweighs the spread.
    """
    names = list(dict.fromkeys(outputs["activation"]))
    depth = _deepest(outputs)
    top = [
        Panel(
            title=f"{name}: outputs by layer",
            x=Axis("hidden layer", "layer", limits=(0.6, depth + 0.4), places=_layers(depth)),
            y=Axis(
                "mean; bars: one standard deviation to either side", limits=_span(outputs, name)
            ),
            lines=_spread_lines(outputs.filter(pl.col("activation") == name)),
            labelled=True,
            bars=True,
            joined=False,
        )
        for name in names
    ]
    bottom = [
        Panel(
            title=f"{name}: off centre",
            x=Axis("epoch", group="epoch"),
            y=Axis("|mean| over spread", "log", group="off_centre"),
            lines=_layer_lines(_rows(outputs, name, "off_centre"), depth, bands=False),
            labelled=True,
        )
        for name in names
    ]
    return LinesPicture(
        name="centring",
        title=_centring_title(outputs, names),
        caption="Over units and examples of a layer; means over seeds. A layer is centred where "
        "its mean is small against its spread. The scales of the upper panels differ.",
        panels=(*top, *bottom),
        columns=len(names),
    )


def _layers(depth: int) -> tuple[float, ...]:
    return tuple(float(layer) for layer in range(1, depth + 1))


def _span(outputs: pl.DataFrame, name: str) -> tuple[float, float]:
    """What the bars of an activation cover, and 0."""
    mean = _rows(outputs, name, "activation_mean")["mean"].to_numpy()
    spread = _rows(outputs, name, "activation_std")["mean"].to_numpy()
    low, high = min(0.0, float((mean - spread).min())), max(0.0, float((mean + spread).max()))
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


_AT_ENDS = (("before", Look("#8c8c8c", (), "s"), -0.08), ("after", Look("#0072b2", (), "o"), 0.08))


def _spread_lines(own: pl.DataFrame) -> tuple[Line, ...]:
    """Mean -+ spread by layer before and after training, a little beside each other."""
    ends = own["epoch"].min(), own["epoch"].max()
    wide = own.pivot("quantity", index=["epoch", "layer"], values="mean").sort("layer")
    lines = []
    for (label, look, aside), epoch in zip(_AT_ENDS, ends, strict=True):
        rows = wide.filter(pl.col("epoch") == epoch)
        mean, spread = rows["activation_mean"], rows["activation_std"]
        x = tuple(layer + aside for layer in rows["layer"])
        low, high = tuple(mean - spread), tuple(mean + spread)
        lines.append(Line(label, look, x, tuple(mean), low, high, marks=True))
    return tuple(lines)


def _centring_title(outputs: pl.DataFrame, names: list[str]) -> str:
    words = []
    for name in names:
        mean = _rows(outputs, name, "off_centre")["mean"].mean()
        if isinstance(mean, float):
            words.append(f"{short(mean, 2)} for {name}")
    if not words:
        return "No net finished"
    return f"|mean| over spread of a hidden layer's outputs, over training: {listed(words)}"
