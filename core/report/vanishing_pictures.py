"""Pictures of vanishing gradients: delta by layer beside theory, and through training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnlab.core.analysis.statistics import Floats, t_quantile
from nnlab.core.analysis.vanishing import Nets
from nnlab.core.report.pictures import Axis, Line, LinesPicture, Numbers, Panel
from nnlab.core.report.style import Look, activation_look
from nnlab.core.report.wording import listed, ratio, short

WEIGHTS = {
    "glorot": "glorot: variance 1/fan_in between layers of one width",
    "he": "he: variance 2/fan_in",
}

Compared = Sequence[tuple[Nets, Floats]]
"""Nets, and the (L,) ratios to layer L that theory predicts for their root mean square."""


def gradient_against_theory(compared: Compared) -> LinesPicture:
    """Delta by layer, as a share of the last hidden layer's: points measured, lines predicted.

    How to read it: the input is at the left, the output at the right; backpropagation runs from
    right to left. A line that falls towards the left vanishes, one that rises explodes, and a
    straight one has a constant factor a layer. One panel for each rule of initial weights.
    """
    rules = list(dict.fromkeys(nets.kind.initialization for nets, _ in compared))
    depth = compared[0][0].kind.depth
    panels = []
    for rule in rules:
        lines: list[Line] = []
        own = [each for each in compared if each[0].kind.initialization == rule]
        for place, (nets, theory) in enumerate(own):
            lines += _beside_theory(nets, theory, place)
        panels.append(
            Panel(
                title=WEIGHTS.get(rule, rule),
                x=_layers(depth),
                y=Axis("delta, rms, over that of the last hidden layer", "log", group="delta"),
                lines=tuple(lines),
                labelled=True,
            )
        )
    count = max(len(nets.seeds) for nets, _ in compared)
    return LinesPicture(
        name="gradient_against_theory",
        title=_reach_title(compared, depth),
        caption=(
            f"Points: root mean square over {count} untrained nets. Lines: mean-field theory, with "
            "the measured mean square of the inputs and nothing fitted. Backpropagation runs from "
            "right to left; a straight line is a constant factor a layer. At the ends: the "
            "predicted share that reaches layer 1."
        ),
        panels=tuple(panels),
        columns=len(panels),
    )


def _layers(depth: int) -> Axis:
    step = 5 if depth <= 20 else 10
    places = (1.0, *(float(layer) for layer in range(step, depth + 1, step)))
    return Axis("hidden layer", "layer", limits=(0.5, depth + 0.5), places=places)


def _beside_theory(nets: Nets, theory: Floats, place: int) -> list[Line]:
    name = nets.kind.activation
    look, layers = activation_look(name), _numbers(nets.layers)
    predicted = Line(name, look, layers, _numbers(theory), value=ratio(float(theory[0])))
    # Every other layer, in turn, so that activations that coincide are both seen.
    shown = slice(place % 2, None, 2)
    points = Line("", look, layers[shown], _numbers(nets.rms)[shown], marks=True, joined=False)
    return [predicted, points]


def _reach_title(compared: Compared, depth: int) -> str:
    shares = {(n.kind.activation, n.kind.initialization): float(n.rms[0]) for n, _ in compared}
    (name, rule), least = min(shares.items(), key=lambda item: item[1])
    title = f"{depth} layers with {name} from {rule} leave {ratio(least)} of delta"
    kept = [
        name
        for (name, rule), share in shares.items()
        if rule == "he" and name != "identity" and 0.5 <= share <= 2.0
    ]
    return f"{title}; {listed(kept)} from he keep it" if kept else title


def measured_over_theory(compared: Compared) -> LinesPicture:
    """Measured over predicted delta by layer: the mean over nets, and one typical net.

    How to read it: 1 is theory. The mean over nets stays near it; the typical net falls below it
    as the signal has come through more layers, because a net's delta spreads the more, the deeper
    it is, and few large ones make the mean. One panel an activation.
    """
    depth = compared[0][0].kind.depth
    panels = []
    for place, (nets, theory) in enumerate(compared):
        kind = nets.kind
        last = place == len(compared) - 1
        panels.append(
            Panel(
                title=f"{kind.activation}, {kind.initialization}",
                x=_layers(depth),
                y=Axis("measured over predicted", "log", group="ratio"),
                lines=_over(nets, theory, named=last),
                labelled=last,
            )
        )
    count = max(len(nets.seeds) for nets, _ in compared)
    typical = [float(nets.typical[0] / theory[0]) for nets, theory in compared]
    met = sum(_meets(nets, theory) for nets, theory in compared)
    return LinesPicture(
        name="measured_over_theory",
        title=(
            f"After {depth} layers of {compared[0][0].kind.sizes[-1]} theory lies in the interval "
            f"of the mean over nets for {met} of {len(compared)}; the typical net has "
            f"{short(min(typical), 2)} to {short(max(typical), 2)} of it"
        ),
        caption=(
            f"Solid: root mean square over {count} nets; dashed: the typical net, geometric mean. "
            "Bands: 95 % intervals over nets. The gap between the two widens with the layers "
            "passed: it is the spread between nets, not an error. Each activation with the "
            "initial weights made for it."
        ),
        panels=tuple(panels),
        columns=len(panels),
    )


def _meets(nets: Nets, theory: Floats) -> bool:
    """Whether theory at layer 1 is within the 95 % interval of the mean over nets."""
    reach = np.broadcast_to(_rms_reach(nets), theory.shape)
    return bool(abs(np.log(nets.rms[0] / theory[0])) <= reach[0])


def _over(nets: Nets, theory: Floats, *, named: bool) -> tuple[Line, ...]:
    look = activation_look(nets.kind.activation)
    layers = _numbers(nets.layers)
    logs = np.log(nets.deltas / nets.deltas[:, -1:])
    count = len(nets.seeds)
    reach = t_quantile(count) * logs.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else 0.0
    typical = nets.typical / theory
    mean = nets.rms / theory
    wide = _rms_reach(nets)
    return (
        Line("theory" if named else "", Look("#9a9a9a"), layers, (1.0,) * len(layers)),
        _band("mean over nets" if named else "", look, layers, (mean, wide)),
        _band(
            "typical net" if named else "",
            Look(look.color, (3.0, 1.5), look.marker),
            layers,
            (typical, reach),
        ),
    )


def _band(label: str, look: Look, layers: Numbers, values: tuple[Floats, Floats | float]) -> Line:
    """A line with the interval `mean exp(-+ reach)`."""
    mean, reach = values
    low, high = mean * np.exp(-np.asarray(reach)), mean * np.exp(np.asarray(reach))
    return Line(label, look, layers, _numbers(mean), _numbers(low), _numbers(high))


def _rms_reach(nets: Nets) -> Floats | float:
    """Half width of the 95 % interval of ln rms: the delta method on the ratio of two means."""
    count = len(nets.seeds)
    if count < 2:
        return 0.0
    squares = (nets.deltas / nets.deltas[:, -1:].max()) ** 2
    share = squares.mean(axis=0)
    shares = squares / np.where(share > 0, share, 1.0)
    error = (shares - shares[:, -1:]).std(axis=0, ddof=1) / np.sqrt(count)
    return np.asarray(0.5 * t_quantile(count) * error)


def _numbers(values: Floats) -> Numbers:
    return tuple(float(value) for value in values)
