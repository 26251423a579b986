"""The claims on vanishing gradients: what the study of untrained nets says of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.pairs import pair_by_seed
from nnlab.core.analysis.seed_findings import BySeed, Measured, no_interval, ratio_of
from nnlab.core.analysis.statistics import Floats, geometric_interval
from nnlab.core.analysis.vanishing import Nets
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.nn.activations import find_activation

DEPTH = 20
"""The depth that decides: deep enough for a factor a layer to tell, and of use in practice."""
INITIALIZATIONS = ("glorot", "he")
CONTROL = "identity"
VANISHES = 1.5
"""Delta vanishes where it shrinks by more than this in every layer; 1 is no change."""
REACHES = 0.5
"""A gradient of which less than this share reaches layer 1 has vanished."""

LESS_SUSCEPTIBLE = 10.0
"""One loses much less than another where ten times as much reaches layer 1."""


@dataclass(frozen=True)
class Vanishing:
    """What the study of untrained nets found."""

    nets: dict[tuple[str, str, int], Nets]
    """By activation, initialization and depth."""
    input_mean_square: float
    scope: str

    @property
    def activations(self) -> list[str]:
        """In the order of the study."""
        return list(dict.fromkeys(key[0] for key in self.nets))

    @property
    def depths(self) -> list[int]:
        """Ascending."""
        return sorted({key[2] for key in self.nets})

    def own(self, activation: str, depth: int) -> Nets:
        """The nets with the initial weights made for the activation."""
        return self.nets[activation, own_initialization(activation), depth]

    def reach(self, activation: str, initialization: str) -> dict[int, float | None]:
        """Share of delta that reaches layer 1 at the depth that decides, by seed."""
        return self.nets[activation, initialization, DEPTH].reach

    def predicted(self, nets: Nets) -> Floats:
        """(L,) what theory says of `Nets.rms`."""
        return nets.predicted(self.input_mean_square).delta_rms_ratio


def own_initialization(activation: str) -> str:
    """Of the rules compared, the one made for an activation."""
    return find_activation(activation).initialization


def _sigmoid_factor(found: Vanishing) -> Finding:
    def factor(activation: str, rule: str) -> Measured:
        nets = found.nets[activation, rule, DEPTH]
        return Measured(nets.factor, nets.lost_share)

    parts = {name: factor("sigmoid", name) for name in INITIALIZATIONS}
    own = own_initialization("sigmoid")
    return Finding(
        interval=parts[own].interval,
        scope=f"{found.scope}, {own}",
        control=factor(CONTROL, own),
        non_finite_share=parts[own].lost_share,
        sub_ranges=parts,
    )


def _reach(activation: str, control: str) -> Callable[[Vanishing], Finding]:
    """The share that reaches layer 1, under both rules; the control is the identity."""

    def measure(found: Vanishing) -> Finding:
        def share(name: str, rule: str) -> Measured:
            nets = found.nets[name, rule, DEPTH]
            return Measured(nets.reach_interval, nets.lost_share)

        whole = _over_both(*(found.reach(activation, name) for name in INITIALIZATIONS))
        return Finding(
            interval=whole.interval,
            scope=f"{found.scope}, {' and '.join(INITIALIZATIONS)}",
            control=share(CONTROL, control),
            non_finite_share=whole.lost_share,
            sub_ranges={name: share(activation, name) for name in INITIALIZATIONS},
        )

    return measure


def _over_both(first: BySeed, second: BySeed) -> Measured:
    """Geometric mean over two conditions of the same seeds: a pair is one value."""
    pairs = pair_by_seed(first, second)
    both = np.sqrt(pairs.first * pairs.second)
    interval = geometric_interval(both) if both.size else no_interval("log")
    return Measured(interval, pairs.non_finite_share)


def _relu_over_sigmoid(found: Vanishing) -> Finding:
    def against(other: str, rules: tuple[str, str]) -> Measured:
        return ratio_of(found.reach("relu", rules[0]), found.reach(other, rules[1]))

    whole = against("sigmoid", ("he", "glorot"))
    parts = {f"both {name}": against("sigmoid", (name, name)) for name in INITIALIZATIONS}
    return Finding(
        interval=whole.interval,
        scope=f"{found.scope}, ReLU from he and sigmoid from glorot",
        control=against("leaky_relu", ("he", "he")),
        non_finite_share=whole.lost_share,
        sub_ranges=parts,
    )


_SHARE = f"share of the last hidden layer's delta that reaches layer 1, {DEPTH} layers"

CLAIMS = (
    Claim(
        id="sigmoid-vanishes",
        question="1.4d",
        claim="Sigmoid suffers from vanishing gradients: delta loses a constant factor in every "
        "layer",
        criterion=Criterion.greater("factor by which delta shrinks in a layer", VANISHES),
        unit="x",
        study="vanishing",
        control="identity in place of sigmoid, weights of glorot",
        figure="gradient_against_theory",
        source="homework 1.4d; Glorot & Bengio 2010; Schoenholz et al. 2017",
        measure=_sigmoid_factor,
        about="sigmoid",
        side="disadvantage",
    ),
    Claim(
        id="tanh-vanishes",
        question="1.4d",
        claim="Tanh suffers from vanishing gradients",
        criterion=Criterion.less(_SHARE, REACHES),
        unit="",
        study="vanishing",
        control="identity in place of tanh, weights of glorot",
        figure="gradient_against_theory",
        source="homework 1.4d; Glorot & Bengio 2010; Schoenholz et al. 2017",
        measure=_reach("tanh", "glorot"),
        about="tanh",
        side="disadvantage",
    ),
    Claim(
        id="relu-keeps-gradient",
        question="1.4d",
        claim="ReLU passes the gradient on intact",
        criterion=Criterion.inside(_SHARE, REACHES, 1.0 / REACHES),
        unit="",
        study="vanishing",
        control="identity in place of ReLU, weights of he: explodes",
        figure="gradient_against_theory",
        source="homework 1.4d; He et al. 2015",
        measure=_reach("relu", "he"),
        about="relu",
        side="advantage",
    ),
    Claim(
        id="relu-vanishes-less-than-sigmoid",
        question="1.4d",
        claim="ReLU is less susceptible to vanishing gradients than sigmoid",
        criterion=Criterion.greater(
            "share of delta that reaches layer 1, ReLU over sigmoid", LESS_SUSCEPTIBLE
        ),
        unit="x",
        study="vanishing",
        control="ReLU over LeakyReLU, which is nearly ReLU",
        figure="gradient_against_theory",
        source="homework 0.1b and 1.4d; He et al. 2015",
        measure=_relu_over_sigmoid,
        about="relu",
        side="advantage",
    ),
)
