"""Pictures of a study of learning rate against batch size."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nnlab.core.analysis.scaling import Optimum, Scaling
from nnlab.core.analysis.scaling_fits import Law
from nnlab.core.analysis.statistics import geometric_interval, t_interval
from nnlab.core.report.pictures import (
    Axis,
    HeatPanel,
    HeatPicture,
    Line,
    LinesPicture,
    Panel,
)
from nnlab.core.report.scaling_words import exponent_words
from nnlab.core.report.style import FAINT, INK, QUIET, Look, looks
from nnlab.core.report.wording import short

PROPORTIONAL, ROOT = Look(FAINT, (1.2, 1.2)), Look(FAINT, (6.0, 1.4, 1.2, 1.4))
POWER, SATURATING = Look("#d55e00", (4.0, 1.6)), Look("#0072b2")
CRITICAL, OPTIMUM = Look(QUIET, (2.0, 2.0)), Look(INK, (), "D")
_DENSE = 40


def steps_over_rate(name: str, scaling: Scaling, cost: str) -> LinesPicture:
    """The cost over the learning rate, one curve a batch size, the optima marked.

    How to read it: each curve has a best rate (diamond). Where those of larger batches stand
    further right, a larger batch wants a larger rate; curves whose diamonds stand above each other
    want the same.
    """
    optima = scaling.optima
    family = looks("batch_size", [str(o.batch_size) for o in optima])
    lines = [_curve(o, family[str(o.batch_size)]) for o in optima]
    vertices = Line(
        "best rate", OPTIMUM, tuple(o.rate for o in optima), tuple(o.cost for o in optima),
        marks=True, joined=False,
    )  # fmt: skip
    first, last = optima[0], optima[-1]
    return LinesPicture(
        name=f"{_file(name)}_steps_over_rate",
        title=f"{name}: the best rate moves from {short(first.rate, 2)} at batch size "
        f"{first.batch_size} to {short(last.rate, 2)} at {last.batch_size}",
        caption=f"{cost[0].upper()}{cost[1:]} over the learning rate: medians over "
        f"{len(scaling.seeds)} seeds, one curve a batch size, log axes. Diamond: the vertex of the "
        "parabola through the best rate and its neighbours. A curve ends where half of its runs "
        "diverged or did not get there.",
        panels=(
            Panel(
                "",
                Axis("learning rate", "log"),
                Axis(cost, "log"),
                (*lines, vertices),
                labelled=True,
            ),
        ),
        columns=1,
    )


def _curve(optimum: Optimum, look: Look) -> Line:
    known = [(rate, cost) for rate, cost in optimum.curve.items() if math.isfinite(cost)]
    return Line(
        f"batch {optimum.batch_size}", look, tuple(r for r, _ in known), tuple(c for _, c in known),
        marks=True,
    )  # fmt: skip


def best_rates(
    studies: Mapping[str, Scaling], name: str = "best_rates", title: str = ""
) -> LinesPicture:
    """The best rate against the batch size, with guides, both laws and the critical batch size.

    How to read it: in proportion is the dotted slope, a square root the dash-dotted one. Points
    that follow the bent line and leave the straight one saturate.
    """
    panels = tuple(_rates_panel(label, scaling) for label, scaling in studies.items())
    first_label, first = next(iter(studies.items()))
    if not title:
        title = f"{first_label}: {_bend_words(first)}" if first.ranges else "The best rates"
    return LinesPicture(
        name=name,
        title=title,
        caption="Points: the best rate at each batch size, bars the 95\N{NO-BREAK SPACE}% interval "
        "of the seeds' own best rates. Grey guides through the first point: dotted in proportion, "
        "dash-dotted as the square root. Dashed: the power law that fits best; solid: "
        "lr_max / (1 + B_0/B). A vertical line: the critical batch size, "
        "from the steps to the target, where it lies among those tried.",
        panels=panels,
        columns=min(len(panels), 3),
    )


def _bend_words(scaling: Scaling) -> str:
    """How the exponent changes from the first range to the last, if the seeds tell that it does."""
    first, last = scaling.ranges[0], scaling.ranges[-1]
    change = scaling.seed_exponents(last) - scaling.seed_exponents(first)
    kept = change[np.isfinite(change)]
    if not kept.size or not t_interval(kept).excludes(0.0):
        return f"{exponent_words(scaling)} over batch sizes {first[0]} to {last[-1]}"
    start, end = scaling.mean_exponent(first), scaling.mean_exponent(last)
    return (
        f"the exponent {'falls' if end < start else 'rises'} from {start:.2f} over {first[0]} to "
        f"{first[-1]} to {end:.2f} over {last[0]} to {last[-1]}"
    )


def _rates_panel(name: str, scaling: Scaling) -> Panel:
    batch, rates = scaling.batch_sizes, scaling.rates
    intervals = [
        geometric_interval(column[[math.isfinite(v) for v in column]])
        for column in scaling.seed_rates.T
    ]
    few = len(scaling.seeds) < 2
    points = Line(
        "best rate", Look(INK), tuple(map(float, batch)), tuple(rates.tolist()),
        low=() if few else tuple(min(i.low, r) for i, r in zip(intervals, rates, strict=True)),
        high=() if few else tuple(max(i.high, r) for i, r in zip(intervals, rates, strict=True)),
        marks=True, joined=False,
    )  # fmt: skip
    ends = (float(batch[0]), float(batch[-1]))
    top = max(float(rates.max()) * 2.2, 1e-12)
    lines: list[Line] = []
    for label, look, power in (("proportional", PROPORTIONAL, 1.0), ("square root", ROOT, 0.5)):
        end = min(ends[1], ends[0] * (top / float(rates[0])) ** (1 / power))
        guide = float(rates[0]) * (end / ends[0]) ** power
        lines.append(Line(label, look, (ends[0], end), (float(rates[0]), guide)))
    for law, look in ((scaling.power, POWER), (scaling.saturating, SATURATING)):
        if law is not None:
            label = "power law" if law.kind == "power" else "saturating"
            lines.append(_law(label, law, look, ends, scale=1.0))
    bend = scaling.hyperbola
    if bend is not None and bend.resolved and ends[0] < bend.bend < ends[1]:
        low = float(rates.min()) * 0.7
        lines.append(Line("critical", CRITICAL, (bend.bend, bend.bend), (low, top)))
    return Panel(
        name, Axis("batch size", "log", places=tuple(map(float, batch))),
        Axis("best learning rate", "log"), (*lines, points), bars=True,
    )  # fmt: skip


def _law(label: str, law: Law, look: Look, ends: tuple[float, float], scale: float) -> Line:
    ratio = ends[1] / ends[0]
    x = [ends[0] * ratio ** (i / _DENSE) for i in range(_DENSE + 1)]
    return Line(label, look, tuple(x), tuple((scale * law.at(x)).tolist()))


def steps_and_examples(name: str, scaling: Scaling) -> LinesPicture:
    """Steps and examples to the target against the batch size, with the hyperbola.

    How to read it: left of the critical batch size a doubled batch halves the steps for the same
    examples; right of it the steps hardly fall and the examples double.
    """
    batch, costs = scaling.batch_sizes, scaling.costs
    law = scaling.hyperbola
    ends = (float(batch[0]), float(batch[-1]))
    few = len(scaling.seeds) < 2
    intervals = [
        geometric_interval(column[[math.isfinite(v) for v in column]])
        for column in scaling.seed_costs.T
    ]
    panels = []
    for what, factor in (("steps to the target", 0), ("examples to the target", 1)):
        weight = [b**factor for b in batch]
        points = Line(
            "measured", Look(INK), tuple(map(float, batch)),
            tuple(float(c * w) for c, w in zip(costs, weight, strict=True)),
            low=() if few else tuple(i.low * w for i, w in zip(intervals, weight, strict=True)),
            high=() if few else tuple(i.high * w for i, w in zip(intervals, weight, strict=True)),
            marks=True, joined=False,
        )  # fmt: skip
        lines = [points]
        if law is not None:
            ratio = ends[1] / ends[0]
            x = [ends[0] * ratio ** (i / _DENSE) for i in range(_DENSE + 1)]
            y = [float(v) * b**factor for v, b in zip(law.at(x), x, strict=True)]
            lines.insert(0, Line("hyperbola", SATURATING, tuple(x), tuple(y)))
            if law.resolved and ends[0] < law.bend < ends[1]:
                at = (min(points.y) * 0.8, max(points.y) * 1.2)
                lines.insert(0, Line("critical", CRITICAL, (law.bend, law.bend), at))
        axis = Axis("batch size", "log", places=tuple(map(float, batch)))
        panels.append(Panel("", axis, Axis(what, "log"), tuple(lines), bars=True))
    title = f"{name}: steps and examples to the target"
    if law is not None and law.resolved:
        title = (
            f"{name}: beyond a batch of about {short(law.bend, 2)} more examples a step save few "
            "steps"
        )
    words = (
        f" S_min = {short(law.scale, 3)} steps and B_crit = {short(law.bend, 3)}"
        f"{' (vertical line)' if ends[0] < law.bend < ends[1] else ', beyond what was tried'}."
        if law is not None and law.resolved
        else ""
    )
    return LinesPicture(
        name=f"{_file(name)}_steps_and_examples",
        title=title,
        caption="At the best rate of each batch size, with 95\N{NO-BREAK SPACE}% intervals over "
        f"the seeds; line: steps = S_min (1 + B_crit/B), fitted.{words}",
        panels=tuple(panels),
        columns=2,
    )


def rate_by_batch(name: str, scaling: Scaling, cost: str) -> HeatPicture:
    """The cost over learning rate and batch size, as a multiple of the batch size's best.

    How to read it: the dark valley is where training is fast. It climbs to the right as long as
    larger batches want larger rates, then goes straight up.
    """
    rates = sorted({float(f"{rate:.3g}") for o in scaling.optima for rate in o.curve})
    rows, lost = [], []
    for j, optimum in enumerate(scaling.optima):
        known = {float(f"{rate:.3g}"): c for rate, c in optimum.curve.items()}
        least = min(known.values())
        row = [known.get(rate) for rate in rates]
        lost += [(j, i) for i, c in enumerate(row) if c is not None and not math.isfinite(c)]
        rows.append(tuple(c / least if c is not None and math.isfinite(c) else None for c in row))
    return HeatPicture(
        name=f"{_file(name)}_rate_by_batch",
        title=_valley_words(name, scaling),
        caption=f"Colour: {cost} as a multiple of the batch size's best rate "
        f"(medians over {len(scaling.seeds)} seeds). Cross: half of the runs or more diverged or "
        "did not get there. Empty: not tried, as each batch size is searched around its own best.",
        panels=(
            HeatPanel(
                "", tuple(float(i) for i in range(len(rates))),
                tuple(float(j) for j in range(len(rows))), tuple(rows), lost=tuple(lost),
            ),
        ),
        columns=1,
        x=Axis("learning rate", "category", tuple(short(rate, 2) for rate in rates)),
        y=Axis("batch size", "category", tuple(str(b) for b in scaling.batch_sizes)),
        color=Axis("times the best", "log"),
        written=True,
    )  # fmt: skip


def _valley_words(name: str, scaling: Scaling) -> str:
    if scaling.kept_from == scaling.batch_sizes[0] or len(scaling.batch_sizes) < 2:
        return f"{name}: the same rates are fast at every batch size"
    way = "climb" if scaling.rates[-1] > scaling.rates[0] else "fall"
    end = f" up to about {scaling.kept_from}" if scaling.kept_from else ""
    return f"{name}: the fast rates {way} with the batch size{end}"


def _file(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name.lower()).strip("_")
