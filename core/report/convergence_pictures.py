"""Pictures of convergence: steps to the target over the rate, at one rate, and at tuned rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nnlab.core.analysis.convergence import Steps, steps_interval
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import Look, activation_look
from nnlab.core.report.wording import listed, short


def steps_to_target(
    searched: Mapping[str, Sequence[tuple[float, float]]],
    shared: tuple[float, Steps],
    tuned: tuple[Mapping[str, float], Steps],
    target: float,
) -> LinesPicture:
    """Steps to the target loss: over the learning rate, at one rate for all, at each one's best.

    How to read it: lower is faster. Left, each activation has a valley of its own: a rate shared
    by all (middle) stands at another place of each valley; right, each stands at the bottom of its
    own. `searched` has (rate, median steps) of the search, inf where the target was not reached.
    """
    rate, at_shared = shared
    rates, at_tuned = tuned
    y = Axis(f"steps to a training loss of {short(target)}, log scale", "log", group="steps")
    panels = (
        Panel(
            "Over the learning rate",
            Axis("learning rate, log scale", "log"),
            y,
            _valleys(searched),
            labelled=True,
            lost=_missed(searched),
        ),
        _points(f"All at {short(rate)}", at_shared, dict.fromkeys(at_shared, ""), y),
        _points(
            "Each at its own best rate", at_tuned, {n: short(r, 2) for n, r in rates.items()}, y
        ),
    )
    return LinesPicture(
        name="steps_to_target",
        title=_title(rate, at_shared, at_tuned),
        caption=(
            "Left: the search, median over seeds that are not reported; a cross at the lower edge: "
            "the target was not reached there. Middle and right: geometric mean over the reported "
            "seeds, bars 95 % intervals; beside a name its learning rate."
        ),
        panels=panels,
        columns=3,
    )


def _valleys(searched: Mapping[str, Sequence[tuple[float, float]]]) -> tuple[Line, ...]:
    lines = []
    for name, trials in searched.items():
        known = [(rate, steps) for rate, steps in trials if math.isfinite(steps)]
        if known:
            x, y = zip(*known, strict=True)
            lines.append(Line(name, activation_look(name), x, y, marks=True))
    return tuple(lines)


def _missed(
    searched: Mapping[str, Sequence[tuple[float, float]]],
) -> tuple[tuple[float, Look], ...]:
    return tuple(
        (rate, activation_look(name))
        for name, trials in searched.items()
        for rate, steps in trials
        if not math.isfinite(steps)
    )


def _points(title: str, steps: Steps, words: Mapping[str, str], y: Axis) -> Panel:
    lines, names = [], []
    for place, (name, values) in enumerate(steps.items()):
        names.append(f"{name} {words[name]}".strip())
        interval = steps_interval(values)
        if math.isnan(interval.estimate):
            continue
        low, high = (None if math.isnan(end) else end for end in (interval.low, interval.high))
        lines.append(
            Line(
                name,
                activation_look(name),
                (float(place),),
                (interval.estimate,),
                (low,),
                (high,),
                marks=True,
            )
        )
    x = Axis("", "category", tuple(names))
    return Panel(title, x, y, tuple(lines), bars=True, joined=False)


def _title(rate: float, shared: Steps, tuned: Steps) -> str:
    first, first_steps = _first(shared)
    best, best_steps = _first(tuned)
    verb = "does not depend" if first == best else "depends"
    return (
        f"Who converges first {verb} on the rate: all at {short(rate)} {first} ({first_steps}), "
        f"each at its own best {best} ({best_steps})"
    )


def _first(steps: Steps) -> tuple[str, str]:
    """Those within 2 % of the fewest steps, and these."""
    means = {name: steps_interval(values).estimate for name, values in steps.items()}
    known = {name: mean for name, mean in means.items() if not math.isnan(mean)}
    if not known:
        return "none", "target not reached"
    best = min(known.values())
    leaders = [name for name, mean in known.items() if mean < 1.02 * best]
    return listed(leaders), f"{best:.0f} steps"
