"""What is claimed in question 1.3, and the numbers that it is judged on."""

from __future__ import annotations

from dataclasses import dataclass

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.pairs import Pairs, pair_by_seed, paired_difference, paired_ratio
from nnlab.core.analysis.statistics import Interval
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
    relu, sigmoid = (found.depth[name, found.deepest] for name in ("relu", "sigmoid"))
    pairs = pair_by_seed(relu.accuracy, sigmoid.accuracy)
    shallow = pair_by_seed(found.depth["relu", 1].accuracy, found.depth["sigmoid", 1].accuracy)
    faults = tuple(edge_fault(name) for name, each in (("ReLU", relu), ("sigmoid", sigmoid))
                   if each.on_edge)  # fmt: skip
    return Finding(
        paired_difference(pairs),
        f"breast_cancer, {found.deepest} x 16, sigmoid output, cross-entropy, SGD, rates "
        f"{relu.rate:g} and {sigmoid.rate:g}, {len(pairs.seeds)} seeds",
        paired_difference(shallow),
        pairs.non_finite_share,
        faults,
    )


def _fades(found: Found) -> Finding:
    def ratio(depth: int) -> Interval:
        return paired_ratio(pair_by_seed(found.reach["relu", depth], found.reach["sigmoid", depth]))

    interval = ratio(found.deepest)
    return Finding(
        interval,
        f"breast_cancer, {found.deepest} x 16, sigmoid output, step 0, {interval.n} seeds",
        ratio(SHALLOW),
    )


def _corrects(found: Found) -> Finding:
    def pairs(start: str) -> Pairs:
        cross, squared = (found.starts[loss, start] for loss in STARTS)
        return pair_by_seed(cross.train_accuracy, squared.train_accuracy)

    cross, squared = (found.starts[loss, WRONG_START] for loss in STARTS)
    wrong = pairs(WRONG_START)
    faults = tuple(edge_fault(loss) for loss, each in zip(STARTS, (cross, squared), strict=True)
                   if each.on_edge)  # fmt: skip
    return Finding(
        paired_difference(wrong),
        f"breast_cancer, 30-16-1, ReLU, {WRONG_START}, SGD, rates {cross.rate:g} and "
        f"{squared.rate:g}, {len(wrong.seeds)} seeds",
        paired_difference(pairs("auto")),
        wrong.non_finite_share,
        faults,
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
