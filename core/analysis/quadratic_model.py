"""The noisy quadratic model: a problem on which the best learning rate is known.

    L = 1/2 sum_i h_i theta_i^2,  h_i = 1/i,  gradient noise of variance noise h_i / B

The expected loss after T steps of SGD needs no simulation: each coordinate follows

    E theta_T^2 = (1 - e h)^{2T} theta_0^2 + (e^2 c / B) (1 - (1 - e h)^{2T}) / (1 - (1 - e h)^2)

with c = noise h. At small batches the noise rules, and the best rate is in proportion to the batch
size; without noise it does not depend on it. So it is both the test of the search and a control.

Source: Zhang et al. (2019), Which algorithmic choices matter at which batch sizes?, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.scaling_search import Asked, Outcome, Told, Trial

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QuadraticModel:
    """One such problem."""

    dimensions: int = 1000
    noise: float = 30.0
    """Variance of one example's gradient over the curvature; 0: no sampling noise."""
    spread: bool = False
    """Whether theta_0 is drawn anew for each seed (standard normal) or is 1 everywhere."""

    @property
    def curvature(self) -> Floats:
        """h, `(dimensions,)`."""
        return 1.0 / np.arange(1.0, self.dimensions + 1.0)

    def start(self, seed: int) -> Floats:
        """theta_0^2, `(dimensions,)`."""
        if not self.spread:
            return np.ones(self.dimensions)
        return np.asarray(np.random.default_rng(seed).standard_normal(self.dimensions) ** 2)

    def loss(self, trial: Trial, steps: Floats | float) -> Floats:
        """Expected loss after so many steps, the shape of `steps`; inf where it diverges."""
        h, rate = self.curvature, trial.learning_rate
        count = np.asarray(steps, dtype=np.float64)
        shrink = (1.0 - rate * h) ** 2
        if shrink.max() >= 1.0:
            return np.where(count > 0, math.inf, 0.5 * float(h @ self.start(trial.seed)))
        left = shrink ** count[..., None]
        floor = rate**2 * self.noise * h / trial.batch_size / (1.0 - shrink)
        squares = left * self.start(trial.seed) + floor * (1.0 - left)
        return np.asarray(0.5 * (squares @ h))


@dataclass(frozen=True, slots=True)
class StepsToTarget:
    """Measures the steps until the expected loss is `share` of its start."""

    model: QuadraticModel
    share: float = 0.05

    def __call__(self, asked: Asked) -> Told:
        """One outcome a trial."""
        return {name: [self._outcome(trial) for trial in trials] for name, trials in asked.items()}

    def _outcome(self, trial: Trial) -> Outcome:
        target = self.share * float(self.model.loss(trial, 0.0))
        # The loss falls towards its floor without ever rising, so that halving finds the step.
        below, above = 0.0, float(trial.most_steps)
        if not self.model.loss(trial, above) <= target:
            return Outcome(trial, math.inf, not math.isfinite(float(self.model.loss(trial, 1.0))))
        while above - below > 1e-6 * above:
            middle = 0.5 * (below + above)
            if self.model.loss(trial, middle) <= target:
                above = middle
            else:
                below = middle
        return Outcome(trial, above)


@dataclass(frozen=True, slots=True)
class LossAfter:
    """Measures the expected loss after a budget: so many examples, or so many steps."""

    model: QuadraticModel
    examples: int | None = None
    steps: int | None = None

    def __call__(self, asked: Asked) -> Told:
        """One outcome a trial."""
        return {name: [self._outcome(trial) for trial in trials] for name, trials in asked.items()}

    def _outcome(self, trial: Trial) -> Outcome:
        steps = self.steps or max(1, (self.examples or 1) // trial.batch_size)
        loss = float(self.model.loss(trial, float(steps)))
        return Outcome(trial, loss, not math.isfinite(loss))


def model_steps(batch_sizes: Sequence[int], most: int = 10**7) -> dict[int, int]:
    """A limit of steps for each batch size; a formula costs the same for any."""
    return dict.fromkeys(batch_sizes, most)
