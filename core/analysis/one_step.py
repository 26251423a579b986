"""The best learning rate for one step, predicted from curvature and noise, and measured.

To second order the training loss after one step with a batch of B is, on average over batches,

    L - e |G|^2 + e^2/2 (G.HG + tr(H Sigma) f / B),   f = 1 - B/n without replacement

which is smallest at e = lr_max / (1 + B_noise f / B) with lr_max = |G|^2 / G.HG and
B_noise = tr(H Sigma) / G.HG. Nothing in it is fitted. Curvature along a direction comes from two
gradients, v.Hv = v.(grad L(w + h v) - grad L(w - h v)) / 2h.

Source: McCandlish et al. (2018), An empirical model of large-batch training, eqs. 2.6 and 2.7.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Part
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP, count_parameters
from nnlab.core.plan import Run

Array = NDArray[np.float64]

DISPLACEMENT = 1e-3
"""Of the two gradients from the point between them, as a share of the length of w: short beside a
step of training, long beside rounding in float64."""
DIRECTIONS, DIRECTION_BATCH = 48, 16
"""tr(H Sigma) is a mean over so many directions, each the gradient of so many examples."""
TOGETHER = 4
"""Nets that are evaluated side by side: more no longer fit the cache."""
CLEAR = 2.0
_MOST_MOVES = 20


@dataclass(frozen=True, slots=True)
class StepTheory:
    """What one net's gradients and curvature predict."""

    signal: float
    """|G|^2."""
    curvature: float
    """G.HG."""
    noise_curvature: float
    """tr(H Sigma)."""
    noise_error: float
    """Its standard error: it is a mean over a sample of examples."""
    examples: int

    @property
    def resolved(self) -> bool:
        """Whether both curvatures are positive beyond their errors."""
        return self.curvature > 0.0 and self.noise_curvature > CLEAR * self.noise_error

    @property
    def noise_scale(self) -> float:
        """B_noise = tr(H Sigma) / G.HG."""
        return self.noise_curvature / self.curvature

    def best_rate(self, batch_size: int) -> float:
        """The best rate for one step with a batch of this size; nan where it is not resolved."""
        if not self.resolved:
            return math.nan
        factor = 1.0 - batch_size / self.examples
        return self.signal / (self.curvature + self.noise_curvature * factor / batch_size)


class Surface:
    """The training loss of a run's net as a function of its parameters, float64."""

    def __init__(self, run: Run, part: Part) -> None:
        """`part`: the training part, in float64."""
        self.recipe, self.part = run.recipe, part
        self._activation = find_activation(run.activation)
        self._whole = self._net(TOGETHER, len(part), 1)

    def _net(self, nets: int, batch_size: int, streams: int) -> MLP:
        recipe = self.recipe
        parameters = np.zeros((nets, count_parameters(recipe.layer_sizes)))
        return MLP(
            recipe.layer_sizes, [self._activation] * nets, PAIRS[recipe.loss, recipe.output],
            parameters, batch_size, streams=streams,
        )  # fmt: skip

    def one(self, parameters: Array) -> MLP:
        """One net at a point `(parameters,)`, its batch the whole training part."""
        net = self._net(1, len(self.part), 1)
        net.parameters[0] = parameters
        return net

    def losses(self, parameters: Array) -> Array:
        """The loss over the whole training part at each row of parameters."""
        x, y = self.part.rows(0, len(self.part))
        found = np.empty(len(parameters))
        for rows in self._seated(parameters):
            self._whole.forward(x)
            found[rows] = self._whole.loss(y).mean(axis=1)[: rows.stop - rows.start]
        return found

    def gradients(self, parameters: Array) -> Array:
        """The gradient of that loss at each row."""
        x, y = self.part.rows(0, len(self.part))
        found = np.empty_like(parameters)
        for rows in self._seated(parameters):
            found[rows] = _gradients(self._whole, x, y)[: rows.stop - rows.start]
        return found

    def _seated(self, parameters: Array) -> Iterator[slice]:
        """A few rows at a time, as the parameters of the nets; the last ones may be left over."""
        for start in range(0, len(parameters), TOGETHER):
            rows = slice(start, min(start + TOGETHER, len(parameters)))
            self._whole.parameters[: rows.stop - rows.start] = parameters[rows]
            yield rows

    def batch_gradients(self, parameters: Array, rows: NDArray[np.intp]) -> Array:
        """The gradients at one point `(parameters,)` of batches of rows `(batches, B)`."""
        net = self._net(1, rows.shape[1], 1)
        net.parameters[0] = parameters
        found = np.empty((len(rows), len(parameters)))
        for i, chosen in enumerate(rows):
            y = self.part.y[:, chosen].T[None]
            found[i] = _gradients(net, self.part.x[None, chosen], y)[0]
        return found

    def curvatures(self, parameters: Array, directions: Array) -> Array:
        """v.Hv at one point for each row v of `directions`."""
        lengths = np.linalg.norm(directions, axis=1)
        h = DISPLACEMENT * np.linalg.norm(parameters) / lengths
        moved = h[:, None] * directions
        above = self.gradients(parameters + moved)
        below = self.gradients(parameters - moved)
        return np.asarray(np.einsum("ij,ij->i", directions, above - below) / (2.0 * h))


