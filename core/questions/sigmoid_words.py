"""What the answer to question 1.3 says: its sentences and tables."""

from __future__ import annotations

import numpy as np

from nnlab.core.analysis.confident_mistakes import correction
from nnlab.core.analysis.statistics import geometric_interval
from nnlab.core.analysis.tuned import Tuned, mean_interval
from nnlab.core.analysis.two_layer_net import (
    RELU_SQUARED,
    SIGMOID_CROSS_ENTROPY,
    SIGMOID_SQUARED,
    Array,
    TwoLayerNet,
)
from nnlab.core.analysis.worked_example import by_formula, forward, jacobians
from nnlab.core.questions.sigmoid_claims import STARTS, WRONG_START, Found
from nnlab.core.report.table import Table
from nnlab.core.report.wording import percent, short
from nnlab.core.report.worked_example import vector_words

MISTAKES = (-1.0, -2.0, -5.0, -10.0, -20.0, -50.0)


def sentences(net: TwoLayerNet, found: Found) -> tuple[str, ...]:
    """The answer."""
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
        "under the squared error. From a confidently wrong start cross-entropy reaches "
        f"{wrong['binary_cross_entropy']} test accuracy, the squared error {wrong['mse']}.",
        f"Inside nothing cancels the slope: at {deep} hidden layers {short(reach, 1)} of the "
        f"gradient reaches the first, and at the best of {found.rates} rates the net ends at "
        f"{accuracy['sigmoid']} test accuracy (the larger class alone is "
        f"{percent(found.majority)}); with f = ReLU at {accuracy['relu']}.",
    )


def _mean(each: Tuned) -> float:
    return mean_interval(list(each.accuracy.values())).estimate


def difference_words() -> tuple[str, ...]:
    """The factors of 1.2 and what they are in 1.3."""
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


def difference_table(net: TwoLayerNet) -> Table:
    """Every stage of 1.2 and of 1.3 with both losses, on one net."""
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


def mistake_table() -> Table:
    """How hard each loss corrects a wrong answer, by how sure it is."""
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


def starts_table(found: Found) -> Table:
    """Both losses from both starts, each at its best rate."""
    rows = []
    for start, words in (("auto", "usual"), (WRONG_START, "confidently wrong")):
        for loss in STARTS:
            each = found.starts[loss, start]
            name = {"mse": "squared error"}.get(loss, "cross-entropy")
            rows.append((words, name, _rate(each), *_accuracy_cells(each)))
    return Table(("start", "loss", "best rate", "test accuracy", "worst seed", "diverged"),
                 tuple(rows))  # fmt: skip


def depth_table(found: Found) -> Table:
    """Both activations at every depth, each at its best rate."""
    rows = []
    for depth in sorted({depth for _, depth in found.depth}):
        for name in ("relu", "sigmoid"):
            each = found.depth[name, depth]
            reach = geometric_interval(list(found.reach[name, depth].values())).estimate
            rows.append((str(depth), name, _rate(each), *_accuracy_cells(each),
                         short(reach, 2)))  # fmt: skip
    heads = ("hidden layers", "f", "best rate", "test accuracy", "worst seed", "diverged",
             "gradient reaching layer 1")  # fmt: skip
    return Table(heads, tuple(rows))


def _rate(each: Tuned) -> str:
    return f"{each.rate:g}" + (" (edge)" if each.on_edge else "")


def _accuracy_cells(each: Tuned) -> tuple[str, str, str]:
    values = list(each.accuracy.values())
    known = [value for value in values if value is not None]
    lost = str(len(values) - len(known))
    if not known:
        return "–", "–", lost
    return percent(float(np.mean(known))), percent(min(known)), lost
