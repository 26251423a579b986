"""Question 1.4c: two consecutive linear layers are one, and what they are good for all the same."""

from __future__ import annotations

import numpy as np
import polars as pl

from nnlab.core.analysis.claims import judge_claims
from nnlab.core.analysis.collapse import collapse, collapse_error
from nnlab.core.analysis.pairs import paired_ratio
from nnlab.core.analysis.trained_net import TrainedNet, load_net
from nnlab.core.questions.linear_claims import (
    CLAIMS,
    DEPTH,
    MIDDLE,
    PLANES,
    SIZES,
    TWO,
    Found,
    pairs_of_steps,
)
from nnlab.core.questions.linear_words import (
    first_run,
    mean_accuracy,
    middle_table,
    product_table,
    sentences,
)
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.linear_pictures import (
    Boundary,
    boundaries_picture,
    curves_picture,
    middle_picture,
)
from nnlab.core.results import Results


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
            dataset, sizes, nets[dataset][first_run(results, activation, sizes)],
            mean_accuracy(results, activation, sizes),
            splits[dataset].X_train, splits[dataset].y_train.astype(np.int64),
        )
        for dataset, results in planes.items()
        for activation in ("identity", "relu")
        for sizes in SIZES
    ]  # fmt: skip
    judged = judge_claims(CLAIMS, found)
    ratio = paired_ratio(pairs_of_steps(found, TWO)).estimate
    accuracies = {
        int(width): [a for a in found.of(middle, "test_accuracy", hidden_layer_sizes=width).values()
                     if a is not None]
        for width in middle.runs["hidden_layer_sizes"].unique().to_list()
    }  # fmt: skip
    return Answer(
        sentences(found, boundaries, ratio),
        (
            Section(
                "Linear layers against the same sizes with ReLU",
                (
                    "W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2): the product of the trained "
                    "matrices stands in the last columns, and gives the outputs of the stack to "
                    "rounding. With ReLU in between it gives other outputs altogether.",
                ),
                (product_table(found),),
                (boundaries_picture(boundaries),),
            ),
            Section(
                "The footnote: a narrow middle",
                tables=(middle_table(found, accuracies),),
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
