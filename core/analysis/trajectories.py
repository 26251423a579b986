"""How the shown runs went: learning curves, layer quantities over training, gradient reach.

Losses and gradient magnitudes are averaged on a log scale (geometric means), accuracies and
fractions arithmetically. The tables are streamed: what is kept is one row for each line, panel,
step and layer, however many runs there are.
"""

from __future__ import annotations

import polars as pl

from nnlab.core.analysis.seed_means import seed_means
from nnlab.core.analysis.selection import Shown
from nnlab.core.analysis.statistics import Scale

CURVES: dict[str, Scale] = {
    "train_loss": "log",
    "test_loss": "log",
    "train_accuracy": "linear",
    "test_accuracy": "linear",
}
LAYERS: dict[str, Scale] = {
    "delta_rms": "log",
    "gradient_norm": "log",
    "update_ratio": "log",
    "dead_fraction": "linear",
    "saturated_fraction": "linear",
}


def learning_curves(curves: pl.LazyFrame, shown: Shown) -> pl.DataFrame:
    """Loss and accuracy over training, mean and interval over seeds.

    Columns: `line`, `panel`, `step`, `epoch`, `quantity`, `mean`, `low`, `high`, `n`, `zeros`.
    """
    by = ["line", "panel", "step", "epoch"]
    return _possible(seed_means(_of_members(curves, shown), by, CURVES), CURVES)


def layer_curves(layers: pl.LazyFrame, shown: Shown) -> pl.DataFrame:
    """What was measured in each layer over training, mean and interval over seeds.

    Columns: `line`, `panel`, `depth` (hidden layers), `step`, `layer`, `units`, `quantity`,
    `mean`, `low`, `high`, `n`, `zeros`. Layer `depth + 1` is the output layer.
    """
    by = ["line", "panel", "depth", "step", "layer", "units"]
    return _possible(seed_means(_of_members(layers, shown), by, LAYERS), LAYERS)


def with_epochs(layers: pl.DataFrame, curves: pl.DataFrame) -> pl.DataFrame:
    """`layer_curves` with the `epoch` of each step, taken from `learning_curves`."""
    on = ["line", "panel", "step"]
    epochs = curves.select(*on, "epoch").unique(on, maintain_order=True)
    return layers.join(epochs, on=on, how="left", maintain_order="left")


def layer_ends(curves: pl.DataFrame) -> pl.DataFrame:
    """The first and the last record of `layer_curves`, with `moment` "start" or "end".

    A run with a single record has a start only.
    """
    group = ["line", "panel"]
    first, last = pl.col("step").min().over(group), pl.col("step").max().over(group)
    step = pl.col("step")
    return curves.filter((step == first) | (step == last)).with_columns(
        pl.when(step == first).then(pl.lit("start")).otherwise(pl.lit("end")).alias("moment")
    )


def gradient_reach(layers: pl.LazyFrame, ends: pl.DataFrame, shown: Shown) -> pl.DataFrame:
    """What share of the gradient reaches layer 1: its delta over that of the last hidden layer.

    With one hidden layer the output layer is the reference. The ratio is taken within each run,
    its geometric mean over seeds. Columns: `line`, `panel`, `moment`, `mean`, `low`, `high`,
    `n`. A ratio with a zero on either side is not counted.
    """
    moments = ends.select("line", "panel", "step", "moment").unique(maintain_order=True)
    reference = pl.when(pl.col("depth") > 1).then(pl.col("depth")).otherwise(2)
    layer, delta = pl.col("layer"), pl.col("delta_rms")
    by_run = (
        _of_members(layers, shown)
        .join(moments.lazy(), on=["line", "panel", "step"])
        .group_by("run", "line", "panel", "moment")
        .agg(
            delta.filter(layer == 1).first().alias("reached"),
            delta.filter(layer == reference).first().alias("sent"),
        )
        .with_columns(
            pl.when(pl.col("sent") > 0).then(pl.col("reached") / pl.col("sent")).alias("reach")
        )
    )
    means = seed_means(by_run, ["line", "panel", "moment"], {"reach": "log"})
    return means.filter(pl.col("n") > 0).drop("quantity", "zeros")


def units_at_end(ends: pl.DataFrame) -> pl.DataFrame:
    """The dead and saturated share of all hidden units at the last record.

    Columns: `line`, `panel`, `dead_fraction`, `saturated_fraction`: means over seeds, layers
    weighted by their units.
    """
    weighted = (pl.col("mean") * pl.col("units")).sum() / pl.col("units").sum()
    step = pl.col("step")
    last = ends.filter(step == step.max().over("line", "panel"))
    answer = last.select("line", "panel").unique(maintain_order=True)
    for name in ("dead_fraction", "saturated_fraction"):
        part = last.filter(pl.col("quantity") == name)
        part = part.group_by("line", "panel").agg(weighted.alias(name))
        answer = answer.join(part, on=["line", "panel"], how="left", maintain_order="left")
    return answer


def _possible(means: pl.DataFrame, scales: dict[str, Scale]) -> pl.DataFrame:
    """The intervals of shares without the part that no share can have.

    All that is averaged arithmetically here is a share: an accuracy or a fraction of units.
    """
    shares = [name for name, scale in scales.items() if scale == "linear"]
    share = pl.col("quantity").is_in(shares)
    return means.with_columns(
        pl.when(share).then(pl.col(end).clip(0.0, 1.0)).otherwise(end).alias(end)
        for end in ("low", "high")
    )


def _of_members(table: pl.LazyFrame, shown: Shown) -> pl.LazyFrame:
    """The rows of the shown runs, with their `line`, `panel` and `depth`."""
    return table.join(shown.members.lazy(), on="run", how="inner")
