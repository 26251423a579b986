"""Initial weights: one row of `INITIALIZERS` each.

A rule scales one underlying draw: two runs of one seed that differ only in their rule, or only in
the activation that `auto` looks at, start from the same standard normal numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.nn.activations import ACTIVATIONS, Activation
from nnlab.core.nn.parameters import Parameter, join_label, split_label
from nnlab.core.suggest import unknown

Array = NDArray[Any]
Variance = Callable[[int, int, float], float]
Draw = Callable[[np.random.Generator, int, int, float], tuple[Array, Array]]


@dataclass(frozen=True, slots=True)
class Initializer:
    """One rule, its parameter bound to `value`."""

    name: str
    formula: str
    paper: str
    variance: Variance
    """(fan_in, fan_out, value) -> the variance of one weight."""
    draw: Draw
    """(rng, fan_in, fan_out, value) -> weights (fan_in, fan_out) and biases (fan_out,), float64."""
    bias_variance: Variance = lambda fan_in, fan_out, value: 0.0
    parameter: Parameter | None = None
    value: float = 0.0

    @property
    def label(self) -> str:
        """The name as written in a spec: `he`, `normal:0.01`."""
        return self.name if self.parameter is None else join_label(self.name, self.value)


def _normal(variance: Variance) -> Draw:
    """Draw weights from N(0, variance); biases are 0."""

    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, p: float) -> tuple[Array, Array]:
        scale = math.sqrt(variance(fan_in, fan_out, p))
        return rng.standard_normal((fan_in, fan_out)) * scale, np.zeros(fan_out)

    return draw


def _he_variance(fan_in: int, fan_out: int, slope: float) -> float:
    return 2 / ((1 + slope * slope) * fan_in)


def _glorot_variance(fan_in: int, fan_out: int, p: float) -> float:
    return 2 / (fan_in + fan_out)


def _lecun_variance(fan_in: int, fan_out: int, p: float) -> float:
    return 1 / fan_in


def _normal_variance(fan_in: int, fan_out: int, deviation: float) -> float:
    return deviation * deviation


def _orthogonal_variance(fan_in: int, fan_out: int, gain: float) -> float:
    return gain * gain / max(fan_in, fan_out)


def _orthogonal(
    rng: np.random.Generator, fan_in: int, fan_out: int, gain: float
) -> tuple[Array, Array]:
    """Orthonormal rows or columns, whichever are fewer, uniform over the orthogonal group.

    QR of a normal matrix; the signs of R's diagonal make the distribution uniform (Mezzadri 2007).
    """
    normal = rng.standard_normal((fan_in, fan_out))
    tall = normal if fan_in >= fan_out else normal.T
    q, r = np.linalg.qr(tall)
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return gain * (q if fan_in >= fan_out else q.T), np.zeros(fan_out)


def _torch_variance(fan_in: int, fan_out: int, p: float) -> float:
    return 1 / (3 * fan_in)


def _torch(rng: np.random.Generator, fan_in: int, fan_out: int, p: float) -> tuple[Array, Array]:
    """Uniform on +-1/sqrt(fan_in), weights and biases: PyTorch's default for `nn.Linear`."""
    bound = 1 / math.sqrt(fan_in)
    return rng.uniform(-bound, bound, (fan_in, fan_out)), rng.uniform(-bound, bound, fan_out)


_STD = Parameter("deviation", default=0.01, low=1e-12, high=100.0, meaning="standard deviation")
_GAIN = Parameter("gain", default=1.0, low=1e-6, high=100.0, meaning="common singular value")

INITIALIZERS: dict[str, Initializer] = {
    row.name: row
    for row in (
        Initializer("he", "N(0, 2/fan_in)", "He et al. 2015", _he_variance, _normal(_he_variance)),
        Initializer(
            "glorot", "N(0, 2/(fan_in + fan_out))", "Glorot & Bengio 2010",
            _glorot_variance, _normal(_glorot_variance),
        ),
        Initializer(
            "lecun", "N(0, 1/fan_in)", "LeCun et al. 1998",
            _lecun_variance, _normal(_lecun_variance),
        ),
        Initializer(
            "orthogonal", "gain Q, Q orthogonal", "Saxe et al. 2014",
            _orthogonal_variance, _orthogonal, parameter=_GAIN, value=_GAIN.default,
        ),
        Initializer(
            "normal", "N(0, deviation^2)", "Krizhevsky et al. 2012",
            _normal_variance, _normal(_normal_variance), parameter=_STD, value=_STD.default,
        ),
        Initializer(
            "torch", "U(-1/sqrt(fan_in), 1/sqrt(fan_in)), biases too", "LeCun et al. 1998",
            _torch_variance, _torch, bias_variance=_torch_variance,
        ),
    )
}  # fmt: skip
"""Every initialization rule by name; `auto` is not a rule but picks one by the activation."""

AUTO = "auto"


def find_initializer(label: str, activation: Activation) -> Initializer:
    """The rule for `he`, `normal:0.01`, ..., or for `auto`: the one made for `activation`.

    `auto` on a leaky ReLU of slope a takes He's generalization 2/((1 + a^2) fan_in).
    Raises `ValueError` with a full sentence for an unknown name or a bad parameter.
    """
    name, text = split_label(label)
    row = INITIALIZERS[activation.initialization] if name == AUTO else INITIALIZERS.get(name)
    if row is None:
        raise ValueError(unknown("initialization", name, [AUTO, *INITIALIZERS]))
    if text is None:
        slope = activation.value if activation.name == "leaky_relu" else 0.0
        return replace(row, value=slope) if name == AUTO else row
    if row.parameter is None or name == AUTO:
        raise ValueError(f"initialization '{name}' takes no parameter, but {label!r} gives it one")
    return replace(row, value=row.parameter.read(text, label))


def parse_initialization(label: str) -> str:
    """The canonical spelling: `normal` -> `normal:0.01`; raises as `find_initializer` does."""
    if split_label(label) == (AUTO, None):
        return AUTO
    return find_initializer(label, ACTIVATIONS["identity"]).label
