"""Each run of a study as a tracker wants it: parameters, outcome, values by step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nnlab.core import folder as files
from nnlab.core.quantities import CURVE_VALUES, LAYER_VALUES
from nnlab.core.reading import damage_told

if TYPE_CHECKING:
    from nnlab.core.results import Results

PARAMETERS = (
    "dataset", "activation", "depth", "hidden_layer_sizes", "initialization", "optimizer",
    "learning_rate", "batch_size", "seed", "steps",
)  # fmt: skip
OUTCOME = (
    "train_loss", "test_loss", "train_accuracy", "test_accuracy", "test_r2", "steps_to_target",
    "diverged_at", "seconds",
)  # fmt: skip
_AT_ONCE = 100
"""Runs whose tables are held at once."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """One run."""

    run: str
    status: str
    parameters: dict[str, Any]
    outcome: dict[str, float]
    """What is known of the end; what is missing is left out."""
    series: dict[str, list[tuple[int, float]]]
    """`train_loss` or `layer_1/gradient_norm` -> (step, value), what is not finite left out."""


def tracked(results: Results) -> Iterator[Tracked]:
    """Every run in the order of `runs.csv`, a hundred at a time. Raises `StoreError`."""
    for start in range(0, len(results.runs), _AT_ONCE):
        rows = results.runs.slice(start, _AT_ONCE)
        names = rows["run"].to_list()
        curves = _parts(results, results.curves, files.CURVES, names)
        layers = _parts(results, results.layers, files.LAYERS, names)
        for row in rows.iter_rows(named=True):
            series = _curves(curves.get(row["run"])) | _layers(layers.get(row["run"]))
            yield Tracked(
                run=row["run"],
                status=row["status"],
                parameters={name: row[name] for name in PARAMETERS if row[name] is not None},
                outcome={name: float(row[name]) for name in OUTCOME if _known(row[name])},
                series={name: values for name, values in series.items() if values},
            )


def _parts(
    results: Results, table: pl.LazyFrame, file: str, runs: list[str]
) -> dict[str, pl.DataFrame]:
    with damage_told(results.folder / file):
        part = table.filter(pl.col("run").is_in(runs)).collect()
    return {str(key[0]): rows for key, rows in part.partition_by("run", as_dict=True).items()}


def _curves(rows: pl.DataFrame | None) -> dict[str, list[tuple[int, float]]]:
    if rows is None:
        return {}
    return {name: _points(rows["step"], rows[name]) for name in CURVE_VALUES}


def _layers(rows: pl.DataFrame | None) -> dict[str, list[tuple[int, float]]]:
    if rows is None:
        return {}
    found = {}
    for (layer,), part in rows.group_by("layer", maintain_order=True):
        for name in LAYER_VALUES:
            found[f"layer_{layer}/{name}"] = _points(part["step"], part[name])
    return found


def _points(steps: pl.Series, values: pl.Series) -> list[tuple[int, float]]:
    pairs = zip(steps.to_list(), values.to_list(), strict=True)
    return [(step, float(value)) for step, value in pairs if _known(value)]


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
