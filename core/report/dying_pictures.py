"""Pictures of dying units: over the learning rate, at birth, by shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from nnlab.core.analysis.births import Birth
from nnlab.core.analysis.dead_at_birth import dead_for_one_input
from nnlab.core.analysis.statistics import Floats, t_quantile
from nnlab.core.report.pictures import (
    Axis,
    HeatPanel,
    HeatPicture,
    Line,
    LinesPicture,
    Panel,
)
from nnlab.core.report.style import Look, activation_look, looks
from nnlab.core.report.wording import listed, percent, short

_LAYERS = (1.0, 5.0, 10.0, 15.0, 20.0)
DEAD_RULE = "A unit is dead when f'(z) is exactly 0 for every training example."


def dead_over_rate(means: pl.DataFrame, optimizers: Sequence[str]) -> LinesPicture:
    """Dead units and test accuracy over the learning rate, a column of panels an optimizer.

    How to read it: above, the share of all hidden units that are dead after training; below, what
    that does to the accuracy. At the rates where the accuracy is highest hardly any unit is dead.
    `means` as `dead_means` by activation, optimizer and learning rate gives it.
    """
    rates = tuple(means["learning_rate"].unique().sort().to_list())
    x = Axis("learning rate, log scale", "log", places=rates[::2], group="x")
    rows = (
        ("dead", Axis("dead, share of hidden units", "percent", group="dead")),
        ("test_accuracy", Axis("test accuracy", "percent", limits=(0.0, 1.04), group="accuracy")),
    )
    panels = []
    for quantity, y in rows:
        for optimizer in optimizers:
            part = means.filter(pl.col("optimizer") == optimizer)
            panels.append(
                Panel(
                    title=optimizer if quantity == "dead" else "",
                    x=x,
                    y=y,
                    lines=_rate_lines(part, quantity),
                    labelled=optimizer == optimizers[-1],
                    lost=_all_lost(part, quantity),
                )
            )
    return LinesPicture(
        name="dead_over_learning_rate",
        title=_rate_title(means, optimizers),
        caption=(
            f"{DEAD_RULE} LeakyReLU's f' is never 0. Line: mean over seeds; band: 95 % interval. "
            "Diverged runs are left out and counted in the table; a cross at the lower edge: every "
            "run diverged."
        ),
        panels=tuple(panels),
        columns=len(optimizers),
    )


def _rate_lines(part: pl.DataFrame, quantity: str) -> tuple[Line, ...]:
    lines = []
    for name in part["activation"].unique(maintain_order=True).sort(descending=True):
        known = part.filter(pl.col("activation") == name, pl.col(quantity).is_not_null()).sort(
            "learning_rate"
        )
        within = [pl.col(f"{quantity}_{end}").clip(0.0, 1.0) for end in ("low", "high")]
        low, high = known.select(within)
        lines.append(
            Line(
                name,
                activation_look(name),
                tuple(known["learning_rate"]),
                tuple(known[quantity]),
                tuple(low),
                tuple(high),
                marks=True,
            )
        )
    return tuple(line for line in lines if line.x)


def _all_lost(part: pl.DataFrame, quantity: str) -> tuple[tuple[float, Look], ...]:
    gone = part.filter(pl.col(quantity).is_null())
    places = gone.select("learning_rate", "activation").rows()
    return tuple((rate, activation_look(name)) for rate, name in places)


def _rate_title(means: pl.DataFrame, optimizers: Sequence[str]) -> str:
    """From which rate on more than 5 % of ReLU's units are dead, by optimizer."""
    relu = means.filter(pl.col("activation") == "relu").sort("learning_rate")
    words = []
    for optimizer in optimizers:
        many = relu.filter(pl.col("optimizer") == optimizer, pl.col("dead") > 0.05)
        if many.height:
            words.append(f"{optimizer} from {short(many['learning_rate'][0])}")
    if not words:
        return "No rate that was tried kills more than 5 % of ReLU's units"
    return f"ReLU units die of large steps: more than 5 % are dead with {listed(words)}"


# ------------------------------------------------------------------ before training


