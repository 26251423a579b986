"""Multilayer perceptrons, many side by side: forward pass, loss, backward pass.

    z^l = a^{l-1} W^l + b^l,    a^l = f(z^l),    l = 1 .. L hidden layers, then the logits

Every array carries a leading run axis: weights `(runs, in, out)`, activations
`(runs, batch, features)`. One run is `runs = 1`; there is one code path. `np.matmul` does one
matrix product per run, so a run's numbers are the same bits alone and in any company.

How it is laid out, because it is what makes a step fast:

- All parameters of a run lie in one row of `parameters`, so an optimizer's update is one vector
  operation; a layer is a view `(runs, in + 1, out)` of it whose last row is the bias.
- Activations carry one more feature that is always 1: it multiplies the bias row, and the bias
  gradient falls out of the weight gradient's matrix product.
- In memory features come before examples, `(runs, features + 1, batch)`, so that an activation
  function runs over one long contiguous block, all runs that have it with their ones; the names
  below are transposed views.
- Logits lie `(outputs, runs, batch)`: the softmax reduces along a long axis.
- Buffers are allocated once (`buffers.py`), and every call that a step makes is bound to its arrays
  once: a step makes them one after the other. (Looking the arrays up took some 12 % of a step of a
  single net at batch 8, 2 to 5 % of one of eight.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby, pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nnlab.core.nn.activations import Activation
from nnlab.core.nn.buffers import Buffers
from nnlab.core.nn.calls import Call, bound, make, outer, product, row_times
from nnlab.core.nn.faint import RESCALE_EVERY, lift, rescale, undo
from nnlab.core.nn.initializers import Initializer
from nnlab.core.nn.losses import DeltaBelow, Pair

Array = NDArray[Any]


def count_parameters(layer_sizes: Sequence[int]) -> int:
    """Weights and biases of one net with these layer sizes, input and output included."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(layer_sizes))


def layer_views(flat: Array, layer_sizes: Sequence[int]) -> list[Array]:
    """Views `(runs, in + 1, out)` of `flat` `(runs, parameters)`, one a layer; biases last."""
    views, start = [], 0
    for fan_in, fan_out in pairwise(layer_sizes):
        stop = start + (fan_in + 1) * fan_out
        views.append(flat[:, start:stop].reshape(len(flat), fan_in + 1, fan_out))
        start = stop
    return views


def flat_parameters(layers: Iterable[tuple[Array, Array]]) -> Array:
    """One run's row `(parameters,)` from each layer's W `(in, out)` and b `(out,)`, float64."""
    return np.concatenate([np.vstack([W, b]).ravel() for W, b in layers], dtype=np.float64)


def initial_parameters(
    layer_sizes: Sequence[int], initializer: Initializer, rng: np.random.Generator
) -> Array:
    """One run's initial parameters, shape `(parameters,)`, float64."""
    flat = np.empty((1, count_parameters(layer_sizes)))
    for layer in layer_views(flat, layer_sizes):
        _, rows, fan_out = layer.shape
        weights, biases = initializer.draw(rng, rows - 1, fan_out, initializer.value)
        layer[0, :-1], layer[0, -1] = weights, biases
    return np.asarray(flat[0])


def with_ones(x: Array, dtype: DTypeLike) -> Array:
    """`x` `(n, features)` with the column of ones that brings in the bias."""
    joined = np.concatenate([x, np.ones((len(x), 1))], axis=1, dtype=dtype, casting="same_kind")
    return np.asarray(joined)


def _examples_first(memory: Array) -> Array:
    return memory.swapaxes(-1, -2)


