"""The verdicts on all claims as the answer: an advantage and a disadvantage of each activation.

A claim is told as a fact only when it is supported, as one with a condition when it is conditional.
Of several supported ones the strongest is told, that with the smallest p-value (after Holm; of
equal ones the first of the table). What was claimed and is not supported is named as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nnlab.core.analysis.claims import Judged, Side
from nnlab.core.analysis.verdicts import FEWEST_SEEDS, VerdictName
from nnlab.core.report.claim_rows import SIGNS, claim_row, numbers_of_sub_ranges
from nnlab.core.report.wording import listed, plural

ACTIVATIONS = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "Sigmoid", "leaky_relu": "LeakyReLU"}
"""The activations that the question names, and how a sentence begins with them."""
SIDES: tuple[Side, Side] = ("advantage", "disadvantage")
CONTRARY: tuple[VerdictName, VerdictName] = ("supported", "refuted")
BY_CONSTRUCTION: dict[tuple[str, Side], str] = {
    ("sigmoid", "advantage"): "its output lies in (0, 1) and can be read as a probability, and its "
    "derivative is simply a (1 - a) of the output a; both by construction, no experiment needed",
}
"""What needs no evidence, for the sides of which no claim is measured."""
DEEPER = (
    "relu-vanishes-less-than-sigmoid",
    "relu-trains-deeper-than-sigmoid",
    "relu-faster-than-sigmoid-shared",
    "relu-faster-than-sigmoid-tuned",
)
"""The claims that answer 0.1b."""

CORRECTIONS = (
    "1.4d, ReLU: 'when the input is zero or negative ... halts the learning process' holds for one "
    "example. The unit still learns from every example with a positive z; it is dead only when z "
    "is not positive for any example of the data.",
    "1.4d, ReLU: it 'passes the gradient intact' only where z > 0, which at the start is about "
    "half of the units. Whether the gradient as a whole keeps its size is for the weights to make "
    "up: with a variance of 2/fan_in it does, with 1/fan_in it halves in square with every layer.",
    "1.4d, tanh: that its slope is small for large inputs is one way to vanish. Another needs no "
    "large input: weights too small or merely just right, and many layers.",
    "0.1b: ReLU does not prevent vanishing gradients; it makes them avoidable, by its initial "
    "weights.",
)
"""Where the text slips."""


def sentences(judged: Sequence[Judged]) -> tuple[str, ...]:
    """The answer: two sentences an activation, then 0.1b, then what was not borne out."""
    paragraphs = [
        f"{title}. " + " ".join(_side(judged, name, side) for side in SIDES)
        for name, title in ACTIVATIONS.items()
    ]
    deeper = [each for each in judged if each.claim.id in DEEPER]
    if deeper:
        told = "; ".join(f"{_lowered(each)}: {_verdict(each)}" for each in deeper)
        paragraphs.append(f"0.1b, gradients and speed in a deeper net. {told}.")
    refuted = [each for each in judged if each.verdict.verdict == "refuted"]
    if refuted:
        told = "; ".join(f"{_lowered(each)} ({_verdict(each)})" for each in refuted)
        paragraphs.append(f"Claimed, and refuted here: {told}.")
    explored = [each for each in judged if each.interval.n < FEWEST_SEEDS]
    if explored:
        paragraphs.append(_explored(explored, len(judged)))
    undecided = [
        each
        for each in judged
        if each.verdict.verdict == "inconclusive" and each.interval.n >= FEWEST_SEEDS
    ]
    if undecided:
        told = listed([_lowered(each) for each in undecided], most=3)
        count = f"{len(undecided)} of {plural(len(judged), 'claim')}"
        paragraphs.append(f"Left undecided, {count}: {told}.")
    return tuple(paragraphs)


def _explored(explored: Sequence[Judged], claims: int) -> str:
    """What stands in the place of verdicts where the seeds only explore."""
    most = max(each.interval.n for each in explored)
    leads = Counter(each.lead for each in explored)
    named = [f"{leads[name]} point to {name}" for name in SIGNS if leads[name]]
    named += [f"{leads[None]} to nothing"] if leads[None] else []
    return (
        f"Not judged, {len(explored)} of {plural(claims, 'claim')}: {plural(most, 'seed')} or "
        f"fewer only explore, a verdict takes {FEWEST_SEEDS}. Of them {listed(named)}."
    )


def strongest(judged: Sequence[Judged], activation: str, side: Side) -> Judged | None:
    """The claim to tell on one side of an activation: supported, else conditional, else None."""
    own = _own(judged, activation, side)
    for verdict in ("supported", "conditional"):
        held = [each for each in own if each.verdict.verdict == verdict]
        if held:
            return min(held, key=lambda each: each.p_value)
    return None


def _own(judged: Sequence[Judged], activation: str, side: Side) -> list[Judged]:
    return [each for each in judged if (each.claim.about, each.claim.side) == (activation, side)]


def _side(judged: Sequence[Judged], activation: str, side: Side) -> str:
    """One sentence."""
    head = f"{side.capitalize()}:"
    best = strongest(judged, activation, side)
    if best is not None:
        return f"{head} {_lowered(best)} ({_numbers(best)}){_also(judged, best)}."
    known = BY_CONSTRUCTION.get((activation, side))
    if known:
        return f"{head} {known}."
    own = _own(judged, activation, side)
    hints = [each for each in own if _points_there(each)]
    if hints:
        # of few seeds a claim without a condition goes first, as it does among verdicts
        hint = min(hints, key=lambda each: (each.lead == "conditional", each.p_value))
        what = "the seeds point" if hint.lead else "the estimate points"
        return f"{head} none is settled; {what} to this: {_lowered(hint)} ({_numbers(hint)})."
    tested = f", though {listed([each.claim.id for each in own])} was tested" if own else ""
    return f"{head} none that the evidence supports{tested}."


def _also(judged: Sequence[Judged], best: Judged) -> str:
    """What beside the claim that is told holds on a condition, on the same side."""
    own = _own(judged, best.claim.about, best.claim.side)
    others = [each for each in own if each is not best and each.verdict.verdict == "conditional"]
    return "".join(f"; and {_lowered(each)}, {_conditions(each)}" for each in others)


def _points_there(each: Judged) -> bool:
    """Whether a claim is undecided and its estimate on the claimed side."""
    if each.interval.n < FEWEST_SEEDS:
        return each.lead in ("supported", "conditional")
    criterion, estimate = each.claim.criterion, each.interval.estimate
    undecided = each.verdict.verdict == "inconclusive"
    return undecided and criterion.low < estimate < criterion.high


def _numbers(each: Judged) -> str:
    if "conditional" in (each.verdict.verdict, each.lead):
        return _conditions(each)
    row = claim_row(each.as_json())
    return f"{row.metric}: {row.estimate}"


def _conditions(each: Judged) -> str:
    """`on a condition: so for glorot (0.02 [0.01, 0.03]), not for he (2.1 [1.8, 2.4])`"""
    holds, fails = (
        [f"{name} ({number})" for name, number in numbers_of_sub_ranges(entry, side).items()]
        for entry in [each.as_json()]
        for side in CONTRARY
    )
    return f"on a condition: so for {listed(holds)}, not for {listed(fails)}"


def _verdict(each: Judged) -> str:
    row = claim_row(each.as_json())
    if "conditional" in (each.verdict.verdict, each.lead):
        return _conditions(each)
    return f"{row.verdict_words}, {row.estimate}, claimed {row.claimed}"


def _lowered(each: Judged) -> str:
    """The claim as a part of a sentence: its first word keeps its capitals only as a name."""
    text = each.claim.claim
    is_name = text.startswith(("ReLU", "LeakyReLU"))
    return text if is_name else f"{text[:1].lower()}{text[1:]}"
