"""One case: does everyone train the same, then how long does each take, in turn, repeatedly."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from contenders import CONTENDERS, Contender
from numpy.typing import NDArray
from work import Case, work_for

Array = NDArray[Any]

AGREE = 1e-4
STEPS_TO_AGREE = 20
MAY_DIFFER = 0.05
"""Share of the runs that may: rounding, which differs between libraries, is blown up where a unit
sits at its kink (seen at 10 x 64: one run of 64, the others within 1e-6). The count is reported."""
SLICE_SECONDS = 0.25
"""About so long a contender trains before the next has its turn."""


def measure(case: Case, names: Sequence[str], repeats: int) -> dict[str, Any]:
    """Microseconds a step and run of every contender: medians and spreads over `repeats`."""
    work = work_for(case)
    contenders = {name: CONTENDERS[name].make(work) for name in ("nnlab", *names)}
    found = agreement(contenders)
    wrong = [name for name, each in found.items() if each["off"] > MAY_DIFFER * each["runs"]]
    for name in wrong:  # not timed: it trains something else
        del contenders[name]
    names = [name for name in names if name not in wrong]
    times: dict[str, list[float]] = {name: [] for name in contenders}
    steps = {name: steps_to_fill(contender.advance) for name, contender in contenders.items()}
    for _ in range(repeats):
        for name, contender in contenders.items():
            seconds = contender.advance(steps[name])
            times[name].append(seconds / (steps[name] * contender.runs) * 1e6)
    row: dict[str, Any] = {
        "case": case.name, **asdict(case), "disagreement": found, "wrong": wrong,
        "microseconds": {name: statistics.median(each) for name, each in times.items()},
        "spread": {
            name: (max(each) - min(each)) / statistics.median(each) for name, each in times.items()
        },
        "ratio": {name: _ratio(times, name) for name in names},
    }  # fmt: skip
    compiling = getattr(contenders.get("jax"), "compile_seconds", None)
    if compiling is not None:
        row["jax_compile_seconds"] = compiling
    return row


def agreement(contenders: dict[str, Contender]) -> dict[str, dict[str, float]]:
    """How far each contender's losses of batch 20 are from nnlab's, relative to the loss.

    A loss below the mean over the runs counts as the mean: that of a single example may be 1e-5,
    and holds no more digits than the logits it comes from.

    The largest and the median over its runs, how many are off by more than `AGREE`, of how many.
    """
    for name, contender in contenders.items():
        if name == "nnlab" or CONTENDERS[name].agrees:
            contender.advance(STEPS_TO_AGREE)
    ours, found = contenders["nnlab"].losses(), {}
    for name, contender in contenders.items():
        if CONTENDERS[name].agrees:
            theirs = contender.losses()
            found[name] = difference(theirs, ours[: len(theirs)])
    return found


def difference(theirs: Array, ours: Array) -> dict[str, float]:
    """How far these losses are from nnlab's; see `agreement`."""
    apart = np.abs(theirs - ours) / np.maximum(np.abs(theirs), np.abs(theirs).mean())
    return {
        "largest": float(apart.max()), "median": float(np.median(apart)),
        "off": int(np.count_nonzero(~(apart <= AGREE))), "runs": len(theirs),
    }  # fmt: skip


def _ratio(times: dict[str, list[float]], name: str) -> float:
    """The median over the repeats of a turn's ratio: both turns saw the same machine."""
    pairs = zip(times["nnlab"], times[name], strict=True)
    limit = name in ("products", "bandwidth")
    return statistics.median(ours / theirs if limit else theirs / ours for ours, theirs in pairs)


def steps_to_fill(advance: Callable[[int], float]) -> int:
    """As many as fill a turn, a multiple of 20; they warm the contender up, too."""
    seconds = advance(20)
    return 20 * max(1, round(SLICE_SECONDS / max(seconds, 1e-6)))
