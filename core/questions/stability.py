"""Question 1.4b: where softmax and cross-entropy break, measured, and what mends them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnlab.core.analysis.claims import Claim, Finding, judge_claims
from nnlab.core.analysis.float_limits import (
    CROSS_ENTROPY,
    DTYPES,
    NAIVE_PAIR,
    PROBES,
    find_threshold,
    naive_softmax,
    values_along,
)
from nnlab.core.analysis.naive_training import Watched, train_with
from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import Floats, t_interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.batches import encode
from nnlab.core.nn.losses import OUTPUTS
from nnlab.core.plan import make_stacks
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.stability_pictures import Limits, thresholds_picture, training_picture
from nnlab.core.report.table import Table
from nnlab.core.report.wording import percent, short
from nnlab.core.results import Results
from nnlab.core.wording import number

STUDY = "large_logits"
X = 1000.0
"""Where every form is tried."""
VECTORS, CLASSES, SHIFT = 10, 5, 120.0
"""Random logits that decide the first two claims, moved up or down by so much, in float32."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the claims are judged on, one number a vector or a seed."""

    broken: dict[tuple[str, str], tuple[float, ...]]
    """(`naive` or `stable`, `up` or `down`): 1 where the shifted softmax is not finite, else 0."""
    naive: Watched
    stable: Watched
    seeds: tuple[int, ...]
    """Of the runs of both, in their order."""
    scope: str
    """What was trained."""


def _broken(direction: str) -> Claim:
    large = "large" if direction == "up" else "very negative"
    cause = "exp overflows" if direction == "up" else "every exp underflows to 0"

    def measure(found: Found) -> Finding:
        return Finding(
            t_interval(found.broken["naive", direction]),
            f"{VECTORS} vectors of {CLASSES} standard normal logits, moved {direction} by "
            f"{SHIFT:g}, float32",
            Measured(t_interval(found.broken["stable", direction])),
        )

    return Claim(
        id=f"naive-softmax-breaks-{direction}",
        question="1.4b",
        claim=f"Softmax as written is no number where all logits are {large}: {cause}.",
        criterion=Criterion.greater("share of the vectors whose softmax is not finite", 0.5),
        unit="",
        study="shifted logits",
        control="softmax with the maximum subtracted",
        source="homework 1.4b; Blanchard et al. 2021",
        figure="thresholds",
        measure=measure,
    )


def _training(found: Found) -> Finding:
    return Finding(
        t_interval(found.naive.survived),
        f"{found.scope}, {len(found.seeds)} seeds",
        Measured(t_interval(found.stable.survived)),
    )


CLAIMS = (
    _broken("up"),
    _broken("down"),
    Claim(
        id="naive-training-dies",
        question="1.4b",
        claim="Training on the naive cross-entropy ends in NaN where the stable form learns on.",
        criterion=Criterion.less("share of the steps before the first that is no number", 0.9),
        unit="",
        study=STUDY,
        control="the same runs on log-sum-exp",
        figure="training",
        source="Blanchard et al. 2021",
        measure=_training,
    ),
)


def answer(work: Work) -> Answer:
    """Find the thresholds, then let one stack train in both forms."""
    limits = {(p.name, dtype): find_threshold(p, dtype) for p in PROBES for dtype in DTYPES}
    # Ten runs take a second: a quick answer makes them all.
    results = work.study(STUDY)
    study = work.prepare(results.spec)
    (stack,) = make_stacks(study.plan.runs, 1)
    examples = encode(study.plan.split, stack.recipe)
    found = Found(
        break_softmax(),
        train_with(NAIVE_PAIR, stack, examples),
        train_with(CROSS_ENTROPY, stack, examples),
        tuple(run.seed for run in stack.runs),
        scope_of(results),
    )
    accuracy = dict(results.runs.select("seed", "test_accuracy").iter_rows())
    sections = (
        Section(
            "The thresholds, found by bisection over all floats",
            (
                "Every format has so few numbers that the first one at which a formula breaks can "
                "be found exactly: 64 halvings at most.",
            ),
            (_threshold_table(limits), _example_table()),
            (thresholds_picture(limits),),
        ),
        Section(
            "A training run in both forms",
            (
                "The same nets, batches and optimizer; only the loss is computed differently. "
                "NaN in one gradient makes every weight NaN, for good.",
            ),
            (_training_table(found, accuracy),),
            (
                training_picture(
                    found.naive,
                    found.stable,
                    found.seeds,
                    limits["softmax-overflow", "float32"].last,
                ),
            ),
        ),
    )
    return Answer(
        _sentences(limits, found, finite_part(list(accuracy.values()))[0]),
        sections,
        tuple(judge_claims(CLAIMS, found)),
        (
            "1.4b says unstable 'when the input is really large or really small'. It is the naive "
            "form that is: with the maximum subtracted only differences of logits count, and no "
            "input overflows. What is left is that a class far behind the largest gets exactly 0; "
            "its logarithm has to be taken by log-sum-exp, never as log(softmax).",
        ),
        results.runs,
    )


