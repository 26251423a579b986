"""Saturation and centring: where a layer's outputs lie, and how they move while the net trains.

A layer is **centred** when the mean of its outputs is small against their spread: off centre, the
gradients of all weights into the next unit share their sign, and the mean acts as a large common
bias (LeCun et al. 1998, Efficient BackProp, 4.3). `off_centre` is |mean| / spread.

Glorot & Bengio (2010, section 3) saw the top hidden layer of deep sigmoid nets fall to outputs near
0 early in training and stay there for long, while the loss did not move. `Silence` is that episode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nnlab.core.analysis.seed_means import BAND, seed_means

OUTPUTS = ("activation_mean", "activation_std", "saturated_fraction", "off_centre")


def outputs_by_layer(
    runs: pl.DataFrame, layers: pl.DataFrame | pl.LazyFrame, epochs: pl.DataFrame
) -> pl.DataFrame:
    """Mean, spread, saturated share and `off_centre` of each hidden layer's outputs.

    Means over the finished runs; a layer without spread has no `off_centre`.

    `epochs` has `run`, `step`, `epoch`. Columns: `activation`, `epoch`, `layer`, `quantity`,
    `mean`, `low`, `high`, `n`, `zeros`.
    """
    known = _hidden(runs, layers).join(epochs.lazy(), on=["run", "step"])
    return seed_means(
        known, ["activation", "epoch", "layer"], dict.fromkeys(OUTPUTS, "linear"), least=BAND
    )


def off_centre(
    runs: pl.DataFrame, layers: pl.DataFrame | pl.LazyFrame, moment: str = "all"
) -> dict[str, dict[int, float | None]]:
    """|mean| / spread of the outputs of a hidden layer, by activation and seed.

    The mean over all hidden layers and records of a run, or of its first ("start") or last ("end")
    record alone. None where the run did not finish, or a layer's outputs have no spread.
    """
    known = _hidden(runs, layers)
    step = pl.col("step")
    if moment != "all":
        ends = {"start": step.min(), "end": step.max()}
        known = known.filter(step == ends[moment].over("run"))
    by_run = known.group_by("run").agg(
        pl.when(pl.col("off_centre").is_not_null().all()).then(pl.col("off_centre").mean())
    )
    joined = runs.join(by_run.collect(), on="run", how="left", maintain_order="left")
    found: dict[str, dict[int, float | None]] = {}
    for activation, seed, value in joined.select("activation", "seed", "off_centre").iter_rows():
        finite = value is not None and math.isfinite(value)
        found.setdefault(activation, {})[seed] = value if finite else None
    return found


@dataclass(frozen=True, slots=True)
class Silence:
    """How far one layer of one net fell silent, and when."""

    start: float
    """Mean of its outputs before training."""
    lowest: float
    lowest_at: float
    """Epoch of the lowest."""
    loss_until: float
    """The lowest training loss up to there."""
    wakes_at: float | None
    """Epoch from which the loss stays off the plateau; None: not in this run."""

    @property
    def left(self) -> float:
        """The lowest mean of its outputs, as a share of that before training."""
        return self.lowest / self.start


def silence(
    epochs: Sequence[float], means: Sequence[float], losses: Sequence[float], floor: float
) -> Silence:
    """The episode of one layer from its records: mean outputs and training losses by epoch.

    The loss is off the plateau when it is below `floor`. Raises `ValueError` on no record.
    """
    if not means:
        raise ValueError("an episode needs at least one record; there is none")
    place = min(range(len(means)), key=lambda i: means[i])
    wakes = None
    for epoch, loss in zip(reversed(epochs), reversed(losses), strict=True):
        if not loss < floor:
            break
        wakes = epoch
    return Silence(means[0], means[place], epochs[place], min(losses[: place + 1]), wakes)


def silences(
    runs: pl.DataFrame,
    layers: pl.DataFrame | pl.LazyFrame,
    curves: pl.DataFrame | pl.LazyFrame,
    floor: float,
) -> dict[tuple[str, int], dict[int, Silence | None]]:
    """The episodes of every hidden layer, by (activation, layer) and seed; None: not finished."""
    known = (
        _hidden(runs, layers)
        .join(curves.lazy().select("run", "step", "epoch", "train_loss"), on=["run", "step"])
        .sort("step")
        .group_by("activation", "layer", "seed")
        .agg("epoch", "activation_mean", "train_loss")
        .collect()
    )
    lost = runs.filter(pl.col("status") != "finished").select("activation", "depth", "seed")
    found: dict[tuple[str, int], dict[int, Silence | None]] = {}
    ordered = known.sort("activation", "layer", "seed")
    for activation, layer, seed, epochs, means, losses in ordered.iter_rows():
        found.setdefault((activation, layer), {})[seed] = silence(epochs, means, losses, floor)
    for activation, depth, seed in lost.iter_rows():
        for layer in range(1, depth + 1):
            found.setdefault((activation, layer), {})[seed] = None
    return found


def _hidden(runs: pl.DataFrame, layers: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """The records of the hidden layers of the runs that finished, with `off_centre`."""
    finished = runs.filter(pl.col("status") == "finished")
    about = finished.lazy().select("run", "activation", "depth", "seed")
    spread = pl.col("activation_std")
    ratio = pl.when(spread > 0).then(pl.col("activation_mean").abs() / spread)
    hidden = layers.lazy().join(about, on="run").filter(pl.col("layer") <= pl.col("depth"))
    return hidden.with_columns(ratio.alias("off_centre"))
