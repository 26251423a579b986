"""The folder of one study, `results/<name>/`: what is in it, how it is written and read back.

Tables are written in pieces, a few hundred runs at a time, so that memory does not grow with the
number of runs; each file is whole or not there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.errors import StoreError
from nnlab.core.files import whole_file
from nnlab.core.outcome import RunResult
from nnlab.core.quantities import (
    CURVE_COLUMNS,
    CURVE_VALUES,
    LAYER_COLUMNS,
    LAYER_VALUES,
    RUN_COLUMNS,
    Quantity,
)

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]
Results = Callable[[], Iterator[RunResult]]
"""The results of a plan in its order, from the start at every call."""

SPEC, RUNS, LAYERS, CURVES = "spec.yaml", "runs.csv", "layers.parquet", "curves.parquet"
ENVIRONMENT, CLAIMS, WEIGHTS = "environment.json", "claims.json", "weights"
_PIECE = 250
"""Runs held as a frame at once."""


def schema_of(columns: dict[str, Quantity]) -> pl.Schema:
    """The polars type of each column."""
    import polars as pl  # here and below: a folder that is complete is told without it

    types = {"text": pl.String, "count": pl.Int64, "number": pl.Float64}
    return pl.Schema({name: types[quantity.kind]() for name, quantity in columns.items()})


def write_runs(folder: Path, results: Results) -> None:
    """Write `runs.csv`."""
    with whole_file(folder / RUNS) as file:
        for i, piece in enumerate(_pieces(results())):
            text = io.BytesIO()
            runs_frame(piece).write_csv(text, include_header=i == 0)
            file.write(text.getvalue())


def write_curves(folder: Path, results: Results) -> None:
    """Write `curves.parquet`."""
    _sink(folder / CURVES, CURVE_COLUMNS, map(curves_frame, _pieces(results())))


def write_layers(folder: Path, results: Results) -> None:
    """Write `layers.parquet`."""
    _sink(folder / LAYERS, LAYER_COLUMNS, map(layers_frame, _pieces(results())))


def write_weights(folder: Path, results: Results) -> None:
    """Write `weights/<run>.npz` for every run that kept its weights."""
    for result in results():
        if result.weights:
            with whole_file(folder / WEIGHTS / f"{result.run.id}.npz") as file:
                np.savez(file, **result.weights)  # type: ignore[arg-type]


def _pieces(results: Iterator[RunResult]) -> Iterator[list[RunResult]]:
    while piece := list(islice(results, _PIECE)):
        yield piece


def _sink(path: Path, columns: dict[str, Quantity], frames: Iterator[pl.DataFrame]) -> None:
    """Stream frames into one Parquet file."""
    from nnlab.core.sink import sink_parquet

    with whole_file(path) as file:
        sink_parquet(file, schema_of(columns), frames)


def runs_frame(results: Iterable[RunResult]) -> pl.DataFrame:
    """Rows of `runs.csv`."""
    import polars as pl

    return pl.DataFrame([result.row for result in results], schema=schema_of(RUN_COLUMNS))


def curves_frame(results: Sequence[RunResult]) -> pl.DataFrame:
    """Rows of `curves.parquet`: one a run x record."""
    steps = np.concatenate([result.steps for result in results])
    counts = [len(result.steps) for result in results]
    batch = np.repeat([result.run.recipe.batch_size for result in results], counts)
    per_epoch = np.repeat([_steps_per_epoch(result) for result in results], counts)
    values = np.concatenate([result.curves for result in results])
    keys = {
        "run": np.repeat([result.run.id for result in results], counts),
        "step": steps,
        "epoch": steps / per_epoch,
        "examples": steps * batch,
    }
    return _frame(CURVE_COLUMNS, keys, CURVE_VALUES, values)


def layers_frame(results: Sequence[RunResult]) -> pl.DataFrame:
    """Rows of `layers.parquet`: one a run x record x layer."""
    runs, steps, layers, units, values = [], [], [], [], []
    for result in results:
        sizes = result.run.recipe.layer_sizes[1:]
        records = len(result.steps)
        runs.append(np.repeat([result.run.id], records * len(sizes)))
        steps.append(np.repeat(result.steps, len(sizes)))
        layers.append(np.tile(np.arange(1, len(sizes) + 1), records))
        units.append(np.tile(sizes, records))
        values.append(result.layers.reshape(-1, len(LAYER_VALUES)))
    keys = {
        "run": np.concatenate(runs),
        "step": np.concatenate(steps),
        "layer": np.concatenate(layers),
        "units": np.concatenate(units),
    }
    return _frame(LAYER_COLUMNS, keys, LAYER_VALUES, np.concatenate(values))


def _frame(
    columns: dict[str, Quantity], keys: dict[str, Array], names: Sequence[str], values: Array
) -> pl.DataFrame:
    """A frame of key columns and measured values; what is not finite is missing."""
    import polars as pl

    series = dict(keys)
    series.update(zip(names, np.where(np.isfinite(values), values, np.nan).T, strict=True))
    frame = pl.DataFrame({name: series[name] for name in columns}).fill_nan(None)
    return frame.cast(schema_of(columns))


def _steps_per_epoch(result: RunResult) -> int:
    recipe = result.run.recipe
    return max(1, recipe.train_examples // recipe.batch_size)


def scan_curves(folder: Path) -> pl.LazyFrame:
    """`curves.parquet`, read when collected."""
    import polars as pl

    return pl.scan_parquet(_existing(folder / CURVES))


def scan_layers(folder: Path) -> pl.LazyFrame:
    """`layers.parquet`, read when collected."""
    import polars as pl

    return pl.scan_parquet(_existing(folder / LAYERS))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise StoreError(f"{path} is missing; run `nnlab train` on {path.parent / SPEC} again")
    return path
