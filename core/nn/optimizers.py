"""Optimizers and learning-rate schedules: one row each of `OPTIMIZERS` and `SCHEDULES`.

An update is one vector operation over all parameters of a stack. The formulas and defaults are
PyTorch's. In the formulas w is a parameter, g its gradient, t the step from 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(slots=True)
class Update:
    """What one update works on. Arrays are `(runs, parameters)` unless said.

    `gradient` and `scratch` may be destroyed.
    """

    parameters: Array
    gradient: Array
    learning_rate: Array
    """(runs, 1)."""
    state: tuple[Array, ...]
    """As many arrays as the row has `slots`, zero before the first step."""
    scratch: Array
    step: int
    """t, from 1."""


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One update rule."""

    name: str
    formula: str
    paper: str
    update: Callable[[Update, Mapping[str, float]], None]
    hyperparameters: dict[str, float] = field(default_factory=dict)
    """Names and defaults. `weight_decay` is every row's, 0 unless given."""
    slots: int = 0
    decoupled_decay: bool = False
    """Weight decay shrinks the weights by lr * decay instead of joining the gradient (AdamW)."""
    starts_slowly: bool = False
    """Whether it keeps a velocity that starts at 0 uncorrected, so that the first 1/(1 - momentum)
    steps are short ones."""
    linear: bool = False
    """The step is -lr * g and nothing else, so that lr may be multiplied into the backward signal,
    which spares one of three passes over all parameters (8 % of a step at 2 x 64, batch 8)."""
    usual_rate: float = 0.02
    """Where a search for the best rate begins: the middle of its coarse grid.

    For small nets, a choice of this project and no paper's: for Adam Kingma & Ba 2015 and PyTorch
    have 0.001, a tenth of it; only RMSprop's is PyTorch's default. A velocity with m = 0.9 adds up
    to ten gradients, so with momentum it is a tenth of plain SGD's. The grid goes four octaves to
    either side and is widened while the best is on its edge: this rate decides what a search costs,
    not what it finds.
    """


def _sgd(u: Update, h: Mapping[str, float]) -> None:
    u.gradient *= u.learning_rate
    u.parameters -= u.gradient


def _momentum(u: Update, h: Mapping[str, float]) -> None:
    (velocity,) = u.state
    velocity *= h["momentum"]
    velocity += u.gradient
    np.multiply(velocity, u.learning_rate, out=u.scratch)
    u.parameters -= u.scratch


def _momentum_corrected(u: Update, h: Mapping[str, float]) -> None:
    (velocity,) = u.state
    velocity *= h["momentum"]
    velocity += u.gradient
    np.multiply(velocity, u.learning_rate, out=u.scratch)
    # At the start v is a short sum: over (1 - m^t)/(1 - m) it is as long as it will be.
    u.scratch *= 1 / (1 - h["momentum"] ** u.step)
    u.parameters -= u.scratch


def _nesterov(u: Update, h: Mapping[str, float]) -> None:
    (velocity,) = u.state
    velocity *= h["momentum"]
    velocity += u.gradient
    np.multiply(velocity, h["momentum"], out=u.scratch)
    u.gradient += u.scratch
    u.gradient *= u.learning_rate
    u.parameters -= u.gradient


def _rmsprop(u: Update, h: Mapping[str, float]) -> None:
    (square,) = u.state
    np.multiply(u.gradient, u.gradient, out=u.scratch)
    u.scratch *= 1 - h["alpha"]
    square *= h["alpha"]
    square += u.scratch
    np.sqrt(square, out=u.scratch)
    u.scratch += h["epsilon"]
    u.gradient *= u.learning_rate
    u.gradient /= u.scratch
    u.parameters -= u.gradient


