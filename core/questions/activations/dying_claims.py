"""What is claimed of dying units, and the rates at which it is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from nnlab.core.analysis.births import Birth
from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.dying import by_seed
from nnlab.core.analysis.seed_findings import Measured, difference_of, mean_of
from nnlab.core.analysis.silent_units import UnitHistory
from nnlab.core.analysis.statistics import Floats
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.wording import number

LARGE = {"sgd": 1.5, "momentum": 0.2, "adam": 0.1}
"""Rates that are too large, by optimizer: some ten times what trains well."""
USUAL = {"sgd": 0.1, "momentum": 0.01, "adam": 0.001}
"""What one would start with: a step as long as SGD's at 0.1, and Adam's published default."""
COMPARED = ("adam", 0.1)
"""Where ReLU and LeakyReLU are compared: too large a rate, and neither of them diverges. (With SGD
it is the dead units that keep ReLU from diverging, and no pairs are left.)"""
CONTROL = "leaky_relu:0"
"""ReLU by another name: LeakyReLU with a slope of 0."""


@dataclass(frozen=True)
class Dying:
    """What the studies of dying units found."""

    by_run: pl.DataFrame
    """`dead_by_run` of the study `dying` and of its control."""
    shapes: pl.DataFrame
    """The same of `dying_shape`."""
    births: list[Birth]
    units: dict[str, tuple[Floats, Floats]]
    """Counted and expected shares of dead units at birth, by the name of the inputs."""
    watched: dict[str, dict[str, UnitHistory]]
    setting: str
    """What all runs share, in words: `digits, 64-64, batch 32, 5 epochs`."""

    def values(
        self, column: str, activation: str, optimizer: str, rate: float
    ) -> dict[int, float | None]:
        """A column by seed at one setting."""
        setting = {"activation": activation, "optimizer": optimizer, "learning_rate": rate}
        return by_seed(self.by_run, column, setting)


def _scope(found: Dying, rates: Mapping[str, float]) -> str:
    settings = ", ".join(f"{name} at {number(rate)}" for name, rate in rates.items())
    return f"{found.setting}, {settings}"


def _dead(found: Dying, optimizer: str, rate: float, when: str = "dead") -> Measured:
    """The share of ReLU's hidden units that is dead after training, or at another moment."""
    return mean_of(found.values(when, "relu", optimizer, rate))


def _dead_at(rates: Mapping[str, float]) -> Callable[[Dying], Finding]:
    """ReLU's dead share at these rates: SGD's decides, the others are sub-ranges.

    The control of large rates is a usual one. That of usual rates is the same nets before any
    step: units that were dead at birth did not die of training.
    """

    def measure(found: Dying) -> Finding:
        parts = {name: _dead(found, name, rate) for name, rate in rates.items()}
        control = _dead(found, "sgd", USUAL["sgd"], "dead" if rates is LARGE else "dead_at_birth")
        return Finding(
            interval=parts["sgd"].interval,
            scope=_scope(found, rates),
            control=control,
            non_finite_share=parts["sgd"].lost_share,
            sub_ranges={f"{name} at {number(rates[name])}": m for name, m in parts.items()},
        )

    return measure


def _against_leaky(column: str, sign: float) -> Callable[[Dying], Finding]:
    """ReLU minus LeakyReLU (times `sign`) where they are compared; the control is ReLU renamed."""

    def measure(found: Dying) -> Finding:
        relu, leaky, control = (
            found.values(column, name, *COMPARED) for name in ("relu", "leaky_relu", CONTROL)
        )
        pairs = (relu, leaky) if sign > 0 else (leaky, relu)
        controls = (relu, control) if sign > 0 else (control, relu)
        measured = difference_of(*pairs)
        return Finding(
            interval=measured.interval,
            scope=_scope(found, dict([COMPARED])),
            control=difference_of(*controls),
            non_finite_share=measured.lost_share,
        )

    return measure


CLAIMS = (
    Claim(
        id="relu-units-die-of-large-steps",
        question="1.4d",
        claim="ReLU stops learning: at a large learning rate units die for good",
        criterion=Criterion.greater("dead share of ReLU's hidden units after training", 0.05),
        unit="",
        study="dying",
        control="ReLU at a usual learning rate",
        figure="dead_over_learning_rate",
        source="homework 1.4d; Lu et al. 2019",
        measure=_dead_at(LARGE),
        about="relu",
        side="disadvantage",
    ),
    Claim(
        id="relu-units-die-at-usual-steps",
        question="1.4d",
        claim="ReLU units die in ordinary training, too, at a usual learning rate",
        criterion=Criterion.greater("dead share of ReLU's hidden units after training", 0.01),
        unit="",
        study="dying",
        control="the same nets before training",
        figure="dead_over_learning_rate",
        source="homework 1.4d",
        measure=_dead_at(USUAL),
        about="relu",
        side="disadvantage",
    ),
    Claim(
        id="leaky-relu-prevents-dying",
        question="1.4d",
        claim="LeakyReLU prevents dying: where ReLU loses units, it loses none",
        criterion=Criterion.greater("dead share, ReLU minus LeakyReLU", 0.05),
        unit="",
        study="dying",
        control="LeakyReLU of slope 0, which is ReLU",
        figure="dead_over_learning_rate",
        source="homework 1.4d; Maas et al. 2013",
        measure=_against_leaky("dead", 1.0),
        about="leaky_relu",
        side="advantage",
    ),
    Claim(
        id="leaky-relu-trains-where-relu-dies",
        question="1.4d",
        claim="Where ReLU's units die, LeakyReLU still classifies better",
        criterion=Criterion.greater("test accuracy, LeakyReLU minus ReLU", 0.05),
        unit="",
        study="dying",
        control="LeakyReLU of slope 0, which is ReLU",
        figure="dead_over_learning_rate",
        source="homework 1.4d; Maas et al. 2013",
        measure=_against_leaky("test_accuracy", -1.0),
        about="leaky_relu",
        side="advantage",
    ),
)
