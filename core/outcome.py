"""What one run leaves behind, as it travels from the trainer to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.plan import Run
from nnlab.core.quantities import CURVE_VALUES, LAYER_VALUES

Array = NDArray[Any]

FINISHED, DIVERGED, FAILED = "finished", "diverged", "failed"

OUTCOME_COLUMNS = (
    "train_loss", "test_loss", "train_accuracy", "test_accuracy", "test_r2",
    "steps_to_target", "diverged_at", "seconds", "reason",
)  # fmt: skip
"""The columns of `runs.csv` that are known only after the run."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The numbers of one run; a missing value is None in `outcome`, NaN in the arrays."""

    run: Run
    status: str
    outcome: dict[str, float | int | str | None]
    """The `OUTCOME_COLUMNS`."""
    steps: Array = field(default_factory=lambda: np.empty(0, np.int64))
    """`(records,)`: the steps recorded."""
    curves: Array = field(default_factory=lambda: np.empty((0, len(CURVE_VALUES))))
    """`(records, CURVE_VALUES)` float64."""
    layers: Array = field(default_factory=lambda: np.empty((0, 0, len(LAYER_VALUES))))
    """`(records, layers, LAYER_VALUES)` float64."""
    weights: dict[str, Array] = field(default_factory=dict)
    """`initial_W1`, `initial_b1`, ... `final_b1`; empty unless asked for. W is in x out."""
    place: str = ""
    """The worker of a cluster that trained it; empty for a run of the driver's own machine."""

    @property
    def row(self) -> dict[str, Any]:
        """The run's row of `runs.csv`."""
        return {"run": self.run.id, "status": self.status, **self.run.axes, **self.outcome}


def failed(run: Run, reason: str) -> RunResult:
    """A run that could not be trained; the grid goes on without it."""
    outcome: dict[str, float | int | str | None] = dict.fromkeys(OUTCOME_COLUMNS)
    return RunResult(run, FAILED, outcome | {"reason": reason})
