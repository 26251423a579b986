"""Tables of small studies made by hand, for tests of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from nnlab.core.analysis.comparison import Comparison, Contrast, compare_activations
from nnlab.core.folder import schema_of
from nnlab.core.quantities import LAYER_COLUMNS, RUN_COLUMNS

ROW: dict[str, Any] = {
    "status": "finished", "dataset": "digits", "depth": 2, "hidden_layer_sizes": "4-6",
    "initialization": "auto", "optimizer": "sgd", "learning_rate": 0.1, "batch_size": 32,
    "steps": 100, "train_loss": 0.1, "seconds": 0.5,
}  # fmt: skip

Values = Mapping[str, Sequence[Any]]
"""Column -> value at the seeds 0, 1, ...; everything else is as in `ROW`."""


def runs_of(studied: Mapping[str, Values], **same: Any) -> pl.DataFrame:
    """The rows of `runs.csv`: activation -> its values, one run a seed."""
    rows = []
    for activation, values in studied.items():
        for seed in range(max(map(len, values.values()))):
            own = {column: column_values[seed] for column, column_values in values.items()}
            row = {"activation": activation, "seed": seed, **ROW, **same, **own}
            row["run"] = f"{activation} {row['learning_rate']:g} {row['batch_size']} {seed}"
            rows.append(row)
    return pl.DataFrame(rows, schema=schema_of(RUN_COLUMNS))


def layers_of(runs: pl.DataFrame, deltas: Sequence[float] = (), dead: int = 0) -> pl.LazyFrame:
    """Records of the layers before and after training.

    `deltas` are those of the layers before training, the output last (by default all 1); `dead`
    units of the first hidden layer are dead after it.
    """
    rows = []
    for run, depth, sizes, steps in runs.select(
        "run", "depth", "hidden_layer_sizes", "steps"
    ).rows():
        units = [*map(int, sizes.split("-")), 3]
        for step in (0, steps):
            for layer in range(1, depth + 2):
                hidden = layer <= depth
                rows.append(
                    {
                        "run": run, "step": step, "layer": layer, "units": units[layer - 1],
                        "delta_rms": (deltas or [1.0] * (depth + 1))[layer - 1],
                        "dead_units": (dead if layer == 1 and step else 0) if hidden else None,
                    }
                )  # fmt: skip
    return pl.DataFrame(rows, schema=schema_of(LAYER_COLUMNS)).lazy()


def comparison_of(
    studied: Mapping[str, Values], target_loss: float | None = 0.1, **same: Any
) -> Comparison:
    """The comparison of a made-up study of one block."""
    runs = runs_of(studied, **same)
    comparison = compare_activations(runs, layers_of(runs), target_loss)
    assert comparison is not None
    return comparison


def contrast_of(comparison: Comparison, column: str, activation: str = "tanh") -> Contrast:
    """The contrast of an activation in one measure, of the first block."""
    found = comparison.blocks[0].contrasts
    return next(c for c in found if c.activation == activation and c.measure.column == column)
