"""What is timed for the cost of an activation: elements and steps, measured once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnlab.core.analysis.activation_cost import (
    TURNS,
    Rounds,
    element_work,
    product_work,
    step_work,
    take_turns,
)
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.plan import ENGINE_VERSION
from nnlab.core.questions.measured import measured_once
from nnlab.core.worker import one_thread

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

BASE = "relu"
AGAIN = "relu again"
"""The control: the same work, timed once more."""
DEARER = 1.1
"""One is dearer than another where it takes at least a tenth more time."""
FEWEST_ROUNDS = 6
"""With fewer rounds there is no interval worth the name."""
NAMED = ("relu", "leaky_relu", "tanh", "sigmoid")
TIMED = (*NAMED, *(n for n in ACTIVATIONS if n not in (*NAMED, "identity")))
"""Those that the question asks about first, then the rest of the table."""
STEPPED = (*NAMED, "gelu", "silu", "elu")
"""Those whose training steps are timed, too."""
SIZES = {"small arrays": (2**14, 4), "large arrays": (2**19, 1)}
"""Elements and passes: a layer of 64 units of a stack of nets in training, which stays in the
cache, and arrays of 2 MB, which do not."""
FANS = (64, 256)
NETS = {"width 64": ((64, 64, 64, 10), 8), "width 256": ((64, 256, 256, 10), 2)}
"""Layer sizes, and how many nets train in one stack."""
BATCH = 32
STEP = 2
"""Raised when a training step takes another time: what was measured before is of another step."""
ROUNDS, QUICK_ROUNDS = {"small arrays": 20, "large arrays": 8, "steps": 20}, 3


@dataclass(frozen=True)
class Costs:
    """Seconds in rounds."""

    forward: dict[str, Rounds]
    """f, by size."""
    both: dict[str, Rounds]
    """f and f' after it, by size."""
    products: Rounds
    """An element of a matrix product."""
    steps: dict[str, Rounds]
    """A training step and the activations in it alone, by net."""

    @property
    def steady(self) -> bool:
        """Whether the machine was quiet enough to time ReLU twice with one result.

        It looks at the control alone, so that no claim decides which times are kept.
        """
        again = self.both["small arrays"].ratio([AGAIN], BASE)
        return again.n < FEWEST_ROUNDS or again.high < DEARER

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "forward": {size: _rounds_json(rounds) for size, rounds in self.forward.items()},
            "both": {size: _rounds_json(rounds) for size, rounds in self.both.items()},
            "products": _rounds_json(self.products),
            "steps": {net: _rounds_json(rounds) for net, rounds in self.steps.items()},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Costs:
        """The same from what was stored."""
        forward, both, steps = (
            {name: _rounds(each) for name, each in stored[key].items()}
            for key in ("forward", "both", "steps")
        )
        return cls(forward, both, _rounds(stored["products"]), steps)


def costs(work: Work) -> Costs:
    """All times, taken now or read: a second start gives the same answer.

    Times of a machine that was too busy are not kept.
    """
    rounds = QUICK_ROUNDS if work.quick else None
    about = {
        "engine": ENGINE_VERSION,
        "step": STEP,
        "activations": TIMED,
        "stepped": STEPPED,
        "sizes": SIZES,
        "products": FANS,
        "nets": NETS,
        "batch": BATCH,
        "rounds": rounds or ROUNDS,
        "turns": TURNS,
    }
    found = measured_once(
        work, "cost", about, lambda: _timed(rounds), sound=lambda f: Costs.from_json(f).steady
    )
    return Costs.from_json(found)


def _timed(rounds: int | None) -> dict[str, Any]:
    with one_thread():
        return measure(rounds).as_json()


def _rounds_json(rounds: Rounds) -> dict[str, Any]:
    return {"names": list(rounds.names), "seconds": rounds.seconds.tolist()}


def _rounds(stored: dict[str, Any]) -> Rounds:
    names, seconds = tuple(stored["names"]), np.array(stored["seconds"], dtype=np.float64)
    if seconds.ndim != 2 or seconds.shape[1] != len(names) or not (seconds > 0.0).all():
        raise ValueError(f"these are no times of {len(names)} things")
    return Rounds(names, seconds)


def measure(rounds: int | None = None) -> Costs:
    """All times; `rounds` of each instead of the usual number."""

    def elements(size: str, *, backward: bool) -> Rounds:
        count, passes = SIZES[size]
        work = element_work((*TIMED, BASE), count, passes, backward=backward)
        return take_turns(work, rounds or ROUNDS[size], float(count * passes))

    def steps(net: str) -> Rounds:
        sizes, runs = NETS[net]
        work = step_work((*STEPPED, BASE), sizes, BATCH, runs)
        return take_turns(work, rounds or ROUNDS["steps"], float(runs))

    count = SIZES["small arrays"][0]
    return Costs(
        forward={size: elements(size, backward=False) for size in SIZES},
        both={size: elements(size, backward=True) for size in SIZES},
        products=take_turns(
            product_work(FANS, count), rounds or ROUNDS["small arrays"], float(count)
        ),
        steps={net: steps(net) for net in NETS},
    )