def scope_of(results: Results) -> str:
    """What the runs of the study have in common, in words."""
    row = results.runs.row(0, named=True)
    return (
        f"{row['dataset']}, {row['hidden_layer_sizes']}, {row['activation']}, {row['optimizer']} "
        f"at {number(row['learning_rate'])}, {results.spec.dtype}"
    )


def break_softmax() -> dict[tuple[str, str], tuple[float, ...]]:
    """Which of the shifted random vectors each form of softmax fails on."""
    forms = {"naive": naive_softmax, "stable": OUTPUTS["softmax"].function}
    shifts = {"up": SHIFT, "down": -SHIFT}
    vectors = [np.random.default_rng(seed).standard_normal(CLASSES) for seed in range(VECTORS)]
    with np.errstate(all="ignore"):
        return {
            (form, direction): tuple(
                float(not np.isfinite(function((z + shift).astype(np.float32)[None, None])).all())
                for z in vectors
            )
            for form, function in forms.items()
            for direction, shift in shifts.items()
        }


def _sentences(limits: Limits, found: Found, accuracy: Floats) -> tuple[str, ...]:
    over = [short(limits["softmax-overflow", d].last, 4) for d in DTYPES]
    under = [short(limits["softmax-underflow", d].last, 4) for d in DTYPES]
    one = [short(limits["sigmoid", d].last, 4) for d in DTYPES]
    steps = found.naive.losses.shape[1]
    died = [step for step in found.naive.dead_at if step is not None]
    lived = sum(step is None for step in found.stable.dead_at)
    end = f" and reach {percent(float(accuracy.mean()))} test accuracy" if accuracy.size else ""
    return (
        "Softmax as written breaks at both ends. One logit above "
        f"{over[0]} in float16, {over[1]} in float32, {over[2]} in float64 overflows exp, and "
        f"∞ / ∞ is NaN; all logits below −{under[0]}, −{under[1]}, −{under[2]} underflow to "
        "0 / 0, NaN as well. Subtracting the maximum ends both, up to the largest number there is.",
        "It does not save a logarithm taken afterwards: a class that far behind has p exactly 0 "
        "and log p = −∞. Log-sum-exp never forms p, and gives the loss to the last digit. The "
        f"sigmoid has the same trap: above {one[0]} in float16, {one[1]} in float32, {one[2]} in "
        "float64 it rounds to exactly 1, so that where the truth is 0 the loss −log(1 − p) is ∞, "
        "unless it is computed from the logit.",
        f"In training: {len(died)} of {len(found.naive.dead_at)} runs with the naive loss end in "
        + (f"NaN, at step {min(died)} to {max(died)} of {steps}; " if died else "NaN; ")
        + f"with the stable one {lived} of {len(found.stable.dead_at)} train to the end{end}.",
    )  # fmt: skip


# ------------------------------------------------------------------ tables


def _threshold_table(limits: Limits) -> Table:
    rows = []
    for probe in PROBES:
        cells = []
        for dtype in DTYPES:
            limit = limits[probe.name, dtype]
            said = "NaN" if limit.found == "nan" else limit.found.replace("inf", "∞")
            fails = "always" if limit.first is None else f"{short(limit.last, 7)}, then {said}"
            cells.append(fails)
        rows.append((probe.what, probe.form, probe.must, *cells))
    heads = ("what", "computed", "is", *(f"{dtype} up to x =" for dtype in DTYPES))
    note = "The last float at which it holds, then what the very next float gives."
    return Table(heads, tuple(rows), note=f"{note} 'always': up to the largest number there is.")


def _example_table() -> Table:
    rows = []
    for probe in PROBES:
        found = [float(values_along(probe, dtype, np.array([X]))[0]) for dtype in DTYPES]
        cells = ["NaN" if np.isnan(value) else short(value, 7) for value in found]
        rows.append((probe.what, probe.form, *cells))
    return Table((f"at x = {X:,.0f}", "computed", *DTYPES), tuple(rows))


def _training_table(found: Found, accuracy: dict[int, float | None]) -> Table:
    rows = []
    for i, (seed, bad) in enumerate(zip(found.seeds, found.naive.dead_at, strict=True)):
        before = found.naive.largest[i, :bad].max()  # of the steps whose loss was a number
        rows.append(
            (
                str(seed),
                "–" if bad is None else str(bad),
                short(float(before), 4),
                str(found.naive.infinite[i]),
                short(float(found.stable.largest[i].max()), 4),
                percent(accuracy[seed]),
            )
        )
    heads = ("seed", "naive: NaN at step", "largest |logit| before", "infinite losses before",
             "stable: largest |logit|", "stable: test accuracy")  # fmt: skip
    return Table(heads, tuple(rows))
