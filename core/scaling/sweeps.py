"""How the best learning rate moves with the batch size, searched with networks of the grid engine.

A `Sweep` is one way to train (optimizer, activation) and one way to count (the steps to a target
loss, or the loss after a budget). `measure_with` answers the rounds of questions that
`nnlab.core.analysis.scaling_search` asks: all rates and seeds of a batch size train in lock-step as
stacks, a run ends when it has reached its target or diverged, and what was trained is stored, so
that a search that is started again reads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Literal

from nnlab.core.analysis.scaling import Scaling, read_search
from nnlab.core.analysis.scaling_search import (
    Asked,
    Outcome,
    Protocol,
    Search,
    Told,
    Trial,
    rounded,
    run_searches,
)
from nnlab.core.listener import Listener
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.outcome import DIVERGED, FINISHED, RunResult
from nnlab.core.plan import Recipe, Run
from nnlab.core.study import Study
from nnlab.core.tuning import tuning_seeds

Watch = Callable[[str], AbstractContextManager[Listener]]
"""Gives a listener for the work of this name."""
Count = Literal["target", "epochs", "steps"]

FIRST_EPOCHS = 2
FEWEST_FIRST_STEPS = 64
"""A first try may take two epochs, or so many steps where that is more."""


COARSE_SEEDS = 2
OCTAVES = 4


@dataclass(frozen=True, slots=True)
class Sweep:
    """One way to train and to count."""

    optimizer: str
    activation: str
    target: float = 0.2
    """The training loss to be reached."""
    count: Count = "target"
    """What it costs: steps to the target, or the loss after so many epochs or steps."""
    budget: int = 1
    """The epochs or steps of a fixed budget."""


@dataclass(frozen=True)
class Swept:
    """What several sweeps found."""

    sweeps: dict[str, Sweep]
    searches: dict[str, Search]
    results: tuple[RunResult, ...]
    """Every run that was asked for, once."""

    def read(self, name: str) -> Scaling:
        """The reading of one sweep."""
        return read_search(self.searches[name])


def run_sweeps(study: Study, asked: Mapping[str, tuple[Sweep, Protocol]], watch: Watch) -> Swept:
    """Search all sweeps side by side on the data and the network of `study`.

    Raises like `Study.rows`: after an interruption the same call goes on from what is stored.
    """
    rounds = iter(("coarse grid", "fine grid"))
    sweeps = {name: sweep for name, (sweep, _) in asked.items()}
    plans = Recipes(study)
    seen: dict[Run, RunResult] = {}

    def measure(trials: Asked) -> Told:
        runs = {
            name: [plans.run_of(sweeps[name], trial) for trial in each]
            for name, each in trials.items()
        }
        new = dict.fromkeys(run for each in runs.values() for run in each if run not in seen)
        if new:
            with watch(f"{study.spec.name}, {next(rounds, 'wider grid')}") as listener:
                found = study.of(list(new)).trained(listener)
            seen.update((result.run, result) for result in found)
        return {
            name: [
                outcome_of(sweeps[name], trial, seen[run])
                for trial, run in zip(trials[name], runs[name], strict=True)
            ]
            for name in trials
        }

    searches = run_searches({name: protocol for name, (_, protocol) in asked.items()}, measure)
    return Swept(sweeps, searches, tuple(seen.values()))


class Recipes:
    """From trials to runs; a recipe is made once for each optimizer and batch size."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._known: dict[tuple[str, int], Recipe] = {}

    def run_of(self, sweep: Sweep, trial: Trial) -> Run:
        """The run that answers a trial."""
        base = self.base(sweep, trial.batch_size)
        if sweep.count == "target":
            recipe = replace(
                base, steps=trial.most_steps, target_loss=sweep.target, stop_at_target=True
            )
        else:
            epoch = base.train_examples // trial.batch_size
            steps = sweep.budget * (epoch if sweep.count == "epochs" else 1)
            recipe = replace(base, steps=steps, target_loss=None)
        initialization = self.study.spec.initialization[0]
        return Run(recipe, sweep.activation, initialization, trial.learning_rate, trial.seed)

    def base(self, sweep: Sweep, batch_size: int) -> Recipe:
        """The recipe of the study's spec for this optimizer and batch size."""
        key = (sweep.optimizer, batch_size)
        if key not in self._known:
            one = self.study.changed(
                optimizer=(sweep.optimizer,), activation=(sweep.activation,),
                batch_size=(batch_size,), learning_rate=(1.0,), seeds=(0,), records=2,
                schedule="constant", warmup_steps=0, save_weights=False,
            )  # fmt: skip
            self._known[key] = one.plan.runs[0].recipe
        return self._known[key]


def outcome_of(sweep: Sweep, trial: Trial, result: RunResult) -> Outcome:
    """What the run cost."""
    value = None
    if result.status == FINISHED:
        value = result.outcome["steps_to_target" if sweep.count == "target" else "train_loss"]
    cost = float(value) if value is not None else math.inf
    return Outcome(trial, cost, result.status == DIVERGED)


def protocol_for(
    study: Study, sweep: Sweep, batch_sizes: Sequence[int], rates: Sequence[float],
    fine_seeds: Sequence[int],
) -> Protocol:  # fmt: skip
    """The protocol of a sweep; the seeds that are thrown away are none of those reported.

    A run may take as many steps as the spec gives the smallest batch size; of a large batch size
    these are many epochs, but a run that reaches its target is over then.
    """
    examples, spec = len(study.plan.split.X_train), study.spec
    most = spec.steps or (spec.epochs or 1) * (examples // min(batch_sizes))
    return Protocol(
        batch_sizes=tuple(sorted(batch_sizes)),
        rates=tuple(sorted(rates)),
        coarse_seeds=tuning_seeds(fine_seeds)[:COARSE_SEEDS],
        fine_seeds=tuple(fine_seeds),
        most_steps=dict.fromkeys(batch_sizes, most),
        first_steps={
            batch: most if sweep.count != "target"
            else max(FEWEST_FIRST_STEPS, FIRST_EPOCHS * (examples // batch))
            for batch in batch_sizes
        },
    )  # fmt: skip


def usual_rates(optimizer: str) -> tuple[float, ...]:
    """A coarse grid around what the optimizer is usually run at: four octaves to either side."""
    centre = OPTIMIZERS[optimizer].usual_rate
    return tuple(rounded(centre * 2.0**i) for i in range(-OCTAVES, OCTAVES + 1))