class MLP:
    """`runs` nets of one shape over parameters that the caller owns.

    Runs may share their batches: `streams` sets of examples serve `runs` nets, net r taking set
    `r % streams`. `streams = runs` gives every net its own, `streams = 1` all the same.
    """

    def __init__(  # noqa: PLR0913 - the net, and whose memory it works in
        self,
        layer_sizes: Sequence[int],
        activations: Sequence[Activation],
        pair: Pair,
        parameters: Array,
        batch_size: int,
        *,
        streams: int = 1,
        buffers: Buffers | None = None,
        gradients: Array | None = None,
    ) -> None:
        """`activations`: one a run, equal ones side by side; `parameters`: `(runs, parameters)`."""
        runs = len(parameters)
        if len(activations) != runs:
            raise ValueError(f"{len(activations)} activations for {runs} runs")
        if runs % streams:
            raise ValueError(f"{runs} runs cannot share {streams} streams of batches evenly")
        self.layer_sizes = tuple(layer_sizes)
        self.depth = len(self.layer_sizes) - 2
        """The number of hidden layers."""
        self.pair = pair
        self.parameters = parameters
        self.gradients = np.empty_like(parameters) if gradients is None else gradients
        self.runs, self.streams, self.batch_size = runs, streams, batch_size
        self.slices: list[tuple[slice, Activation]] = []
        """Runs of one activation lie side by side: each is applied to a slice."""
        start = 0
        for activation, group in groupby(activations):
            stop = start + len(list(group))
            self.slices.append((slice(start, stop), activation))
            start = stop
        if buffers is None:
            buffers = Buffers.allocate(
                layer_sizes, runs, batch_size, parameters.dtype,
                keep_z=any(activation.needs_z for activation in activations),
            )  # fmt: skip
        self.buffers = buffers
        self.accumulating = False
        self.exponents = np.zeros((len(layer_sizes) - 1, runs), np.int64)
        """Layer l's backward signal is held times 2^exponents[l - 1], one a run."""
        self._x: Array = np.empty((0, 0, 0))
        self._y: Array = np.empty((0, 0, 0))
        self._delta_below: DeltaBelow = _cannot_tell
        self._sloped: set[int] = set()
        """Hidden layers, from 0, whose f' of the last forward pass lies in buffers that keep it."""
        self._bind()

    def _bind(self) -> None:
        b = self.buffers
        groups = (self.runs // self.streams, self.streams)
        self._w = layer_views(self.parameters, self.layer_sizes)
        self._g = layer_views(self.gradients, self.layer_sizes)
        # Transposed views, ready for the matrix products: `a` with the ones, `w_t` without biases.
        self._z = [_examples_first(z[:, :-1]) for z in b.pre_activations]
        self._z.append(b.logits.transpose(1, 2, 0))
        self._a = [_examples_first(a) for a in b.activations]
        self._a_t = list(b.activations)
        self._delta = [_examples_first(d[:, :-1]) for d in b.deltas]
        self._delta.append(b.logits_delta.transpose(1, 2, 0))
        self._w_t = [_examples_first(w[:, :-1]) for w in self._w]
        # The first layer's products broadcast the shared batches over the runs that share them.
        self._first_w = _split_runs(self._w[0], groups)
        self._first_g = _split_runs(self._g[0], groups)
        self._first_z = _split_runs(self._z[0], groups)
        self._first_delta = _split_runs(self._delta[0], groups)
        self._logits = _split_runs(self._z[-1], groups)
        self._logits_delta = _split_runs(self._delta[-1], groups)
        self._slopes = [self._slope_calls(l) for l in range(self.depth)]
        self._onwards = [call for l in range(self.depth) for call in self._forward_calls(l)]
        self._carries = [self._carry_calls(l) for l in range(self.depth)]
        self._rescales: list[Call] = [
            partial(rescale, b.deltas[l], self.exponents[: l + 1]) for l in range(self.depth)
        ]
        self._writes = [_no_batch, *(self._write_call(l) for l in range(1, self.depth + 1))]
        self._first: Call = _no_batch
        self._back: list[Call] = []

    def _forward_calls(self, l: int) -> list[Call]:
        """a^l = f(z^l), and z^{l+1} from it."""
        b = self.buffers
        z, a, t = b.pre_activations[l], b.activations[l], b.scratch[l]
        calls: list[Call] = []
        for runs, f in self.slices:
            calls += f.forward(z[runs], a[runs], t[runs], f.value)
            if f.f(1.0) != 1:  # else they come from the row of ones of the pre-activations
                calls.append(partial(a[runs, -1].fill, 1))
        if l % RESCALE_EVERY == RESCALE_EVERY - 1 and self.parameters.dtype == np.float32:
            calls.append(partial(lift, self.slices, z[:, :-1], a[:, :-1]))
        return [*calls, product(self._a[l], self._w[l + 1], self._z[l + 1])]

    def _slope_calls(self, l: int) -> list[Call]:
        """f'(z^l), once a forward pass where the buffers keep it."""
        b = self.buffers
        z, a, d, t = b.pre_activations[l], b.activations[l], b.slopes[l], b.scratch[l]
        calls = [call for r, f in self.slices for call in f.slope(z[r], a[r], d[r], t[r], f.value)]
        # Not a method of this net: that would tie it to itself, and its buffers would stay until
        # the garbage is collected.
        return [partial(_call_once, l, self._sloped, calls)] if b.keeps_slopes else calls

    def _carry_calls(self, l: int) -> list[Call]:
        """delta^l = (delta^{l+1} W^{l+1}^T) f'(z^l)."""
        b = self.buffers
        multiply = row_times if self.batch_size == 1 else product
        return [
            multiply(self._delta[l + 1], self._w_t[l + 1], self._delta[l]),
            *self._slopes[l],
            bound(np.multiply, b.deltas[l], b.slopes[l], out=b.deltas[l]),
        ]

    def _down_calls(self, l: int) -> list[Call]:
        """Layer l's part of a backward pass that writes the gradients."""
        if l == self.depth:
            return [self._writes[l]]
        due = (self.depth - l) % RESCALE_EVERY == 0
        return [*self._carries[l], *[self._rescales[l]] * due, self._writes[l]]

    def weights(self, layer: int) -> Array:
        """W of `layer` (1 is nearest the input), a view `(runs, in, out)`."""
        return self._w[layer - 1][:, :-1]

    def biases(self, layer: int) -> Array:
        """B of `layer`, a view `(runs, out)`."""
        return self._w[layer - 1][:, -1]

    def weight_gradient(self, layer: int) -> Array:
        """dLoss/dW of `layer`, a view `(runs, in, out)`; see `backward` on `exponents`."""
        return self._g[layer - 1][:, :-1]

    def bias_gradient(self, layer: int) -> Array:
        """dLoss/db of `layer`, a view `(runs, out)`."""
        return self._g[layer - 1][:, -1]

    def activations(self, layer: int) -> Array:
        """A of hidden `layer`, a view `(runs, batch, units)`."""
        return self._a[layer - 1][..., :-1]

    def pre_activations(self, layer: int) -> Array:
        """Z of `layer`, logits last, a view `(runs, batch, units)`.

        Those of a hidden layer are overwritten by its activations unless the buffers keep them.
        """
        return self._z[layer - 1]

    def delta(self, layer: int) -> Array:
        """The backward signal at `layer`, a view `(runs, batch, units)`.

        dLoss/dz times `scale` times 2^exponents[layer - 1]; only two layers' are kept at a time.
        """
        return self._delta[layer - 1]

    def forward(self, x: Array) -> Array:
        """The logits of `x` `(streams, batch, features + 1)`, its last column ones.

        Returns a view `(runs, batch, outputs)`, valid until the next pass.
        """
        if x is not self._x:
            self._x = x
            self._first = product(x, self._first_w, self._first_z)
            self._writes[0] = self._write_call(0)
            self._back = []
        self._sloped.clear()
        self._first()
        make(self._onwards)
        return self._z[-1]

    @overload
    def loss(self, y: Array) -> Array: ...
    @overload
    def loss(self, y: Array, ceiling: float) -> Array | None: ...
    def loss(self, y: Array, ceiling: float = -math.inf) -> Array | None:
        """The loss of each example for targets `y` `(streams, batch, outputs)`, `(runs, batch)`.

        Also starts the backward signal: dl_i/dz of the logits. The logits are used up. None, and
        the signal alone, where no loss is above `ceiling` and the pair can tell without them.
        """
        if ceiling > -math.inf and self._starts_below(y, ceiling):
            return None
        each = self.pair.loss_and_delta(self._logits, self._targets(y), self._logits_delta)
        return each.reshape(self.runs, self.batch_size)

    def _starts_below(self, y: Array, ceiling: float) -> bool:
        if y is not self._y:
            self._y = y
            if self.pair.delta_below is not None:
                self._delta_below = self.pair.delta_below(
                    self._logits, self._targets(y), self._logits_delta
                )
        return self._delta_below(ceiling)

    def _targets(self, y: Array) -> Array:
        """With an axis more where runs share streams, as `_split_runs` gives the logits."""
        return y[None] if self._logits.ndim > y.ndim else y

    def zero_gradients(self) -> None:
        """Forget the gradients: the next backward pass writes them instead of adding to them.

        PyTorch's `zero_grad(set_to_none=True)`: nothing needs to be filled with zeros.
        """
        self.accumulating = False

    def backward(
        self, scale: Array | float | None = None, visit: Callable[[int], None] | None = None
    ) -> None:
        """Gradients of the mean loss of the batch, by the chain rule from the logits down.

        `scale`, a number or `(runs, 1)` in the net's dtype, multiplies each run's gradients:
        1/batch, the mean, when None.

        For measuring, `visit(layer)` is called from the output layer down when `delta(layer)` and
        the layer's gradients are ready. Both are then left multiplied by 2^exponents, where small
        numbers keep their digits; without `visit` the power is taken out again. What is held so
        cannot be added up: a pass with `visit` always writes, and so does the one after it.
        """
        hold = visit is not None
        if hold:
            self.zero_gradients()
        if scale is None:
            scale = 1 / self.batch_size
        signal = self.buffers.logits_delta
        np.multiply(signal, scale, out=signal)
        self.exponents.fill(0)
        if not (hold or self.accumulating):
            if not self._back:
                self._back = [
                    call for l in range(self.depth, -1, -1) for call in self._down_calls(l)
                ]
            make(self._back)
            if self.depth >= RESCALE_EVERY and self.exponents.any():
                for l, gradient in enumerate([self._first_g, *self._g[1:]]):
                    np.multiply(gradient, self._power(l, gradient.shape), out=gradient)
            self.accumulating = True
            return
        for l in range(self.depth, -1, -1):
            if l < self.depth:
                make(self._carries[l])
                if hold or (self.depth - l) % RESCALE_EVERY == 0:
                    self._rescales[l]()
            if self.accumulating:
                left, right, gradient = self._gradient_of(l)
                more = np.matmul(left, right)
                more *= self._power(l, more.shape)
                gradient += more
            else:
                self._writes[l]()
            if visit is not None:
                visit(l + 1)
        self.accumulating = not hold

    def slope(self, layer: int) -> Array:
        """f'(z) of hidden `layer` after a forward pass, a view `(runs, units, batch)`."""
        make(self._slopes[layer - 1])
        return self.buffers.slopes[layer - 1][:, :-1]

    def _gradient_of(self, l: int) -> tuple[Array, Array, Array]:
        """The gradient is a^T delta, its last row that of the bias: both, and where it goes."""
        if l == 0:
            return _examples_first(self._x), self._first_delta, self._first_g
        return self._a_t[l - 1], self._delta[l], self._g[l]

    def _write_call(self, l: int) -> Call:
        multiply = outer if self.batch_size == 1 else product
        return multiply(*self._gradient_of(l))

    def _power(self, l: int, shape: tuple[int, ...]) -> Array:
        """What takes the power of two out of each run's gradient of this shape."""
        return undo(self.exponents[l], self.parameters.dtype).reshape(*shape[:-2], 1, 1)


def _cannot_tell(ceiling: float) -> bool:
    return False


def _no_batch() -> None:
    raise RuntimeError("forward() comes first: it brings the batch")


def _call_once(layer: int, done: set[int], calls: Iterable[Call]) -> None:
    """Make the calls unless the layer's are done, and note it."""
    if layer not in done:
        make(calls)
        done.add(layer)


def _split_runs(view: Array, groups: tuple[int, int]) -> Array:
    """`(runs, batch, n)` as `(runs / streams, streams, batch, n)`, still a view.

    As it is where no runs share a stream: one axis more costs a product 4 to 5 % at batch 8.
    """
    if groups[0] == 1:
        return view
    step = view.strides[0]
    return np.lib.stride_tricks.as_strided(
        view, (*groups, *view.shape[1:]), (step * groups[1], step, *view.strides[1:])
    )
