"""The sections of the answer to question 1.4 f: what was measured, in tables and pictures."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.scaling import Scaling
from nnlab.core.analysis.statistics import geometric_interval
from nnlab.core.questions.batch_size.claims import range_words
from nnlab.core.questions.batch_size.studies import (
    ADAM,
    CORRECTED,
    EPOCHS,
    HEAVY,
    LOWER,
    MAIN,
    STEPS,
    Found,
)
from nnlab.core.report.answer import Section
from nnlab.core.report.noise_pictures import NoiseCurves, StepCurves, noise_along, single_steps
from nnlab.core.report.scaling_pictures import (
    best_rates,
    rate_by_batch,
    steps_and_examples,
    steps_over_rate,
)
from nnlab.core.report.scaling_words import batch_table, exponent_table, exponent_words
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, short
from nnlab.core.scaling.noise import NoisePoint
from nnlab.core.scaling.sweeps import Sweep
from nnlab.core.wording import number


def sections(found: Found) -> tuple[Section, ...]:
    """All of them, in the order in which a reader wants them."""
    parts = [_search(found), _laws(found), _momentum(found), _protocols(found)]
    if found.noise:
        parts.append(_noise(found))
    return tuple(parts)


def _search(found: Found) -> Section:
    main, target = found.readings[MAIN], number(found.swept.sweeps[MAIN].target)
    cost = f"steps to a training loss of {target}"
    return Section(
        "The best rate at each batch size",
        (
            f"Steps until the loss over the whole training part reaches {target}, at every batch "
            "size with its own search over rates: a factor of 2 on two seeds that are thrown away, "
            "then a factor of √2 on the seeds that are reported. A rate that is too small takes "
            "long, one that is too large never gets there.",
        ),
        (batch_table(main),),
        (
            steps_over_rate("SGD", found.main, cost),
            rate_by_batch("SGD", main, cost),
        ),
        printed=False,
    )


def _laws(found: Found) -> Section:
    whole = {
        name: found.readings[name].over(found.batch_sizes)
        for name in found.readings
        if found.swept.sweeps[name].count == "target"
    }
    shown = {MAIN: whole[MAIN], ADAM: whole[ADAM]}
    return Section(
        "How it moves: in proportion, as a square root, or not at all",
        (),
        (exponent_table(whole),),
        (best_rates(shown), steps_and_examples("SGD", found.main)),
        printed=False,
    )


def _momentum(found: Found) -> Section:
    heavy, corrected = found.readings[HEAVY], found.readings[CORRECTED]
    artefact = found.slow_start(HEAVY)
    text = (
        f"Heavy-ball momentum 0.9: {exponent_words(heavy)}. Its velocity starts at 0 and takes "
        "some 1/(1 − m) = 10 steps to be as long as it will be; a run of a dozen steps is all "
        "start-up, and wants a larger rate for that alone. Large batches have the short runs.",
        f"The same momentum with its start corrected: {exponent_words(corrected)}.",
    )
    title = (
        f"Momentum: {exponent_words(heavy)} as it is, an artefact of its start; with the start "
        f"corrected {exponent_words(corrected)}"
        if artefact
        else "The best rates with momentum, as it is and with its start corrected"
    )
    picture = best_rates(
        {"heavy ball": heavy, "start corrected": corrected}, "momentum_artefact", title
    )
    return Section("The trap of momentum", (*text, *([f"Named: {artefact}."] if artefact else [])),
                   (), (picture,), printed=False)  # fmt: skip


def _protocols(found: Found) -> Section:
    rows = []
    small = found.models["small"]
    for name in (MAIN, LOWER, EPOCHS, STEPS):
        if name in found.readings:
            reading = found.readings[name].over(found.batch_sizes)
            made_small = _made_small(found.swept.sweeps[name])
            rows.append(("digits, SGD, ReLU", made_small, *_exponents(reading)))
    models = {
        "noisy": "steps to 5 % of the start",
        "epochs": "loss after 100,000 examples",
        "steps": "loss after 1,000 steps",
    }  # fmt: skip
    for name, label in models.items():
        rows.append(("quadratic model", label, *_exponents(found.models[name])))
    rows.append(("quadratic model, " + range_words(small.batch_sizes),
                 models["noisy"], *_exponents(small)))  # fmt: skip
    rows.append(
        ("the same without noise", models["noisy"], *_exponents(found.models["noise-free"]))
    )
    return Section(
        "By what the best rate is chosen, and whether the search can be trusted",
        (
            *_budgets(found),
            "With a fixed number of steps a large batch trains on more examples and gets further, "
            "and further on a smaller rate is best. On the quadratic model the exponent is known "
            f"to be 1 at small batches: the search finds {exponent_words(small)} there. By a fixed "
            f"number of steps it finds {exponent_words(found.models['steps'])}.",
        ),
        (Table(("problem", "what is made small", "exponent", "batch sizes"), tuple(rows)),),
        printed=False,
    )


def _made_small(sweep: Sweep) -> str:
    """`steps to a loss of 0.2`, `loss after 2 epochs`."""
    if sweep.count == "target":
        return f"steps to a loss of {number(sweep.target)}"
    return f"loss after {sweep.budget} {sweep.count}"


def _budgets(found: Found) -> tuple[str, ...]:
    """How the exponent by a fixed number of epochs, and of steps, compares with the target's."""
    told = []
    for name in (EPOCHS, STEPS):
        if name in found.readings:
            other = found.readings[name]
            apart = other.mean_exponent() - found.main.mean_exponent()
            told.append(
                f"By the {_made_small(found.swept.sweeps[name])}: {exponent_words(other)}, "
                f"{fixed(abs(apart), 2)} {'above' if apart > 0 else 'below'} that by the target."
            )
    return tuple(told)


