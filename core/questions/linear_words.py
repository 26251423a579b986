"""What the answer to question 1.4c says: its sentences and tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from nnlab.core.analysis.collapse import collapse, weight_count
from nnlab.core.questions.linear_claims import ONE, SIZES, TWO, Found
from nnlab.core.report.linear_pictures import Boundary
from nnlab.core.report.table import Table
from nnlab.core.report.wording import percent, short
from nnlab.core.results import Results


def first_run(results: Results, activation: str, sizes: str) -> str:
    """The run of the smallest seed that finished."""
    rows = results.runs.filter(
        (pl.col("activation") == activation)
        & (pl.col("hidden_layer_sizes") == sizes)
        & (pl.col("status") == "finished")
    )
    return str(rows.sort("seed")["run"][0])


def mean_accuracy(results: Results, activation: str, sizes: str) -> float:
    """Test accuracy, mean over the runs that finished."""
    rows = results.runs.filter(
        (pl.col("activation") == activation) & (pl.col("hidden_layer_sizes") == sizes)
    )
    return float(rows["test_accuracy"].drop_nulls().to_numpy().mean())


def sentences(found: Found, boundaries: list[Boundary], ratio: float) -> tuple[str, ...]:
    """The answer; `ratio`: the steps of one more linear layer over those without."""
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
        f"weights; and on {found.depth.runs['dataset'][0]} one more linear layer (hidden layers "
        f"{TWO} against {ONE}, weights from {found.depth.runs['initialization'][0]}) took "
        f"{short(ratio, 2)} times the steps, though both can be the same functions.",
    )


def _list(found: Found, widths: list[int]) -> str:
    return ", ".join(f"{max(found.ranks[width])} at k = {width}" for width in widths[:4])


def product_table(found: Found) -> Table:
    """Every kind of net on the plane, beside the one layer that the linear ones are."""
    rows = []
    for dataset, results in found.planes.items():
        for activation in ("identity", "relu"):
            for sizes in SIZES:
                net = found.nets[dataset][first_run(results, activation, sizes)]
                one = collapse(net)
                linear = activation == "identity"
                rows.append(
                    (
                        dataset,
                        sizes,
                        "none" if linear else activation,
                        percent(mean_accuracy(results, activation, sizes)),
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


def middle_table(found: Found, accuracies: dict[int, list[float]]) -> Table:
    """Rank, weights and accuracy by the units in the middle."""
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
