"""Vanishing gradients, measured: the delta of untrained nets by layer, beside what theory predicts.

Layers 1..L are hidden; everything is a ratio to layer L, the last of them, so that the output layer
and the loss cancel. Over nets of one kind there are two means, and they differ:

    root mean square over nets    sqrt(sum delta_l^2 / sum delta_L^2), which theory predicts
    one typical net               the geometric mean of delta_l / delta_L

The logarithm of a net's delta is a sum of one nearly independent term a layer, so it spreads as the
net gets deeper, and few large nets make the mean of squares: the typical net lies below it, more so
the deeper and narrower the net (Hanin & Nica 2020). That gap is no error of either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from nnlab.core.analysis.slopes import factor_interval, fit_lines
from nnlab.core.analysis.statistics import Floats, Interval, geometric_interval
from nnlab.core.analysis.theory import Prediction, predict


@dataclass(frozen=True, slots=True)
class Kind:
    """What nets have in common."""

    activation: str
    initialization: str
    sizes: tuple[int, ...]
    """Inputs, then the units of each hidden layer."""

    @property
    def depth(self) -> int:
        """Number of hidden layers, L."""
        return len(self.sizes) - 1


@dataclass(frozen=True, slots=True)
class Nets:
    """The deltas of nets of one kind at one moment."""

    kind: Kind
    seeds: tuple[int, ...]
    deltas: Floats
    """(nets, L) `delta_rms` of each hidden layer; positive and finite."""
    lost: tuple[int, ...] = ()
    """Seeds of the nets with a delta of 0, or one that is not finite: they have no ratio."""

    @property
    def layers(self) -> Floats:
        """(L,) 1..L"""
        return np.arange(1.0, self.kind.depth + 1.0)

    @property
    def rms(self) -> Floats:
        """(L,) root mean square over the nets, over that of layer L."""
        squares = (self.deltas / self.deltas[:, -1:].max()) ** 2
        return np.asarray(np.sqrt(squares.mean(axis=0) / squares[:, -1].mean()))

    @property
    def typical(self) -> Floats:
        """(L,) one typical net: geometric mean over the nets of the ratio to layer L."""
        return np.asarray(np.exp(np.log(self.deltas / self.deltas[:, -1:]).mean(axis=0)))

    @property
    def reach(self) -> dict[int, float | None]:
        """Share of layer L's delta that reaches layer 1, by seed; None where it was lost."""
        shares = (self.deltas[:, 0] / self.deltas[:, -1]).tolist()
        return dict(zip(self.seeds, shares, strict=True)) | dict.fromkeys(self.lost)

    @property
    def reach_interval(self) -> Interval:
        """`reach` of the typical net, over seeds."""
        return geometric_interval(self.deltas[:, 0] / self.deltas[:, -1])

    @property
    def lost_share(self) -> float:
        """Share of all nets that were lost."""
        return len(self.lost) / (len(self.lost) + len(self.seeds))

    @property
    def factors(self) -> Floats:
        """(nets,) factor by which delta shrinks in one layer on its way back, a fit a net.

        exp of the slope of ln delta over layers 2..L: layer 1 has a fan-in of its own.
        """
        return np.asarray(np.exp(fit_lines(self.layers[1:], np.log(self.deltas[:, 1:]))[0]))

    @property
    def factor(self) -> Interval:
        """`factors` of the typical net, over seeds. Raises `ValueError` below three layers."""
        return factor_interval(self.layers[1:], self.deltas[:, 1:])

    def predicted(self, input_mean_square: float) -> Prediction:
        """What mean-field theory says of them, from the measured mean square of their inputs."""
        kind = self.kind
        return predict(kind.activation, kind.initialization, kind.sizes, input_mean_square)


def nets_before_training(
    runs: pl.DataFrame, layers: pl.DataFrame | pl.LazyFrame, inputs: int
) -> list[Nets]:
    """The nets of a study at step 0, one entry a kind, in the order of the runs.

    `runs` and `layers` have the columns of `runs.csv` and `layers.parquet`; `inputs` is the number
    of features. A kind of which no net has finite deltas has no entry.
    """
    by = ["activation", "initialization", "hidden_layer_sizes"]
    start = layers.lazy().filter(pl.col("step") == 0).select("run", "layer", "delta_rms")
    by_run = (
        start.sort("run", "layer")
        .group_by("run", maintain_order=True)
        .agg(pl.col("delta_rms"))
        .collect()
    )
    known = runs.select("run", "seed", *by).join(
        by_run, on="run", how="left", maintain_order="left"
    )
    found = []
    for key, part in known.group_by(*by, maintain_order=True):
        activation, initialization, architecture = map(str, key)
        hidden = tuple(int(units) for units in architecture.split("-"))
        kept: dict[int, list[float]] = {}
        lost = []
        for seed, values in part.sort("seed").select("seed", "delta_rms").iter_rows():
            deltas = [np.nan if v is None else v for v in (values or [])[: len(hidden)]]
            if deltas and all(np.isfinite(v) and v > 0 for v in deltas):
                kept[seed] = deltas
            else:
                lost.append(seed)
        if kept:
            kind = Kind(activation, initialization, (inputs, *hidden))
            found.append(Nets(kind, tuple(kept), np.array(list(kept.values())), tuple(lost)))
    return found
