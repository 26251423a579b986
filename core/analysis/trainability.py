"""Trainability: up to which depth training works, at the best learning rate for each kind of net.

A classifier that guesses has a cross-entropy of ln K for K equally frequent classes, and a net that
no gradient reaches stays on that plateau. A net **trained** when its final loss over the training
part is below `TRAINED_BELOW` of it; one that diverged did not train.

Rates are chosen on seeds that are not reported, by the rule of every tuning (`rate_score`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from nnlab.core.analysis.rate_score import RateScore, score_of

TRAINED_BELOW = 0.9
"""Share of ln K below which the final training loss counts as trained."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One kind of net of the map."""

    activation: str
    initialization: str
    depth: int


@dataclass(frozen=True, slots=True)
class BestRate:
    """The best of the rates that were tried for one cell."""

    learning_rate: float
    train_loss: float
    """Median over the tuning seeds; inf where half of them were lost."""
    best_loss: float
    """The lowest such median at any rate."""
    at_edge: bool
    """Whether it is the smallest or largest tried, and a better one may lie beyond."""


def plateau(classes: int) -> float:
    """The cross-entropy of guessing among so many equally frequent classes, ln K.

    >>> round(plateau(10), 4)
    2.3026
    """
    return math.log(classes)


def best_rates(rows: pl.DataFrame) -> dict[Cell, BestRate]:
    """The best learning rate of each cell, from the runs of the tuning seeds."""
    tried: dict[Cell, list[RateScore]] = {}
    by = ["activation", "initialization", "depth", "learning_rate"]
    for key, part in rows.group_by(by, maintain_order=True):
        tried.setdefault(_cell(key), []).append(score_of(part, float(str(key[3]))))
    found = {}
    for cell, trials in tried.items():
        best = min(trials)
        rate, loss = best.learning_rate, best.train_loss
        rates = [trial.learning_rate for trial in trials]
        edge = len(rates) > 1 and rate in (min(rates), max(rates))
        found[cell] = BestRate(rate, loss, min(trial.train_loss for trial in trials), edge)
    return found


def final_losses(rows: pl.DataFrame) -> dict[Cell, dict[int, float | None]]:
    """The final training loss by seed of each cell; None where the run diverged or failed."""
    found: dict[Cell, dict[int, float | None]] = {}
    columns = ["activation", "initialization", "depth", "seed", "status", "train_loss"]
    for *key, seed, status, loss in rows.select(columns).iter_rows():
        cell = found.setdefault(_cell(key), {})
        cell[seed] = loss if status == "finished" else None
    return found


def trained(loss: float | None, floor: float) -> bool:
    """Whether a net with this final loss left the plateau at `floor`."""
    return loss is not None and loss < TRAINED_BELOW * floor


def deepest_trained(
    losses: Mapping[Cell, Mapping[int, float | None]],
    activation: str,
    initialization: str,
    floor: float,
) -> dict[int, float | None]:
    """The largest depth up to which every depth of the study trained, by seed.

    None where already the shallowest did not. A value at the largest depth of the study is a lower
    bound: training may work deeper still.
    """
    cells = sorted(cell for cell in losses if _is(cell, activation, initialization))
    found: dict[int, float | None] = {}
    for seed in losses[cells[0]] if cells else ():
        found[seed] = None
        for cell in cells:
            if not trained(losses[cell].get(seed), floor):
                break
            found[seed] = float(cell.depth)
    return found


def depths_of(
    cells: Iterable[Cell], wanted: Callable[[Cell], bool] = lambda cell: True
) -> list[int]:
    """The depths of these cells, ascending."""
    return sorted({cell.depth for cell in cells if wanted(cell)})


def _is(cell: Cell, activation: str, initialization: str) -> bool:
    return (cell.activation, cell.initialization) == (activation, initialization)


def _cell(key: Iterable[object]) -> Cell:
    activation, initialization, depth, *_ = key
    return Cell(str(activation), str(initialization), int(str(depth)))
