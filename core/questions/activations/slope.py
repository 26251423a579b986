"""LeakyReLU's slope: how bent it leaves f, and how much of that a net needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.nonlinearity import leaky_nonlinearity
from nnlab.core.analysis.seed_findings import difference_of, mean_of
from nnlab.core.analysis.slope import (
    HURTS,
    USUAL,
    SlopeCost,
    accuracy_by_slope,
    hurts_from,
    measured_nonlinearity,
    nonlinearity_of_net,
    slope_costs,
    slope_of,
)
from nnlab.core.analysis.statistics import Floats
from nnlab.core.analysis.trained_net import load_net
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.nn.activations import find_activation
from nnlab.core.questions.activations.part import Part, setting_of
from nnlab.core.report.answer import Section
from nnlab.core.report.slope_pictures import over_slope
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, percent, plural, short, with_interval
from nnlab.core.worker import one_thread

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work
    from nnlab.core.results import Results

SETS = {"circles": "slope", "moons": "slope_moons"}
"""The data sets and their studies."""
STEEP = 0.99
"""Near 1: the bend that is left is a hundred-thousandth of the variance."""
CLOSE = 0.1
"""A slope ten times the usual one, which must make no difference: the control."""
NONE = 0.0
"""ReLU: so near the usual slope that it must cost nothing, the control of what slopes cost."""
MODERATE = (0.03, 0.1, 0.2, 0.3)
NEAR_ONE = (0.95, 0.99)
MOMENTS: dict[str, Literal["initial", "final"]] = {"at birth": "initial", "trained": "final"}
DRAWS = 200_000
"""Normal numbers of the Monte Carlo check of the formula."""
QUICK = [
    "seeds=[20, 21]",
    "activation=[leaky_relu:0, leaky_relu:0.01, leaky_relu:0.03, leaky_relu:0.1, leaky_relu:0.2, "
    "leaky_relu:0.3, leaky_relu:0.5, leaky_relu:0.95, leaky_relu:0.99, leaky_relu:1]",
]

Accuracy = dict[float, dict[int, float | None]]


@dataclass(frozen=True)
class Slopes:
    """What the studies of the slope found."""

    accuracy: dict[str, Accuracy]
    """By data set, slope and seed."""
    bent: dict[str, dict[float, list[float]]]
    """Measured non-linearity by moment and slope, one a run."""
    drawn: dict[float, float]
    """Non-linearity by slope, by Monte Carlo."""
    setting: str
    """What all runs share, in words."""

    @property
    def costs(self) -> dict[str, list[SlopeCost]]:
        """What each slope costs, by data set."""
        return {name: slope_costs(values) for name, values in self.accuracy.items()}

    @property
    def both(self) -> Accuracy:
        """The accuracy of each slope and seed, mean over the data sets; None where one is."""
        first, *others = self.accuracy.values()
        return {
            slope: {seed: _mean([value, *(o[slope][seed] for o in others)])
                    for seed, value in values.items()}
            for slope, values in first.items()
        }  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def part(work: Work) -> Part:
    """Train, measure, and say what was found."""
    studies = {name: work.study(study, QUICK) for name, study in SETS.items()}
    accuracy = {name: accuracy_by_slope(each.runs) for name, each in studies.items()}
    z = np.random.default_rng(0).standard_normal(DRAWS)
    found = Slopes(
        accuracy=accuracy,
        bent=_bent(work, studies["circles"]),
        drawn={
            slope: measured_nonlinearity(find_activation(f"leaky_relu:{slope}"), z)
            for slope in accuracy["circles"]
            if slope < 1.0
        },
        setting=_setting(work, studies["circles"]),
    )
    return Part(
        sections=(_section(found),),
        claims=CLAIMS,
        findings=tuple(claim.measure(found) for claim in CLAIMS),
        runs=pl.concat([each.runs for each in studies.values()]),
    )


def _setting(work: Work, results: Results) -> str:
    """Without the data set, of which there are two: `32-32, adam at 0.01, ...`."""
    shared = setting_of(results, leave_out=("dataset",))
    examples = len(work.prepare(results.spec).plan.split.X_train)
    return f"{shared}, {plural(examples, 'training example')}"


def _bent(work: Work, results: Results) -> dict[str, dict[float, list[float]]]:
    """The non-linearity at the pre-activations of every finished net, before and after training."""
    x = work.prepare(results.spec).plan.split.X_test
    found: dict[str, dict[float, list[float]]] = {moment: {} for moment in MOMENTS}
    runs = results.runs.filter(pl.col("status") == "finished").sort("seed")
    with one_thread():
        _measure_bends(results, runs, x, found)
    return {moment: dict(sorted(values.items())) for moment, values in found.items()}


def _measure_bends(
    results: Results, runs: pl.DataFrame, x: Floats, found: dict[str, dict[float, list[float]]]
) -> None:
    spec = results.spec
    assert spec.loss is not None
    assert spec.output is not None
    for label, run in runs.select("activation", "run").rows():
        for moment, when in MOMENTS.items():
            net = load_net(results.folder, run, label, spec.loss, spec.output, when)
            found[moment].setdefault(slope_of(label), []).append(nonlinearity_of_net(net, x))


# ------------------------------------------------------------------ claims


def _bend_is_lost(found: Slopes) -> Finding:
    circles = found.accuracy["circles"]
    measured = difference_of(circles[STEEP], circles[USUAL])
    return Finding(
        interval=measured.interval,
        scope=f"circles, {found.setting}; slope {STEEP} against {USUAL}",
        control=difference_of(circles[CLOSE], circles[USUAL]),
        non_finite_share=measured.lost_share,
    )


def _must_be_tuned(found: Slopes) -> Finding:
    both = found.both
    costs = {
        f"slopes {slopes[0]} to {slopes[-1]}": difference_of(both[USUAL], _pooled(both, slopes))
        for slopes in (MODERATE, NEAR_ONE)
    }
    whole = difference_of(both[USUAL], _pooled(both, (*MODERATE, *NEAR_ONE)))
    return Finding(
        interval=whole.interval,
        scope=f"{' and '.join(SETS)}, {found.setting}; against a slope of {USUAL}",
        control=difference_of(both[USUAL], both[NONE]),
        non_finite_share=whole.lost_share,
        sub_ranges=costs,
    )


def _pooled(accuracy: Accuracy, slopes: Sequence[float]) -> dict[int, float | None]:
    """The mean over some slopes, by seed."""
    return {
        seed: _mean([accuracy[slope][seed] for slope in slopes]) for seed in accuracy[slopes[0]]
    }


CLAIMS = (
    Claim(
        id="leaky-relu-loses-its-bend",
        question="1.4d",
        claim="As its slope nears 1 LeakyReLU loses its non-linearity",
        criterion=Criterion.less(f"test accuracy at slope {STEEP} minus that at {USUAL}", -0.1),
        unit="",
        study="slope",
        control=f"slope {CLOSE} instead of {STEEP}",
        figure="slope",
        source="homework 1.4d",
        measure=_bend_is_lost,
        about="leaky_relu",
        side="disadvantage",
    ),
    Claim(
        id="leaky-relu-slope-must-be-tuned",
        question="1.4d",
        claim="LeakyReLU's slope must be tuned: another slope costs accuracy",
        criterion=Criterion.greater(f"test accuracy at slope {USUAL} minus another's", HURTS),
        unit="",
        study=" and ".join(SETS.values()),
        control=f"slope {NONE:g}, which is ReLU, in the place of another",
        figure="slope",
        source="homework 1.4d; He et al. 2015",
        measure=_must_be_tuned,
        about="leaky_relu",
        side="disadvantage",
    ),
)


# ------------------------------------------------------------------ what is shown


def _section(found: Slopes) -> Section:
    hurts = {name: hurts_from(costs) for name, costs in found.costs.items()}
    return Section(
        heading="LeakyReLU's slope",
        text=(_bend_text(found), _hurt_text(found, hurts)),
        tables=(_table(found),),
        pictures=(over_slope(found.accuracy, found.bent, hurts),),
        printed=False,
    )


def _bend_text(found: Slopes) -> str:
    far = max(abs(value - leaky_nonlinearity(slope)) for slope, value in found.drawn.items())
    return (
        "The non-linearity of f is the share of its variance that no straight line explains: "
        f"{fixed(leaky_nonlinearity(0.0), 4)} for ReLU, {fixed(leaky_nonlinearity(0.1), 4)} at "
        f"slope 0.1, {short(leaky_nonlinearity(0.9))} at 0.9, 0 at 1. The library's own f on "
        f"{DRAWS:,} normal numbers is nowhere farther than {short(far, 1)} from that formula."
    )


def _hurt_text(found: Slopes, hurts: Mapping[str, float | None]) -> str:
    words = [
        f"on {name} at {short(slope)}" if slope is not None else f"on {name} it is not shown"
        for name, slope in hurts.items()
    ]
    linear = mean_of(found.accuracy["circles"][1.0]).interval
    return (
        f"A slope hurts where it costs more than {fixed(100 * HURTS, 0)} % of accuracy against the "
        f"usual {USUAL}, and so does every larger one, with the whole interval (95 % for all "
        "slopes together). That "
        f"begins {' and '.join(words)}. With slope 1 the net is linear: its accuracy on circles is "
        f"{with_interval(linear.estimate, _end(linear.low), _end(linear.high))}. How soon a steep "
        "slope hurts depends on how long the net may train, as large weights must make up for the "
        "bend it lacks."
    )


def _end(value: float) -> float | None:
    return None if np.isnan(value) else value


def _table(found: Slopes) -> Table:
    rows = []
    for slope in found.accuracy["circles"]:
        cells = [short(slope), short(leaky_nonlinearity(slope))]
        cells += [short(float(np.mean(values[slope]))) for values in found.bent.values()]
        for name, accuracy in found.accuracy.items():
            mean = mean_of(accuracy[slope]).interval.estimate
            cost = {each.slope: each.cost for each in found.costs[name]}.get(slope)
            cells.append(fixed(mean))
            cells.append(_cost_words(cost.estimate, cost.low, cost.high) if cost else "–")
        rows.append(tuple(cells))
    heads = ["slope", "non-linearity, formula", *found.bent]
    for name in found.accuracy:
        heads += [f"accuracy on {name}", f"cost against {USUAL}"]
    return Table(
        tuple(heads),
        tuple(rows),
        note=f"Cost: accuracy at slope {USUAL} minus that at the slope, paired by seed, with the "
        f"95 % intervals of all slopes at once. A slope of 0 is ReLU ({percent(0.5)} is chance).",
    )


def _cost_words(estimate: float, low: float, high: float) -> str:
    return with_interval(estimate, _end(low), _end(high))
