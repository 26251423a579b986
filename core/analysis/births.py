"""ReLU nets that are dead before training, counted on real nets: the check of `dead_at_birth`.

Nets are drawn by the library's own initializer and passed through its own forward pass; nothing
here knows the formulas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nnlab.core.analysis.dead_at_birth import dead_for_one_input
from nnlab.core.analysis.statistics import Floats
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.initializers import find_initializer
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP, initial_parameters, with_ones

_RELU = ACTIVATIONS["relu"]
_BLOCK = 500
"""Nets that are passed through at a time."""


@dataclass(frozen=True, slots=True)
class Birth:
    """How many nets of one shape are dead for one input, and how many should be."""

    width: int
    depth: int
    nets: int
    dead: int

    @property
    def share(self) -> float:
        """The share that was found dead."""
        return self.dead / self.nets

    @property
    def predicted(self) -> float:
        """P = 1 - (1 - 2^-N)^H."""
        return dead_for_one_input(self.width, self.depth)

    @property
    def standard_error(self) -> float:
        """Of the share, were the prediction exact."""
        return math.sqrt(self.predicted * (1.0 - self.predicted) / self.nets)

    @property
    def distance(self) -> float:
        """From the prediction, in standard errors."""
        return (self.share - self.predicted) / self.standard_error


def count_births(width: int, deepest: int, nets: int, seed: int) -> list[Birth]:
    """For depths 1 to `deepest`: how many of `nets` random nets are dead for one given input.

    The nets of all depths are the same nets, cut off: a net of H hidden layers is dead when one
    of its first H layers is. He's weights, no biases, one input of 1.
    """
    sizes = (1, *[width] * deepest, 1)
    rng = np.random.default_rng(seed)
    dead_layers = [
        _dead_layers(sizes, rng, min(_BLOCK, nets - start)) for start in range(0, nets, _BLOCK)
    ]
    dead_by_now = np.logical_or.accumulate(np.concatenate(dead_layers), axis=1).sum(axis=0)
    return [Birth(width, i + 1, nets, int(dead)) for i, dead in enumerate(dead_by_now)]


def _dead_layers(sizes: tuple[int, ...], rng: np.random.Generator, nets: int) -> Floats:
    """Whether each hidden layer of each net has no positive unit, (nets, layers)."""
    net = _random_nets(sizes, rng, nets, batch_size=1)
    net.forward(with_ones(np.ones((1, 1)), np.float64)[None])
    layers = [net.activations(l).max(axis=(1, 2)) <= 0.0 for l in range(1, net.depth + 1)]
    return np.stack(layers, axis=1)


def _random_nets(
    sizes: tuple[int, ...], rng: np.random.Generator, nets: int, batch_size: int
) -> MLP:
    rule = find_initializer("he", _RELU)
    parameters = np.array([initial_parameters(sizes, rule, rng) for _ in range(nets)])
    pair = PAIRS["mse", "identity"]
    return MLP(sizes, [_RELU] * nets, pair, parameters, batch_size, streams=1)


def inputs_of_cosine(count: int, cosine: float) -> Floats:
    """`count` unit vectors of equal pairwise cosine, (count, count + 1).

    x_i = sqrt(c) u + sqrt(1 - c) e_i with u, e_1, e_2, ... orthonormal.
    """
    common = np.full((count, 1), math.sqrt(cosine))
    return np.concatenate([common, math.sqrt(1.0 - cosine) * np.eye(count)], axis=1)


def count_dead_units(width: int, depth: int, inputs: Floats, nets: int, seed: int) -> Floats:
    """Share of each hidden layer's units that are positive for none of `inputs`, (nets, depth)."""
    sizes = (inputs.shape[1], *[width] * depth, 1)
    net = _random_nets(sizes, np.random.default_rng(seed), nets, len(inputs))
    net.forward(with_ones(inputs, np.float64)[None])
    shares = [(net.activations(l).max(axis=1) <= 0.0).mean(axis=1) for l in range(1, net.depth + 1)]
    return np.stack(shares, axis=1)
