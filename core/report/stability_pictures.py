"""The pictures of question 1.4b: where the naive loss ends, and what that does to a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.float_limits import DTYPES, PROBE, Threshold, values_along
from nnlab.core.analysis.naive_training import Watched
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import PALETTE, Look
from nnlab.core.report.wording import short

Limits = Mapping[tuple[str, str], Threshold]
"""By probe and format."""
NAIVE, STABLE = Look(PALETTE[1], (), "^"), Look(PALETTE[0], (), "s")
LIMIT = Look("#555555", (4.0, 1.6))


def thresholds_picture(limits: Limits) -> LinesPicture:
    """The naive and the stable cross-entropy over the lead of the wrong class, a panel a format.

    How to read it: both forms are one line as far as the naive one goes; the cross is its end.
    """
    x = np.geomspace(1.0, 3000.0, 300)
    panels = []
    for dtype in DTYPES:
        stable = values_along(PROBE["log-sum-exp"], dtype, x)
        naive = values_along(PROBE["cross-entropy"], dtype, x)
        known = np.isfinite(naive)
        last = limits["cross-entropy", dtype].last
        panels.append(
            Panel(
                f"{dtype}: naive up to {short(last, 4)}",
                Axis("lead of the wrong class, x", "log", limits=(1.0, 3000.0)),
                Axis("cross-entropy", "log", limits=(0.8, 5000.0), group="loss"),
                (
                    Line("log-sum-exp", STABLE, _numbers(x), _numbers(stable)),
                    Line("naive", NAIVE, _numbers(x[known]), _numbers(naive[known]), marks=False),
                ),
                labelled=True,
                lost=((last, NAIVE),),
            )
        )
    return LinesPicture(
        "thresholds",
        "The naive loss ends where exp overflows; from the logits it goes on to the largest number",
        "Two logits, [x, 0], and the second is true: the loss is x. The cross marks the last x at "
        "which the naive form is a number; beyond it is NaN.",
        tuple(panels),
        3,
    )


def training_picture(
    naive: Watched, stable: Watched, seeds: Sequence[int], limit: float
) -> LinesPicture:
    """One seed's loss in both forms, and every seed's largest logit beside exp's limit.

    How to read it: the two losses are one line until a logit passes `limit` (the last x whose exp
    is finite); there the naive one ends.
    """
    steps = np.arange(naive.losses.shape[1])
    bad = [step for step in naive.dead_at if step is not None]
    dead = sum(step is not None for step in stable.dead_at)
    order = np.argsort([steps.size if s is None else s for s in naive.dead_at])
    shown = int(order[len(order) // 2])
    end = naive.dead_at[shown]
    stop = steps.size if end is None else end
    losses = [
        Line("stable", STABLE, *_smooth(steps, stable.losses[shown])),
        Line("naive", NAIVE, *_smooth(steps[:stop], naive.losses[shown, :stop])),
    ]
    largest = np.maximum.accumulate(stable.largest, axis=1)
    family = [
        Line(f"seed {seed}", Look(PALETTE[0]), _numbers(steps), _numbers(row))
        for seed, row in zip(seeds, largest, strict=True)
    ]
    family.append(
        Line("exp overflows", LIMIT, (0.0, float(steps[-1])), (limit, limit),
             value=short(limit, 4))
    )  # fmt: skip
    axis = Axis("step", limits=(0.0, float(steps[-1])))
    return LinesPicture(
        "training",
        f"{len(bad)} of {len(seeds)} runs die of the naive loss, {dead} of the stable one; exp "
        f"overflows beyond a logit of {short(limit, 4)}",
        f"Left: the loss of seed {seeds[shown]} in both forms, one line until the cross, the "
        "first NaN. Right: the largest |logit| so far of every seed, trained with the stable form, "
        "and the number beyond which exp is infinite in float32.",
        (
            Panel(
                "Training loss",
                axis,
                Axis("loss of the batch, mean of 20 steps", "log"),
                tuple(losses),
                labelled=True,
                lost=((float(stop), NAIVE),) if end is not None else (),
            ),
            Panel(
                "Largest logit so far; dashed: exp overflows",
                axis,
                Axis("|logit|", "log"),
                tuple(family),
            ),
        ),
        2,
    )


def _smooth(
    steps: NDArray[np.int64], losses: NDArray[np.float64], window: int = 20
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Means over `window` steps, at the last step of each."""
    count = len(losses) // window
    means = losses[: count * window].reshape(count, window).mean(axis=1)
    return _numbers(steps[window - 1 : count * window : window]), _numbers(means)


def _numbers(values: NDArray[np.generic]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
