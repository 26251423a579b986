"""What question 1.4 f trains: searches over rates and batch sizes, nets on the way, the model.

Everything that is searched by training goes through `nnlab.core.scaling` in one piece, so that both
cores are busy to the end; the noisy quadratic model goes through the same search.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nnlab.core.analysis.quadratic_model import (
    LossAfter,
    QuadraticModel,
    StepsToTarget,
    model_steps,
)
from nnlab.core.analysis.scaling import Scaling, read_search
from nnlab.core.analysis.scaling_search import Asked, Protocol, Told, rounded, run_searches
from nnlab.core.folder import runs_frame
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.scaling.noise import NoisePoint, StepPoint, train_checkpoints
from nnlab.core.scaling.sweeps import Sweep, Swept, protocol_for, run_sweeps, usual_rates

if TYPE_CHECKING:
    import polars as pl

    from nnlab.core.questions.work import Work
    from nnlab.core.spec import Spec
    from nnlab.core.study import Study

STUDY = "batch_scaling"
SMALL = (1, 2, 4, 8)
"""Far below any critical batch size that was found."""
MAIN, ADAM = "SGD, ReLU", "Adam, ReLU"
HEAVY, CORRECTED = "momentum, ReLU", "corrected momentum, ReLU"
LOWER, EPOCHS, STEPS = "SGD, ReLU, target 0.1", "SGD, ReLU, 2 epochs", "SGD, ReLU, 16 steps"
SWEEPS = {
    MAIN: Sweep("sgd", "relu"),
    ADAM: Sweep("adam", "relu"),
    HEAVY: Sweep("momentum", "relu"),
    CORRECTED: Sweep("momentum_corrected", "relu"),
    "SGD, tanh": Sweep("sgd", "tanh"),
    "Adam, tanh": Sweep("adam", "tanh"),
    LOWER: Sweep("sgd", "relu", target=0.1),
    EPOCHS: Sweep("sgd", "relu", count="epochs", budget=2),
    STEPS: Sweep("sgd", "relu", count="steps", budget=16),
}
EXPLORED = ("SGD, tanh", "Adam, tanh", LOWER, EPOCHS, STEPS)
"""On half of the seeds: no claim hangs on them."""
QUICK = (MAIN, ADAM, HEAVY, CORRECTED)
VERDICT_SEEDS, QUICK_SEEDS = 10, 3
NOISE_BATCH = 64
MOMENTS = 8
"""Into so many parts the way to the target is cut for the noise scale."""
STEP_SEEDS = 3
MODEL_SEEDS = tuple(range(VERDICT_SEEDS))
_MODEL_RATES = tuple(rounded(0.001 * 2.0**i) for i in range(12))


@dataclass(frozen=True)
class Found:
    """What the studies found."""

    spec: Spec
    swept: Swept
    readings: dict[str, Scaling]
    models: dict[str, Scaling]
    """The quadratic model: `noisy`, `noise-free`, `small`, `epochs`, `steps`."""
    noise: list[NoisePoint]
    single: list[StepPoint]
    examples: int
    """In the training part."""

    @cached_property
    def batch_sizes(self) -> tuple[int, ...]:
        """Those of the protocol, without the small ones."""
        return tuple(int(batch) for batch in self.spec.batch_size)

    @property
    def main(self) -> Scaling:
        """SGD with ReLU at the batch sizes of the protocol."""
        return self.readings[MAIN].over(self.batch_sizes)

    @property
    def small(self) -> Scaling:
        """The same at small batch sizes."""
        return self.readings[MAIN].over(SMALL)

    @property
    def runs(self) -> pl.DataFrame:
        """All runs of the searches."""
        return runs_frame(self.swept.results)

    def slow_start(self, name: str) -> str | None:
        """The artefact of a velocity that starts at 0, where the sweep's optimizer can have it."""
        row = OPTIMIZERS[SWEEPS[name].optimizer]
        if not row.starts_slowly:
            return None
        given = getattr(self.spec, "momentum", None)
        momentum = given if given is not None else row.hyperparameters["momentum"]
        return self.readings[name].slow_start_fault(momentum)


