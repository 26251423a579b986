"""What is claimed in question 1.4c, and the studies that it is judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.pairs import Pairs, pair_by_seed, paired_difference, paired_ratio
from nnlab.core.analysis.seed_findings import Measured, difference_of
from nnlab.core.analysis.statistics import geometric_interval
from nnlab.core.analysis.trained_net import TrainedNet
from nnlab.core.analysis.verdicts import Criterion, target_fault
from nnlab.core.results import Results
from nnlab.core.wording import number

PLANES = {"circles": "linear_circles", "spirals": "linear_spirals"}
"""Data sets of the plane and the study on each."""
MIDDLE, DEPTH = "linear_middle", "linear_depth"
SIZES = ("16", "16-16")
NARROW, ENOUGH, MORE = 2, 9, 16
"""Units in the middle: too few for ten classes; as many as those need; beyond that."""
ONE, TWO, WIDER = "64", "64-64", "80"
"""Hidden layers of the nets that learn one function: one, one more, one that is wider."""
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Found:
    """The studies, and what was made of the saved weights."""

    planes: dict[str, Results]
    middle: Results
    depth: Results
    nets: dict[str, dict[str, TrainedNet]]
    """By data set of the plane and run."""
    collapse: dict[str, tuple[float, ...]]
    """By activation: `collapse_error` on circles, sizes 16-16, one a seed."""
    ranks: dict[int, tuple[int, ...]]
    """By units in the middle: the rank of the product, one a seed."""
    ends: tuple[int, int]
    """Inputs and outputs of the nets with a narrow middle."""

    def of(self, results: Results, column: str, **where: str) -> dict[int, float | None]:
        """A column of `runs.csv` by seed, of the rows that fit."""
        rows = results.runs
        for name, value in where.items():
            rows = rows.filter(pl.col(name) == value)
        return dict(zip(rows["seed"].to_list(), rows[column].to_list(), strict=True))


def scope_of(results: Results) -> str:
    """Data, optimizer and rate of a study that has one of each: `circles, adam at 0.02`."""
    row = results.runs.row(0, named=True)
    return f"{row['dataset']}, {row['optimizer']} at {number(row['learning_rate'])}"


def _gain(dataset: str) -> Claim:
    def measure(found: Found) -> Finding:
        results = found.planes[dataset]

        def accuracy(activation: str, sizes: str) -> dict[int, float | None]:
            return found.of(
                results, "test_accuracy", activation=activation, hidden_layer_sizes=sizes
            )

        pairs = pair_by_seed(accuracy("relu", "16-16"), accuracy("identity", "16-16"))
        return Finding(
            paired_difference(pairs),
            f"{scope_of(results)}, 16-16, {results.spec.epochs} epochs, {len(pairs.seeds)} seeds",
            difference_of(accuracy("identity", "16-16"), accuracy("identity", "16")),
            pairs.non_finite_share,
        )

    return Claim(
        id=f"relu-between-{dataset}",
        question="1.4c",
        claim=f"On {dataset} linear layers stacked lack what the same layers with ReLU have.",
        criterion=Criterion.greater("test accuracy with ReLU less that without", 0.1),
        unit="",
        study=PLANES[dataset],
        control="one more linear layer in place of the ReLU",
        source="homework 1.4c and 1.4e",
        figure="boundaries",
        measure=measure,
    )


def _one_layer(found: Found) -> Finding:
    def lost_share(activation: str) -> float:
        runs = found.of(
            found.planes["circles"], "run", activation=activation, hidden_layer_sizes="16-16"
        )
        return 1.0 - len(found.collapse[activation]) / len(runs)

    apart = found.collapse["identity"]
    return Finding(
        geometric_interval(np.maximum(apart, 1e-18)),
        f"circles, 16-16 trained, training points, float64, {len(apart)} seeds",
        Measured(geometric_interval(found.collapse["relu"]), lost_share("relu")),
        lost_share("identity"),
    )


def _narrow(found: Found) -> Finding:
    def accuracy(width: int) -> dict[int, float | None]:
        return found.of(found.middle, "test_accuracy", hidden_layer_sizes=str(width))

    pairs = pair_by_seed(accuracy(ENOUGH), accuracy(NARROW))
    return Finding(
        paired_difference(pairs),
        f"{scope_of(found.middle)}, {found.ends[0]}-k-{found.ends[1]} linear, "
        f"{found.middle.spec.epochs} epochs, "
        f"{len(pairs.seeds)} seeds",
        difference_of(accuracy(MORE), accuracy(ENOUGH)),
        pairs.non_finite_share,
    )


def pairs_of_steps(found: Found, other: str) -> Pairs:
    """Steps to the target of other hidden layers and of the `ONE`, by seed."""

    def steps(sizes: str) -> dict[int, float | None]:
        return found.of(found.depth, "steps_to_target", hidden_layer_sizes=sizes)

    return pair_by_seed(steps(other), steps(ONE))


def _learns_differently(found: Found) -> Finding:
    pairs = pairs_of_steps(found, TWO)
    control = pairs_of_steps(found, WIDER)
    return Finding(
        paired_ratio(pairs),
        f"{scope_of(found.depth)} from {found.depth.runs['initialization'][0]}, full batches, "
        f"linear {TWO} against {ONE}, target {found.depth.spec.target_loss}, "
        f"{len(pairs.seeds)} seeds",
        Measured(paired_ratio(control), control.non_finite_share, _missed(control)),
        pairs.non_finite_share,
        _missed(pairs),
    )


def _missed(pairs: Pairs) -> tuple[str, ...]:
    return (target_fault(f"{len(pairs.left_out)} seeds"),) if pairs.left_out else ()


CLAIMS = (
    Claim(
        id="two-linear-are-one",
        question="1.4c",
        claim="Linear layers stacked are one linear layer: the product gives the same outputs.",
        criterion=Criterion.less("largest relative difference of the outputs", ROUNDING),
        unit="",
        study="linear_circles",
        control="the same with ReLU in between",
        figure="boundaries",
        source="homework 1.4c; Baldi & Hornik 1989",
        measure=_one_layer,
    ),
    _gain("circles"),
    _gain("spirals"),
    Claim(
        id="narrow-middle-binds",
        question="1.4c",
        claim=f"A narrow linear middle is a restriction: {NARROW} units are too few for ten "
        "classes.",
        criterion=Criterion.greater(
            f"test accuracy with {ENOUGH} units less that with {NARROW}", 0.05
        ),
        unit="",
        study=MIDDLE,
        control=f"{MORE} units in place of {ENOUGH}, beyond what the classes need",
        figure="narrow-middle",
        source="Baldi & Hornik 1989",
        measure=_narrow,
    ),
    Claim(
        id="learns-differently",
        question="1.4c",
        claim="One more linear layer changes how the same functions are learned.",
        criterion=Criterion.greater("steps to the target, three layers over two", 1.5),
        unit="x",
        study=DEPTH,
        control="a wider layer in place of one more",
        figure="parametrization",
        source="Saxe et al. 2014",
        measure=_learns_differently,
    ),
)
