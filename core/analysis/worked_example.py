"""A net of two linear layers on one example: its forward pass, and its gradients three ways.

    z1 = W1 x + b1,   z2 = f(z1),   z3 = W2 z2 + b2,   yhat = g(z3),   l = l(yhat, y)

In the notation of the homework: vectors are columns, W1 is (hidden x inputs), W2 is (outputs x
hidden), the loss sums over the outputs. nnlab stores W as (in x out) and takes the mean over the
outputs, so that its loss and its gradients are 1/K of these; `TwoLayerNet.factor` is that K. The
values themselves are in `two_layer_net`.

Every value of the forward pass comes from `nn.mlp`, every f' from `nn.activations`. The matrix
formulas of the chain rule are written out in `jacobians` and `by_formula`, and nowhere else: they
are what the backward pass and the central differences are held against.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.two_layer_net import (
    Array,
    Forward,
    Gradients,
    Jacobians,
    TwoLayerNet,
    Variant,
    random_net,
)
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.buffers import Buffers
from nnlab.core.nn.gradcheck import central_differences, relative_error, sides_of_kinks
from nnlab.core.nn.losses import OUTPUTS, PAIRS
from nnlab.core.nn.mlp import MLP, count_parameters, layer_views, with_ones
from nnlab.core.nn.optimizers import OPTIMIZERS, Update, apply_update

SMALL = 1e-3
"""Of a gradient's norm."""
FINE_STEP = 3e-4
"""h of differences of fourth order: their curvature costs about h^4, rounding 1e-16 / h."""


def forward(net: TwoLayerNet, variant: Variant) -> Forward:
    """The forward pass, by nnlab's own network."""
    found = _network(net, variant, net.parameters)
    z1, z2 = found.pre_activations(1)[0, 0], found.activations(1)[0, 0]
    z3 = found.forward(_inputs(net))[0, 0].copy()
    loss = float(found.loss(net.y[None, None])[0, 0])
    return Forward(
        z1.copy(), z2.copy(), z3, OUTPUTS[variant.g].function(z3), net.factor * loss
    )  # fmt: skip


def jacobians(net: TwoLayerNet, variant: Variant) -> Jacobians:
    """The derivatives of the stages, and the chain rule from the loss back to z1."""
    at = forward(net, variant)
    if variant.loss == "mse":
        dl_dyhat = 2.0 * (at.yhat - net.y)[None]
    else:  # of -[y ln yhat + (1 - y) ln(1 - yhat)]
        with np.errstate(divide="ignore", invalid="ignore"):
            dl_dyhat = ((at.yhat - net.y) / (at.yhat * (1.0 - at.yhat)))[None]
    dyhat_dz3 = np.diag(find_activation(variant.g).df(at.z3))
    dz2_dz1 = np.diag(find_activation(variant.f).df(at.z1))
    # Behind the cross-entropy the slope yhat (1 - yhat) cancels, also where it would be 0 / 0.
    cancelled = (at.yhat - net.y)[None]
    dl_dz3 = dl_dyhat @ dyhat_dz3 if variant.loss == "mse" else cancelled
    dl_dz2 = dl_dz3 @ net.W2
    return Jacobians(dl_dyhat, dyhat_dz3, dz2_dz1, dl_dz3, dl_dz2, dl_dz2 @ dz2_dz1)


def by_formula(net: TwoLayerNet, variant: Variant, d: Jacobians | None = None) -> Gradients:
    """The matrix formulas: dl/dW = (input) (dl/dz) in numerator layout, transposed to W's shape.

    `d` in place of the net's own derivatives, to see what a wrong one does.
    """
    at, d = forward(net, variant), d or jacobians(net, variant)
    dl_dW1 = net.x[:, None] @ d.dl_dz1  # (n x 1)(1 x m) = n x m
    dl_dW2 = at.z2[:, None] @ d.dl_dz3  # (m x 1)(1 x K) = m x K
    return Gradients(dl_dW1.T, d.dl_dz1[0], dl_dW2.T, d.dl_dz3[0])


def by_backward(net: TwoLayerNet, variant: Variant) -> Gradients:
    """Nnlab's backward pass, times K."""
    found = _network(net, variant, net.parameters)
    found.loss(net.y[None, None])
    found.zero_gradients()
    found.backward()
    return _gradients(net, found.gradients[0] * net.factor)