def _adam(u: Update, h: Mapping[str, float]) -> None:
    mean, square = u.state
    np.multiply(u.gradient, u.gradient, out=u.scratch)
    u.scratch *= 1 - h["beta2"]
    square *= h["beta2"]
    square += u.scratch
    u.gradient *= 1 - h["beta1"]
    mean *= h["beta1"]
    mean += u.gradient
    np.sqrt(square, out=u.scratch)
    u.scratch *= 1 / math.sqrt(1 - h["beta2"] ** u.step)
    u.scratch += h["epsilon"]
    np.divide(mean, u.scratch, out=u.scratch)
    u.scratch *= u.learning_rate * (1 / (1 - h["beta1"] ** u.step))
    u.parameters -= u.scratch


_ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

OPTIMIZERS: dict[str, Optimizer] = {
    row.name: row
    for row in (
        Optimizer("sgd", "w -= lr g", "Robbins & Monro 1951", _sgd, linear=True, usual_rate=0.2),
        Optimizer(
            "momentum", "v = m v + g; w -= lr v", "Polyak 1964", _momentum,
            {"momentum": 0.9}, slots=1, starts_slowly=True,
        ),
        Optimizer(
            "momentum_corrected", "v = m v + g; w -= lr v / (1 - m^t)",
            "Polyak 1964, corrected as in Kingma & Ba 2015", _momentum_corrected,
            {"momentum": 0.9}, slots=1,
        ),
        Optimizer(
            "nesterov", "v = m v + g; w -= lr (g + m v)", "Sutskever et al. 2013", _nesterov,
            {"momentum": 0.9}, slots=1, starts_slowly=True,
        ),
        Optimizer(
            "rmsprop", "s = a s + (1 - a) g^2; w -= lr g / (sqrt(s) + eps)",
            "Tieleman & Hinton 2012", _rmsprop, {"alpha": 0.99, "epsilon": 1e-8}, slots=1,
            usual_rate=0.01,
        ),
        Optimizer(
            "adam",
            "m = b1 m + (1 - b1) g; s = b2 s + (1 - b2) g^2; "
            "w -= lr m / (1 - b1^t) / (sqrt(s / (1 - b2^t)) + eps)",
            "Kingma & Ba 2015", _adam, _ADAM, slots=2, usual_rate=0.01,
        ),
        Optimizer(
            "adamw", "w -= lr decay w; then adam", "Loshchilov & Hutter 2019", _adam, _ADAM,
            slots=2, decoupled_decay=True, usual_rate=0.01,
        ),
    )
}  # fmt: skip
"""Every optimizer by name."""


def apply_update(optimizer: Optimizer, u: Update, hyperparameters: Mapping[str, float]) -> None:
    """Weight decay, then the optimizer's own update, in place.

    `hyperparameters` holds a value for every one the row names, and maybe `weight_decay`.
    """
    decay = hyperparameters.get("weight_decay", 0.0)
    if decay:
        if optimizer.decoupled_decay:
            u.parameters *= 1 - u.learning_rate * u.parameters.dtype.type(decay)
        else:
            np.multiply(u.parameters, decay, out=u.scratch)
            u.gradient += u.scratch
    optimizer.update(u, hyperparameters)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the learning rate moves over the training: a factor of the spec's rate."""

    name: str
    formula: str
    factor: Callable[[float], float]
    """(share of the steps after the warm-up that are done, 0 to 1) -> factor."""


SCHEDULES: dict[str, Schedule] = {
    row.name: row
    for row in (
        Schedule("constant", "lr", lambda share: 1.0),
        Schedule("linear", "lr (1 - t/T)", lambda share: 1.0 - share),
        Schedule(
            "cosine", "lr (1 + cos(pi t/T)) / 2", lambda share: (1 + math.cos(math.pi * share)) / 2
        ),
    )
}
"""Every schedule by name."""


def schedule_factor(name: str, step: int, steps: int, warmup_steps: int) -> float:
    """The factor of the learning rate for update `step` (from 0) of `steps`.

    The warm-up rises linearly over the first `warmup_steps` updates, from 1/warmup_steps to 1.
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return SCHEDULES[name].factor((step - warmup_steps) / max(1, steps - warmup_steps))
