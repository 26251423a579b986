"""The claims on the depth that trains: what the search for it says of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.seed_findings import Measured, mean_of, ratio_of
from nnlab.core.analysis.trainability import (
    TRAINED_BELOW,
    BestRate,
    Cell,
    deepest_trained,
    depths_of,
)
from nnlab.core.analysis.verdicts import Criterion, edge_fault
from nnlab.core.questions.activations.vanishing_claims import INITIALIZATIONS, own_initialization
from nnlab.core.report.wording import listed

DEEP = 6
"""Sigmoid nets of so many hidden layers are claimed not to train."""
DEEPER = 1.5
"""Margin: one trains deeper than another at half as many layers again."""
FLAT = 0.99
"""Share of ln K above which nothing is learned: differences between rates are rounding."""


@dataclass(frozen=True)
class Trainability:
    """What the search for the depth that trains found."""

    rates: dict[Cell, BestRate]
    """Chosen on the tuning seeds."""
    losses: dict[Cell, dict[int, float | None]]
    """Final training loss by reported seed, at the chosen rate; None: diverged."""
    floor: float
    """ln K."""
    tried: tuple[float, ...]
    scope: str

    def deepest(self, activation: str, initialization: str) -> dict[int, float | None]:
        """The depth up to which it trained, by seed."""
        return deepest_trained(self.losses, activation, initialization, self.floor)

    def own_deepest(self, activation: str) -> dict[int, float | None]:
        """The same with the initial weights made for the activation."""
        return self.deepest(activation, own_initialization(activation))

    def deep_loss(self, activation: str, initialization: str) -> dict[int, float | None]:
        """Final loss over ln K by seed, mean over the depths from `DEEP`."""
        cells = [
            losses
            for cell, losses in self.losses.items()
            if (cell.activation, cell.initialization) == (activation, initialization)
            and cell.depth >= DEEP
        ]
        found: dict[int, float | None] = {}
        for seed in cells[0]:
            values, lost = finite_part([losses[seed] for losses in cells])
            found[seed] = None if lost else float(values.mean()) / self.floor
        return found

    def at_edge(self) -> list[Cell]:
        """The cells whose best rate is the smallest or the largest tried, and which learned
        something at any rate, were it too little to count as trained: beyond may lie one that does.

        A cell that stayed flat, above `FLAT` of ln K at every rate, has no optimum which an edge
        could cut off: among losses that are all ln K the lowest is a matter of rounding.
        """
        flat = FLAT * self.floor
        return [cell for cell, best in self.rates.items() if best.at_edge and best.best_loss < flat]

    def faults(self, kinds: Iterable[tuple[str, str]], shallowest: int = 0) -> tuple[str, ...]:
        """What forbids a verdict on kinds (activation, initialization) from this depth on.

        That is an optimum on the grid's edge: a better rate beyond might train what did not.
        """
        wanted = set(kinds)
        return tuple(
            edge_fault(f"{cell.activation} from {cell.initialization}, {cell.depth} layers")
            for cell in self.at_edge()
            if (cell.activation, cell.initialization) in wanted and cell.depth >= shallowest
        )


def _relu_deeper(found: Trainability) -> Finding:
    def against(first: tuple[str, str], second: tuple[str, str]) -> Measured:
        measured = ratio_of(found.deepest(*first), found.deepest(*second))
        return replace(measured, faults=found.faults([first, second]))

    relu, leaky, sigmoid = (
        (name, own_initialization(name)) for name in ("relu", "leaky_relu", "sigmoid")
    )
    whole = against(relu, sigmoid)
    return Finding(
        interval=whole.interval,
        scope=f"{found.scope}, ReLU from {relu[1]} and sigmoid from {sigmoid[1]}",
        control=against(leaky, relu),
        non_finite_share=whole.lost_share,
        faults=whole.faults,
        sub_ranges={
            f"both {name}": against(("relu", name), ("sigmoid", name)) for name in INITIALIZATIONS
        },
    )


def _sigmoid_stays(found: Trainability) -> Finding:
    def loss(activation: str, rule: str) -> Measured:
        measured = mean_of(found.deep_loss(activation, rule))
        return replace(measured, faults=found.faults([(activation, rule)], DEEP))

    parts = {name: loss("sigmoid", name) for name in INITIALIZATIONS}
    own = own_initialization("sigmoid")
    whole = parts[own]
    depths = depths_of(found.losses, lambda cell: cell.depth >= DEEP)
    return Finding(
        interval=whole.interval,
        scope=f"{found.scope}, {listed([str(depth) for depth in depths])} hidden layers, {own}",
        control=loss("tanh", own_initialization("tanh")),
        non_finite_share=whole.lost_share,
        faults=whole.faults,
        sub_ranges=parts,
    )


CLAIMS = (
    Claim(
        id="relu-trains-deeper-than-sigmoid",
        question="1.4d",
        claim="ReLU lets deeper nets train than sigmoid does (0.1b)",
        criterion=Criterion.greater("deepest net that trained, ReLU over sigmoid", DEEPER),
        unit="x",
        study="trainability",
        control="LeakyReLU over ReLU, which is nearly the same",
        figure="trained_over_depth",
        source="homework 0.1b; He et al. 2015",
        measure=_relu_deeper,
        about="relu",
        side="advantage",
    ),
    Claim(
        id="deep-sigmoid-does-not-train",
        question="1.4d",
        claim=f"Sigmoid nets of {DEEP} and more hidden layers do not leave the plateau of guessing",
        criterion=Criterion.greater("final training loss over ln K", TRAINED_BELOW),
        unit="",
        study="trainability",
        control="tanh nets of the same depths",
        figure="trained_over_depth",
        source="Glorot & Bengio 2010",
        measure=_sigmoid_stays,
        about="sigmoid",
        side="disadvantage",
    ),
)
