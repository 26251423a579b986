"""Question 1.4a: softmax is the argmax made soft, and what that is good for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnlab.core.analysis.claims import Claim, Finding, judge_claims
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.soft_argmax import (
    Array,
    Softened,
    decay,
    gap_of,
    hardmax,
    jacobian,
    slopes_by_differences,
    soften,
    softmax,
)
from nnlab.core.analysis.statistics import t_interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import Look, look_at, looks
from nnlab.core.report.table import Table
from nnlab.core.report.wording import short
from nnlab.core.report.worked_example import vector_words

LOGITS = np.array([2.0, 1.0, 0.5, -1.0])
TEMPERATURES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
SHOWN = (3.0, 1.0, 0.3, 0.1)
"""The temperatures of the picture over the difference of two logits."""
VECTORS, CLASSES = 10, 5
"""Random logits that decide the claims: so many vectors of so many."""


@dataclass(frozen=True, slots=True)
class Found:
    """One number a random vector of logits, for each claim and its control."""

    decay: tuple[float, ...]
    decay_at_ties: tuple[float, ...]
    slope: tuple[float, ...]
    slope_of_argmax: tuple[float, ...]


def _goes_to_argmax(found: Found) -> Finding:
    return Finding(t_interval(found.decay), _SCOPE, Measured(t_interval(found.decay_at_ties)))


def _has_gradient(found: Found) -> Finding:
    return Finding(t_interval(found.slope), _SCOPE, Measured(t_interval(found.slope_of_argmax)))


_SCOPE = f"{VECTORS} vectors of {CLASSES} standard normal logits, float64"

CLAIMS = (
    Claim(
        id="softmax-goes-to-argmax",
        question="1.4a",
        claim="As the temperature falls, softmax goes to the one-hot argmax as exp(-gap / T).",
        criterion=Criterion.inside("decay of ln(distance) with gap / T", 0.9, 1.1),
        unit="",
        study="random logits",
        control="two equal maxima, of which argmax takes the first",
        figure="temperature",
        source="homework 1.4a; Bridle 1990",
        measure=_goes_to_argmax,
    ),
    Claim(
        id="softmax-has-a-gradient",
        question="1.4a",
        claim="Softmax passes a gradient to the logits; argmax passes none.",
        criterion=Criterion.greater("norm of the derivative, by central differences", 0.01),
        unit="",
        study="random logits",
        control="argmax in place of softmax",
        figure="step-and-slope",
        source="Bridle 1990",
        measure=_has_gradient,
    ),
)


def answer(work: Work) -> Answer:
    """Cool the same logits from 10 to 0.01, and look for a gradient in both functions."""
    cooled = [soften(LOGITS, temperature) for temperature in TEMPERATURES]
    found = measure_random_logits()
    sections = (
        Section(
            "The same logits, cooled",
            (
                f"z = {vector_words(LOGITS)}, p = softmax(z / T). The distance is the probability "
                "that the classes other than the argmax still have.",
            ),
            (_temperature_table(cooled),),
            (_temperature_picture(cooled),),
        ),
        Section(
            "The gradient that argmax does not have",
            (
                "Argmax is flat wherever the maximum is unique, and has no derivative where it is "
                "not. Softmax is its smooth version: dp_k/dz = p_k (e_k − p) / T.",
            ),
            (_gradient_table(),),
            (_slope_picture(),),
        ),
    )
    return Answer(_sentences(cooled, found), sections, tuple(judge_claims(CLAIMS, found)), (
        "1.4a says that argmax returns the maximum's place; that is an index. What softmax comes "
        "to is the one-hot vector of that place, and the expected index Σ p_k k comes to the "
        "index. The maximum itself is met by T log Σ exp(z_k / T), the soft maximum: "
        "softmax is a soft arg max, not a soft max.",
    ))  # fmt: skip


def measure_random_logits() -> Found:
    """The numbers behind the claims."""
    vectors = [np.random.default_rng(seed).standard_normal(CLASSES) for seed in range(VECTORS)]
    return Found(
        decay=tuple(decay(z, gap_of(z)) for z in vectors),
        decay_at_ties=tuple(decay(_with_tie(z), gap_of(z)) for z in vectors),
        slope=tuple(_norm(z, hard=False) for z in vectors),
        slope_of_argmax=tuple(_norm(z, hard=True) for z in vectors),
    )


def _norm(z: Array, *, hard: bool) -> float:
    return float(np.linalg.norm(slopes_by_differences(z, hard=hard)))


def _with_tie(z: Array) -> Array:
    tied = z.copy()
    tied[np.argsort(z)[-2]] = z.max()
    return tied


def _sentences(cooled: list[Softened], found: Found) -> tuple[str, ...]:
    first, last = cooled[0], cooled[-1]
    shift = float(np.abs(softmax(LOGITS + 1000.0, 1.0) - softmax(LOGITS, 1.0)).max())
    return (
        "Softmax is the argmax made soft: a weight for every place instead of one place. On "
        f"z = {vector_words(LOGITS)} the classes that are not the maximum keep "
        f"{short(first.distance, 2)} of the weight at T = {short(first.temperature)} and "
        f"{short(last.distance, 2)} at T = {short(last.temperature)}: the distance to the one-hot "
        "argmax falls like exp(−gap / T).",
        f"Being soft gives it a gradient: over {VECTORS} random vectors the derivative of argmax "
        f"is {short(max(found.slope_of_argmax))}, that of softmax has norm "
        f"{short(min(found.slope), 2)} to {short(max(found.slope), 2)}. A net cannot be trained "
        "through an argmax.",
        "Only differences of logits count: adding 1,000 to all of them changes p by "
        f"{short(shift, 1)}. So any temperature is a scale of the logits, and a net that makes "
        "its logits larger makes its own softmax harder.",
    )


def _temperature_table(cooled: list[Softened]) -> Table:
    rows = [
        (
            short(each.temperature), *(short(float(p), 3) for p in each.p),
            short(each.distance, 3), short(each.index, 6), short(each.maximum, 6),
            short(each.slope, 3),
        )
        for each in cooled
    ]  # fmt: skip
    hard = hardmax(LOGITS)
    place = float(hard @ np.arange(1, LOGITS.size + 1))
    rows.append(("argmax", *(short(float(p)) for p in hard), "0", short(place),
                 short(float(LOGITS.max())), "0"))  # fmt: skip
    heads = ("T", *(f"p{k + 1}" for k in range(LOGITS.size)), "distance", "Σ p k",
             "T log Σ exp(z/T)", "norm of dp/dz")  # fmt: skip
    return Table(heads, tuple(rows))


def _gradient_table() -> Table:
    hard = slopes_by_differences(LOGITS, hard=True)
    rows = [
        (f"dp{k + 1}/dz", *(short(float(v), 3) for v in (*soft, *flat)))
        for k, (soft, flat) in enumerate(zip(jacobian(LOGITS), hard, strict=True))
    ]
    K = LOGITS.size
    heads = ("T = 1", *(f"softmax, z{k + 1}" for k in range(K)),
             *(f"argmax, z{k + 1}" for k in range(K)))  # fmt: skip
    note = "Softmax's from its formula, argmax's by central differences."
    return Table(heads, tuple(rows), note=note)


def _temperature_picture(cooled: list[Softened]) -> LinesPicture:
    fine = [soften(LOGITS, float(t)) for t in np.geomspace(10.0, 0.01, 91)]
    coldness = tuple(1.0 / each.temperature for each in fine)
    ticks = tuple(1.0 / t for t in TEMPERATURES)
    x = Axis("temperature T", "log", places=ticks, names=tuple(short(t) for t in TEMPERATURES))
    shares = tuple(
        Line(f"class {k + 1}: z = {short(float(z))}", look_at(k), coldness,
             tuple(float(each.p[k]) for each in fine))
        for k, z in enumerate(LOGITS)
    )  # fmt: skip
    distance = Line("distance", look_at(0), coldness, tuple(each.distance for each in fine))
    return LinesPicture(
        "temperature",
        f"Cooled from T = {short(cooled[0].temperature)} to {short(cooled[-1].temperature)}, "
        "softmax becomes the argmax",
        "Left: the weight of each class, from nearly equal (hot) to all on the largest (cold). "
        "Right: the weight that is not on the largest, on a logarithmic scale.",
        (
            Panel("Weights", x, Axis("p = softmax(z / T)", limits=(0.0, 1.02)), shares, True),
            Panel("Distance to the argmax", x, Axis("1 − p of the largest", "log"), (distance,)),
        ),
        2,
    )  # fmt: skip


def _slope_picture() -> LinesPicture:
    z = np.linspace(-2.0, 2.0, 401)
    labels = [f"T = {short(t)}" for t in SHOWN]
    family = looks("learning_rate", labels)
    steps, slopes = [], []
    for t, label in zip(SHOWN, labels, strict=True):
        pairs = [np.array([v, 0.0]) for v in z]
        p = tuple(float(softmax(pair, t)[0]) for pair in pairs)
        slope = tuple(float(jacobian(pair, t)[0, 0]) for pair in pairs)
        steps.append(Line(label, family[label], tuple(z.tolist()), p))
        slopes.append(Line(label, family[label], tuple(z.tolist()), slope))
    hard = tuple(float(hardmax(np.array([v, 0.0]))[0]) for v in z)
    black = Look("#000000", (4.0, 1.6))
    steps.append(Line("argmax", black, tuple(z.tolist()), hard))
    slopes.append(Line("argmax", black, tuple(z.tolist()), tuple(0.0 for _ in z)))
    x = Axis("z1 − z2")
    peak = max(max(line.y) for line in slopes)
    named = tuple(
        Line(line.label, line.look, line.x, line.y, value=f"peak {short(max(line.y), 2)}")
        for line in slopes
    )
    return LinesPicture(
        "step-and-slope",
        "Argmax is a step without a slope; softmax rounds the step off and has one",
        "Two logits. Left: the weight of the first. Right: its derivative, which is 1 / (4 T) in "
        f"the middle, here up to {short(peak)}; argmax's is 0 on both sides of a jump.",
        (
            Panel("The weight", x, Axis("p1", limits=(-0.02, 1.02)), tuple(steps), True),
            Panel("Its derivative", x, Axis("dp1 / dz1"), named, True),
        ),
        2,
    )  # fmt: skip