def _gradients(net: MLP, x: Array, y: Array) -> Array:
    net.forward(x)
    net.loss(y)
    net.zero_gradients()
    net.backward()
    return net.gradients


def batches_of(examples: int, batch_size: int, count: int, seed: int) -> NDArray[np.intp]:
    """So many batches of rows `(count, B)`, each drawn without replacement."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(examples)[:batch_size] for _ in range(count)])


def step_theory(surface: Surface, parameters: Array, seed: int = 0) -> StepTheory:
    """Gradient, curvature and noise at one point; tr(H Sigma) from the curvature along batches.

    For batches of B without replacement E g_B.H g_B = G.HG + tr(H Sigma) f / B; many examples a
    direction make that a far better mean than one example a direction.
    """
    n = len(surface.part)
    gradient = surface.gradients(parameters[None])
    curvature = float(surface.curvatures(parameters, gradient)[0])
    size = min(DIRECTION_BATCH, max(1, n // 4))
    rows = batches_of(n, size, DIRECTIONS, seed)
    each = surface.curvatures(parameters, surface.batch_gradients(parameters, rows))
    factor = size / (1.0 - size / n)
    noise = (float(each.mean()) - curvature) * factor
    error = float(each.std(ddof=1)) / math.sqrt(len(rows)) * factor
    return StepTheory(float(gradient[0] @ gradient[0]), curvature, noise, error, n)


def measured_rate(
    surface: Surface, parameters: Array, batch_size: int, start: float, batches: int
) -> float:
    """The rate of one step at which the mean training loss over so many batches is smallest.

    A search from `start` in factors of 2, then sqrt 2 around the best, all rates on the same
    batches; then the parabola in the rate, which the theory has, through the smallest mean loss and
    its neighbours.
    """
    rows = batches_of(len(surface.part), batch_size, batches, batch_size)
    gradients = surface.batch_gradients(parameters, rows)
    means: dict[float, float] = {}

    def at(rate: float) -> float:
        if rate not in means:
            means[rate] = float(surface.losses(parameters - rate * gradients).mean())
        return means[rate]

    best = start
    for factor in (2.0, math.sqrt(2.0)):
        for _ in range(_MOST_MOVES):
            better = min((best / factor, best, best * factor), key=at)
            if better == best:
                break
            best = better
    rates = sorted(means)
    i = min(max(rates.index(best), 1), len(rates) - 2)
    near = rates[i - 1 : i + 2]
    a, b, _ = np.polyfit(near, [means[rate] for rate in near], 2)
    return float(-b / (2.0 * a)) if a > 0.0 else best
