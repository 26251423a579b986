"""The claims of question 1.4 f and how each is measured; the margins were set beforehand.

Exponents are slopes of ln best rate over ln batch size, one a seed. The control of most is the
quadratic model, on which the answer is known, searched by the same code: without sampling noise
its best rate does not depend on the batch size at all, with noise it goes nearly in proportion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.scaling import Scaling
from nnlab.core.analysis.seed_findings import Measured, mean_of, ratio_of
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.questions.batch_size.studies import (
    ADAM,
    CORRECTED,
    HEAVY,
    MAIN,
    NOISE_BATCH,
    STUDY,
    Found,
    mean_noise,
)
from nnlab.core.report.wording import plural

NOISE_FREE = "the quadratic model without sampling noise"
OTHER_PROBLEM = "the critical batch size of another problem, the noisy quadratic model"
NOISY = "the quadratic model with sampling noise, nearly in proportion over this range"
_NET = "digits, 64-32-32-10, steps to a training loss of"


def exponent_of(scaling: Scaling, batch_sizes: Sequence[int] | None = None) -> Measured:
    """The seeds' exponents over these batch sizes."""
    values = scaling.seed_exponents(batch_sizes)
    known = {
        seed: float(v) if math.isfinite(v) else None
        for seed, v in zip(scaling.seeds, values, strict=True)
    }
    return mean_of(known)


def _judgeable(scaling: Scaling, batch_sizes: Sequence[int] | None = None) -> Measured:
    """The same with what speaks against it, of these batch sizes alone."""
    part = scaling if batch_sizes is None else scaling.over(batch_sizes)
    return replace(exponent_of(scaling, batch_sizes), faults=part.faults())


def _model(found: Found, name: str, batch_sizes: Sequence[int] | None = None) -> Measured:
    """The exponent of the quadratic model, a control."""
    return _judgeable(found.models[name], batch_sizes)


def range_words(batch_sizes: Sequence[int]) -> str:
    """`batch sizes 8 to 32`."""
    return f"batch sizes {batch_sizes[0]} to {batch_sizes[-1]}"


def _scope(found: Found, name: str, batch_sizes: Sequence[int]) -> str:
    sweep, seeds = found.swept.sweeps[name], len(found.readings[name].seeds)
    return (
        f"{_NET} {sweep.target:g}, {name}, {range_words(batch_sizes)}, constant rate, "
        f"{plural(seeds, 'seed')}"
    )


def _finding(
    found: Found, name: str, scaling: Scaling, control: Measured, faults: Sequence[str] = ()
) -> Finding:
    measured = exponent_of(scaling)
    return Finding(
        interval=measured.interval,
        scope=_scope(found, name, scaling.batch_sizes),
        control=control,
        non_finite_share=measured.lost_share,
        faults=(*scaling.faults(), *faults),
    )


def _grows(found: Found) -> Finding:
    return _finding(found, MAIN, found.main, _model(found, "noise-free"))


def _in_proportion(found: Found) -> Finding:
    whole = found.readings[MAIN]
    finding = _finding(found, MAIN, whole, _model(found, "noise-free"))
    ranges = (found.small.batch_sizes, *found.main.ranges)
    return Finding(
        finding.interval, finding.scope, finding.control, finding.non_finite_share, finding.faults,
        {range_words(each): _judgeable(whole, each) for each in ranges},
    )  # fmt: skip


def _momentum(name: str, found: Found) -> Finding:
    artefact = found.slow_start(name)
    faults = (artefact,) if artefact else ()
    return _finding(found, name, found.readings[name], _model(found, "noise-free"), faults)


def _adam(found: Found) -> Finding:
    return _finding(found, ADAM, found.readings[ADAM], _model(found, "noisy"))


def _saturates(found: Found) -> Finding:
    beyond = found.main.ranges[-1]
    control = _model(found, "noisy", beyond)
    bend, faults = found.main.hyperbola, list[str]()
    if bend is None or not bend.resolved or bend.bend > beyond[0]:
        faults.append(f"{range_words(beyond)} are not known to lie beyond the critical one")
    return _finding(found, MAIN, found.main.over(beyond), control, faults)


