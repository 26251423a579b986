"""What the slope of a LeakyReLU does: accuracy over slopes, where it hurts, how bent f stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nnlab.core.analysis.multiplicity import bonferroni_intervals
from nnlab.core.analysis.seed_findings import BySeed, difference_of
from nnlab.core.analysis.statistics import Interval
from nnlab.core.analysis.trained_net import TrainedNet
from nnlab.core.nn.activations import Activation, find_activation

Array = NDArray[Any]

USUAL = 0.01
"""The slope that the others are compared with (Maas et al. 2013)."""
HURTS = 0.01
"""A slope hurts where it costs more than one point of accuracy against `USUAL`."""


@dataclass(frozen=True, slots=True)
class SlopeCost:
    """What one slope costs against the usual one, paired by seed."""

    slope: float
    cost: Interval
    """Accuracy at `USUAL` minus that at the slope; all slopes cover at once (Bonferroni)."""


def slope_of(activation: str) -> float:
    """The slope of `leaky_relu:0.2`; 0 for `relu`, 1 for `identity`."""
    row = find_activation(activation)
    known = {"relu": 0.0, "identity": 1.0, "leaky_relu": row.value}
    if row.name not in known:
        raise ValueError(f"{activation} has no slope")
    return known[row.name]


def accuracy_by_slope(runs: pl.DataFrame) -> dict[float, dict[int, float | None]]:
    """Test accuracy by slope, ascending, and seed; None for a run that was lost."""
    found: dict[float, dict[int, float | None]] = {}
    for row in runs.select("activation", "seed", "status", "test_accuracy").iter_rows(named=True):
        value = row["test_accuracy"] if row["status"] == "finished" else None
        found.setdefault(slope_of(row["activation"]), {})[row["seed"]] = value
    return dict(sorted(found.items()))


def slope_costs(accuracy: Mapping[float, BySeed]) -> list[SlopeCost]:
    """What every other slope costs against `USUAL`."""
    others = [slope for slope in accuracy if slope != USUAL]
    costs = [difference_of(accuracy[USUAL], accuracy[slope]).interval for slope in others]
    widened = bonferroni_intervals(costs)
    return [SlopeCost(slope, cost) for slope, cost in zip(others, widened, strict=True)]


def hurts_from(costs: Sequence[SlopeCost]) -> float | None:
    """The smallest slope above `USUAL` from which on every slope certainly hurts.

    Certainly: the whole interval of its cost lies above `HURTS`. None where even the largest does
    not.
    """
    first = None
    for each in sorted(costs, key=lambda cost: -cost.slope):
        if each.slope < USUAL or not each.cost.low > HURTS:
            break
        first = each.slope
    return first


def measured_nonlinearity(activation: Activation, z: Array) -> float:
    """Share of the variance of f(z) that the best affine fit of f to these z leaves.

    1 - corr(z, f(z))^2: the definition of `nonlinearity`, on actual pre-activations (pooled)
    instead of a normal distribution. nan where f(z) or z is constant.
    """
    x = np.asarray(z, dtype=np.float64).ravel()
    y = activation.f(x)
    x, y = x - x.mean(), y - y.mean()
    total = float((x @ x) * (y @ y))
    return 1.0 - float(x @ y) ** 2 / total if total > 0.0 else float("nan")


def nonlinearity_of_net(net: TrainedNet, x: Array) -> float:
    """Mean of `measured_nonlinearity` over the hidden layers of a net, for inputs `x` (n, d)."""
    activation = find_activation(net.activation)
    stages = net.stages(np.asarray(x, dtype=np.float64))
    values = [measured_nonlinearity(activation, s.points) for s in stages if s.kind == "linear"]
    return float(np.mean(values))
