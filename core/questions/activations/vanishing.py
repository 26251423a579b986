"""Vanishing gradients before training: the delta by layer, measured and predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnlab.core.analysis.statistics import Floats
from nnlab.core.analysis.vanishing import Nets, nets_before_training
from nnlab.core.nn.activations import find_activation
from nnlab.core.questions.activations.part import Part
from nnlab.core.questions.activations.vanishing_claims import (
    CLAIMS,
    CONTROL,
    DEPTH,
    INITIALIZATIONS,
    REACHES,
    Vanishing,
    own_initialization,
)
from nnlab.core.report.answer import Section
from nnlab.core.report.style import activation_look
from nnlab.core.report.table import Table
from nnlab.core.report.vanishing_pictures import gradient_against_theory, measured_over_theory
from nnlab.core.report.wording import listed, percent, ratio, short

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

QUICK = ["seeds=4", "depth=[10, 20]"]


def part(work: Work) -> Part:
    """Measure untrained nets, and say what was found."""
    spec = work.spec("vanishing", QUICK)
    results = work.train(spec)
    inputs = work.prepare(spec).plan.split.X_train
    nets = nets_before_training(results.runs, results.layers, inputs.shape[1])
    found = Vanishing(
        nets={(n.kind.activation, n.kind.initialization, n.kind.depth): n for n in nets},
        input_mean_square=float(np.mean(inputs**2)),
        scope=f"{results.runs['dataset'][0]}, {DEPTH} hidden layers of {nets[0].kind.sizes[-1]}, "
        "before training",
    )
    return Part(
        sections=(_section(found),),
        claims=CLAIMS,
        findings=tuple(claim.measure(found) for claim in CLAIMS),
        runs=results.runs,
    )


# ------------------------------------------------------------------ what is shown


def _section(found: Vanishing) -> Section:
    return Section(
        heading="Vanishing gradients",
        text=(_what_text(found), _weights_text(found), _theory_text(found)),
        tables=(_table(found),),
        pictures=(
            gradient_against_theory(_pairs(found, DEPTH)),
            measured_over_theory(
                [(nets, line) for nets, line in _pairs(found, max(found.depths)) if _is_own(nets)]
            ),
        ),
        printed=False,
    )


def _pairs(found: Vanishing, depth: int) -> list[tuple[Nets, Floats]]:
    return [(n, found.predicted(n)) for key, n in found.nets.items() if key[2] == depth]


def _is_own(nets: Nets) -> bool:
    return nets.kind.initialization == own_initialization(nets.kind.activation)


def _what_text(found: Vanishing) -> str:
    shares = {
        name: {rule: found.nets[name, rule, DEPTH].typical[0] for rule in INITIALIZATIONS}
        for name in found.activations
        if name != CONTROL
    }
    told = "; ".join(
        f"{name} {' and '.join(f'{ratio(share)} with {rule}' for rule, share in own.items())}"
        for name, own in shares.items()
    )
    lost = {name: [s < REACHES for s in own.values()] for name, own in shares.items()}
    always = [
        f"{name} (slope at most {short(find_activation(name).max_slope)})"
        for name, each in lost.items()
        if all(each)
    ]
    depends = [name for name, each in lost.items() if any(each) and not all(each)]
    text = (
        f"Of the delta of the last of {DEPTH} hidden layers this share reaches the first, in one "
        f"typical net: {told}."
    )
    if depends:
        text += (
            f" So for {listed(depends)} it is activation and initial weights together that let a "
            "gradient vanish."
        )
    if always:
        text += f" More than {percent(1 - REACHES)} is lost with either by {listed(always)}."
    return text + _slowing_text(found)


def _slowing_text(found: Vanishing) -> str:
    """How tanh's loss a layer changes on the way, where it does."""
    nets = found.own("tanh", DEPTH)
    typical, middle = nets.typical, DEPTH // 2
    near_input = float(typical[middle - 1] / typical[1]) ** (1.0 / (middle - 2))
    near_output = float(typical[-1] / typical[middle - 1]) ** (1.0 / (DEPTH - middle))
    if not near_input > near_output:
        return ""
    return (
        f" Tanh's loss with {nets.kind.initialization} is no constant factor: {ratio(near_input)} "
        f"a layer in the half near the input, {ratio(near_output)} in the half near the output. "
        "The signal gets smaller on its way forward, and tanh more linear."
    )


def _weights_text(found: Vanishing) -> str:
    nets = found.nets["relu", "glorot", DEPTH]
    theory = nets.predicted(found.input_mean_square)
    weights = float(np.sqrt(theory.weight_gradient_ratio[1]))
    return (
        "The weight gradient alone can hide it, as |dW| of an example is |delta| times the length "
        "of what comes in: for ReLU with glorot theory leaves layer 2 "
        f"{ratio(float(theory.delta_rms_ratio[1]))} of the last layer's delta, but "
        f"{ratio(weights)} of its |dW|, because the signal shrinks on its way forward just as "
        "delta does on its way back."
    )


def _theory_text(found: Vanishing) -> str:
    rows = []
    for depth in found.depths[1:] if len(found.depths) > 1 else found.depths:
        kinds = [found.own(name, depth) for name in found.activations]
        off = [n.rms[0] / found.predicted(n)[0] for n in kinds]
        typical = [n.typical[0] / found.predicted(n)[0] for n in kinds]
        rows.append(
            f"{depth} layers: {short(min(off), 2)} to {short(max(off), 2)} for the mean over nets, "
            f"{short(min(typical), 2)} to {short(max(typical), 2)} for the typical net"
        )
    return (
        "Measured over predicted delta at layer 1, each activation with its own initial weights. "
        f"{'; '.join(rows)}. Theory speaks of infinitely wide layers and of the mean of squares "
        "over nets. One typical net (geometric mean) lies below that mean, as a few nets with "
        "large gradients make it: the two differ by nature, not by mistake."
    )


def _table(found: Vanishing) -> Table:
    rows, looks = [], []
    for activation in found.activations:
        for rule in INITIALIZATIONS:
            nets = found.nets[activation, rule, DEPTH]
            theory = nets.predicted(found.input_mean_square)
            factor = nets.factor
            rows.append(
                (
                    activation,
                    rule,
                    f"{short(factor.estimate)} [{short(factor.low)}, {short(factor.high)}]",
                    short(theory.layer_factor),
                    *_shares(found, activation, rule),
                )
            )
            looks.append(activation_look(activation))
    deeper = [depth for depth in found.depths if depth > 2]
    return Table(
        heads=(
            "activation",
            "weights",
            f"delta shrinks a layer, by ({DEPTH} layers)",
            "predicted",
            *(f"reaches layer 1 of {depth}: mean / typical / predicted" for depth in deeper),
        ),
        rows=tuple(rows),
        looks=tuple(looks),
        note="Factors: geometric mean over nets with 95 % interval, layers 2 and up; below 1 delta "
        "grows. Mean: root mean square over nets. Typical: geometric mean over nets.",
    )


def _shares(found: Vanishing, activation: str, rule: str) -> list[str]:
    cells = []
    for depth in found.depths:
        if depth > 2:
            nets = found.nets[activation, rule, depth]
            values = nets.rms[0], nets.typical[0], found.predicted(nets)[0]
            cells.append(" / ".join(ratio(float(value)) for value in values))
    return cells