def _noise_predicts(found: Found) -> Finding:
    measured = _over_noise(found, found.main)
    return Finding(
        interval=measured.interval,
        scope=_scope(found, MAIN, found.batch_sizes)
        + f"; noise scale along the way to the target at batch size {NOISE_BATCH} and its best "
        "rate",
        control=replace(
            _over_noise(found, found.models["noisy"]), faults=found.models["noisy"].faults()
        ),
        non_finite_share=measured.lost_share,
        faults=found.main.faults(),
    )


def _over_noise(found: Found, scaling: Scaling) -> Measured:
    """The critical batch size that a search finds over the noise scale of the nets, by seed."""
    critical = dict(zip(scaling.seeds, scaling.seed_critical.tolist(), strict=True))
    noise = mean_noise(found)
    both = [seed for seed in noise if seed in critical]
    return ratio_of({seed: critical[seed] for seed in both}, {seed: noise[seed] for seed in both})


HARDLY = 0.25
"""Twice the batch for less than 1.19 times the rate. The law lr_max / (1 + B_crit/B) has the
exponent B_crit / (B + B_crit): 1/2 at the critical batch size itself, where nothing has saturated
yet, and 1/4 at three times that."""
_EXPONENT = "exponent of the best rate over the batch size"
_INSIDE = Criterion.inside(_EXPONENT, 0.85, 1.15)


_claim = partial(Claim, question="1.4f", study=STUDY)

CLAIMS = (
    _claim(
        id="larger-batch-larger-rate",
        claim="A larger batch wants a larger learning rate.",
        criterion=Criterion.greater(_EXPONENT, 0.1),
        unit="",
        control=NOISE_FREE,
        figure="best_rates",
        about="sgd",
        source="homework 1.4f; Goyal et al. 2017",
        measure=_grows,
    ),
    _claim(
        id="in-proportion",
        claim="The learning rate should change in proportion to the batch size.",
        criterion=_INSIDE,
        unit="",
        control=NOISE_FREE,
        figure="best_rates",
        about="sgd",
        source="homework 1.4f; Goyal et al. 2017",
        measure=_in_proportion,
    ),
    _claim(
        id="saturates",
        claim="Beyond the critical batch size the best rate hardly grows any more.",
        criterion=Criterion.less(_EXPONENT, HARDLY),
        unit="",
        control=NOISY,
        figure="best_rates",
        about="sgd",
        source="McCandlish et al. 2018",
        measure=_saturates,
    ),
    _claim(
        id="adam-square-root",
        claim="Adam's best rate goes with the square root of the batch size.",
        criterion=Criterion.inside(_EXPONENT, 0.35, 0.65),
        unit="",
        control=NOISY,
        figure="best_rates",
        about="adam",
        source="Malladi et al. 2022",
        measure=_adam,
    ),
    _claim(
        id="momentum-in-proportion",
        claim="With momentum 0.9 the best rate goes in proportion.",
        criterion=_INSIDE,
        unit="",
        control=NOISE_FREE,
        figure="momentum_artefact",
        about="momentum",
        source="Goyal et al. 2017",
        measure=lambda found: _momentum(HEAVY, found),
    ),
    _claim(
        id="corrected-momentum-in-proportion",
        claim="With momentum 0.9 whose start is corrected the best rate goes in proportion.",
        criterion=_INSIDE,
        unit="",
        control=NOISE_FREE,
        figure="momentum_artefact",
        about="momentum_corrected",
        source="Goyal et al. 2017",
        measure=lambda found: _momentum(CORRECTED, found),
    ),
    _claim(
        id="noise-scale-predicts-where",
        claim="The gradient noise scale predicts the critical batch size, to a factor of 3.",
        criterion=Criterion.inside(
            "ratio of the critical batch size to the mean noise scale on the way", 1 / 3, 3.0
        ),
        unit="x",
        control=OTHER_PROBLEM,
        figure="noise_scale",
        about="sgd",
        source="McCandlish et al. 2018",
        measure=_noise_predicts,
    ),
)
"""In the order of the answer."""