def dead_at_birth(
    births: Sequence[Birth], units: Mapping[str, tuple[Floats, Floats]]
) -> LinesPicture:
    """Counted on random nets, as points, against the exact chance, as lines.

    How to read it: left, one input: how many nets have a dead layer. Right, several inputs of
    equal cosine: how many units of a layer are positive for none of them; `units` maps a name to
    (counted shares (nets, depth), expected shares (depth,)).
    """
    widths = sorted({birth.width for birth in births})
    family = looks("hidden_layer_sizes", [str(width) for width in widths])
    lines: list[Line] = []
    for width in widths:
        own = [birth for birth in births if birth.width == width]
        look, depths = family[str(width)], tuple(float(birth.depth) for birth in own)
        exact = tuple(dead_for_one_input(width, birth.depth) for birth in own)
        lines.append(Line(f"width {width}", look, depths, exact))
        shares = [birth.share for birth in own]
        reach = [3.0 * birth.standard_error for birth in own]
        low = tuple(max(0.0, share - r) for share, r in zip(shares, reach, strict=True))
        high = tuple(min(1.0, share + r) for share, r in zip(shares, reach, strict=True))
        lines.append(Line("", look, depths, tuple(shares), low, high, marks=True, joined=False))
    far = max(abs(birth.distance) for birth in births)
    return LinesPicture(
        name="dead_at_birth",
        title=(
            f"Dead before training: of {len(births)} shapes of random ReLU nets the farthest from "
            f"the exact chance is {far:.1f} standard errors off"
        ),
        caption=(
            "Lines: theory, left 1 - (1 - 2^-N)^H for N units and H layers. Points: left "
            f"{births[0].nets:,} nets a width, bars three standard errors; right "
            f"{len(next(iter(units.values()))[0])} nets, bars 95 % intervals over nets. Weights "
            "symmetric, biases 0."
        ),
        panels=(
            Panel(
                "One input: nets with a dead layer",
                Axis("hidden layers", places=_LAYERS),
                Axis("share of nets", "percent"),
                tuple(lines),
                labelled=True,
                bars=True,
            ),
            Panel(
                "Several inputs: units dead for all of them",
                Axis("layer", places=_LAYERS),
                Axis("share of the layer's units", "percent"),
                _unit_lines(units),
                labelled=True,
                bars=True,
            ),
        ),
        columns=2,
    )


def _unit_lines(units: Mapping[str, tuple[Floats, Floats]]) -> tuple[Line, ...]:
    family = looks("hidden_layer_sizes", list(units))
    lines = []
    for name, (counted, expected) in units.items():
        x = tuple(range(1, len(expected) + 1))
        mean, low, high = bands(counted)
        lines.append(Line(name, family[name], x, tuple(expected)))
        lines.append(Line("", family[name], x, mean, low, high, marks=True, joined=False))
    return tuple(lines)


def bands(values: Floats) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Mean and 95 % interval over the first axis, within 0 and 1."""
    n = len(values)
    mean = values.mean(axis=0)
    if n < 2:
        return tuple(mean), (), ()
    reach = t_quantile(n) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return (
        tuple(mean.tolist()),
        tuple(np.maximum(mean - reach, 0.0).tolist()),
        tuple(np.minimum(mean + reach, 1.0).tolist()),
    )


# ------------------------------------------------------------------ by shape


def dead_by_shape(means: pl.DataFrame, rates: Sequence[float]) -> HeatPicture:
    """Dead units by depth and width, a map a moment: at birth, and after training at each rate.

    `means`: `depth`, `width`, `learning_rate`, `dead_at_birth`, `dead`.
    """
    depths = means["depth"].unique().sort().to_list()
    widths = means["width"].unique().sort().to_list()

    def panel(title: str, rate: float, column: str) -> HeatPanel:
        part = means.filter(pl.col("learning_rate") == rate)
        cells = {(d, w): value for d, w, value in part.select("depth", "width", column).rows()}
        values = tuple(tuple(cells.get((d, w)) for d in depths) for w in widths)
        lost = tuple(
            (j, i) for j, row in enumerate(values) for i, value in enumerate(row) if value is None
        )
        places = tuple(map(float, range(len(depths)))), tuple(map(float, range(len(widths))))
        return HeatPanel(title, *places, values, lost=lost)

    row = means.sort("dead", descending=True, nulls_last=True).row(0, named=True)
    return HeatPicture(
        name="dead_by_shape",
        title=(
            f"Most units are lost at depth {row['depth']}, width {row['width']}, learning rate "
            f"{short(row['learning_rate'])}: {percent(row['dead'])}"
        ),
        caption=(
            f"ReLU, SGD. {DEAD_RULE} Mean over seeds of the share of all hidden units; a cross: "
            "every run diverged."
        ),
        panels=(
            panel("Before training", rates[0], "dead_at_birth"),
            *(panel(f"After training at {short(rate)}", rate, "dead") for rate in rates),
        ),
        columns=1 + len(rates),
        x=Axis("depth (hidden layers)", "category", tuple(map(str, depths))),
        y=Axis("width", "category", tuple(map(str, widths))),
        color=Axis("dead", "percent"),
        written=True,
    )
