"""The pictures of question 1.4c: boundaries side by side, the narrow middle, learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nnlab.core.analysis.seed_means import seed_means
from nnlab.core.analysis.statistics import t_interval
from nnlab.core.analysis.trained_net import TrainedNet
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.plane import PlanePanel, PlanePicture, Region
from nnlab.core.report.plane_pictures import class_dots, region, square_about
from nnlab.core.report.style import PALETTE, Look, activation_look, look_at
from nnlab.core.report.wording import percent, short

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """One net on one data set of the plane."""

    dataset: str
    layers: str
    """`16-16`"""
    net: TrainedNet
    accuracy: float
    """On the test part, mean over the seeds."""
    X: Array
    y: NDArray[np.int64]


def boundaries_picture(boundaries: Sequence[Boundary]) -> PlanePicture:
    """One row a data set: the linear nets on the left, the same sizes with ReLU on the right."""
    panels = []
    for each in boundaries:
        x, y = square_about(each.X, 0.04)
        between = "linear" if each.net.activation == "identity" else "with ReLU"
        what = f"{each.layers}, {between}"
        panels.append(
            PlanePanel(
                f"{each.dataset}: {what}",
                x,
                y,
                dots=class_dots(each.X, each.y, 5.0),
                region=_answer_of(each.net, x, y),
                note=f"test accuracy {percent(each.accuracy)}",
            )
        )
    linear = [each.accuracy for each in boundaries if each.net.activation == "identity"]
    bent = [each.accuracy for each in boundaries if each.net.activation != "identity"]
    return PlanePicture(
        "boundaries",
        f"However many linear layers: at best a straight line, {_range(linear)}. The same with "
        f"ReLU: {_range(bent)}",
        "The plane coloured by what the net says, the black line where it is undecided; the "
        "points are the training part, the accuracy that of the test part, mean over the seeds. "
        "Shown is the first seed.",
        tuple(panels),
        4,
    )


def _answer_of(net: TrainedNet, x: tuple[float, float], y: tuple[float, float]) -> Region:
    return region(lambda points: net.predict(points)[:, 0], x, y)


def _range(values: Sequence[float]) -> str:
    low, high = percent(min(values)), percent(max(values))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def middle_picture(
    accuracies: Mapping[int, Sequence[float]], ranks: Mapping[int, Sequence[int]]
) -> LinesPicture:
    """Accuracy and rank against the width of the middle; one value a seed at each width."""
    widths = sorted(accuracies)
    x = tuple(float(width) for width in widths)
    found = [t_interval(accuracies[width]) for width in widths]
    line = Line(
        "accuracy", activation_look("identity"), x, tuple(i.estimate for i in found),
        tuple(i.low for i in found), tuple(i.high for i in found), marks=True,
    )  # fmt: skip
    rank = Line(
        "rank", look_at(0), x, tuple(float(np.mean(ranks[width])) for width in widths), marks=True
    )
    bound = Line("width", Look("#777777", (4.0, 1.6)), x, x)
    axis = Axis("units in the middle", "log", places=x)
    low, high = found[0].estimate, max(i.estimate for i in found)
    return LinesPicture(
        "narrow-middle",
        f"A narrow middle bounds the rank: {widths[0]} unit {percent(low)}, "
        f"up to {percent(high)} with room enough",
        "Two linear layers on the ten digits, 64 → k → 10. Left: test accuracy, mean over the "
        "seeds with its 95 % interval. Right: the rank of the product of the two matrices; it "
        "cannot pass k (dashed) nor 10.",
        (
            Panel("Accuracy", axis, Axis("test accuracy", "percent"), (line,), bars=True),
            Panel("Rank of the product", axis, Axis("rank", limits=(0.0, 17.0)), (bound, rank),
                  labelled=True),
        ),
        2,
    )  # fmt: skip


def curves_picture(curves: pl.LazyFrame, runs: pl.DataFrame, ratio: float) -> LinesPicture:
    """Training loss against the step, one line an architecture."""
    joined = curves.join(runs.select("run", "hidden_layer_sizes").lazy(), on="run")
    means = seed_means(joined, ["hidden_layer_sizes", "step"], {"train_loss": "log"})
    lines = []
    for place, sizes in enumerate(sorted(means["hidden_layer_sizes"].unique().to_list(), key=len)):
        part = means.filter(pl.col("hidden_layer_sizes") == sizes).sort("step")
        layers = len(sizes.split("-")) + 1
        lines.append(
            Line(
                f"{layers} layers, {sizes}",
                Look(PALETTE[place], ((), (4.0, 1.6))[place % 2]),
                tuple(map(float, part["step"])),
                tuple(part["mean"]),
                tuple(part["low"]),
                tuple(part["high"]),
            )
        )
    return LinesPicture(
        "parametrization",
        f"The same functions, another way of learning: one more linear layer takes "
        f"{short(ratio, 2)} times the steps from small weights",
        "Linear regression on diabetes, written as two or three linear layers, all of which can "
        "be the same functions. Geometric mean over the seeds with its 95 % interval.",
        (
            Panel(
                "",
                Axis("step"),
                Axis("training loss, in units of the target's variance", "log"),
                tuple(lines),
                labelled=True,
            ),
        ),
        1,
    )
