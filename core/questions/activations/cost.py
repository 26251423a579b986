"""The cost of an activation: an element, and its share of a training step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import Interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.questions.activations.part import Part
from nnlab.core.questions.activations.timings import (
    AGAIN,
    BASE,
    BATCH,
    DEARER,
    FANS,
    NAMED,
    NETS,
    SIZES,
    STEPPED,
    TIMED,
    Costs,
    costs,
)
from nnlab.core.report.answer import Section
from nnlab.core.report.cost_pictures import cost_ratios
from nnlab.core.report.style import activation_look
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, percent, ratio, short

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

DEAR = ("tanh", "sigmoid")
SLOWER = 1.5
"""Training is markedly slower where a step takes at least half as long again."""


def part(work: Work) -> Part:
    """Time everything in turns, or read it, and say what was found."""
    found = costs(work)
    return Part(
        sections=(_section(found),),
        claims=CLAIMS,
        findings=tuple(claim.measure(found) for claim in CLAIMS),
    )


# ------------------------------------------------------------------ claims

_ELEMENT = "f and f' of the library, float32, one thread, this machine; n counts rounds of timing"


def _dearer(names: Sequence[str]) -> Callable[[Costs], Finding]:
    """An element of `names` over one of ReLU: small arrays decide, sizes are sub-ranges."""

    def measure(found: Costs) -> Finding:
        parts = {size: Measured(rounds.ratio(names, BASE)) for size, rounds in found.both.items()}
        return Finding(
            interval=parts["small arrays"].interval,
            scope=_ELEMENT,
            control=Measured(found.both["small arrays"].ratio([AGAIN], BASE)),
            sub_ranges=parts,
        )

    return measure


def _slows_training(found: Costs) -> Finding:
    """A step with tanh or sigmoid over one with ReLU: the wide net decides."""
    parts = {net: Measured(rounds.ratio(DEAR, BASE)) for net, rounds in found.steps.items()}
    return Finding(
        interval=parts["width 256"].interval,
        scope=f"a step of two hidden layers at batch {BATCH}, float32, one thread, this machine; "
        "n counts rounds of timing",
        control=Measured(found.steps["width 256"].ratio([AGAIN], BASE)),
        sub_ranges=parts,
    )


def _claim(id: str, claim: str, names: Sequence[str], about: str) -> Claim:
    whose = " and ".join(names)
    return Claim(
        id=id,
        question="1.4d",
        claim=claim,
        criterion=Criterion.greater(f"time of an element, {whose} over ReLU", DEARER),
        unit="x",
        study="cost",
        control="ReLU, timed a second time",
        source="homework 1.4d",
        figure="cost",
        measure=_dearer(names),
        about=about,
        side="advantage" if about == BASE else "disadvantage",
    )


CLAIMS = (
    _claim(
        "relu-is-fast", "ReLU is fast to compute: tanh and sigmoid take longer",
        DEAR, "relu",
    ),
    _claim("tanh-is-expensive", "tanh is expensive to compute", ("tanh",), "tanh"),
    _claim("sigmoid-is-expensive", "sigmoid is expensive to compute", ("sigmoid",), "sigmoid"),
    Claim(
        id="expensive-activation-slows-training",
        question="1.4d",
        claim="An expensive activation makes training markedly slower: a step with tanh or sigmoid "
        "takes at least half as long again as one with ReLU",
        criterion=Criterion.greater("time of a step, tanh and sigmoid over ReLU", SLOWER),
        unit="x",
        study="cost",
        control="ReLU, timed a second time",
        figure="cost",
        source="homework 1.4d",
        measure=_slows_training,
    ),
)  # fmt: skip


# ------------------------------------------------------------------ what is shown


def _section(found: Costs) -> Section:
    shown = [name for name in STEPPED if name != BASE]
    elements = {
        f"An element, {size}": {name: rounds.ratio([name], BASE) for name in shown}
        for size, rounds in found.both.items()
    }
    steps = {
        f"A step, {net}": {name: rounds.ratio([name], BASE) for name in shown}
        for net, rounds in found.steps.items()
    }
    return Section(
        heading="Cost",
        text=(_text(found),),
        tables=(_table(found),),
        pictures=(cost_ratios(shown, elements, steps),),
        printed=False,
    )


def _nanoseconds(seconds: float) -> str:
    return fixed(1e9 * seconds, 2)


def _share(found: Costs, net: str, name: str) -> float:
    """The share of a step that the activations take, median over rounds."""
    rounds = found.steps[net]
    return float(np.median(rounds.of(f"{name} alone") / rounds.of(name)))


def _text(found: Costs) -> str:
    small = found.both["small arrays"]
    fans = " and ".join(
        f"{_nanoseconds(found.products.median(f'product over {fan}'))} ns over {fan} inputs"
        for fan in FANS
    )
    words = ", ".join(
        f"{name} {ratio(small.ratio([name], BASE).estimate)} times" for name in NAMED[1:]
    )
    shares = ", ".join(f"{name} {percent(_share(found, 'width 256', name))}" for name in NAMED)
    again = small.ratio([AGAIN], BASE)
    busy = (
        ""
        if found.steady
        else f" ReLU timed a second time came to {_interval(again)} times the first: the machine "
        "was too busy for such small differences. These times are not kept: the same command on a "
        "quieter machine takes them again."
    )
    return (
        f"An element of ReLU, f and f' together, takes {_nanoseconds(small.median(BASE))} ns; "
        f"{words} as much. But what stands before it is a matrix product, which takes {fans} for "
        "each element of "
        "its result, and three of them make a step. So of a whole training step at width 256 the "
        f"activations are {shares}: what is dear an element is that much less so in a step. These "
        "are times, "
        f"and another machine has others; the ratios are what is claimed.{busy}"
    )


def _table(found: Costs) -> Table:
    rows = []
    for name in TIMED:
        cells = [name]
        for size, both in found.both.items():
            cells += [
                _nanoseconds(found.forward[size].median(name)),
                _nanoseconds(both.median(name)),
                "1" if name == BASE else _interval(both.ratio([name], BASE)),
            ]
        timed = name in STEPPED
        cells += [percent(_share(found, net, name)) if timed else "–" for net in NETS]
        rows.append(tuple(cells))
    heads = (
        "activation",
        *(f"{what}, {size}" for size in SIZES for what in ("f, ns", "f and f', ns", "over ReLU")),
        *(f"share of a step, {net}" for net in NETS),
    )
    small, large = (short(float(elements)) for elements, _ in SIZES.values())
    return Table(
        heads,
        tuple(rows),
        tuple(activation_look(name) for name in TIMED),
        note=f"Nanoseconds an element, medians over rounds; small: {small} elements, large: "
        f"{large}. Over ReLU: f and f' together, geometric mean over rounds with its 95 % "
        "interval. Share of a step: f and f' of all hidden layers.",
    )


def _interval(each: Interval) -> str:
    if each.n < 2:
        return ratio(each.estimate)
    return f"{ratio(each.estimate)} [{ratio(each.low)}, {ratio(each.high)}]"