def _exponents(scaling: Scaling) -> tuple[str, str]:
    words = exponent_words(scaling).removeprefix("exponent ")
    return words, f"{scaling.batch_sizes[0]} to {scaling.batch_sizes[-1]}"


def _noise(found: Found) -> Section:
    law = found.main.hyperbola
    pictures = [noise_along(noise_curves(found, law.bend if law and law.resolved else None))]
    tables = [_noise_table(found)]
    curves, off = step_curves(found)
    if curves:
        pictures.append(single_steps(curves, off))
        tables.append(_step_table(curves))
    return Section(
        "Where it bends: the noise of the gradient",
        (
            "A batch of B has the gradient G plus noise of variance tr Σ / B. While the noise is "
            "the larger one, twice the batch allows twice the step; once it is the smaller one, "
            "the curvature of the loss sets the step, and the batch has no say. The noise scale "
            "tr Σ / |G|² is the batch size at which the two are equal.",
        ),
        tuple(tables),
        tuple(pictures),
        printed=False,
    )


def _by_step(
    found: Found, value: Callable[[NoisePoint], float | None]
) -> tuple[tuple[float, ...], ...]:
    steps = sorted({point.step for point in found.noise})
    return tuple(
        tuple(
            math.nan if (v := value(point)) is None else v
            for point in found.noise
            if point.step == step
        )
        for step in steps
    )


def noise_curves(found: Found, critical: float | None) -> NoiseCurves:
    """The noise scale along training as its picture wants it."""
    return NoiseCurves(
        steps=tuple(sorted({point.step for point in found.noise})),
        simple=_by_step(found, lambda point: point.drawn.simple),
        fresh=_by_step(found, lambda point: point.fresh.simple),
        signal=_by_step(found, lambda point: point.drawn.signal),
        noise=_by_step(found, lambda point: point.drawn.noise),
        critical=critical,
    )


def _noise_table(found: Found) -> Table:
    rows = []
    for step in sorted({point.step for point in found.noise}):
        points = [point for point in found.noise if point.step == step]
        rows.append(
            (
                str(step),
                short(float(np.mean([p.loss for p in points])), 2),
                _mean([p.drawn.signal for p in points]),
                _mean([p.drawn.noise for p in points]),
                _mean([p.drawn.simple for p in points]),
                _mean([p.fresh.simple for p in points]),
            )
        )
    return Table(
        ("step", "training loss", "|G|²", "tr Σ", "noise scale", "for unseen examples"),
        tuple(rows),
        note="Geometric means over the seeds (of the loss the mean). Unresolved: |G|² of the "
        "distribution is not told from 0 in some seed.",
    )


def _mean(values: list[float | None]) -> str:
    kept, lost = finite_part(values)
    return "unresolved" if lost or not kept.size else short(geometric_interval(kept).estimate, 3)


def step_curves(found: Found) -> tuple[list[StepCurves], float]:
    """Single steps by moment, and the typical factor between measured and predicted."""
    curves, logs = [], []
    for step in sorted({point.step for point in found.single}):
        points = [p for p in found.single if p.step == step and p.measured]
        if not points:
            continue
        batches = sorted(points[0].measured)
        predicted = {
            b: geometric_interval([p.theory.best_rate(b) for p in points]).estimate for b in batches
        }
        measured = {
            b: geometric_interval([p.measured[b] for p in points]).estimate for b in batches
        }
        logs += [abs(math.log(p.measured[b] / p.theory.best_rate(b)))
                 for p in points for b in batches]  # fmt: skip
        loss = float(np.mean([p.loss for p in found.noise if p.step == step]))
        curves.append(StepCurves(step, loss, predicted, measured))
    return curves, math.exp(float(np.median(logs))) if logs else math.nan


def _step_table(curves: list[StepCurves]) -> Table:
    batches = sorted(curves[0].measured)
    rows = []
    for each in curves:
        rows.append((f"{each.step}, predicted", *(short(each.predicted[b], 2) for b in batches)))
        rows.append((f"{each.step}, measured", *(short(each.measured[b], 2) for b in batches)))
        ratios = [each.measured[b] / each.predicted[b] for b in batches]
        rows.append((f"{each.step}, ratio", *(fixed(r, 2) for r in ratios)))
    return Table(
        ("after step", *(f"batch {b}" for b in batches)), tuple(rows),
        note="The best rate of one more step. Predicted: |G|² / (G·HG + tr(HΣ) (1 − B/n) / B), "
        "nothing fitted.",
    )  # fmt: skip