def find(work: Work) -> Found:
    """Train what is missing and read everything."""
    spec = work.spec(STUDY)
    study = work.prepare(spec)
    batch_sizes = tuple(int(batch) for batch in spec.batch_size)
    seeds = QUICK_SEEDS if work.quick else VERDICT_SEEDS
    asked = {}
    for name in QUICK if work.quick else SWEEPS:
        sweep = SWEEPS[name]
        batches = tuple(sorted({*SMALL, *batch_sizes})) if name == MAIN else batch_sizes
        own = range(seeds // 2 if name in EXPLORED else seeds)
        rates = usual_rates(sweep.optimizer)
        asked[name] = (sweep, protocol_for(study, sweep, batches, rates, own))
    swept = run_sweeps(study, asked, work.watch)
    readings = {name: swept.read(name) for name in asked}
    noise, single = _watch_noise(work, study, swept, readings[MAIN])
    return Found(
        spec=spec,
        swept=swept,
        readings=readings,
        models=_models(batch_sizes),
        noise=noise,
        single=single,
        examples=len(study.plan.split.X_train),
    )


def _watch_noise(
    work: Work, study: Study, swept: Swept, main: Scaling
) -> tuple[list[NoisePoint], list[StepPoint]]:
    """The nets on their way to the target, at the best rate of a middling batch size."""
    optimum = next((o for o in main.optima if o.batch_size == NOISE_BATCH), None)
    if optimum is None:
        return [], []
    rate = rounded(optimum.rate)
    recipe = next(
        r.run.recipe for r in swept.results
        if r.run.recipe.batch_size == NOISE_BATCH and r.run.recipe.optimizer == "sgd"
    )  # fmt: skip
    run = next(r.run for r in swept.results if r.run.activation == "relu")
    run = replace(run, recipe=recipe, learning_rate=rate)
    steps = sorted({max(1, round(optimum.cost * i / MOMENTS)) for i in range(1, MOMENTS + 1)})
    nets = train_checkpoints(study, run, steps, main.seeds, work.watch)
    few = main.seeds[: 1 if work.quick else STEP_SEEDS]
    chosen = (steps[1], steps[len(steps) // 2], steps[-1])
    return nets.noise(), nets.single_steps(chosen, few, [int(b) for b in study.spec.batch_size])


def _models(batch_sizes: tuple[int, ...]) -> dict[str, Scaling]:
    noisy = QuadraticModel(spread=True)
    examples = 100_000

    def searched(batches: tuple[int, ...], measure: Callable[[Asked], Told]) -> Scaling:
        limit = model_steps(batches)
        protocol = Protocol(batches, _MODEL_RATES, (1000, 1001), MODEL_SEEDS, limit, limit)
        return read_search(run_searches({"model": protocol}, measure)["model"])

    return {
        "noisy": searched(batch_sizes, StepsToTarget(noisy)),
        "small": searched(SMALL, StepsToTarget(noisy)),
        "noise-free": searched(batch_sizes, StepsToTarget(QuadraticModel(noise=0.0, spread=True))),
        "epochs": searched(batch_sizes, LossAfter(noisy, examples=examples)),
        "steps": searched(batch_sizes, LossAfter(noisy, steps=1000)),
    }


def mean_noise(found: Found) -> dict[int, float]:
    """The noise scale averaged over the way to the target, by seed; nan where unresolved.

    To the critical batch size every step counts alike: with the best step at each moment, the
    examples and the steps of a whole training are integrals of B_noise and of 1 over the steps
    (McCandlish et al. 2018, appendix D).
    """
    means = {}
    for seed in found.main.seeds:
        own = [p.drawn.simple for p in found.noise if p.seed == seed]
        known = [value for value in own if value is not None]
        means[seed] = float(np.mean(known)) if own and len(known) == len(own) else math.nan
    return means
