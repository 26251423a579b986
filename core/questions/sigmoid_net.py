"""Question 1.3: sigmoids in place of ReLU and identity, two losses, and why ReLU inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from nnlab.core.analysis.claims import Claim, Finding, judge_claims
from nnlab.core.analysis.confident_mistakes import correction
from nnlab.core.analysis.pairs import Pairs, pair_by_seed, paired_difference, paired_ratio
from nnlab.core.analysis.statistics import Interval, geometric_interval
from nnlab.core.analysis.tuned import TUNING, Tuned, tune
from nnlab.core.analysis.verdicts import Criterion, edge_fault
from nnlab.core.analysis.worked_example import (
    RELU_SQUARED,
    SIGMOID_CROSS_ENTROPY,
    SIGMOID_SQUARED,
    Array,
    TwoLayerNet,
    by_formula,
    forward,
    jacobians,
)
from nnlab.core.errors import UsageError
from nnlab.core.questions.by_hand import agreement_claim, gradient_section, net_of
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.sigmoid_pictures import (
    correction_picture,
    depth_picture,
    mean_interval,
    recovery_picture,
)
from nnlab.core.report.table import Table
from nnlab.core.report.wording import percent, short
from nnlab.core.report.worked_example import (
    forward_table,
    given_blocks,
    jacobian_blocks,
    vector_words,
)
from nnlab.core.study import Results

DEPTH_STUDY = "sigmoid_output"
STARTS = {"binary_cross_entropy": "confident_cross_entropy", "mse": "confident_squared"}
"""The study from two starts, by loss."""
WRONG_START = "normal:4"
"""Weights so large that the untrained net is sure of every answer, and half of them are wrong."""
QUICK = [f"seeds=[0, 1, 2, {TUNING}, {TUNING + 1}]"]
MISTAKES = (-1.0, -2.0, -5.0, -10.0, -20.0, -50.0)


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
    faults = (edge_fault("ReLU"),) if relu.on_edge else ()
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
        ratio(1),
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
        measure=_deeper,
    ),
    Claim(
        id="sigmoid-inside-fades",
        question="1.3",
        claim="With f = sigmoid less of the gradient reaches the first layer than with f = ReLU.",
        criterion=Criterion.greater("gradient reaching layer 1, ReLU over sigmoid", 10.0),
        unit="x",
        study=DEPTH_STUDY,
        control="one hidden layer",
        figure="depth",
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
        measure=_corrects,
    ),
)


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
        _sentences(net, found),
        (
            Section("The net", ("As in 1.2, with f = g = sigmoid.", given_blocks(net))),
            Section("What changes against 1.2", _difference_words(), (_difference_table(net),)),
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
                tables=(_mistake_table(), _starts_table(found)),
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
                tables=(_depth_table(found),),
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


# ------------------------------------------------------------------ words and tables


def _sentences(net: TwoLayerNet, found: Found) -> tuple[str, ...]:
    squared, cross = (jacobians(net, v) for v in (SIGMOID_SQUARED, SIGMOID_CROSS_ENTROPY))
    pulls = [float(correction(loss, np.array([-10.0]))[0]) for loss in STARTS]
    deep = found.deepest
    accuracy = {name: percent(_mean(found.depth[name, deep])) for name in ("relu", "sigmoid")}
    wrong = {loss: percent(_mean(found.starts[loss, WRONG_START])) for loss in STARTS}
    reach = geometric_interval(list(found.reach["sigmoid", deep].values())).estimate
    return (
        "With sigmoids the chain stays as in 1.2 and two of its factors change: dz2/dz1 becomes "
        "diag(σ(z1)(1 − σ(z1))), at most 1/4, and dyhat/dz3 diag(σ(z3)(1 − σ(z3))) in place of "
        f"the identity. On this net dl/dz3 = {vector_words(squared.dl_dz3[0])}.",
        "Under the binary cross-entropy dl/dyhat has the sigmoid's slope as its denominator; the "
        f"two cancel, and dl/dz3 = yhat − y = {vector_words(cross.dl_dz3[0])}. At a confident "
        f"mistake, z = −10 with y = 1, that is {short(pulls[0], 3)} against {short(pulls[1], 2)} "
        "under the squared error. From a "
        f"confidently wrong start the one reaches {wrong['binary_cross_entropy']} test accuracy, "
        f"the other {wrong['mse']}.",
        f"Inside nothing cancels the slope: at {deep} hidden layers {short(reach, 1)} of the "
        f"gradient reaches the first, and at the best of {found.rates} rates the net ends at "
        f"{accuracy['sigmoid']} test accuracy (the larger class alone is "
        f"{percent(found.majority)}); with f = ReLU at {accuracy['relu']}.",
    )


def _mean(each: Tuned) -> float:
    return mean_interval(list(each.accuracy.values())).estimate


def _difference_words() -> tuple[str, ...]:
    return (
        "The gradients are put together as in 1.2: dl/dW2 = z2 dl/dz3, dl/dW1 = x dl/dz1, "
        "dl/dz1 = dl/dz3 W2 dz2/dz1. What changes is three factors:",
        "    dz2/dz1     1.2: diag(1[z1 > 0])     1.3: diag(σ(z1) (1 − σ(z1)))\n"
        "    dyhat/dz3   1.2: identity            1.3: diag(σ(z3) (1 − σ(z3)))\n"
        "    dl/dyhat    squared error, both: 2 (yhat − y)^T\n"
        "                cross-entropy: ((yhat − y) / (yhat (1 − yhat)))^T\n"
        "    dl/dz3      squared error, 1.3: (2 (yhat − y) yhat (1 − yhat))^T\n"
        "                cross-entropy: (yhat − y)^T",
    )


def _difference_table(net: TwoLayerNet) -> Table:
    variants = (RELU_SQUARED, SIGMOID_SQUARED, SIGMOID_CROSS_ENTROPY)
    values, losses, sizes = [], [], []
    for variant in variants:
        at, d, gradient = forward(net, variant), jacobians(net, variant), by_formula(net, variant)
        values.append(
            {
                "z2": at.z2,
                "yhat": at.yhat,
                "diagonal of dz2/dz1": np.diagonal(d.dz2_dz1),
                "diagonal of dyhat/dz3": np.diagonal(d.dyhat_dz3),
                "dl/dyhat": d.dl_dyhat[0],
                "dl/dz3 = dl/db2": d.dl_dz3[0],
                "dl/dz1 = dl/db1": d.dl_dz1[0],
            }
        )
        losses.append(short(at.loss, 4))
        sizes.append([float(np.linalg.norm(getattr(gradient, name))) for name in ("W1", "W2")])
    rows = [(name, *(_cut(each[name]) for each in values)) for name in values[0]]
    rows.insert(2, ("loss", *losses))
    for i, name in enumerate(("W1", "W2")):
        rows.append((f"norm of dl/d{name}", *(short(each[i], 4) for each in sizes)))
    heads = ("", "1.2: ReLU, identity, squared", "1.3: σ, σ, squared", "1.3: σ, σ, cross-entropy")
    return Table(heads, tuple(rows))


def _cut(values: Array) -> str:
    """To three digits, so that three columns of vectors stand side by side."""
    shown = ", ".join(short(float(value), 3) for value in values[:4])
    return f"({shown}{', …' if values.size > 4 else ''})"


def _mistake_table() -> Table:
    logits = np.array(MISTAKES)
    columns = [
        correction(loss, logits, dtype)
        for loss in STARTS
        for dtype in (np.float64, np.float32)
    ]  # fmt: skip
    rows = [
        (short(float(z)), *(short(float(column[i]), 3) for column in columns))
        for i, z in enumerate(logits)
    ]
    heads = ("logit, truth 1", "cross-entropy, float64", "float32", "squared, float64", "float32")
    return Table(heads, tuple(rows), note="|dl/dz|: how hard each loss corrects the mistake.")


def _starts_table(found: Found) -> Table:
    rows = []
    for start, words in (("auto", "usual"), (WRONG_START, "confidently wrong")):
        for loss in STARTS:
            each = found.starts[loss, start]
            name = {"mse": "squared error"}.get(loss, "cross-entropy")
            rows.append((words, name, f"{each.rate:g}", *_accuracy_cells(each)))
    return Table(("start", "loss", "best rate", "test accuracy", "worst seed", "diverged"),
                 tuple(rows))  # fmt: skip


def _depth_table(found: Found) -> Table:
    rows = []
    for depth in sorted({depth for _, depth in found.depth}):
        for name in ("relu", "sigmoid"):
            each = found.depth[name, depth]
            reach = geometric_interval(list(found.reach[name, depth].values())).estimate
            rows.append((str(depth), name, f"{each.rate:g}", *_accuracy_cells(each),
                         short(reach, 2)))  # fmt: skip
    heads = ("hidden layers", "f", "best rate", "test accuracy", "worst seed", "diverged",
             "gradient reaching layer 1")  # fmt: skip
    return Table(heads, tuple(rows))


def _accuracy_cells(each: Tuned) -> tuple[str, str, str]:
    values = list(each.accuracy.values())
    known = [value for value in values if value is not None]
    lost = str(len(values) - len(known))
    if not known:
        return "–", "–", lost
    return percent(float(np.mean(known))), percent(min(known)), lost
