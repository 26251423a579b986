"""Question 1.4c: two consecutive linear layers are one, and what they are good for all the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from nnlab.core.analysis.claims import Claim, Finding, judge_claims
from nnlab.core.analysis.collapse import collapse, collapse_error, weight_count
from nnlab.core.analysis.pairs import Pairs, pair_by_seed, paired_difference, paired_ratio
from nnlab.core.analysis.statistics import geometric_interval
from nnlab.core.analysis.trained_net import TrainedNet, load_net
from nnlab.core.analysis.verdicts import Criterion, target_fault
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.linear_pictures import (
    Boundary,
    boundaries_picture,
    curves_picture,
    middle_picture,
)
from nnlab.core.report.table import Table
from nnlab.core.report.wording import percent, short
from nnlab.core.study import Results

PLANES = {"circles": "linear_circles", "spirals": "linear_spirals"}
"""Data sets of the plane and the study on each."""
MIDDLE, DEPTH = "linear_middle", "linear_depth"
SIZES = ("16", "16-16")
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


def _gain(dataset: str) -> Claim:
    def measure(found: Found) -> Finding:
        results = found.planes[dataset]

        def accuracy(activation: str, sizes: str) -> dict[int, float | None]:
            return found.of(
                results, "test_accuracy", activation=activation, hidden_layer_sizes=sizes
            )

        pairs = pair_by_seed(accuracy("relu", "16-16"), accuracy("identity", "16-16"))
        more = pair_by_seed(accuracy("identity", "16-16"), accuracy("identity", "16"))
        return Finding(
            paired_difference(pairs),
            f"{results.runs['dataset'][0]}, 16-16, Adam 0.02, 30 epochs, {len(pairs.seeds)} seeds",
            paired_difference(more),
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
        figure="boundaries",
        measure=measure,
    )


def _one_layer(found: Found) -> Finding:
    return Finding(
        geometric_interval(np.maximum(found.collapse["identity"], 1e-18)),
        f"circles, 16-16 trained, training points, float64, {len(found.collapse['identity'])} "
        "seeds",
        geometric_interval(found.collapse["relu"]),
    )


def _narrow(found: Found) -> Finding:
    def accuracy(width: str) -> dict[int, float | None]:
        return found.of(found.middle, "test_accuracy", hidden_layer_sizes=width)

    pairs = pair_by_seed(accuracy("9"), accuracy("2"))
    return Finding(
        paired_difference(pairs),
        f"digits, 64-k-10 linear, Adam 0.01, 15 epochs, {len(pairs.seeds)} seeds",
        paired_difference(pair_by_seed(accuracy("16"), accuracy("9"))),
        pairs.non_finite_share,
    )


def _pairs_of_steps(found: Found, other: str) -> Pairs:
    def steps(sizes: str) -> dict[int, float | None]:
        return found.of(found.depth, "steps_to_target", hidden_layer_sizes=sizes)

    return pair_by_seed(steps(other), steps("64"))


def _learns_differently(found: Found) -> Finding:
    pairs = _pairs_of_steps(found, "64-64")
    lost = (target_fault(f"{len(pairs.left_out)} seeds"),) if pairs.left_out else ()
    return Finding(
        paired_ratio(pairs),
        f"diabetes, linear 64-64 against 64, gradient descent 0.03 from normal:0.02, target 0.6, "
        f"{len(pairs.seeds)} seeds",
        paired_ratio(_pairs_of_steps(found, "80")),
        pairs.non_finite_share,
        lost,
    )


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
        measure=_one_layer,
    ),
    _gain("circles"),
    _gain("spirals"),
    Claim(
        id="narrow-middle-binds",
        question="1.4c",
        claim="A narrow linear middle is a restriction: 2 units are too few for ten classes.",
        criterion=Criterion.greater("test accuracy with 9 units less that with 2", 0.05),
        unit="",
        study=MIDDLE,
        control="16 units in place of 9, beyond what the classes need",
        figure="narrow-middle",
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
        measure=_learns_differently,
    ),
)


def answer(work: Work) -> Answer:
    """Train linear stacks and ReLU nets of the same sizes, and take the product of the former."""
    quick = ["seeds=3"]
    planes = {dataset: work.study(name, quick) for dataset, name in PLANES.items()}
    middle, depth = work.study(MIDDLE, quick), work.study(DEPTH, quick)
    splits = {name: work.prepare(results.spec).plan.split for name, results in planes.items()}
    nets = {name: nets_of(results) for name, results in planes.items()}
    circles = planes["circles"].runs.filter(pl.col("hidden_layer_sizes") == "16-16")
    X = splits["circles"].X_train
    narrow = list(nets_of(middle).values())
    found = Found(
        planes,
        middle,
        depth,
        nets,
        {
            activation: tuple(
                collapse_error(nets["circles"][run], X)
                for run in circles.filter(pl.col("activation") == activation)["run"]
                if run in nets["circles"]
            )
            for activation in ("identity", "relu")
        },
        _ranks(narrow),
        (narrow[0].layer_sizes[0], narrow[0].layer_sizes[-1]),
    )
    boundaries = [
        Boundary(
            dataset, sizes, nets[dataset][_first_run(results, activation, sizes)],
            _mean_accuracy(results, activation, sizes),
            splits[dataset].X_train, splits[dataset].y_train.astype(np.int64),
        )
        for dataset, results in planes.items()
        for activation in ("identity", "relu")
        for sizes in SIZES
    ]  # fmt: skip
    judged = judge_claims(CLAIMS, found)
    ratio = paired_ratio(_pairs_of_steps(found, "64-64")).estimate
    accuracies = {
        int(width): [a for a in found.of(middle, "test_accuracy", hidden_layer_sizes=width).values()
                     if a is not None]
        for width in middle.runs["hidden_layer_sizes"].unique().to_list()
    }  # fmt: skip
    return Answer(
        _sentences(found, boundaries, ratio),
        (
            Section(
                "Linear layers against the same sizes with ReLU",
                (
                    "W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2): the product of the trained "
                    "matrices stands in the last columns, and gives the outputs of the stack to "
                    "rounding. With ReLU in between it gives other outputs altogether.",
                ),
                (_product_table(found),),
                (boundaries_picture(boundaries),),
            ),
            Section(
                "The footnote: a narrow middle",
                tables=(_middle_table(found, accuracies),),
                pictures=(middle_picture(accuracies, found.ranks),),
            ),
            Section(
                "The footnote: another way of learning",
                (
                    "Gradient descent works on the factors. The gradient of each is multiplied by "
                    "the others: from small weights more of them start slower. So two linear "
                    "layers are not two ways of writing one training.",
                ),
                pictures=(curves_picture(depth.curves, depth.runs, ratio),),
            ),
        ),
        tuple(judged),
        (
            "1.4c says that two consecutive linear layers are the same as one. As functions they "
            "are, as long as the middle is not narrower than both ends: else they are fewer, of "
            "a rank no higher than the middle. As a parametrization they are not: they are "
            "trained along another path.",
        ),
        pl.concat([*(results.runs for results in planes.values()), middle.runs, depth.runs]),
    )


def nets_of(results: Results) -> dict[str, TrainedNet]:
    """The trained nets of a study that saved its weights, by run; finished ones only."""
    spec = results.spec
    assert spec.loss is not None
    assert spec.output is not None
    rows = results.runs.filter(pl.col("status") == "finished")
    return {
        run: load_net(results.folder, run, activation, spec.loss, spec.output)
        for run, activation in rows.select("run", "activation").iter_rows()
    }


def _ranks(nets: list[TrainedNet]) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for net in nets:
        found.setdefault(net.layer_sizes[1], []).append(collapse(net).rank)
    return {width: tuple(ranks) for width, ranks in sorted(found.items())}


def _first_run(results: Results, activation: str, sizes: str) -> str:
    rows = results.runs.filter(
        (pl.col("activation") == activation)
        & (pl.col("hidden_layer_sizes") == sizes)
        & (pl.col("status") == "finished")
    )
    return str(rows.sort("seed")["run"][0])


def _mean_accuracy(results: Results, activation: str, sizes: str) -> float:
    rows = results.runs.filter(
        (pl.col("activation") == activation) & (pl.col("hidden_layer_sizes") == sizes)
    )
    return float(rows["test_accuracy"].drop_nulls().to_numpy().mean())


def _sentences(found: Found, boundaries: list[Boundary], ratio: float) -> tuple[str, ...]:
    worst = max(found.collapse["identity"])
    by = {
        (each.dataset, each.net.activation): each.accuracy
        for each in boundaries
        if each.layers == "16-16"
    }
    widths = sorted(found.ranks)
    return (
        "No: without a function in between linear layers are one. The product of the trained "
        f"matrices gives the outputs of the stack to {short(worst, 1)}, and the boundary between "
        "two classes is a straight line at most.",
        f"On circles that line gets {percent(by['circles', 'identity'])} of the test part, on "
        f"spirals {percent(by['spirals', 'identity'])}; the same sizes with ReLU get "
        f"{percent(by['circles', 'relu'])} and {percent(by['spirals', 'relu'])}.",
        "The honest footnote: they are one layer as a function, not as a thing to train. A "
        f"middle of k units bounds the rank at k (measured: {_list(found, widths)}), which saves "
        f"weights; and on one regression a third linear layer took {short(ratio, 2)} times the "
        "steps of two, from small weights, to functions that both can be.",
    )


def _list(found: Found, widths: list[int]) -> str:
    return ", ".join(f"{max(found.ranks[width])} at k = {width}" for width in widths[:4])


def _product_table(found: Found) -> Table:
    rows = []
    for dataset, results in found.planes.items():
        for activation in ("identity", "relu"):
            for sizes in SIZES:
                net = found.nets[dataset][_first_run(results, activation, sizes)]
                one = collapse(net)
                linear = activation == "identity"
                rows.append(
                    (
                        dataset,
                        sizes,
                        "none" if linear else activation,
                        percent(_mean_accuracy(results, activation, sizes)),
                        str(weight_count(net)),
                        str(one.parameters) if linear else "–",
                        str(one.rank) if linear else "–",
                    )
                )
    heads = ("data", "hidden layers", "in between", "test accuracy", "numbers in the stack",
             "in the product", "rank of the product")  # fmt: skip
    worst, other = max(found.collapse["identity"]), min(found.collapse["relu"])
    note = (
        f"Outputs of the product against the stack's on circles, 16-16: at most {short(worst, 2)} "
        f"apart for the linear nets, at least {short(other, 2)} with ReLU, relative to the largest."
    )
    return Table(heads, tuple(rows), note=note)


def _middle_table(found: Found, accuracies: dict[int, list[float]]) -> Table:
    rows = []
    for width, ranks in found.ranks.items():
        seen = str(ranks[0]) if len(set(ranks)) == 1 else f"{min(ranks)} to {max(ranks)}"
        mean = float(np.mean(accuracies[width]))
        rows.append((str(width), seen, str(_middle_weights(found, width)), percent(mean)))
    heads = ("units in the middle", "rank of the product", "weights", "test accuracy")
    ends = found.ends[0] * found.ends[1]
    note = f"One layer from {found.ends[0]} inputs to {found.ends[1]} classes has {ends} weights."
    return Table(heads, tuple(rows), note=note)


def _middle_weights(found: Found, width: int) -> int:
    return sum(found.ends) * width
