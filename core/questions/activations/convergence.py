"""Convergence: steps to a target at one shared rate and at each activation's own tuned rate."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import polars as pl

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.convergence import (
    Steps,
    milliseconds_a_step,
    steps_by_seed,
    steps_interval,
    unreached,
)
from nnlab.core.analysis.seed_findings import Measured, ratio_of
from nnlab.core.analysis.verdicts import Criterion, edge_fault, target_fault
from nnlab.core.questions.activations.part import Part, setting_of
from nnlab.core.report.answer import Section
from nnlab.core.report.convergence_pictures import steps_to_target
from nnlab.core.report.style import activation_look
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, listed, short
from nnlab.core.tuning import Tuning, tune
from nnlab.core.wording import number

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

FASTER = 1.1
"""One converges faster than another where the other takes at least a tenth more steps."""
QUICK_SHARED = ["seeds=2"]
QUICK_TUNED = ["seeds=2", "learning_rate=[0.25, 0.5, 1.0, 2.0, 4.0, 8.0]", "steps=200"]


@dataclass(frozen=True)
class Convergence:
    """What the two studies of convergence found."""

    rate: float
    """The shared one."""
    target: float
    shared: Steps
    tuned: Steps
    tuning: Tuning
    times: dict[str, float]
    """Milliseconds a step, by activation."""
    settings: tuple[str, str]
    """What the runs at the shared rate have in common, and what those at tuned rates have."""


def part(work: Work) -> Part:
    """Train at the shared rate, tune, train at the tuned rates, and say what was found."""
    shared = work.study("convergence", QUICK_SHARED)
    study, tuning = tune(work.prepare(work.spec("convergence_tuned", QUICK_TUNED)), work.watch)
    with work.watch(study.spec.name) as listener:
        tuned = study.run(listener)
    target = shared.spec.target_loss
    assert target is not None
    found = Convergence(
        rate=float(shared.runs["learning_rate"][0]),
        target=target,
        shared=steps_by_seed(shared.runs),
        tuned=steps_by_seed(tuned.runs),
        tuning=tuning,
        times=milliseconds_a_step(shared.runs),
        settings=(setting_of(shared), setting_of(tuned)),
    )
    return Part(
        sections=(_section(found),),
        claims=CLAIMS,
        findings=tuple(claim.measure(found) for claim in CLAIMS),
        runs=pl.concat([shared.runs, tuned.runs]),
    )


# ------------------------------------------------------------------ claims


def _slower(other: str, *, tuned: bool) -> Callable[[Convergence], Finding]:
    """Steps of `other` over those of ReLU, paired by seed; the control is LeakyReLU."""

    def measure(found: Convergence) -> Finding:
        steps = found.tuned if tuned else found.shared

        def over_relu(name: str) -> Measured:
            measured = ratio_of(steps[name], steps["relu"])
            return replace(measured, faults=_faults(found, (name, "relu"), tuned=tuned))

        ratio = over_relu(other)
        rates = f"all at a learning rate of {number(found.rate)}"
        if tuned:
            own = found.tuning.rates.written()
            rates = f"each at its own rate: {other} {own[other]:.3g}, relu {own['relu']:.3g}"
        return Finding(
            interval=ratio.interval,
            scope=f"{found.settings[tuned]}, target a training loss of {number(found.target)}; "
            f"{rates}",
            control=over_relu("leaky_relu"),
            non_finite_share=ratio.lost_share,
            faults=ratio.faults,
        )

    return measure


def _faults(found: Convergence, names: Collection[str], *, tuned: bool) -> tuple[str, ...]:
    """What forbids a verdict on them: a target that was missed, a best rate on the edge."""
    missed = unreached(found.tuned if tuned else found.shared)
    edges = found.tuning.at_edge if tuned else ()
    return (
        *(target_fault(name) for name in missed if name in names),
        *(edge_fault(f"the learning rate of {name}") for name in edges if name in names),
    )


def _claim(other: str, *, tuned: bool) -> Claim:
    """ReLU converges faster than `other`, tuned or at the shared rate."""
    terms = "tuned" if tuned else "shared"
    how = "each at its own tuned learning rate" if tuned else "all at one shared learning rate"
    return Claim(
        id=f"relu-faster-than-{other}-{terms}",
        question="1.4d",
        claim=f"ReLU converges faster than {other}, {how}",
        criterion=Criterion.greater(f"steps to the target, {other} over ReLU", FASTER),
        unit="x",
        study="convergence_tuned" if tuned else "convergence",
        control=f"LeakyReLU, which is nearly ReLU, in the place of {other}",
        source="homework 0.1b and 1.4d; Krizhevsky et al. 2012",
        figure="steps_to_target",
        measure=_slower(other, tuned=tuned),
        about="relu",
        side="advantage",
    )


CLAIMS = tuple(
    _claim(other, tuned=tuned) for other in ("sigmoid", "tanh") for tuned in (False, True)
)


# ------------------------------------------------------------------ what is shown


def _section(found: Convergence) -> Section:
    trials: dict[str, list[tuple[float, float]]] = {}
    for trial in found.tuning.trials:
        point = (trial.learning_rate, trial.steps_to_target)
        trials.setdefault(trial.activation, []).append(point)
    own = found.tuning.rates.written()
    picture = steps_to_target(trials, (found.rate, found.shared), (own, found.tuned), found.target)
    return Section(
        heading="Convergence",
        text=(_text(found),),
        tables=(_table(found),),
        pictures=(picture,),
        printed=False,
    )


def _text(found: Convergence) -> str:
    def order(steps: Steps) -> str:
        means = {name: steps_interval(values).estimate for name, values in steps.items()}
        reached = sorted((mean, name) for name, mean in means.items() if isfinite(mean))
        return listed([f"{name} {mean:.0f}" for mean, name in reached]) if reached else "none"

    seeds = listed([str(seed) for seed in found.tuning.seeds])
    edge = found.tuning.at_edge
    beyond = f" The best rate of {listed(edge)} lies on the edge of the search." if edge else ""
    return (
        f"Steps until the training loss is {number(found.target)}. All at a learning rate of "
        f"{number(found.rate)}: {order(found.shared)}. Each at its own best rate, searched on the "
        f"seeds {seeds}, which are not reported: {order(found.tuned)}. A shared rate may be "
        "near the best of one activation and far from that of another: a speed belongs to the "
        f"activation only where each has its own rate.{beyond}"
    )


def _table(found: Convergence) -> Table:
    own = found.tuning.rates.written()
    rows = []
    for name in found.shared:
        cells = [name]
        for steps in (found.shared, found.tuned):
            interval = steps_interval(steps[name])
            ratio = ratio_of(steps[name], steps["relu"]).interval
            cells += [
                _with_ends(interval.estimate, interval.low, interval.high, 0),
                "1" if name == "relu" else _with_ends(ratio.estimate, ratio.low, ratio.high, 2),
            ]
        cells.insert(3, short(own[name]))
        cells.append(fixed(found.times.get(name), 2))
        rows.append(tuple(cells))
    heads = (
        "activation", f"steps at {number(found.rate)}", "over ReLU's", "own rate", "steps at it",
        "over ReLU's ", "ms a step",
    )  # fmt: skip
    return Table(
        heads,
        tuple(rows),
        tuple(activation_look(name) for name in found.shared),
        note="Geometric means over seeds with 95 % intervals; ratios are paired by seed. The time "
        "of a step was measured while other work ran beside it, and enters no verdict.",
    )


def _with_ends(estimate: float, low: float, high: float, decimals: int) -> str:
    if not isfinite(low):
        return fixed(estimate, decimals)
    return f"{fixed(estimate, decimals)} [{fixed(low, decimals)}, {fixed(high, decimals)}]"
