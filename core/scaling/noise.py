"""The gradient noise scale along training, and the best rate of single steps on the way.

A run of k steps is the beginning of any longer one with the same seed and batches, so that the nets
on the way are the ends of shorter runs: they come out of the store of runs like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.noise_scale import NoiseScale, measure_gradients, noise_scale
from nnlab.core.analysis.one_step import StepTheory, Surface, measured_rate, step_theory
from nnlab.core.batches import encode
from nnlab.core.nn.mlp import flat_parameters
from nnlab.core.outcome import FINISHED, RunResult
from nnlab.core.plan import Run
from nnlab.core.scaling.sweeps import Watch
from nnlab.core.study import Study
from nnlab.core.worker import one_thread

STEP_BATCHES = 32
"""Batches over which the loss after one step is averaged."""


@dataclass(frozen=True, slots=True)
class NoisePoint:
    """One net on the way."""

    seed: int
    step: int
    loss: float
    """Over the training part."""
    drawn: NoiseScale
    """Of the training part, from which batches are drawn: exact."""
    fresh: NoiseScale
    """Of the distribution behind it, of which the training part is a sample."""


@dataclass(frozen=True, slots=True)
class StepPoint:
    """The best rate of one step from one net, predicted and measured, by batch size."""

    seed: int
    step: int
    theory: StepTheory
    measured: Mapping[int, float]


@dataclass(frozen=True)
class Checkpoints:
    """The nets of some seeds after some numbers of steps."""

    study: Study
    results: tuple[RunResult, ...]

    def noise(self) -> list[NoisePoint]:
        """The noise scale of every net that is still finite, by seed and step."""
        points = []
        with one_thread():
            for result, surface, parameters in self._nets():
                examples = len(surface.part)
                x, y = surface.part.rows(0, examples)
                gradients = measure_gradients(surface.one(parameters), x, y)
                points.append(
                    NoisePoint(
                        seed=result.run.seed,
                        step=_steps(result),
                        loss=float(surface.losses(parameters[None])[0]),
                        drawn=noise_scale(gradients, examples),
                        fresh=noise_scale(gradients),
                    )
                )
        return sorted(points, key=lambda point: (point.seed, point.step))

    def single_steps(
        self, steps: Sequence[int], seeds: Sequence[int], batch_sizes: Sequence[int]
    ) -> list[StepPoint]:
        """The best rate of one more step from these nets; unresolved ones without measurements."""
        found = []
        with one_thread():
            for result, surface, parameters in self._nets():
                if _steps(result) not in steps or result.run.seed not in seeds:
                    continue
                theory = step_theory(surface, parameters, result.run.seed)
                measured = {
                    batch: measured_rate(
                        surface, parameters, batch, theory.best_rate(batch), STEP_BATCHES
                    )
                    for batch in batch_sizes
                    if theory.resolved
                }
                found.append(StepPoint(result.run.seed, _steps(result), theory, measured))
        return sorted(found, key=lambda point: (point.step, point.seed))

    def _nets(self) -> list[tuple[RunResult, Surface, NDArray[np.float64]]]:
        finished = [result for result in self.results if result.status == FINISHED]
        if not finished:
            return []
        recipe = replace(finished[0].run.recipe, dtype="float64")
        part = encode(self.study.plan.split, recipe).train
        surface = Surface(finished[0].run, part)
        return [(result, surface, parameters_of(result)) for result in finished]


def train_checkpoints(study: Study, run: Run, steps: Sequence[int], seeds: Sequence[int],
                      watch: Watch) -> Checkpoints:  # fmt: skip
    """The nets of `run`'s kind after each of these numbers of steps, for each of these seeds."""
    runs = [
        replace(
            run,
            recipe=replace(
                run.recipe, steps=k, target_loss=None, stop_at_target=False, records=2,
                save_weights=True,
            ),
            seed=seed,
        )
        for k in steps
        for seed in seeds
    ]  # fmt: skip
    with watch(f"{study.spec.name}, nets on the way") as listener:
        return Checkpoints(study, tuple(study.of(runs).trained(listener)))


def parameters_of(result: RunResult) -> NDArray[np.float64]:
    """The final weights and biases as the network holds them, `(parameters,)` float64."""
    layers = []
    for layer in count(1):
        if f"final_W{layer}" not in result.weights:
            break
        layers.append((result.weights[f"final_W{layer}"], result.weights[f"final_b{layer}"]))
    return flat_parameters(layers)


def _steps(result: RunResult) -> int:
    return result.run.recipe.steps
