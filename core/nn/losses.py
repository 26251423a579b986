"""Losses, output activations, and the pairs of the two that may be chosen together.

The output layer's pre-activations are the logits z, shape `(runs, batch, outputs)`. A pair works
from the logits: its loss neither overflows nor takes the logarithm of 0, whatever z is.

- the loss of one example l_i is what the literature defines: cross-entropy sums over the classes,
  squared error and binary cross-entropy are means over the outputs (so that a mean over examples
  and outputs is a mean of l_i);
- the loss of a batch is the mean of l_i over its examples;
- delta_i = dl_i/dz, the derivative with respect to the logits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.nn.calls import Calls, bound, make

Array = NDArray[Any]
LossAndDelta = Callable[[Array, Array, Array], Array]
DeltaBelow = Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss by its name in a spec."""

    name: str
    formula: str
    paper: str
    default_output: str
    tasks: tuple[str, ...]
    """The kinds of data set it is for: classification, regression."""


@dataclass(frozen=True, slots=True)
class Output:
    """What the network's last layer does to its logits."""

    name: str
    formula: str
    function: Callable[[Array], Array]
    """Logits (..., outputs) -> predictions of that shape; allocates."""
    kinks: tuple[float, ...] = ()
    """Where its derivative jumps: gradient checks skip there."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A loss behind an output activation, computed from the logits.

    `loss_and_delta(z, y, delta)` returns l_i, shape `(runs, batch)`, and writes dl_i/dz into
    `delta`, shape `(runs, batch, outputs)`; `y` has as many axes and broadcasts to that shape. It
    may destroy `z`.

    `delta_below(z, y, delta)`, where there is one, binds these arrays, whatever they will hold.
    Called with a ceiling, what it returns writes the same dl_i/dz where every l_i is surely at most
    that, without computing any, and returns True; `z` is used up. Else it returns False and leaves
    `delta` alone, and `z` such that `loss_and_delta` finds what it would have found.
    """

    loss: str
    output: str
    loss_and_delta: LossAndDelta
    delta_below: Callable[[Array, Array, Array], DeltaBelow] | None = None


def sum_outputs(values: Array, axis: int = -1, out: Array | None = None) -> Array:
    """Sum over the axis of the outputs, one output after the other.

    Left to itself NumPy adds in pairs when all other axes have length one, and a run of batch
    size 1 would then differ in the last bit between a stack of one and a stack of many.
    """
    total: Array
    if values.size == values.shape[axis]:
        total = np.add.accumulate(values, axis=axis).take(-1, axis=axis, out=out)
    else:
        total = np.add.reduce(values, axis=axis, out=out)
    return total


# By the number of axes: to make an order at every call takes 4 % of a step of a single net.
_LAST_FIRST = {ndim: (ndim - 1, *range(ndim - 1)) for ndim in range(1, 5)}


def _outputs_first(values: Array) -> Array:
    """As logits lie in memory; NumPy spends 4 % of a step of 8 small nets less on such axes."""
    return values.transpose(_LAST_FIRST[values.ndim])


# exp(-60) = 9e-27 is nothing beside 1 and far from float32's denormals, which would slow every
# matrix product they enter (140 times, measured on an Intel machine).
_FLOOR = -60.0


def cross_entropy_softmax(z: Array, y: Array, delta: Array) -> Array:
    """L = log sum_k exp z_k - z_y; dl/dz = softmax(z) - y. `y` is one-hot."""
    z, y, delta = _outputs_first(z), _outputs_first(y), _outputs_first(delta)
    np.subtract(z, np.maximum.reduce(z), out=z)
    np.multiply(z, y, out=delta)
    z_true = sum_outputs(delta, axis=0)
    if z.dtype == np.float32:
        np.maximum(z, _FLOOR, out=z)
    total = np.empty_like(z_true)
    make(_softmax_less_y(z, y, delta, total))
    loss: Array = np.log(total) - z_true
    return loss


def _softmax_less_y(z: Array, y: Array, delta: Array, total: Array) -> Calls:
    """Delta <- softmax(z) - y and total <- sum_k exp z_k, the outputs first; `z` is used up."""
    yield bound(np.exp, z, out=z)
    yield partial(sum_outputs, z, 0, total)
    yield bound(np.divide, z, total, out=z)
    yield bound(np.subtract, z, y, out=delta)


def cross_entropy_softmax_below(z: Array, y: Array, delta: Array) -> DeltaBelow:
    """L <= log K - min_k z_k once the largest z is 0, K being the number of outputs (`y` one-hot).

    A training step need not know more of the loss: 20 % of a step of a single net, 8 % of 8 nets.
    Below `_FLOOR` it says no, for there `cross_entropy_softmax` may clip z.
    """
    z, y, delta = _outputs_first(z), _outputs_first(y), _outputs_first(delta)
    peak, total = (np.empty(z.shape[1:], z.dtype) for _ in range(2))
    shift = (
        partial(np.maximum.reduce, z, 0, None, peak),
        bound(np.subtract, z, peak, out=z),
    )
    lowest = partial(np.minimum.reduce, z, None)
    softmax_less_y = list(_softmax_less_y(z, y, delta, total))
    most = math.log(len(z))

    def delta_below(ceiling: float) -> bool:
        make(shift)
        low = float(lowest())
        if not (low >= _FLOOR and most - low <= ceiling):  # so too where it is no number
            return False
        make(softmax_less_y)
        return True

    return delta_below