def by_differences(
    net: TwoLayerNet, variant: Variant, step: float = FINE_STEP, order: Literal[2, 4] = 4
) -> Gradients:
    """Central differences of nnlab's loss, times K; NaN where a kink of f lies in between.

    Order 2 is (l(w + h) - l(w - h)) / 2h, wrong by a multiple of h^2; order 4 takes that error out
    with a second difference at 2h (Richardson 1911).
    """
    f, g = find_activation(variant.f), OUTPUTS[variant.g]

    def losses_and_sides(parameters: Array) -> tuple[Array, NDArray[np.bool_]]:
        found = _network(net, variant, parameters)
        sides = [
            sides_of_kinks(found.pre_activations(1), f.kinks),
            sides_of_kinks(found.pre_activations(2), g.kinks),
        ]
        return found.loss(net.y[None, None])[:, 0], np.concatenate(sides, axis=1)

    start = net.parameters[0]
    along = np.eye(start.size)
    slopes, smooth = central_differences(losses_and_sides, start, along, step)
    if order == 4:
        wider, still = central_differences(losses_and_sides, start, along, 2 * step)
        slopes, smooth = (4 * slopes - wider) / 3, smooth & still
    return _gradients(net, np.where(smooth, slopes, np.nan) * net.factor)


def disagreement(a: Gradients, b: Gradients) -> float:
    """|a - b| / (|a| + |b|) over the whole gradient, without what is NaN in either, at a kink.

    Of a gradient below `SMALL` the rounding of the loss leaves no digits: it is compared with that.
    """
    first, second = a.flat, b.flat
    known = np.isfinite(first) & np.isfinite(second)
    first, second = first[known], second[known]
    size = float(np.linalg.norm(first) + np.linalg.norm(second))
    if size > SMALL:
        return relative_error(first, second)
    return float(np.linalg.norm(first - second)) / SMALL


def after_step(net: TwoLayerNet, variant: Variant, learning_rate: float) -> TwoLayerNet:
    """The net after one step of gradient descent on the homework's loss."""
    found = _network(net, variant, net.parameters)
    found.loss(net.y[None, None])
    found.zero_gradients()
    found.backward(float(net.factor))
    update = Update(
        found.parameters, found.gradients, np.array([[learning_rate]]), (),
        np.empty_like(found.parameters), 1,
    )  # fmt: skip
    apply_update(OPTIMIZERS["sgd"], update, {"weight_decay": 0.0})
    moved = _gradients(net, found.parameters[0])
    return TwoLayerNet(net.x, net.y, moved.W1, moved.b1, moved.W2, moved.b2)


def _network(net: TwoLayerNet, variant: Variant, parameters: Array) -> MLP:
    """Nnlab's nets with these parameters `(runs, parameters)`, after their forward pass."""
    f = find_activation(variant.f)
    pair = PAIRS[variant.loss, variant.g]
    assert parameters.shape[1] == count_parameters(net.sizes)
    runs, sizes = len(parameters), net.sizes
    keeps_z = Buffers.allocate(sizes, runs, 1, parameters.dtype, keep_z=True)
    found = MLP(sizes, [f] * runs, pair, parameters, batch_size=1, buffers=keeps_z)
    found.forward(_inputs(net))
    return found


def _inputs(net: TwoLayerNet) -> NDArray[Any]:
    return with_ones(net.x[None], np.float64)[None]


def _gradients(net: TwoLayerNet, flat: Array) -> Gradients:
    """Nnlab's flat order, taken apart and turned into the homework's shapes."""
    first, second = (layer[0] for layer in layer_views(flat[None], net.sizes))
    return Gradients(first[:-1].T, first[-1], second[:-1].T, second[-1])


def agreement(variant: Variant, seeds: int) -> tuple[list[float], list[float]]:
    """How far the three ways are apart on random nets, one number a seed; and a control.

    The largest of formula against backward pass and formula against differences, as
    `disagreement`. The control takes formulas that are wrong by a thousandth, which must show.
    """
    apart, control = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        n, m, K = (int(size) for size in rng.integers(2, 7, 3))
        net = random_net(rng, (n, m, K))
        formula, backward = by_formula(net, variant), by_backward(net, variant)
        differences = by_differences(net, variant)
        apart.append(max(disagreement(formula, backward), disagreement(formula, differences)))
        d = jacobians(net, variant)
        off = replace(d, dl_dz1=1.001 * d.dl_dz1, dl_dz3=1.001 * d.dl_dz3)
        wrong = by_formula(net, variant, off)
        control.append(max(disagreement(wrong, backward), disagreement(wrong, differences)))
    return apart, control
