"""What a record costs, net by net and batch by batch, in steps of the same training.

`probes.py` measures what the records add to one training. How much that is depends on nothing so
much as on how long the training is; here stands from how many steps on the default's add 5 %.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np
from contenders import Nnlab
from work import Case, work_for

from nnlab.core.probes import update_ratios
from nnlab.core.spec import Spec

BASE = Case(width=64, depth=2, batch=32, runs=32)
NETS = ((64, 2), (128, 2), (256, 2), (64, 10))
BATCHES = (8, 32, 128, 512)
SHARE = 0.05
DEFAULT_RECORDS: int = Spec.model_fields["records"].default
_TURN_SECONDS = 0.25


def records(repeats: int) -> list[dict[str, Any]]:
    """One row a net and batch, on the digits, 32 runs; steps and records in turn, medians."""
    return [
        _measured(replace(BASE, width=width, depth=depth, batch=batch), repeats)
        for width, depth in NETS
        for batch in BATCHES
    ]


def _measured(case: Case, repeats: int) -> dict[str, Any]:
    nnlab = Nnlab(work_for(case))
    steps = 10 * max(1, round(_TURN_SECONDS / max(nnlab.advance(10), 1e-6)))
    turns = []
    for _ in range(repeats):
        step = nnlab.advance(steps) / steps
        # After steps, as in a training: what the record works on has left the cache meanwhile.
        start = process_time()
        with np.errstate(all="ignore"):
            for training in nnlab._trainings:
                training.probe.record()
                before = training.parameters.copy()
                update_ratios(before, training.parameters, training.recipe.layer_sizes)
        turns.append((step, process_time() - start))
    in_steps = statistics.median(record / step for step, record in turns)
    return {
        "net": f"{case.depth} x {case.width}", "batch": case.batch,
        "step_microseconds": statistics.median(step for step, _ in turns) * 1e6 / case.runs,
        "record_microseconds": statistics.median(each for _, each in turns) * 1e6 / case.runs,
        "record_in_steps": in_steps,
        "steps_for_the_share": DEFAULT_RECORDS * in_steps / SHARE,
    }  # fmt: skip
