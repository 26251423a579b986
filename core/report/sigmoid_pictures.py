"""The pictures of question 1.3: depth, the gradient at a confident mistake, getting out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nnlab.core.analysis.confident_mistakes import correction
from nnlab.core.analysis.seed_means import seed_means
from nnlab.core.analysis.statistics import Interval
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import PALETTE, Look, activation_look
from nnlab.core.report.wording import percent, short

Array = NDArray[np.float64]

LOSS_LOOKS = {
    "binary_cross_entropy": ("cross-entropy", Look(PALETTE[0], (), "s")),
    "mse": ("squared error", Look(PALETTE[1], (), "^")),
}


def depth_picture(
    accuracy: Mapping[tuple[str, int], Interval], reach: Mapping[tuple[str, int], Interval]
) -> LinesPicture:
    """Test accuracy and the share of the gradient that reaches layer 1, against the depth."""
    depths = sorted({depth for _, depth in accuracy})
    axis = Axis("hidden layers", "layer", places=tuple(map(float, depths)))
    deepest = depths[-1]
    words = {name: percent(accuracy[name, deepest].estimate) for name in ("relu", "sigmoid")}
    return LinesPicture(
        "depth",
        f"At {deepest} hidden layers: {words['relu']} with ReLU inside, {words['sigmoid']} with "
        "sigmoids",
        "A sigmoid at the output and the cross-entropy in every net, each at its own best "
        "learning rate; mean over the seeds with its 95 % interval. Right: the backward signal "
        "at layer 1 over that at the last hidden layer, before training.",
        (
            Panel(
                "Test accuracy",
                axis,
                Axis("breast_cancer", "percent"),
                tuple(_line(name, accuracy, depths) for name in ("relu", "sigmoid")),
                labelled=True,
            ),
            Panel(
                "Gradient reaching layer 1",
                axis,
                Axis("of that at the last hidden layer", "log"),
                tuple(_line(name, reach, depths) for name in ("relu", "sigmoid")),
                labelled=True,
            ),
        ),
        2,
    )


def _line(name: str, found: Mapping[tuple[str, int], Interval], depths: Sequence[int]) -> Line:
    part = [found[name, depth] for depth in depths]
    return Line(
        name, activation_look(name), tuple(map(float, depths)), tuple(i.estimate for i in part),
        tuple(_known(i.low) for i in part), tuple(_known(i.high) for i in part), marks=True,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def correction_picture() -> LinesPicture:
    """|dl/dz| over the logit for both losses: near the middle, and far out on a log scale."""
    near, far = np.linspace(-8.0, 8.0, 161), np.linspace(-40.0, 0.0, 161)
    lost = {loss: correction(loss, np.array([-10.0]))[0] for loss in LOSS_LOOKS}
    ratio = lost["binary_cross_entropy"] / lost["mse"]

    def lines(logits: Array) -> tuple[Line, ...]:
        return tuple(
            Line(words, look, tuple(logits.tolist()), tuple(correction(loss, logits).tolist()))
            for loss, (words, look) in LOSS_LOOKS.items()
        )

    return LinesPicture(
        "confident-mistake",
        f"At a logit of −10 where the truth is 1 the cross-entropy corrects {short(ratio, 2)} "
        "times as hard",
        "The size of dl/dz for the truth 1: left of 0 the answer is wrong, further left it is "
        "wrong and sure. The squared error corrects what is undecided, cross-entropy "
        "what is wrong.",
        (
            Panel("The correction", Axis("logit z"), Axis("|dl/dz|"), lines(near), labelled=True),
            Panel("Far on the wrong side", Axis("logit z"), Axis("|dl/dz|", "log"), lines(far),
                  labelled=True),
        ),
        2,
    )  # fmt: skip


def recovery_picture(
    curves: Mapping[tuple[str, str], pl.LazyFrame],
    accuracy: Mapping[tuple[str, str], float],
    starts: Mapping[str, str],
) -> LinesPicture:
    """Training accuracy over the steps, a panel a start, a line a loss.

    By loss and start the curves and the mean training accuracy at the end; `starts` are the starts
    in words, the one that the title speaks of last.
    """
    wrong = list(starts)[-1]
    panels = []
    for start, title in starts.items():
        lines = []
        for loss, (words, look) in LOSS_LOOKS.items():
            means = seed_means(curves[loss, start], ["step"], {"train_accuracy": "linear"})
            lines.append(
                Line(
                    words,
                    look,
                    tuple(map(float, means["step"])),
                    tuple(means["mean"]),
                    tuple(means["low"]),
                    tuple(means["high"]),
                )
            )
        panels.append(
            Panel(
                title,
                Axis("step"),
                Axis("training accuracy", limits=(0.3, 1.02), group="accuracy"),
                tuple(lines),
                labelled=True,
            )
        )
    far = [accuracy[loss, wrong] for loss in LOSS_LOOKS]
    return LinesPicture(
        "recovery",
        f"From a confidently wrong start: {percent(far[0])} right with the cross-entropy, "
        f"{percent(far[1])} with the squared error",
        "Training accuracy, each loss and start at its own best learning rate; mean over the "
        "seeds with its 95 % interval. At the start all answers are there already, sure and "
        "half of them wrong; what stays wrong is what the loss does not correct.",
        tuple(panels),
        2,
    )
