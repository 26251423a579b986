"""Pictures of a LeakyReLU's slope: how bent f is, and how well nets with it classify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nnlab.core.analysis.nonlinearity import leaky_nonlinearity
from nnlab.core.analysis.seed_findings import BySeed, mean_of
from nnlab.core.analysis.slope import HURTS
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import Look, activation_look, look_at
from nnlab.core.report.wording import fixed, listed, short

_TICKS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)


def over_slope(
    accuracy: Mapping[str, Mapping[float, BySeed]],
    bent: Mapping[str, Mapping[float, Sequence[float]]],
    hurts: Mapping[str, float | None],
) -> LinesPicture:
    """Non-linearity (left) and test accuracy (right) over the slope, 0 to 1.

    How to read it: left, the share of f's variance that a straight line cannot explain, as the
    formula has it for normal pre-activations and as measured on those of the nets. Right, what is
    left of the accuracy: whether it falls with the bend, or only where hardly any is left.
    `accuracy` and `hurts` are by data set, `bent` by the moment it was measured at.
    """
    return LinesPicture(
        name="slope",
        title=_title(hurts),
        caption=(
            "Left, line: (1 - a)^2 (1/4 - 1/2pi) / ((1 + a^2)/2 - (1 - a)^2/2pi) at slope a; "
            "points: measured on the pre-activations of the nets on circles. Right: mean over "
            "seeds; bars 95 % intervals. 0 is ReLU, 1 the identity."
        ),
        panels=(
            Panel(
                "Non-linearity",
                Axis("slope a", places=_TICKS, limits=(-0.03, 1.03)),
                Axis("share of f's variance no straight line explains"),
                (_formula(), *_measured(bent)),
                labelled=True,
                bars=True,
            ),
            Panel(
                "Test accuracy",
                Axis("slope a", places=_TICKS, limits=(-0.03, 1.03)),
                Axis("share of examples", "percent", limits=(0.4, 1.02)),
                tuple(
                    _line(name, look_at(place + 1), values)
                    for place, (name, values) in enumerate(accuracy.items())
                ),
                labelled=True,
                bars=True,
            ),
        ),
        columns=2,
    )


def _formula() -> Line:
    slopes = np.linspace(0.0, 1.0, 101).tolist()
    values = tuple(leaky_nonlinearity(slope) for slope in slopes)
    return Line("formula", activation_look("leaky_relu"), tuple(slopes), values)


def _measured(bent: Mapping[str, Mapping[float, Sequence[float]]]) -> tuple[Line, ...]:
    marks = (Look("#1a1a1a", (), "o"), Look("#d55e00", (), "s"))
    lines = []
    for (name, values), look in zip(bent.items(), marks, strict=False):
        known = {slope: mean_of(dict(enumerate(each))).interval for slope, each in values.items()}
        lines.append(
            Line(
                name,
                look,
                tuple(known),
                tuple(interval.estimate for interval in known.values()),
                tuple(interval.low for interval in known.values()),
                tuple(interval.high for interval in known.values()),
                marks=True,
                joined=False,
            )
        )
    return tuple(lines)


def _line(name: str, look: Look, accuracy: Mapping[float, BySeed]) -> Line:
    known = {
        slope: mean_of(values).interval
        for slope, values in accuracy.items()
        if any(value is not None for value in values.values())
    }
    return Line(
        name,
        look,
        tuple(known),
        tuple(interval.estimate for interval in known.values()),
        tuple(interval.low for interval in known.values()),
        tuple(min(interval.high, 1.0) for interval in known.values()),
        marks=True,
        value=fixed(known[max(known)].estimate, 2),
    )


def _title(hurts: Mapping[str, float | None]) -> str:
    known = [f"from {short(slope)} on {name}" for name, slope in hurts.items() if slope is not None]
    unknown = [name for name, slope in hurts.items() if slope is None]
    more = f"more than {short(100.0 * HURTS)} % of accuracy"
    if not known:
        return f"No slope of LeakyReLU is shown to cost {more}"
    besides = f"; on {listed(unknown)} none is shown to" if unknown else ""
    return f"A LeakyReLU's slope costs {more} {listed(known)}{besides}"