def binary_cross_entropy_sigmoid(z: Array, y: Array, delta: Array) -> Array:
    """L = mean_k [log(1 + exp z_k) - y_k z_k]; dl/dz = (sigmoid(z) - y) / K. `y` in [0, 1]."""
    soft = np.abs(z)
    np.negative(soft, out=soft)
    if z.dtype == np.float32:
        np.maximum(soft, _FLOOR, out=soft)
    np.exp(soft, out=soft)  # exp(-|z|)
    np.log1p(soft, out=delta)
    delta += np.maximum(z, 0)
    delta -= z * y
    loss: Array = sum_outputs(delta) / z.dtype.type(z.shape[-1])
    # sigmoid(z) = 1 / (1 + e) for z >= 0 and e / (1 + e) below, e = exp(-|z|)
    np.divide(np.where(z >= 0, z.dtype.type(1), soft), 1 + soft, out=delta)
    delta -= y
    delta /= z.dtype.type(z.shape[-1])
    return loss


def _sigmoid(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, small) / (1 + small), dtype=z.dtype)


def _softmax(z: Array) -> Array:
    shifted = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(shifted / sum_outputs(shifted)[..., None])


def _identity(z: Array) -> Array:
    return z.copy()


def _relu(z: Array) -> Array:
    return np.maximum(z, 0)


def _squared_error(
    output: Callable[[Array], Array], chain: Callable[[Array, Array], None]
) -> LossAndDelta:
    """Squared error behind `output`; `chain(yhat, delta)` turns dl/dyhat into dl/dz in place."""

    def loss_and_delta(z: Array, y: Array, delta: Array) -> Array:
        """L = mean_k (yhat_k - y_k)^2; dl/dyhat = 2 (yhat - y) / K."""
        predicted = output(z)
        np.subtract(predicted, y, out=delta)
        loss: Array = sum_outputs(delta * delta) / z.dtype.type(z.shape[-1])
        delta *= z.dtype.type(2 / z.shape[-1])
        chain(predicted, delta)
        return loss

    return loss_and_delta


def _through_identity(yhat: Array, delta: Array) -> None:
    return


def _through_relu(yhat: Array, delta: Array) -> None:
    delta *= yhat > 0


def _through_sigmoid(yhat: Array, delta: Array) -> None:
    delta *= yhat * (1 - yhat)


def _through_softmax(yhat: Array, delta: Array) -> None:
    # J^T v = yhat * (v - <v, yhat>), since dyhat_j/dz_k = yhat_j (1[j = k] - yhat_k)
    delta -= sum_outputs(delta * yhat)[..., None]
    delta *= yhat


LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss(
            "cross_entropy", "-log yhat_y", "Bridle 1990", "softmax", ("classification",),
        ),
        Loss(
            "binary_cross_entropy", "-[y log yhat + (1 - y) log(1 - yhat)], mean over outputs",
            "Solla et al. 1988", "sigmoid", ("classification",),
        ),
        Loss(
            "mse", "(yhat - y)^2, mean over outputs", "Rumelhart et al. 1986", "identity",
            ("regression", "classification"),
        ),
    )
}  # fmt: skip
"""Every loss by name."""

OUTPUTS: dict[str, Output] = {
    row.name: row
    for row in (
        Output("softmax", "exp z_k / sum_j exp z_j", _softmax),
        Output("sigmoid", "1 / (1 + exp(-z))", _sigmoid),
        Output("identity", "z", _identity),
        Output("relu", "max(z, 0)", _relu, kinks=(0.0,)),
    )
}
"""Every output activation by name."""

PAIRS: dict[tuple[str, str], Pair] = {
    (row.loss, row.output): row
    for row in (
        Pair("cross_entropy", "softmax", cross_entropy_softmax, cross_entropy_softmax_below),
        Pair("binary_cross_entropy", "sigmoid", binary_cross_entropy_sigmoid),
        Pair("mse", "identity", _squared_error(_identity, _through_identity)),
        Pair("mse", "relu", _squared_error(_relu, _through_relu)),
        Pair("mse", "sigmoid", _squared_error(_sigmoid, _through_sigmoid)),
        Pair("mse", "softmax", _squared_error(_softmax, _through_softmax)),
    )
}
"""The pairs that may be chosen; any other (loss, output) is refused by the spec."""


def outputs_for(loss: str) -> tuple[str, ...]:
    """The outputs that pair with `loss`, its default first."""
    others = tuple(o for l, o in PAIRS if l == loss and o != LOSSES[loss].default_output)
    return (LOSSES[loss].default_output, *others)
