"""The values that a net of two linear layers is followed by: its numbers, and what comes of them.

In the notation of the homework, `worked_example` says which; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.nn.mlp import flat_parameters

Array = NDArray[np.float64]

NAMES = ("W1", "b1", "W2", "b2")
"""The parameters, in the order of every table."""


@dataclass(frozen=True, slots=True, eq=False)
class TwoLayerNet:
    """The numbers: n inputs, m hidden units, K outputs."""

    x: Array
    """(n,)"""
    y: Array
    """(K,)"""
    W1: Array
    """(m, n)"""
    b1: Array
    """(m,)"""
    W2: Array
    """(K, m)"""
    b2: Array
    """(K,)"""

    @property
    def sizes(self) -> tuple[int, int, int]:
        """(n, m, K)"""
        return self.x.size, self.b1.size, self.b2.size

    @property
    def factor(self) -> int:
        """The homework's loss over nnlab's: a sum over K outputs over their mean."""
        return self.b2.size

    @property
    def parameters(self) -> Array:
        """As nnlab holds them, (1, parameters): W transposed, the bias as its last row."""
        return flat_parameters([(self.W1.T, self.b1), (self.W2.T, self.b2)])[None]


@dataclass(frozen=True, slots=True)
class Variant:
    """Which f, g and loss."""

    f: str
    g: str
    loss: str

    @property
    def words(self) -> str:
        """`f = relu, g = identity, squared error`"""
        losses = {"mse": "squared error", "binary_cross_entropy": "binary cross-entropy"}
        return f"f = {self.f}, g = {self.g}, {losses[self.loss]}"


RELU_SQUARED = Variant("relu", "identity", "mse")
SIGMOID_SQUARED = Variant("sigmoid", "sigmoid", "mse")
SIGMOID_CROSS_ENTROPY = Variant("sigmoid", "sigmoid", "binary_cross_entropy")


@dataclass(frozen=True, slots=True, eq=False)
class Forward:
    """What every stage gives out; `loss` is the homework's, a sum over the outputs."""

    z1: Array
    z2: Array
    z3: Array
    yhat: Array
    loss: float


@dataclass(frozen=True, slots=True, eq=False)
class Jacobians:
    """Derivatives in numerator layout: rows are what is derived, columns by what."""

    dl_dyhat: Array
    """(1, K)"""
    dyhat_dz3: Array
    """(K, K)"""
    dz2_dz1: Array
    """(m, m)"""
    dl_dz3: Array
    """(1, K)"""
    dl_dz2: Array
    """(1, m)"""
    dl_dz1: Array
    """(1, m)"""


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """The gradient of the homework's loss, each in the shape of its parameter."""

    W1: Array
    b1: Array
    W2: Array
    b2: Array

    @property
    def flat(self) -> Array:
        """All of it as one vector, in the order of `NAMES`, row by row."""
        return np.concatenate([getattr(self, name).ravel() for name in NAMES])


def random_net(rng: np.random.Generator, sizes: tuple[int, int, int]) -> TwoLayerNet:
    """Standard normal inputs and parameters, targets 0 or 1."""
    n, m, K = sizes
    return TwoLayerNet(
        rng.standard_normal(n), rng.integers(0, 2, K).astype(np.float64),
        rng.standard_normal((m, n)), rng.standard_normal(m),
        rng.standard_normal((K, m)), rng.standard_normal(K),
    )  # fmt: skip
