"""What a search over learning rates and batch sizes says: best rates, steps, exponents, laws.

At each batch size the best rate is the vertex of a parabola in ln rate through the medians over the
seeds of ln cost; the same through one seed's own costs gives that seed's best rate. An exponent is
the slope of ln best rate over ln batch size, its interval a t-interval over the seeds' own slopes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.scaling_fits import (
    Law,
    exponent,
    fit_hyperbola,
    fit_power,
    fit_saturating,
    parabola,
)
from nnlab.core.analysis.scaling_search import BatchSearch, Search, medians
from nnlab.core.analysis.statistics import Interval, geometric_interval, t_interval
from nnlab.core.analysis.verdicts import edge_fault, target_fault

Floats = NDArray[np.float64]

SLOW_START = 10.0
"""A velocity that starts at 0 needs some 1/(1 - m) steps; a run should have ten times as many."""
KEEPS = 1.25
"""Beyond the batch size from which the best rate gains less than this in all, it is kept."""
FINE_FIT = 3
"""Batch sizes that a law of two parameters needs at least."""


@dataclass(frozen=True)
class Optimum:
    """One batch size: its best rate and what that costs."""

    batch_size: int
    curve: dict[float, float]
    """Rate -> median cost on the fine grid, ascending; inf where half the trials had none."""
    rate: float
    cost: float
    by_seed: dict[int, tuple[float, float]]
    """Seed -> its own best rate and cost; (nan, inf) for a seed without any."""
    largest_stable: float | None
    """The largest rate tried at which no trial was lost, coarse or fine; None: there was none."""
    lost: int
    """Trials of the fine grid that diverged or did not reach the target."""
    trials: int
    at_edge: bool


@dataclass(frozen=True)
class Scaling:
    """A search, read."""

    optima: tuple[Optimum, ...]
    """Of the batch sizes at which some rate reached the target, ascending."""
    unreached: tuple[int, ...]
    """Batch sizes at which none did."""
    seeds: tuple[int, ...]

    @cached_property
    def batch_sizes(self) -> tuple[int, ...]:
        """Those of the optima."""
        return tuple(optimum.batch_size for optimum in self.optima)

    @cached_property
    def rates(self) -> Floats:
        """The best rates, by batch size."""
        return np.array([optimum.rate for optimum in self.optima])

    @cached_property
    def costs(self) -> Floats:
        """What they cost: steps to the target, or a loss."""
        return np.array([optimum.cost for optimum in self.optima])

    @cached_property
    def seed_rates(self) -> Floats:
        """Each seed's own best rates, `(seeds, batch sizes)`; nan where it has none."""
        return np.array([[o.by_seed[seed][0] for o in self.optima] for seed in self.seeds])

    @cached_property
    def seed_costs(self) -> Floats:
        """What they cost, `(seeds, batch sizes)`."""
        return np.array([[o.by_seed[seed][1] for o in self.optima] for seed in self.seeds])

    def seed_exponents(self, batch_sizes: Sequence[int] | None = None) -> Floats:
        """Each seed's exponent over these batch sizes, all by default; nan where one is missing."""
        which = self._places(batch_sizes)
        batch = [self.batch_sizes[i] for i in which]
        return np.array([exponent(batch, rates[which]) for rates in self.seed_rates])

    def exponent(self, batch_sizes: Sequence[int] | None = None) -> float:
        """The exponent of the best rates themselves, over these batch sizes."""
        which = self._places(batch_sizes)
        return exponent([self.batch_sizes[i] for i in which], self.rates[which])

    def mean_exponent(self, batch_sizes: Sequence[int] | None = None) -> float:
        """The mean of the seeds' exponents; nan where no seed has one."""
        kept, _ = finite_part(self.seed_exponents(batch_sizes))
        return float(kept.mean()) if kept.size else math.nan

    def exponent_interval(self, batch_sizes: Sequence[int] | None = None) -> Interval:
        """The mean of the seeds' exponents with its t-interval. Raises ValueError without any."""
        return t_interval(finite_part(self.seed_exponents(batch_sizes))[0])

    @cached_property
    def ranges(self) -> tuple[tuple[int, ...], ...]:
        """The batch sizes in three ranges that share their ends; none below four batch sizes."""
        last = len(self.batch_sizes) - 1
        if last < 3:
            return ()
        bounds = [round(i * last / 3) for i in range(4)]
        return tuple(self.batch_sizes[bounds[i] : bounds[i + 1] + 1] for i in range(3))

    @cached_property
    def power(self) -> Law | None:
        """The power law through the best rates; None below three batch sizes."""
        return fit_power(self.batch_sizes, self.rates) if self._enough else None

    @cached_property
    def saturating(self) -> Law | None:
        """The saturating law through them."""
        return fit_saturating(self.batch_sizes, self.rates) if self._enough else None

    @cached_property
    def hyperbola(self) -> Law | None:
        """S_min and B_crit, where the cost counts steps."""
        return fit_hyperbola(self.batch_sizes, self.costs) if self._enough else None

    @cached_property
    def seed_critical(self) -> Floats:
        """Each seed's own B_crit; nan where its hyperbola has no bend that can be told."""
        found = []
        for costs in self.seed_costs:
            law = fit_hyperbola(self.batch_sizes, costs) if np.isfinite(costs).all() else None
            found.append(law.bend if law is not None and law.resolved else math.nan)
        return np.array(found)

    @property
    def _enough(self) -> bool:
        return len(self.optima) >= FINE_FIT

    def _places(self, batch_sizes: Sequence[int] | None) -> list[int]:
        wanted = self.batch_sizes if batch_sizes is None else batch_sizes
        return [self.batch_sizes.index(batch) for batch in wanted]

    def over(self, batch_sizes: Sequence[int]) -> Scaling:
        """The same at some of the batch sizes only."""
        return Scaling(
            tuple(o for o in self.optima if o.batch_size in batch_sizes),
            tuple(batch for batch in self.unreached if batch in batch_sizes),
            self.seeds,
        )

    # -------------------------------------------------------------- what may be wrong, what to do

    def faults(self) -> tuple[str, ...]:
        """Reasons to believe no exponent: a target not reached, an optimum on the edge."""
        missed = [target_fault(f"batch size {batch}") for batch in self.unreached]
        edges = [edge_fault(f"batch size {o.batch_size}") for o in self.optima if o.at_edge]
        return (*missed, *edges)

    def slow_start_fault(self, momentum: float) -> str | None:
        """The artefact of a velocity that starts at 0: named where the runs are too short for it.

        Heavy-ball momentum m reaches its full speed after some 1/(1 - m) steps. A run that is over
        sooner is sped up by a larger rate for that reason alone, so that large batches, whose runs
        are short, seem to want rates in proportion. At least 10/(1 - m) steps at the largest batch
        size tell the two apart. (The bias-corrected velocity v/(1 - m^t) has no such start-up.)
        """
        least = round(SLOW_START / (1.0 - momentum), 6)
        if not self.optima or self.costs[-1] >= least:
            return None
        return (
            f"start-up of the momentum: at batch size {self.batch_sizes[-1]} the target takes "
            f"{self.costs[-1]:.3g} steps, and a velocity with m = {momentum:g} that starts at 0 "
            f"asks for {least:.0f} at least"
        )

    def doublings(self) -> list[tuple[int, int, Interval | None, float]]:
        """From each batch size to the next: both, the seeds' factor of the rate, the median one."""
        found = []
        for i in range(len(self.optima) - 1):
            ratios = finite_part(self.seed_rates[:, i + 1] / self.seed_rates[:, i])[0]
            interval = geometric_interval(ratios) if ratios.size else None
            factor = float(self.rates[i + 1] / self.rates[i])
            found.append((self.batch_sizes[i], self.batch_sizes[i + 1], interval, factor))
        return found

    @cached_property
    def kept_from(self) -> int | None:
        """The smallest batch size from which on one rate serves: no larger one wants 1.25 times it.

        None where the best rate still grows at the end.
        """
        for i, batch in enumerate(self.batch_sizes[:-1]):
            later = self.rates[i:]
            if later.max() < KEEPS * later[0] and later.min() > later[0] / KEEPS:
                return batch
        return None


