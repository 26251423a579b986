"""LeakyReLU's slope: how bent it leaves f, and how much of that a net needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from nnlab.core.analysis.nonlinearity import leaky_nonlinearity
from nnlab.core.analysis.seed_findings import mean_of
from nnlab.core.analysis.slope import (
    HURTS,
    USUAL,
    accuracy_by_slope,
    hurts_from,
    measured_nonlinearity,
    nonlinearity_of_net,
    slope_of,
)
from nnlab.core.analysis.statistics import Floats
from nnlab.core.analysis.trained_net import load_net
from nnlab.core.nn.activations import find_activation
from nnlab.core.questions.activations.part import Part, setting_of
from nnlab.core.questions.activations.slope_claims import CLAIMS, SETS, Slopes
from nnlab.core.report.answer import Section
from nnlab.core.report.slope_pictures import over_slope
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, percent, plural, short, with_interval
from nnlab.core.worker import one_thread

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work
    from nnlab.core.results import Results

MOMENTS: dict[str, Literal["initial", "final"]] = {"at birth": "initial", "trained": "final"}
DRAWS = 200_000
"""Normal numbers of the Monte Carlo check of the formula."""
QUICK = [
    "seeds=[20, 21]",
    "activation=[leaky_relu:0, leaky_relu:0.01, leaky_relu:0.03, leaky_relu:0.1, leaky_relu:0.2, "
    "leaky_relu:0.3, leaky_relu:0.5, leaky_relu:0.95, leaky_relu:0.99, leaky_relu:1]",
]


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
