"""Made-up results with the columns of the results contract, for tests of summaries and reports.

The numbers are shaped like real ones (losses fall, sigmoid's gradient shrinks 4.2-fold a layer,
rates of 3 and more diverge) and every one follows from the arguments: no two calls differ.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from nnlab.core.analysis.selection import outcome_of, rank_settings
from nnlab.core.analysis.summaries import StudyTables

SHRINK = {"sigmoid": 4.2, "softsign": 1.5, "tanh": 1.12, "softplus": 2.0, "gelu": 1.3, "silu": 1.4}
FINAL = {"relu": 0.04, "tanh": 0.03, "sigmoid": 0.25, "identity": 0.3, "leaky_relu": 0.042}
RECTIFIERS = ("relu", "leaky_relu")

RUN_TYPES: dict[str, Any] = {
    "run": pl.String, "status": pl.String, "dataset": pl.String, "activation": pl.String,
    "depth": pl.Int64, "hidden_layer_sizes": pl.String, "initialization": pl.String,
    "optimizer": pl.String, "learning_rate": pl.Float64, "batch_size": pl.Int64,
    "seed": pl.Int64, "steps": pl.Int64, "train_loss": pl.Float64, "test_loss": pl.Float64,
    "train_accuracy": pl.Float64, "test_accuracy": pl.Float64, "test_r2": pl.Float64,
    "steps_to_target": pl.Float64, "diverged_at": pl.Int64, "seconds": pl.Float64,
    "reason": pl.String,
}  # fmt: skip
LAYER_TYPES: dict[str, Any] = {
    "run": pl.String, "step": pl.Int64, "layer": pl.Int64, "units": pl.Int64,
    "gradient_norm": pl.Float64, "gradient_rms": pl.Float64, "delta_rms": pl.Float64,
    "weight_norm": pl.Float64, "update_ratio": pl.Float64, "activation_mean": pl.Float64,
    "activation_std": pl.Float64, "dead_units": pl.Int64, "dead_fraction": pl.Float64,
    "saturated_fraction": pl.Float64,
}  # fmt: skip
CURVE_TYPES: dict[str, Any] = {
    "run": pl.String, "step": pl.Int64, "epoch": pl.Float64, "examples": pl.Int64,
    "train_loss": pl.Float64, "test_loss": pl.Float64, "train_accuracy": pl.Float64,
    "test_accuracy": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """The axes of a made-up study; every combination is a run."""

    activations: Sequence[str] = ("relu", "tanh", "sigmoid", "leaky_relu")
    sizes: Sequence[tuple[int, ...]] = ((64, 64),)
    initializations: Sequence[str] = ("auto",)
    optimizers: Sequence[str] = ("sgd",)
    rates: Sequence[float] = (0.1,)
    batches: Sequence[int] = (32,)
    seeds: int = 5
    records: int = 40
    epochs: int = 20
    regression: bool = False
    test_part: bool = True
    dying: bool = True
    diverges_from: float = 3.0
    """Learning rates from here on diverge."""


def study(grid: Grid = Grid(), name: str = "made-up", description: str = "") -> StudyTables:
    """Tables of every run of the grid, all in memory."""
    runs: list[dict[str, Any]] = []
    layers: list[dict[str, Any]] = []
    curves: list[dict[str, Any]] = []
    axes = itertools.product(
        grid.activations, grid.sizes, grid.initializations, grid.optimizers, grid.rates,
        grid.batches, range(grid.seeds),
    )  # fmt: skip
    for setting in axes:
        run, run_layers, run_curves = _one(grid, setting)
        runs.append(run)
        layers.extend(run_layers)
        curves.extend(run_curves)
    spec = _spec(grid, name)
    return StudyTables(
        name=name,
        description=description,
        spec_text=spec,
        runs=pl.DataFrame(runs, schema=RUN_TYPES),
        layers=pl.DataFrame(layers, schema=LAYER_TYPES).lazy(),
        curves=pl.DataFrame(curves, schema=CURVE_TYPES).lazy(),
        environment={
            "versions": {"nnlab": "0.1.0", "numpy": "2.4.6", "python": "3.11.2"},
            "platform": {"system": "Linux 6.1", "machine": "x86_64", "cores": 2},
            "command": ["nnlab", "train", "made-up.yaml"],
            "finished": "2026-01-02T03:04:05+00:00",
        },
    )


def _spec(grid: Grid, name: str) -> str:
    loss, data = ("mse", "diabetes") if grid.regression else ("cross_entropy", "digits")
    fraction = 0.2 if grid.test_part else 0
    return (
        f"name: {name}\ndataset: {data}\nloss: {loss}\n"
        f"output: {'identity' if grid.regression else 'softmax'}\n"
        f"activation: [{', '.join(grid.activations)}]\nepochs: {grid.epochs}\n"
        f"test_fraction: {fraction}\nstandardize: true\nschedule: constant\ndtype: float32\n"
    )


Setting = tuple[str, tuple[int, ...], str, str, float, int, int]
Rows = list[dict[str, Any]]


def _one(grid: Grid, setting: Setting) -> tuple[dict[str, Any], Rows, Rows]:
    activation, sizes, initialization, optimizer, rate, batch, seed = setting
    key = f"{activation} {sizes} {initialization} {optimizer} {rate:g} {batch} {seed}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    noise = np.random.default_rng(int(digest[:8], 16))
    base = activation.split(":", maxsplit=1)[0]
    depth, per_epoch = len(sizes), max(1, 1437 // batch)
    steps = grid.epochs * per_epoch
    moments = np.unique(np.linspace(0, steps, grid.records).round().astype(int))
    diverged = rate >= grid.diverges_from
    # How well this setting trains: best at rate/batch near 0.1/32, worse for deep sigmoids.
    off = math.log10((rate / 0.1) / (batch / 32) ** 0.6)
    handicap = math.exp(0.9 * off * off) * (1 + 0.04 * max(0, depth - 4))
    stuck = 1 / (1 + math.exp(-(depth * math.log(SHRINK.get(base, 1.0)) - 7.5)))
    plateau = 1.0 if grid.regression else math.log(10)
    floor = FINAL.get(base, 0.06) * handicap * math.exp(0.1 * noise.standard_normal())
    if grid.regression:
        floor = 0.5 + 0.3 * floor
    floor = min(floor, plateau) * (1 - stuck) + plateau * stuck
    speed = 60 * (1 - 0.98 * stuck) / handicap
    progress = 1 - np.exp(-speed * moments / steps)
    loss = plateau * (floor / plateau) ** progress
    loss = loss * np.exp(0.02 * noise.standard_normal(len(moments)))
    accuracy = 0.1 + 0.89 * np.clip(1 - loss / plateau, 0.0, 1.0) ** 0.4
    accuracy = np.clip(accuracy + 0.004 * noise.standard_normal(len(moments)), 0.0, 1.0)
    test_accuracy = np.clip(accuracy - 0.02, 0.05, 1.0)
    test_loss = loss + 0.06 * plateau * (1 - np.exp(-3 * moments / steps))
    ends = len(moments) - 1
    if diverged:
        ends = min(3, ends)
        loss = loss * np.exp(2.5 * np.arange(len(moments)))
    digest = digest[:12]
    curves = [
        {
            "run": digest, "step": int(moments[k]), "epoch": moments[k] / per_epoch,
            "examples": int(moments[k]) * batch, "train_loss": float(loss[k]),
            "test_loss": float(test_loss[k]) if grid.test_part else None,
            "train_accuracy": None if grid.regression else float(accuracy[k]),
            "test_accuracy":
                None if grid.regression or not grid.test_part else float(test_accuracy[k]),
        }
        for k in range(ends + 1)
    ]  # fmt: skip
    layers = []
    shrink = SHRINK.get(base, 1.0) * (2 if initialization == "lecun" and base == "relu" else 1)
    for k in range(ends + 1):
        share = moments[k] / steps
        for layer in range(1, depth + 2):
            hidden = layer <= depth
            units = sizes[layer - 1] if hidden else (1 if grid.regression else 10)
            top = 0.3 * float(loss[k]) / plateau
            delta = top * shrink ** -(depth + 1 - layer) * math.exp(0.06 * noise.standard_normal())
            dead = 0
            if hidden and base == "relu" and grid.dying:
                dead = int(units * 0.12 * share * layer / depth * noise.uniform(0.6, 1.2))
            half = 0.5 if base in RECTIFIERS else 0.0
            if base in ("sigmoid", "tanh", "softsign", "hard_tanh"):
                half = 0.02 + 0.3 * share * layer / (depth + 1)
            layers.append(
                {
                    "run": digest, "step": int(moments[k]), "layer": layer, "units": units,
                    "gradient_norm": delta * math.sqrt(units) * 0.8,
                    "gradient_rms": delta * 0.1, "delta_rms": delta,
                    "weight_norm": 8.0 + share, "update_ratio": rate * delta / 8,
                    "activation_mean": 0.3 if hidden else None,
                    "activation_std": 0.5 if hidden else None,
                    "dead_units": dead if hidden else None,
                    "dead_fraction": dead / units if hidden else None,
                    "saturated_fraction":
                        half * math.exp(0.05 * noise.standard_normal()) if hidden else None,
                }
            )  # fmt: skip
    final = None if diverged else ends
    run = {
        "run": digest, "status": "diverged" if diverged else "finished",
        "dataset": "diabetes" if grid.regression else "digits", "activation": activation,
        "depth": depth, "hidden_layer_sizes": "-".join(map(str, sizes)),
        "initialization": initialization, "optimizer": optimizer, "learning_rate": rate,
        "batch_size": batch, "seed": seed, "steps": steps,
        "train_loss": None if final is None else curves[-1]["train_loss"],
        "test_loss": None if final is None else curves[-1]["test_loss"],
        "train_accuracy": None if final is None else curves[-1]["train_accuracy"],
        "test_accuracy": None if final is None else curves[-1]["test_accuracy"],
        "test_r2":
            1 - curves[-1]["test_loss"]
            if grid.regression and grid.test_part and final is not None else None,
        "steps_to_target": None,
        "diverged_at": int(moments[ends]) if diverged else None,
        "seconds": 0.05 + 1e-5 * steps * depth, "reason": None,
    }  # fmt: skip
    return run, layers, curves


SMALL = Grid(activations=("relu", "tanh"), seeds=3, records=5)


def ranked(runs: pl.DataFrame) -> pl.DataFrame:
    """The settings of `runs`, the best first."""
    return rank_settings(runs, outcome_of(runs))