def read_search(search: Search) -> Scaling:
    """The reading of a search."""
    seeds = search.protocol.fine_seeds
    return Scaling(
        optima=tuple(_optimum(batch, seeds) for batch in search.batches if batch.fine),
        unreached=tuple(batch.batch_size for batch in search.batches if not batch.fine),
        seeds=seeds,
    )


def _optimum(found: BatchSearch, seeds: Sequence[int]) -> Optimum:
    curve = medians(found.fine)
    rate, cost = parabola(list(curve), list(curve.values()))
    by_seed = {}
    for seed in seeds:
        own = {o.trial.learning_rate: o.cost for o in found.fine if o.trial.seed == seed}
        by_seed[seed] = parabola(list(own), list(own.values()))
    lost_at = {o.trial.learning_rate for o in (*found.coarse, *found.fine) if o.diverged}
    tried = {o.trial.learning_rate for o in (*found.coarse, *found.fine)}
    stable = [r for r in tried if not any(lost <= r for lost in lost_at)]
    return Optimum(
        batch_size=found.batch_size,
        curve=curve,
        rate=rate,
        cost=cost,
        by_seed=by_seed,
        largest_stable=max(stable, default=None),
        lost=sum(not math.isfinite(o.cost) for o in found.fine),
        trials=len(found.fine),
        at_edge=found.at_edge,
    )
