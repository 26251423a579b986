"""Linear layers stacked are one linear layer: the product of a net's matrices, held against it.

    W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2),   rank W2 W1 <= the narrowest layer

In nnlab's orientation, (in x out), the product runs the other way: W1 W2, b1 W2 + b2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.trained_net import TrainedNet

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class OneLayer:
    """The one layer that a stack of linear layers is."""

    W: Array
    """(in, out)"""
    b: Array
    """(out,)"""

    @property
    def rank(self) -> int:
        """The rank of W, to rounding."""
        return int(np.linalg.matrix_rank(self.W))

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.W.size + self.b.size


def collapse(net: TrainedNet) -> OneLayer:
    """The product of all the layers of a net, as if there were no activation in between."""
    W, b = net.weights[0], net.biases[0]
    for weights, biases in zip(net.weights[1:], net.biases[1:], strict=True):
        W, b = W @ weights, b @ weights + biases
    return OneLayer(W, b)


def collapse_error(net: TrainedNet, x: Array) -> float:
    """Max |net(x) - one layer(x)| / max |net(x)| over the points `x` and all logits."""
    logits, one = net.logits(x), collapse(net)
    return float(np.abs(logits - (x @ one.W + one.b)).max() / np.abs(logits).max())


def weight_count(net: TrainedNet) -> int:
    """Weights and biases of the stack itself."""
    return sum(W.size + b.size for W, b in zip(net.weights, net.biases, strict=True))
