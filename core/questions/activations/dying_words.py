"""What the section on dying units says: its paragraphs and tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from nnlab.core.questions.activations.dying_claims import LARGE, USUAL, Dying
from nnlab.core.report.style import activation_look
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, percent, plural, short
from nnlab.core.wording import number

WATCH_EVERY = 10
"""Steps between two looks at every unit."""


def dying_text(found: Dying, means: pl.DataFrame) -> str:
    """When units die; `means` as `dead_means` by activation, optimizer and rate."""

    def dead(rates: Mapping[str, float]) -> str:
        rows = {
            (row["optimizer"], row["learning_rate"]): row["dead"]
            for row in means.filter(pl.col("activation") == "relu").iter_rows(named=True)
        }
        return ", ".join(
            f"{percent(rows[name, rate])} with {name} at {number(rate)}"
            for name, rate in rates.items()
        )

    def lost_of(activation: str) -> str:
        row = means.filter(
            pl.col("activation") == activation,
            pl.col("optimizer") == "sgd",
            pl.col("learning_rate") == LARGE["sgd"],
        ).row(0, named=True)
        return f"{row['lost']} of {activation}'s {plural(row['runs'], 'run')}"

    lost = int((found.by_run["status"] != "finished").sum())
    return (
        f"At usual rates the dead share of ReLU's hidden units is {dead(USUAL)}; at rates far too "
        f"large {dead(LARGE)}. LeakyReLU has no dead unit at any rate, as its slope is nowhere 0. "
        "What does not die may explode instead: with sgd at "
        f"{number(LARGE['sgd'])} {lost_of('leaky_relu')} diverge, and {lost_of('relu')}. "
        f"In all {lost} of {plural(found.by_run.height, 'run')} diverged and are left out: their "
        "activations are not numbers, and no unit of theirs would count as dead."
    )


def birth_text(found: Dying) -> str:
    """How far random nets are from the exact chance."""
    far = max(found.births, key=lambda birth: abs(birth.distance))
    return (
        "Dead before training: one input finds a net of H hidden layers of N ReLU units dead with "
        f"the chance 1 - (1 - 2^-N)^H. Of {plural(len(found.births), 'shape')} "
        f"({far.nets:,} random nets each) the farthest from it is width {far.width}, depth "
        f"{far.depth}: {fixed(far.share, 4)} counted, {fixed(far.predicted, 4)} predicted, "
        f"{fixed(abs(far.distance), 1)} standard errors apart."
    )


def revival_text(found: Dying) -> tuple[str, ...]:
    """Whether units come back; nothing where none was watched."""
    if not found.watched:
        return ()
    first = sum(
        int(history.revived(1).sum())
        for case, histories in found.watched.items()
        for name, history in histories.items()
        if (name, case.split()[0]) == ("relu", "sgd")
    )
    relu = [h["relu"] for h in found.watched.values() if "relu" in h]
    ever = sum(int(history.ever_silent().sum()) for history in relu)
    back = sum(int(history.revived().sum()) for history in relu)
    return (
        "Does a dead unit come back? A dead ReLU has no gradient of its own, so that in the first "
        f"layer plain SGD can revive none (counted: {first}). In later layers the units before it "
        "move and may lift it again, and Adam goes on for a while on what it remembers of old "
        f"gradients: of {plural(ever, 'ReLU unit')} that ever died {back} came back. LeakyReLU's "
        "units "
        "may fall silent, too, but they are taught all the time.",
    )


def rates_table(means: pl.DataFrame) -> Table:
    """Dead units and accuracy at usual and at large rates, by optimizer."""
    rows, row_looks = [], []
    for optimizer, large in LARGE.items():
        for rate in (USUAL[optimizer], large):
            for name in ("relu", "leaky_relu"):
                at = means.filter(
                    pl.col("activation") == name,
                    pl.col("optimizer") == optimizer,
                    pl.col("learning_rate") == rate,
                ).row(0, named=True)
                runs = str(at["runs"])
                if at["lost"]:
                    runs = f"{at['runs'] - at['lost']} of {runs} ({at['lost']} diverged)"
                rows.append(
                    (
                        name,
                        optimizer,
                        short(rate),
                        percent(at["dead"]),
                        percent(at["dead_in_last"]),
                        fixed(at["test_accuracy"]),
                        runs,
                    )
                )
                row_looks.append(activation_look(name))
    heads = (
        "activation", "optimizer", "learning rate", "dead units", "of the last layer",
        "test accuracy", "runs",
    )  # fmt: skip
    return Table(
        heads,
        tuple(rows),
        tuple(row_looks),
        note="Dead: share of all hidden units after training, mean over seeds. LeakyReLU's f' "
        "is never 0, so that it has none by definition; what that is worth is the accuracy.",
    )


def revival_table(found: Dying) -> Table:
    """How many units fell silent, and how many of them came back."""
    rows, row_looks = [], []
    for case, histories in found.watched.items():
        for name, history in histories.items():
            layers = range(1, len(history.silent) + 1)
            back = [int(history.revived(layer).sum()) for layer in layers]
            ever, total = int(history.ever_silent().sum()), sum(back)
            end = np.mean([history.share(layer)[-1].mean() for layer in layers])
            share = f"{total} ({percent(total / ever)})" if ever else "0"
            rows.append((name, case, str(ever), share, *map(str, back), percent(float(end))))
            row_looks.append(activation_look(name))
    count = len(rows[0]) - 5
    return Table(
        (
            "activation", "setting", "ever silent", "came back",
            *(f"of layer {layer}" for layer in range(1, count + 1)), "silent at the end",
        ),
        tuple(rows),
        tuple(row_looks),
        note=f"Units counted one by one every {WATCH_EVERY} steps over all runs that finished: "
        "silent is z <= 0 for every training example, come back is silent at one moment and not at "
        "a later one. A lower bound, as a unit may come and go in between.",
    )  # fmt: skip
