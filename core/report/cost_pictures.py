"""The picture of what activations cost: an element and a training step, as ratios to ReLU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nnlab.core.analysis.statistics import Interval
from nnlab.core.report.pictures import Axis, Estimate, ForestPanel, ForestPicture, ForestRow
from nnlab.core.report.style import activation_look
from nnlab.core.report.wording import ratio


def cost_ratios(
    names: Sequence[str],
    elements: Mapping[str, Mapping[str, Interval]],
    steps: Mapping[str, Mapping[str, Interval]],
) -> ForestPicture:
    """Time over ReLU's, a row an activation: of an element (left) and of a whole step (right).

    How to read it: 1 is as fast as ReLU. What is far to the right on the left is much nearer to 1
    on the right: a step is mostly matrix products. `elements` and `steps` map a panel's title to
    the ratios by activation; all panels have one logarithmic scale each.
    """
    panels = [
        _panel(title, names, ratios, "time of f and f' over ReLU's, log scale")
        for title, ratios in elements.items()
    ]
    panels += [
        _panel(title, names, ratios, "time of a step over ReLU's, log scale")
        for title, ratios in steps.items()
    ]
    return ForestPicture(
        name="cost",
        title=_title(elements, steps),
        caption=(
            "Mark: geometric mean over rounds in which all are timed in turns; line: 95 % interval "
            "over the rounds (on this machine; another one has other ratios). Filled: told from "
            "ReLU. float32, one thread."
        ),
        lines=tuple(ForestRow(name, activation_look(name)) for name in names),
        panels=tuple(panels),
    )


def _panel(
    title: str, names: Sequence[str], ratios: Mapping[str, Interval], label: str
) -> ForestPanel:
    estimates: list[Estimate | None] = []
    for name in names:
        if name not in ratios:
            estimates.append(None)
            continue
        each = ratios[name]
        known = each.n > 1
        estimates.append(
            Estimate(
                each.estimate,
                each.low if known else None,
                each.high if known else None,
                clear=known and each.excludes(1.0),
                words=ratio(each.estimate),
            )
        )
    return ForestPanel(title, Axis(label, "log"), 1.0, tuple(estimates), missing="not timed")


def _title(
    elements: Mapping[str, Mapping[str, Interval]], steps: Mapping[str, Mapping[str, Interval]]
) -> str:
    element, step = next(iter(elements.values())), next(iter(steps.values()))
    one, other = (
        [ratio(ratios[name].estimate) for name in ("tanh", "sigmoid")] for ratios in (element, step)
    )
    return (
        f"An element of tanh costs {one[0]} times one of ReLU, of sigmoid {one[1]} times; a "
        f"training step {other[0]} and {other[1]} times one with ReLU"
    )
