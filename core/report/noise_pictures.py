"""Pictures of the gradient noise scale along training and of the best rate of single steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nnlab.core.analysis.statistics import Interval, geometric_interval
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import INK, QUIET, Look, look_at
from nnlab.core.report.wording import plural, short

_CRITICAL = Look(QUIET, (2.0, 2.0))


@dataclass(frozen=True, slots=True)
class NoiseCurves:
    """The noise scale along training, one value a seed at each step; nan where unresolved."""

    steps: tuple[int, ...]
    simple: tuple[tuple[float, ...], ...]
    """By step: B_simple of the training part, one a seed."""
    fresh: tuple[tuple[float, ...], ...]
    """The same for unseen examples."""
    signal: tuple[tuple[float, ...], ...]
    noise: tuple[tuple[float, ...], ...]
    critical: float | None
    """B_crit, from the steps to the target."""


def noise_along(curves: NoiseCurves) -> LinesPicture:
    """The noise scale along training, beside the critical batch size.

    How to read it: the noise scale (left) is the batch size at which the noise of a gradient equals
    its length. The dashed line is the critical batch size of the steps to the target, found without
    looking at any gradient. On the right, what the noise scale is the ratio of.
    """
    left = [
        _line("training part", look_at(0), curves.steps, curves.simple),
        _line("unseen examples", look_at(1), curves.steps, curves.fresh),
    ]
    ends = (float(curves.steps[0]), float(curves.steps[-1]))
    if curves.critical is not None:
        level = (curves.critical, curves.critical)
        left.append(Line("B_crit of the steps", _CRITICAL, ends, level))
    right = [
        _line("tr Σ", look_at(2), curves.steps, curves.noise),
        _line("|G|²", look_at(3), curves.steps, curves.signal),
    ]
    first, last = (_mean(curves.simple[i]) for i in (0, -1))
    return LinesPicture(
        name="noise_scale",
        title=f"The noise scale {'grows' if last > first else 'goes'} from {short(first, 2)} to "
        f"{short(last, 2)} while the net learns"
        + (f"; the steps say {short(curves.critical, 2)}" if curves.critical is not None else ""),
        caption="From per-example gradients of nets on their way to the target, geometric means "
        f"and 95\N{NO-BREAK SPACE}% bands over {plural(len(curves.simple[0]), 'seed')}. Left: "
        "B_simple = tr Σ / |G|² for batches from the training part (exact) and for unseen "
        "examples (estimated; left out where |G|² is not told from 0). Right: its two parts.",
        panels=(
            Panel("", Axis("steps"), Axis("noise scale (examples)", "log"),
                  tuple(line for line in left if line.x), labelled=True),
            Panel("", Axis("steps"), Axis("squared length", "log"), tuple(right), labelled=True),
        ),
        columns=2,
    )  # fmt: skip


def _line(label: str, look: Look, steps: Sequence[int], values: Sequence[Sequence[float]]) -> Line:
    known = [
        (step, _interval(row)) for step, row in zip(steps, values, strict=True) if _all_known(row)
    ]
    several = bool(known) and known[0][1].n > 1
    return Line(
        label, look, tuple(float(step) for step, _ in known),
        tuple(i.estimate for _, i in known),
        low=tuple(i.low for _, i in known) if several else (),
        high=tuple(i.high for _, i in known) if several else (),
        marks=True,
    )  # fmt: skip


def _interval(row: Sequence[float]) -> Interval:
    return geometric_interval(list(row))


def _mean(row: Sequence[float]) -> float:
    known = [value for value in row if math.isfinite(value) and value > 0]
    return geometric_interval(known).estimate if known else math.nan


def _all_known(row: Sequence[float]) -> bool:
    return bool(row) and all(math.isfinite(value) and value > 0 for value in row)


@dataclass(frozen=True, slots=True)
class StepCurves:
    """Best rates of single steps from the nets after so many steps, by batch size."""

    step: int
    loss: float
    predicted: Mapping[int, float]
    """Geometric means over the seeds."""
    measured: Mapping[int, float]


def single_steps(curves: Sequence[StepCurves], typical: float) -> LinesPicture:
    """The best rate of one step: predicted from curvature and noise, and measured.

    How to read it: lines are lr_max / (1 + B_noise/B) with lr_max and B_noise computed from
    gradients and Hessian-vector products; points are measured. Nothing is fitted.
    """
    panels = []
    for each in curves:
        batch = sorted(each.measured)
        line = Line(
            "predicted", look_at(0), tuple(map(float, batch)),
            tuple(each.predicted[b] for b in batch),
        )  # fmt: skip
        points = Line(
            "measured", Look(INK), tuple(map(float, batch)), tuple(each.measured[b] for b in batch),
            marks=True, joined=False,
        )  # fmt: skip
        panels.append(
            Panel(
                f"after {plural(each.step, 'step')}, loss {short(each.loss, 2)}",
                Axis("batch size", "log", places=tuple(map(float, batch))),
                Axis("best rate of one step", "log", group="rate"),
                (line, points),
            )
        )
    return LinesPicture(
        name="single_steps",
        title=f"The best rate of one step is the formula's to a factor of {short(typical, 2)}, "
        "with nothing fitted",
        caption="Line: lr_max / (1 + B_noise/B), lr_max = |G|² / G·HG and B_noise = tr(HΣ) / G·HG "
        "(McCandlish et al. 2018) from gradients and curvature of the net at that moment. Points: "
        "where the mean training loss after one step is smallest, all batches drawn anew. "
        "Geometric means over the seeds.",
        panels=tuple(panels),
        columns=max(len(panels), 1),
    )
