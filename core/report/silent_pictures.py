"""The picture of silent units over training: who dies, and who comes back."""

from __future__ import annotations

from collections.abc import Mapping

from nnlab.core.analysis.silent_units import UnitHistory
from nnlab.core.report.captions import joined
from nnlab.core.report.dying_pictures import bands
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Panel
from nnlab.core.report.style import activation_look
from nnlab.core.report.wording import listed, percent, plural


def silent_over_training(cases: Mapping[str, Mapping[str, UnitHistory]]) -> LinesPicture:
    """Silent units of the last hidden layer over training, a panel a setting.

    How to read it: a silent ReLU is dead. Where its line only climbs, units die for good; where
    one falls, silent units have come back. `cases` maps a setting to histories by activation.
    """
    panels = []
    for case, histories in cases.items():
        lines = []
        for name, history in histories.items():
            mean, low, high = bands(history.share(len(history.silent)).T)
            steps = tuple(map(float, history.steps))
            end = percent(mean[-1])
            lines.append(Line(name, activation_look(name), steps, mean, low, high, value=end))
        y = Axis("silent, share of the last hidden layer's units", "percent", group="y")
        panels.append(Panel(case, Axis("step"), y, tuple(lines), labelled=True))
    return LinesPicture(
        name="silent_over_training",
        title=_silent_title(cases),
        caption=joined(
            "A unit is silent when z is positive for no training example: a silent ReLU is dead, "
            "a silent LeakyReLU still has a gradient. Line: mean over the seeds that did not "
            "diverge; band: 95 % interval.",
            _elsewhere(cases),
        ),
        panels=tuple(panels),
        columns=len(panels),
    )


def _elsewhere(cases: Mapping[str, Mapping[str, UnitHistory]]) -> str:
    """What is seen of the layers that are not drawn."""
    histories = [history for case in cases.values() for history in case.values()]
    ever = sum(int(layer.any(axis=0).sum()) for each in histories for layer in each.silent[:-1])
    return f"In the layers before it {plural(ever, 'unit')} ever fell silent."


def _silent_title(cases: Mapping[str, Mapping[str, UnitHistory]]) -> str:
    words = []
    for name in next(iter(cases.values())):
        silent = sum(int(case[name].ever_silent().sum()) for case in cases.values())
        back = sum(int(case[name].revived().sum()) for case in cases.values())
        words.append(f"{percent(back / silent) if silent else 'none'} of {name}'s")
    return f"Of the units that ever fell silent, {listed(words)} came back"
