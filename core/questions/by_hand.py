"""What 1.2 and 1.3 share: the net that is followed by hand, and its gradient three ways."""

from __future__ import annotations

import numpy as np

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import geometric_interval
from nnlab.core.analysis.two_layer_net import TwoLayerNet, Variant
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.analysis.worked_example import (
    agreement,
    by_backward,
    by_differences,
    by_formula,
    disagreement,
)
from nnlab.core.questions.net_file import read_net
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Section
from nnlab.core.report.wording import short
from nnlab.core.report.worked_example import gradient_table

EXAMPLE = TwoLayerNet(
    *(
        np.array(numbers, dtype=np.float64)
        for numbers in (
            [1, 2],  # x
            [1, 1],  # y
            [[1, 1], [1, -2], [-1, 1]],  # W1: with b1 the units get 2, -2 (off under ReLU), 1
            [-1, 1, 0],  # b1
            [[1, 2, -1], [-1, 1, 2]],  # W2
            [1, 0],  # b2
        )
    )
)
"""Two inputs, three hidden units, two outputs; under ReLU every number is whole."""

AGREE = 1e-9
RANDOM_NETS = 10


def net_of(work: Work) -> TwoLayerNet:
    """The user's net, or the one to follow by hand."""
    return EXAMPLE if work.input is None else read_net(work.input)


def agreement_claim(row_id: str, question: str, variant: Variant, figure: str) -> Claim:
    """The claim that the three ways give one gradient; decided on random nets."""

    def measure(_: object) -> Finding:
        apart, control = agreement(variant, RANDOM_NETS)
        return Finding(
            interval=geometric_interval(apart),
            scope=f"{RANDOM_NETS} random nets of 2 to 6 units a layer, {variant.words}, float64",
            control=Measured(geometric_interval(control)),
        )

    return Claim(
        id=row_id,
        question=question,
        claim=(
            "The matrix formulas, the backward pass and central differences give one gradient "
            f"({variant.words})."
        ),
        criterion=Criterion.less("largest relative difference between the three", AGREE),
        unit="",
        study="random nets",
        control="formulas that are wrong by a thousandth",
        source="Rumelhart et al. 1986",
        figure=figure,
        measure=measure,
    )


def gradient_section(net: TwoLayerNet, variant: Variant, heading: str) -> tuple[Section, float]:
    """The gradients three ways side by side, and how far they are apart at most."""
    formula, backward = by_formula(net, variant), by_backward(net, variant)
    differences = by_differences(net, variant)
    apart = max(disagreement(formula, backward), disagreement(formula, differences))
    K = net.factor
    table = gradient_table(
        (("matrix formula", formula), (f"backward × {K}", backward),
         (f"differences × {K}", differences)),
        f"Of the homework's loss, a sum over the outputs. nnlab's loss is the mean over the {K} "
        f"outputs, so that its backward pass and its differences are multiplied by {K}.",
    )  # fmt: skip
    text = (
        f"Relative difference of the whole gradient: {short(apart, 2)}. In numerator layout dl/dW "
        "has the shape of W transposed, (in x out), which is how nnlab stores W; here each stands "
        "in the shape of its own parameter.",
    )
    return Section(heading, text, (table,)), apart
