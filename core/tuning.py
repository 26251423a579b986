"""Each activation's own best learning rate, searched on seeds that are not reported.

One shared rate asks how activations do under equal terms; tuned rates ask how each does at its
best. The search trains every activation at a coarse grid of rates, a factor of 2 apart, on three
throw-away seeds, and widens the grid while the best rate of any activation sits on its edge. Only
the training part decides: a rate at which no run was lost goes first, then fewer steps to the
target loss, then a lower final training loss (medians over the seeds).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core.analysis.rate_score import RateScore, score_of
from nnlab.core.errors import UsageError
from nnlab.core.listener import Listener
from nnlab.core.spec import Spec
from nnlab.core.spec.names import StudyName
from nnlab.core.spec.rates import OwnRates
from nnlab.core.study import Study
from nnlab.core.wording import number

if TYPE_CHECKING:
    import polars as pl

Watch = Callable[[str], AbstractContextManager[Listener]]
"""Gives a listener for the study of this name."""

FIRST_SEED = 1000
SEEDS = 3
FACTOR = 2.0
EACH_SIDE = 3
"""Rates below and above the spec's own."""
WIDENED_BY = 2
"""Rates that are added at an edge at a time."""
MOST_WIDENED = 4
"""Times that the grid is widened; from 0.1, as far as 4e-5 and 200."""
RECORDS = 10
SUFFIX = "-tuning"
_OTHER_AXES = (
    "hidden_layer_sizes", "width", "depth", "initialization", "optimizer", "batch_size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """One activation at one rate: medians over the tuning seeds, inf where most were lost."""

    activation: str
    learning_rate: float
    steps_to_target: float
    train_loss: float
    lost: int
    """Runs that diverged or failed."""

    @property
    def score(self) -> RateScore:
        """By what it is better than another of its activation."""
        return RateScore(self.lost, self.steps_to_target, self.train_loss, self.learning_rate)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the search found."""

    rates: OwnRates
    """The best rate of each activation."""
    trials: tuple[Trial, ...]
    """Every activation at every rate tried, in that order."""
    seeds: tuple[int, ...]
    """The seeds it was found on; none of them is reported."""
    at_edge: tuple[str, ...]
    """Activations whose best rate is the smallest or largest tried: a better one may lie beyond."""
    criterion: str
    """By what a rate is better than another, in words."""
    folder: Path
    """The search as a study of its own."""

    @property
    def tried(self) -> tuple[float, ...]:
        """The rates of the grid, ascending."""
        return tuple(sorted({trial.learning_rate for trial in self.trials}))

    def found(self) -> str:
        """The rates, in a sentence: what the search says."""
        rates = ", ".join(f"{name} {number(rate)}" for name, rate in self.rates.rates)
        return f"Best for each activation, by {self.criterion}: {rates}."

    def describe(self) -> str:
        """In a sentence, for the description of the study that uses it."""
        low, high = number(self.tried[0]), number(self.tried[-1])
        seeds = ", ".join(map(str, self.seeds))
        return (
            f"Each activation at its own learning rate, the best of {len(self.tried)} from {low} "
            f"to {high} on the seeds {seeds}, which are not reported."
        )


def tuning_study(study: Study) -> Study:
    """The first grid of the search, as a study beside `study`.

    Raises `UsageError` where an axis besides the activation varies: there is one rate for each
    activation, not for each combination.
    """
    spec = study.spec
    for key in _OTHER_AXES:
        values = getattr(spec, key) or ()
        if len(values) > 1:
            raise UsageError(
                f"--tune finds one learning rate for each activation, but {key} has "
                f"{len(values)} values; fix one, with -s {key}=..."
            )
    return study.changed(
        name=f"{spec.name[: StudyName.most - len(SUFFIX)]}{SUFFIX}",
        description=f"The learning rate of each activation of {spec.name}, on seeds of its own.",
        seeds=tuning_seeds(spec.seeds),
        learning_rate=first_grid(spec),
        records=min(spec.records, RECORDS),
        save_weights=False,
    )


def tuning_seeds(reported: Sequence[int]) -> tuple[int, ...]:
    """Seeds from 1000 that are not among those reported."""
    free = (seed for seed in count(FIRST_SEED) if seed not in set(reported))
    return tuple(islice(free, SEEDS))


def first_grid(spec: Spec) -> tuple[float, ...]:
    """Three octaves to either side of the spec's own rates; an axis of three or more as it is."""
    own = sorted(set(spec.learning_rate))
    if not isinstance(spec.learning_rate, OwnRates) and len(own) > 2:
        return tuple(own)
    return _extended(_extended(own, below=True, by=EACH_SIDE), below=False, by=EACH_SIDE)


def tune(study: Study, watch: Watch) -> tuple[Study, Tuning]:
    """`study` with each activation at its own best rate, and how that was found.

    The search is stored as a study of its own; started again it is read. Raises like `Study.run`.
    """
    first = tuning_study(study)
    grid = first.spec.learning_rate
    assert isinstance(grid, tuple)
    trials: list[Trial] = []
    new, why = grid, ""
    for widened in range(MOST_WIDENED + 1):
        with watch(first.spec.name) as listener:
            if why:
                listener.said(why)
            trials += trials_of(first.changed(learning_rate=new).rows(listener))
        edges = edges_of(trials, grid)
        if not edges or widened == MOST_WIDENED:
            break
        wider = _widened(grid, edges)
        new = tuple(rate for rate in wider if rate not in grid)
        on_edge = ", ".join(f"{name} {number(rate)}" for name, rate in edges)
        why = f"the best rate is the last one tried ({on_edge}): trying {_listed(new)}"
        grid = wider
    order = list(study.spec.activation)
    tuning = Tuning(
        rates=OwnRates(tuple((name, best_of(trials, name).learning_rate) for name in order)),
        trials=tuple(sorted(trials, key=lambda t: (order.index(t.activation), t.learning_rate))),
        seeds=first.spec.seeds,
        at_edge=tuple(name for name, _ in edges),
        criterion=_criterion(study.spec),
        folder=first.folder,
    )
    whole = first.changed(
        learning_rate=grid, description=f"{first.spec.description} {tuning.found()}"
    )
    with watch(first.spec.name) as listener:
        # trained just now: nothing to force
        replace(whole, settings=replace(study.settings, force=False)).run(_Notes(listener))
    about = study.spec.description.strip()
    about += " " if not about or about[-1] in ".!?" else ". "
    told = f"{about}{tuning.describe()}".strip()
    return study.changed(learning_rate=tuning.rates, description=told), tuning


def _criterion(spec: Spec) -> str:
    if spec.target_loss is None:
        return "final training loss"
    return f"steps to a training loss of {number(spec.target_loss)}"


def _listed(rates: Sequence[float]) -> str:
    return ", ".join(map(number, rates))


class _Notes(Listener):
    """Passes on what is worth a line, not the progress of writing what is stored."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def said(self, text: str) -> None:
        self._listener.said(text)

    def warned(self, text: str) -> None:
        self._listener.warned(text)


def trials_of(rows: pl.DataFrame) -> list[Trial]:
    """One trial for each activation and rate in these rows of `runs.csv`."""
    trials = []
    for (activation, rate), part in rows.group_by(
        "activation", "learning_rate", maintain_order=True
    ):
        score = score_of(part, float(str(rate)))
        trials.append(Trial(activation=str(activation), **score._asdict()))
    return trials


def best_of(trials: Sequence[Trial], activation: str) -> Trial:
    """The best by the rule of `analysis.rate_score`."""
    return min((t for t in trials if t.activation == activation), key=lambda t: t.score)


def edges_of(trials: Sequence[Trial], grid: Sequence[float]) -> list[tuple[str, float]]:
    """The activations whose best rate is the smallest or largest of the grid, with that rate."""
    names = dict.fromkeys(trial.activation for trial in trials)
    best = [(name, best_of(trials, name).learning_rate) for name in names]
    return [(name, rate) for name, rate in best if rate in (min(grid), max(grid))]


def _widened(grid: Sequence[float], edges: Sequence[tuple[str, float]]) -> tuple[float, ...]:
    """The grid with more rates where the best ones are."""
    wider = tuple(grid)
    for end in {rate for _, rate in edges}:
        wider = _extended(wider, below=end == min(grid), by=WIDENED_BY)
    return wider


def _extended(rates: Sequence[float], *, below: bool, by: int) -> tuple[float, ...]:
    """The rates with so many more at one end, a factor of 2 apart, six digits each."""
    end = min(rates) if below else max(rates)
    factor = 1 / FACTOR if below else FACTOR
    more = [float(f"{end * math.pow(factor, i):.6g}") for i in range(1, by + 1)]
    return tuple(sorted({*rates, *more}))
