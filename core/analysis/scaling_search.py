"""The search for the best learning rate at each batch size, whatever it is that is measured.

A coarse grid (a factor of 2) on throw-away seeds, widened while the best rate sits on its edge;
then a fine grid (seven rates, a factor of sqrt 2) around it on fresh seeds, widened likewise. What
a trial costs is a positive number to be small: the steps to a target, or a loss after a budget. A
trial without a number (diverged, or short of the target) costs infinitely much and ranks last.

The search asks for trials in rounds and does not run them: all batch sizes, and several searches,
go side by side, so that a round is one large piece of work. Networks and formulas alike can answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from nnlab.core.analysis.pairs import median_rank_last

COARSE_FACTOR = 2.0
FINE_FACTOR = math.sqrt(2.0)
FINE_RATES = 7
WIDENED_BY = 2
"""Rates that are added at an edge at a time."""
MOST_WIDENED = 6
DEEPER = 4
"""Where no rate reaches the target, all are tried again for so many times as many steps."""
PATIENCE = 4
"""A fine trial may take so many times the steps of the best coarse one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One training that is asked for."""

    batch_size: int
    learning_rate: float
    seed: int
    most_steps: int
    """It may take so many; a measure with a budget of its own takes no notice."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial cost."""

    trial: Trial
    cost: float
    """inf where it has no number."""
    diverged: bool = False


Asked = Mapping[str, Sequence[Trial]]
"""Trials by the name of the search that wants them."""
Told = Mapping[str, Sequence[Outcome]]
"""Their outcomes, in their order."""
Round = Generator[list[Trial], list[Outcome], "BatchSearch"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """How to search; fixed before it begins."""

    batch_sizes: tuple[int, ...]
    rates: tuple[float, ...]
    """The coarse grid, ascending."""
    coarse_seeds: tuple[int, ...]
    fine_seeds: tuple[int, ...]
    most_steps: Mapping[int, int]
    """By batch size: what a trial may take at most."""
    first_steps: Mapping[int, int]
    """What it may take before anything is known; as much as `most_steps` for a fixed budget."""

    def __post_init__(self) -> None:
        """Seeds that choose and seeds that report must differ, or the report flatters itself."""
        both = set(self.coarse_seeds) & set(self.fine_seeds)
        if both:
            raise ValueError(f"seeds {sorted(both)} are both thrown away and reported")
        if sorted(self.rates) != list(self.rates) or len(self.rates) < 2:
            raise ValueError("the coarse grid needs two rates or more, ascending")


@dataclass(frozen=True, slots=True)
class BatchSearch:
    """What was found at one batch size."""

    batch_size: int
    coarse: tuple[Outcome, ...]
    fine: tuple[Outcome, ...]
    """Empty where no rate of the coarse grid reached the target."""
    at_edge: bool = False
    """Whether the best rate is still the last one tried on its side."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was found at every batch size."""

    protocol: Protocol
    batches: tuple[BatchSearch, ...]
    """In the protocol's order."""


def run_searches(
    protocols: Mapping[str, Protocol], measure: Callable[[Asked], Told]
) -> dict[str, Search]:
    """Run several searches side by side; `measure` answers one round of all of them at once."""
    waiting: dict[tuple[str, int], tuple[Round, list[Trial]]] = {}
    found: dict[tuple[str, int], BatchSearch] = {}
    for name, protocol in protocols.items():
        for batch in protocol.batch_sizes:
            steps = _search_batch(protocol, batch)
            waiting[name, batch] = (steps, next(steps))
    while waiting:
        asked: dict[str, list[Trial]] = {}
        for (name, _), (_, trials) in waiting.items():
            asked.setdefault(name, []).extend(trials)
        told = {name: iter(outcomes) for name, outcomes in measure(asked).items()}
        for key, (steps, trials) in list(waiting.items()):
            answer = list(islice(told[key[0]], len(trials)))
            try:
                waiting[key] = (steps, steps.send(answer))
            except StopIteration as end:
                found[key] = end.value
                del waiting[key]
    return {
        name: Search(protocol, tuple(found[name, batch] for batch in protocol.batch_sizes))
        for name, protocol in protocols.items()
    }


def _search_batch(protocol: Protocol, batch: int) -> Round:
    limit = min(protocol.first_steps[batch], protocol.most_steps[batch])
    grid = protocol.rates
    coarse = yield _trials(batch, grid, protocol.coarse_seeds, limit)
    while _best(coarse) is None and limit < protocol.most_steps[batch]:
        limit = min(DEEPER * limit, protocol.most_steps[batch])
        coarse = yield _trials(batch, grid, protocol.coarse_seeds, limit)
    for _ in range(MOST_WIDENED):
        new = _beyond(coarse, COARSE_FACTOR)
        if not new:
            break
        coarse += yield _trials(batch, new, protocol.coarse_seeds, limit)
    found = _best(coarse)
    if found is None:
        return BatchSearch(batch, tuple(coarse), ())
    centre, steps = found
    reach = FINE_RATES // 2
    rates = [rounded(centre * FINE_FACTOR**i) for i in range(-reach, reach + 1)]
    if protocol.first_steps[batch] < protocol.most_steps[batch]:
        limit = min(math.ceil(PATIENCE * steps), protocol.most_steps[batch])
    fine = yield _trials(batch, rates, protocol.fine_seeds, limit)
    for _ in range(MOST_WIDENED):
        new = _beyond(fine, FINE_FACTOR)
        if not new:
            break
        fine += yield _trials(batch, new, protocol.fine_seeds, limit)
    return BatchSearch(batch, tuple(coarse), tuple(fine), bool(_beyond(fine, FINE_FACTOR)))


def rounded(rate: float) -> float:
    """Six digits, so that grids around different centres share their rates."""
    return float(f"{rate:.6g}")


def medians(outcomes: Sequence[Outcome]) -> dict[float, float]:
    """The median cost at each rate, ascending; inf where half of the trials or more have none."""
    costs: dict[float, list[float]] = {}
    for outcome in outcomes:
        costs.setdefault(outcome.trial.learning_rate, []).append(outcome.cost)
    return {rate: median_rank_last(costs[rate]) for rate in sorted(costs)}


def _best(outcomes: Sequence[Outcome]) -> tuple[float, float] | None:
    """The rate of the smallest median, with that; None where no median is finite."""
    known = [(cost, rate) for rate, cost in medians(outcomes).items() if math.isfinite(cost)]
    if not known:
        return None
    cost, rate = min(known)
    return rate, cost


def _beyond(outcomes: Sequence[Outcome], factor: float) -> list[float]:
    """More rates where the best is the last on its side; none where it is not."""
    found = _best(outcomes)
    tried = list(medians(outcomes))
    if found is None or tried[0] < found[0] < tried[-1]:
        return []
    step = factor if found[0] == tried[-1] else 1 / factor
    return sorted(rounded(found[0] * step**i) for i in range(1, WIDENED_BY + 1))


def _trials(batch: int, rates: Sequence[float], seeds: Sequence[int], limit: int) -> list[Trial]:
    return [Trial(batch, rate, seed, limit) for rate in rates for seed in seeds]
