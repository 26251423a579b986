"""The claims of question 1.4 f and how each is measured; the margins were set beforehand.

Exponents are slopes of ln best rate over ln batch size, one a seed. The control of most is the
quadratic model, on which the answer is known, searched by the same code: without sampling noise
its best rate does not depend on the batch size at all, with noise it goes nearly in proportion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.scaling import Scaling
from nnlab.core.analysis.seed_findings import Measured, mean_of, ratio_of
from nnlab.core.analysis.statistics import Interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.questions.batch_size.studies import (
    ADAM,
    CORRECTED,
    HEAVY,
    MAIN,
    STUDY,
    Found,
    mean_noise,
)
from nnlab.core.report.wording import plural

NOISE_FREE = "the quadratic model without sampling noise"
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
    found: Found, name: str, scaling: Scaling, control: Interval, faults: Sequence[str] = ()
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
    return _finding(found, MAIN, found.main, exponent_of(found.models["noise-free"]).interval)


def _in_proportion(found: Found) -> Finding:
    whole = found.readings[MAIN]
    finding = _finding(found, MAIN, whole, exponent_of(found.models["noise-free"]).interval)
    ranges = (found.small.batch_sizes, *found.main.ranges)
    return Finding(
        finding.interval, finding.scope, finding.control, finding.non_finite_share, finding.faults,
        {range_words(each): exponent_of(whole, each).interval for each in ranges},
    )  # fmt: skip


def _momentum(name: str, found: Found) -> Finding:
    artefact = found.slow_start(name)
    return _finding(
        found, name, found.readings[name], exponent_of(found.models["noise-free"]).interval,
        (artefact,) if artefact else (),
    )  # fmt: skip


def _adam(found: Found) -> Finding:
    control = exponent_of(found.models["noisy"]).interval
    return _finding(found, ADAM, found.readings[ADAM], control)


def _saturates(found: Found) -> Finding:
    beyond = found.main.ranges[-1]
    control = exponent_of(found.models["noisy"], beyond).interval
    return _finding(found, MAIN, found.main.over(beyond), control)


def _noise_predicts(found: Found) -> Finding:
    critical = dict(zip(found.main.seeds, found.main.seed_critical.tolist(), strict=True))
    measured = ratio_of(critical, mean_noise(found))
    return Finding(
        interval=measured.interval,
        scope=_scope(found, MAIN, found.batch_sizes)
        + "; noise scale along the way to the target at batch size 64 and its best rate",
        non_finite_share=measured.lost_share,
        faults=found.main.faults(),
    )


_EXPONENT = "exponent of the best rate over the batch size"
_INSIDE = Criterion.inside(_EXPONENT, 0.85, 1.15)


def _claim(
    id: str,
    claim: str,
    criterion: Criterion,
    control: str,
    figure: str,
    about: str,
    measure: Callable[[Found], Finding],
) -> Claim:
    unit = "x" if criterion.estimand.startswith("ratio") else ""
    return Claim(
        id, "1.4f", claim, criterion, unit, STUDY, control, figure, measure, about
    )  # fmt: skip


CLAIMS = (
    _claim(
        "larger-batch-larger-rate", "A larger batch wants a larger learning rate.",
        Criterion.greater(_EXPONENT, 0.1), NOISE_FREE, "best_rates", "sgd", _grows,
    ),
    _claim(
        "in-proportion", "The learning rate should change in proportion to the batch size.",
        _INSIDE, NOISE_FREE, "best_rates", "sgd", _in_proportion,
    ),
    _claim(
        "saturates", "Beyond the critical batch size the best rate hardly grows any more.",
        Criterion.less(_EXPONENT, 0.5), NOISY, "best_rates", "sgd", _saturates,
    ),
    _claim(
        "adam-square-root", "Adam's best rate goes with the square root of the batch size.",
        Criterion.inside(_EXPONENT, 0.35, 0.65), NOISY, "best_rates", "adam", _adam,
    ),
    _claim(
        "momentum-in-proportion", "With momentum 0.9 the best rate goes in proportion.",
        _INSIDE, NOISE_FREE, "momentum_artefact", "momentum",
        lambda found: _momentum(HEAVY, found),
    ),
    _claim(
        "corrected-momentum-in-proportion",
        "With momentum 0.9 whose start is corrected the best rate goes in proportion.",
        _INSIDE, NOISE_FREE, "momentum_artefact", "momentum_corrected",
        lambda found: _momentum(CORRECTED, found),
    ),
    _claim(
        "noise-scale-predicts-where",
        "The gradient noise scale predicts the critical batch size, to a factor of 3.",
        Criterion.inside(
            "ratio of the critical batch size to the mean noise scale on the way", 1 / 3, 3.0
        ),
        "", "noise_scale", "sgd", _noise_predicts,
    ),
)  # fmt: skip
"""In the order of the answer."""
