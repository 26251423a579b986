"""Small studies on disk, for tests of what reads them: trained for real, pictures left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from nnlab.core import study
from tests.small import small_study


def make_studies(results: Path) -> Path:
    """Train into the folder `results`, and return it.

    `small` (relu and tanh, two seeds, 12 steps) and, of the same name before, `small~1` (40 steps);
    `rates` (two activations, learning rates 0.1 and 1e4, which diverges for relu; three seeds);
    `sine` (regression).
    """
    with mock.patch.object(study, "write_report", return_value=None):
        small_study(results, steps=40).run()
        small_study(results).run()
        small_study(results, name="rates", learning_rate=[0.1, 10_000.0], seeds=3).run()
        small_study(results, name="sine", dataset={"name": "sine", "n": 60}).run()
    return results


GRID = "a-grid-with-a-name-that-is-rather-long"


def make_grid(results: Path) -> Path:
    """Train the study `GRID`, 128 runs in which every axis but the optimizer varies."""
    axes: dict[str, Any] = {
        "learning_rate": {"from": 0.001, "to": 1000, "num": 4},
        "hidden_layer_sizes": [[4], [4, 4, 4, 4]],
        "batch_size": [4, 8],
        "initialization": ["auto", "orthogonal"],
    }
    with mock.patch.object(study, "write_report", return_value=None):
        small_study(results, name=GRID, **axes).run()
    return results
