"""Question 1.3: sigmoids in place of ReLU and identity, two losses, and why ReLU inside."""

from __future__ import annotations

import numpy as np
import polars as pl

from nnlab.core.analysis.claims import judge_claims
from nnlab.core.analysis.statistics import geometric_interval
from nnlab.core.analysis.tuned import TUNING, Tuned, mean_interval, tune
from nnlab.core.analysis.two_layer_net import SIGMOID_CROSS_ENTROPY, SIGMOID_SQUARED, TwoLayerNet
from nnlab.core.analysis.worked_example import forward, jacobians
from nnlab.core.errors import UsageError
from nnlab.core.questions.by_hand import gradient_section, net_of
from nnlab.core.questions.sigmoid_claims import CLAIMS, DEPTH_STUDY, STARTS, WRONG_START, Found
from nnlab.core.questions.sigmoid_words import (
    depth_table,
    difference_table,
    difference_words,
    mistake_table,
    sentences,
    starts_table,
)
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.sigmoid_pictures import (
    correction_picture,
    depth_picture,
    recovery_picture,
)
from nnlab.core.report.worked_example import (
    forward_table,
    given_blocks,
    jacobian_blocks,
    vector_words,
)
from nnlab.core.results import Results

QUICK = [f"seeds=[20, 21, 22, {TUNING}, {TUNING + 1}]"]


def answer(work: Work) -> Answer:
    """The example of 1.2 with sigmoids, what changed, and the experiments."""
    net = net_of(work)
    _check_targets(net, work)
    depth = work.study(DEPTH_STUDY, QUICK)
    starts = {loss: work.study(name, QUICK) for loss, name in STARTS.items()}
    test = work.prepare(depth.spec).plan.split.y_test.astype(np.int64)
    found = Found(
        _tuned_depths(depth),
        _reach(depth),
        _tuned_starts(starts),
        depth.runs["learning_rate"].n_unique(),
        float(np.bincount(test).max() / test.size),
    )
    squared, _ = gradient_section(net, SIGMOID_SQUARED, "(c) The gradients, squared error")
    cross, _ = gradient_section(net, SIGMOID_CROSS_ENTROPY, "(c) The gradients, cross-entropy")
    at = forward(net, SIGMOID_SQUARED)
    return Answer(
        sentences(net, found),
        (
            Section("The net", ("As in 1.2, with f = g = sigmoid.", given_blocks(net))),
            Section("What changes against 1.2", difference_words(), (difference_table(net),)),
            Section("(b) The forward pass", tables=(
                forward_table(net, at, ("σ(z1)", "σ(z3)", "Σ (yhat − y)²")),
            )),
            squared,
            cross,
            Section(
                "(d) The derivatives in between, in numerator layout",
                (
                    "Squared error:", jacobian_blocks(jacobians(net, SIGMOID_SQUARED)),
                    "Binary cross-entropy; the sigmoid's slope in dyhat/dz3 cancels against the "
                    "denominator of dl/dyhat, and what is left is yhat − y:",
                    jacobian_blocks(jacobians(net, SIGMOID_CROSS_ENTROPY)),
                ),
            ),
            Section(
                "Why cross-entropy behind a sigmoid",
                tables=(mistake_table(), starts_table(found)),
                pictures=(
                    correction_picture(),
                    recovery_picture(
                        _curves(starts, found),
                        {
                            key: mean_interval(list(each.train_accuracy.values())).estimate
                            for key, each in found.starts.items()
                        },
                        {"auto": "From a usual start", WRONG_START: "From a confidently wrong one"},
                    ),
                ),
            ),
            Section(
                "Why ReLU inside",
                tables=(depth_table(found),),
                pictures=(depth_picture(
                    {key: mean_interval(list(each.accuracy.values()))
                     for key, each in found.depth.items()},
                    {key: geometric_interval(list(each.values()))
                     for key, each in found.reach.items()},
                ),),
            ),
        ),
        tuple(judge_claims(CLAIMS, found)),
        (
            "1.3b leaves out the x: the forward pass is z2 = σ(W1 x + b1), not σ(W1 + b1), and the "
            "same in z3 and yhat.",
            "1.3c names only dl/dW2 as changed. Every gradient changes its numbers, for all "
            "of them contain dyhat/dz3, which was the identity, and those of the first layer "
            "dz2/dz1; what stays is how they are put together.",
            "1.3d gives dz2/dz1 and dyhat/dz3 as vectors σ(z)(1 − σ(z)). They are the diagonal "
            "matrices of these, diag(σ(z1)(1 − σ(z1))) and diag(σ(z3)(1 − σ(z3))).",
            "0.1b says that ReLU prevents vanishing gradients. It takes away the factor f' ≤ 1/4 "
            "of every layer; the weights are a factor of their own, and have to be of the size "
            "made for ReLU (see 1.4d).",
        ),
        pl.concat([depth.runs, *(results.runs for results in starts.values())]),
    )  # fmt: skip


def _check_targets(net: TwoLayerNet, work: Work) -> None:
    if ((net.y < 0) | (net.y > 1)).any():
        raise UsageError(
            f"{work.input}: y is {vector_words(net.y)}, and behind a sigmoid with binary "
            "cross-entropy every target lies between 0 and 1; 1.2 takes any numbers"
        )


# ------------------------------------------------------------------ the studies


def _tuned_depths(results: Results) -> dict[tuple[str, int], Tuned]:
    return {
        (str(activation), int(depth)): tune(part)
        for (activation, depth), part in results.runs.group_by("activation", "depth")
    }


def _tuned_starts(starts: dict[str, Results]) -> dict[tuple[str, str], Tuned]:
    return {
        (loss, str(start)): tune(part)
        for loss, results in starts.items()
        for (start,), part in results.runs.group_by("initialization")
    }


def _reach(results: Results) -> dict[tuple[str, int], dict[int, float]]:
    """From the records before training, which the learning rate has no part in: any one rate's."""
    rate = results.runs["learning_rate"].min()
    runs = results.runs.filter((pl.col("learning_rate") == rate) & (pl.col("seed") < TUNING))
    wanted = runs.select("run", "activation", "depth", "seed")
    layers = (
        results.layers.filter(pl.col("step") == 0)
        .select("run", "layer", "delta_rms")
        .join(wanted.lazy(), on="run")
        .collect()
    )
    found: dict[tuple[str, int], dict[int, float]] = {}
    for row in wanted.iter_rows(named=True):
        own = layers.filter(pl.col("run") == row["run"])
        delta = dict(zip(own["layer"].to_list(), own["delta_rms"].to_list(), strict=True))
        key = (row["activation"], row["depth"])
        found.setdefault(key, {})[row["seed"]] = float(delta[1] / delta[row["depth"]])
    return found


def _curves(
    starts: dict[str, Results], found: Found
) -> dict[tuple[str, str], pl.LazyFrame]:  # fmt: skip
    return {
        (loss, start): starts[loss].curves.join(tuned.runs.select("run").lazy(), on="run")
        for (loss, start), tuned in found.starts.items()
    }
