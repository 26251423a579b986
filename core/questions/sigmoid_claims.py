"""What is claimed in question 1.3, and the numbers that it is judged on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.seed_findings import Measured, difference_of, ratio_of
from nnlab.core.analysis.tuned import Tuned
from nnlab.core.analysis.two_layer_net import SIGMOID_CROSS_ENTROPY, SIGMOID_SQUARED
from nnlab.core.analysis.verdicts import Criterion, edge_fault
from nnlab.core.questions.by_hand import agreement_claim

DEPTH_STUDY = "sigmoid_output"
STARTS = {"binary_cross_entropy": "confident_cross_entropy", "mse": "confident_squared"}
"""The study from two starts, by loss."""
WRONG_START = "normal:4"
"""Weights so large that the untrained net is sure of every answer, and half of them are wrong."""
SHALLOW = 2
"""Hidden layers of the control: with one the ratio would be 1 whatever was measured."""


@dataclass(frozen=True, slots=True)
class Found:
    """The studies, every setting at its best rate."""

    depth: dict[tuple[str, int], Tuned]
    """By activation and hidden layers."""
    reach: dict[tuple[str, int], dict[int, float]]
    """The backward signal at layer 1 over that at the last hidden layer, by seed, at step 0."""
    starts: dict[tuple[str, str], Tuned]
    """By loss and initialization."""
    rates: int
    """How many learning rates each depth was tried at."""
    majority: float
    """The share of the larger class in the test part."""

    @property
    def deepest(self) -> int:
        """The most hidden layers."""
        return max(depth for _, depth in self.depth)


def _deeper(found: Found) -> Finding:
    def measured(depth: int) -> Measured:
        relu, sigmoid = (found.depth[name, depth] for name in ("relu", "sigmoid"))
        faults = tuple(edge_fault(name) for name, each in (("ReLU", relu), ("sigmoid", sigmoid))
                       if each.on_edge)  # fmt: skip
        return replace(difference_of(relu.accuracy, sigmoid.accuracy), faults=faults)

    relu, sigmoid = (found.depth[name, found.deepest] for name in ("relu", "sigmoid"))
    deep = measured(found.deepest)
    return Finding(
        deep.interval,
        f"breast_cancer, {found.deepest} x 16, sigmoid output, cross-entropy, SGD, rates "
        f"{relu.rate:g} and {sigmoid.rate:g}, {deep.interval.n} seeds",
        measured(1),
        deep.lost_share,
        deep.faults,
    )


def _fades(found: Found) -> Finding:
    def ratio(depth: int) -> Measured:
        return ratio_of(found.reach["relu", depth], found.reach["sigmoid", depth])

    deep = ratio(found.deepest)
    return Finding(
        deep.interval,
        f"breast_cancer, {found.deepest} x 16, sigmoid output, step 0, {deep.interval.n} seeds",
        ratio(SHALLOW),
        deep.lost_share,
    )


def _corrects(found: Found) -> Finding:
    def measured(start: str) -> Measured:
        cross, squared = (found.starts[loss, start] for loss in STARTS)
        faults = tuple(edge_fault(loss) for loss in STARTS if found.starts[loss, start].on_edge)
        return replace(difference_of(cross.train_accuracy, squared.train_accuracy), faults=faults)

    cross, squared = (found.starts[loss, WRONG_START] for loss in STARTS)
    wrong = measured(WRONG_START)
    return Finding(
        wrong.interval,
        f"breast_cancer, 30-16-1, ReLU, {WRONG_START}, SGD, rates {cross.rate:g} and "
        f"{squared.rate:g}, {wrong.interval.n} seeds",
        measured("auto"),
        wrong.lost_share,
        wrong.faults,
    )


CLAIMS = (
    agreement_claim("gradients-agree-squared", "1.3", SIGMOID_SQUARED, "confident-mistake"),
    agreement_claim(
        "gradients-agree-cross-entropy", "1.3", SIGMOID_CROSS_ENTROPY, "confident-mistake"
    ),
    Claim(
        id="relu-inside-trains-deeper",
        question="1.3",
        claim="Behind a sigmoid output a deep net trains with f = ReLU and not with f = sigmoid.",
        criterion=Criterion.greater("test accuracy with ReLU less that with sigmoid", 0.05),
        unit="",
        study=DEPTH_STUDY,
        control="one hidden layer",
        figure="depth",
        source="homework 0.1b; Glorot & Bengio 2010",
        measure=_deeper,
    ),
    Claim(
        id="sigmoid-inside-fades",
        question="1.3",
        claim="With f = sigmoid less of the gradient reaches the first layer than with f = ReLU.",
        criterion=Criterion.greater("gradient reaching layer 1, ReLU over sigmoid", 10.0),
        unit="x",
        study=DEPTH_STUDY,
        control="two hidden layers, with one slope between them",
        figure="depth",
        source="Glorot & Bengio 2010",
        measure=_fades,
    ),
    Claim(
        id="cross-entropy-corrects",
        question="1.3",
        claim="Cross-entropy undoes confident mistakes that the squared error leaves.",
        criterion=Criterion.greater("training accuracy, cross-entropy less squared error", 0.02),
        unit="",
        study="confident_cross_entropy and confident_squared",
        control="a start that is not sure of anything",
        figure="recovery",
        source="Solla et al. 1988",
        measure=_corrects,
    ),
)
