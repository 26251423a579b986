"""What mean-field theory predicts of a net at initialization, layer by layer.

Layers 1..L are hidden, delta^l = dloss/dz^l of one example. With s2^l = fan_in Var(W^l), sb2^l the
variance of a bias and z^l ~ N(0, q^l),

    q^1 = s2^1 mean(x^2) + sb2^1        q^l = s2^l E[f(z^{l-1})^2] + sb2^l
    E|delta^l|^2 / E|delta^{l+1}|^2 = s2^{l+1} E[f'(z^l)^2] = chi^l
    |dW^l|_F = |delta^l| |a^{l-1}|      exactly, for the gradient of one example

and every ratio here is to layer L, **the last hidden layer**: what the output layer and the loss
hand to it cancels. |delta|^2 sums over units and is a mean over nets and examples, not over a
batch's mean gradient. It is the theory of wide layers: at width 64 it meets the mean of squares
within 3 % at L = 10 and 13 % at L = 50, and one typical net (a geometric mean) lies well below.

Sources: Poole et al. (2016); Schoenholz et al. (2017); Glorot & Bengio (2010) for the weight
gradients; Saxe et al. (2014) for orthogonal weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nnlab.core.analysis.gaussian import mean_square, mean_square_slope
from nnlab.core.analysis.slopes import fit_lines
from nnlab.core.analysis.statistics import Floats
from nnlab.core.nn.activations import Activation, find_activation
from nnlab.core.nn.initializers import find_initializer

# A squared length beyond this has left the doubles' range for a net of any use; it counts as inf.
LONGEST = 1e100


@dataclass(frozen=True, slots=True)
class Scales:
    """The variances of a net's initial weights and biases; arrays over the hidden layers 1..L."""

    sizes: tuple[int, ...]
    """Inputs, then units of each hidden layer: L + 1 numbers."""
    s2: Floats
    """(L,) fan_in times the variance of one weight."""
    sb2: Floats
    """(L,) variance of one bias."""

    def __post_init__(self) -> None:
        layers = len(self.sizes) - 1
        if layers < 1 or min(self.sizes) < 1:
            raise ValueError(f"a net has inputs and at least one hidden layer, not {self.sizes}")
        if self.s2.shape != (layers,) or self.sb2.shape != (layers,):
            raise ValueError(f"{layers} hidden layers need {layers} variances of each kind")


def constant_scales(sizes: Sequence[int], s2: float, sb2: float = 0.0) -> Scales:
    """The same s2 and sb2 in every layer, as the theory's papers have it."""
    layers = len(sizes) - 1
    return Scales(tuple(sizes), np.full(layers, float(s2)), np.full(layers, float(sb2)))


def initial_scales(activation: Activation, initialization: str, sizes: Sequence[int]) -> Scales:
    """The scales of an initialization rule as a spec names it, `auto` included.

    Raises `ValueError` for an unknown rule.
    """
    rule = find_initializer(initialization, activation)
    fans = list(pairwise(sizes))
    return Scales(
        tuple(sizes),
        np.array([i * rule.variance(i, o, rule.value) for i, o in fans], dtype=np.float64),
        np.array([rule.bias_variance(i, o, rule.value) for i, o in fans], dtype=np.float64),
    )


@dataclass(frozen=True, slots=True)
class Prediction:
    """Arrays over the hidden layers 1..L (index 0 is layer 1)."""

    sizes: tuple[int, ...]
    q: Floats
    """(L,) variance of a pre-activation."""
    output_square: Floats
    """(L,) mean square of an activation, E[f(z^l)^2]."""
    chi: Floats
    """(L - 1,) gain of |delta|^2 from layer l + 1 back to layer l."""
    delta_ratio: Floats
    """(L,) E|delta^l|^2 / E|delta^L|^2; the last is 1."""
    weight_gradient_ratio: Floats
    """(L,) E|dW^l|^2 / E|dW^L|^2 of one example; the last is 1."""

    @property
    def delta_rms_ratio(self) -> Floats:
        """(L,) `delta_rms` of layer l over that of layer L: root mean square over the units."""
        units = np.array(self.sizes[1:], dtype=np.float64)
        return np.asarray(np.sqrt(self.delta_ratio) * np.sqrt(units[-1] / units))

    @property
    def layer_factor(self) -> float:
        """Factor by which `delta_rms` grows from one layer to the next: exp of a fitted slope.

        Over layers 2..L, as layer 1 has a fan-in of its own; nan with fewer than two of them or
        when a gradient is 0. Above 1 gradients vanish on their way down, below 1 they explode.
        """
        rms = self.delta_rms_ratio[1:]
        if rms.size < 2 or not (np.isfinite(rms).all() and rms.all()):
            return math.nan
        return math.exp(float(fit_lines(np.arange(rms.size), np.log(rms))[0]))


def predict(
    activation: str, initialization: str, sizes: Sequence[int], input_mean_square: float
) -> Prediction:
    """The prediction for a net as a spec names it.

    `sizes` are the inputs and the units of each hidden layer, `input_mean_square` the measured
    mean of x^2 over features and examples (1 for standardized data without constant columns).

    >>> predict("relu", "he", (64, 64, 64, 64), 1.0).delta_ratio.round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    row = find_activation(activation)
    return predict_scales(row, initial_scales(row, initialization, sizes), input_mean_square)


def predict_scales(activation: Activation, scales: Scales, input_mean_square: float) -> Prediction:
    """The prediction for any weight and bias variances."""
    incoming = float(input_mean_square)
    q, squares, slopes = [], [], []
    for s2, sb2 in zip(scales.s2, scales.sb2, strict=True):
        length = float(s2) * incoming + float(sb2)
        within = min(length, LONGEST)
        incoming = mean_square(activation, within) if length == within else math.inf
        q.append(length)
        squares.append(incoming)
        slopes.append(mean_square_slope(activation, within))

    chi = scales.s2[1:] * np.array(slopes[:-1])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        delta = np.cumprod(np.append(chi, 1.0)[::-1])[::-1]
        fan_in = np.array(scales.sizes[:-1], dtype=np.float64)
        gradient = delta * fan_in * np.array([input_mean_square, *squares[:-1]])
        gradient_ratio = gradient / gradient[-1]
    return Prediction(scales.sizes, np.array(q), np.array(squares), chi, delta, gradient_ratio)
