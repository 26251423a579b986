"""Training a stack of runs in lock-step: the five steps, over and over.

Nothing in a run's numbers depends on the runs beside it. A run that has diverged, or reached the
target it was to stop at, leaves; the others go on over smaller arrays with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Batches, Examples, streams_of
from nnlab.core.nn.activations import find_activation
from nnlab.core.nn.calls import bound
from nnlab.core.nn.initializers import find_initializer
from nnlab.core.nn.losses import PAIRS
from nnlab.core.nn.mlp import MLP, count_parameters, initial_parameters, layer_views
from nnlab.core.nn.optimizers import OPTIMIZERS, Update, apply_update, schedule_factor
from nnlab.core.outcome import DIVERGED, FINISHED, OUTCOME_COLUMNS, RunResult
from nnlab.core.plan import Recipe, Run, Stack
from nnlab.core.probes import Probe, record_steps, target_steps, update_ratios
from nnlab.core.quantities import CURVE_VALUES, LAYER_VALUES

Array = NDArray[Any]
Watch = Callable[[int], None]

DIVERGED_FACTOR = 1e3
"""A run has diverged when its loss is not finite or passes this many times its start."""

_TRAIN_LOSS = CURVE_VALUES.index("train_loss")
_UPDATE_RATIO = LAYER_VALUES.index("update_ratio")
_WATCH_EVERY = 16


def train_stack(
    stack: Stack, examples: Examples, watch: Watch | None = None, *, measure: bool = True
) -> list[RunResult]:
    """Train every run of `stack`; the results in the order of its runs.

    `watch(run_steps)` is told now and then how many steps of how many runs were made since it was
    last told. Without `measure` only step 0 and the last step are recorded, and nothing of the
    layers; the weights are the same bits either way.
    """
    with np.errstate(all="ignore"):  # a diverging run overflows; that is a result
        return Training(stack, examples, measure).results(watch)


class Training:
    """A stack between its first and its last step.

    Who wants to see more of it on the way overrides `look`.
    """

    def __init__(self, stack: Stack, examples: Examples, measure: bool) -> None:
        """`measure` as in `train_stack`."""
        self.recipe = stack.recipe
        self.optimizer = OPTIMIZERS[self.recipe.optimizer]
        self.hyperparameters = dict(self.recipe.hyperparameters)
        self.runs = list(stack.runs)
        self.logs = [_Log(run, self.recipe) for run in stack.runs]
        self.alive = np.arange(len(self.runs))
        """The runs still training: positions in `runs`."""
        self.parameters = initial_stack(stack)
        self.state = tuple(np.zeros_like(self.parameters) for _ in range(self.optimizer.slots))
        self.examples = examples
        self.batches = Batches(
            examples.train, [run.seed for run in stack.runs], self.recipe.batch_size
        )
        self.probe = Probe(self.recipe, examples)
        self.measure = measure
        steps = self.recipe.steps
        self.record_at = frozenset(record_steps(self.recipe) if measure else (0, steps))
        self.compare_at = frozenset(target_steps(self.recipe)) - self.record_at
        self.limit = np.full(len(self.runs), np.inf)
        """The loss above which a run has diverged."""
        self.ceiling = -np.inf
        """Surely below everybody's limit: losses up to it need not be known."""
        self._since = perf_counter()
        self._seat()

    def results(self, watch: Watch | None) -> list[RunResult]:
        """Train to the end."""
        steps, total, told = self.recipe.steps, self.recipe.steps * len(self.runs), 0
        for step in range(steps):
            if watch is not None and step % _WATCH_EVERY == _WATCH_EVERY - 1:
                # What the runs that have left need not do any more counts as done.
                made = total - (steps - step) * len(self.alive)
                watch(made - told)
                told = made
            self.look(step)
            if not len(self.alive):
                break
            keep_old = self.measure and (step in self.record_at or step == steps - 1)
            before = self.parameters.copy() if keep_old else None
            loss = self._step(step)
            if before is not None:
                self._note_update(step, before)
            if loss is not None:
                self._part_with_diverged(step, loss)
        if len(self.alive):
            self.look(steps)
        self._finish()
        if watch is not None:
            watch(total - told)
        return [log.result for log in self.logs]

    def _step(self, step: int) -> Array | None:
        """The five steps of training on one batch; the batch's loss, one a run.

        None where no example's loss is above `ceiling`, if the loss can tell without them.
        """
        net, recipe = self.net, self.recipe
        x, y = self.batches.next()
        factor = schedule_factor(recipe.schedule, step, recipe.steps, recipe.warmup_steps)
        scale = self.signal * factor if self.folds_rate and factor != 1 else self.signal

        net.forward(x)  # 1. z1 = W1 x + b1, a1 = f(z1), ... up to the logits
        loss = net.loss(y, self.ceiling)  # 2. l(yhat, y), and dl/dz of the logits
        net.zero_gradients()  # 3. forget the last step's gradients
        net.backward(scale)  # 4. the chain rule, layer by layer
        self._update(step, factor)  # 5. w -= learning rate * gradient

        return None if loss is None else np.add.reduce(loss, axis=1) / recipe.batch_size

    def _update(self, step: int, factor: float) -> None:
        if self.folds_rate:  # the gradients come multiplied by the learning rate
            self._descend()
            return
        update = Update(
            self.parameters, self.net.gradients, self.rates * factor, self.state,
            self.scratch, step + 1,
        )  # fmt: skip
        apply_update(self.optimizer, update, self.hyperparameters)

    # -------------------------------------------------------------- who is in the stack

    def _seat(self) -> None:
        """Build the net for the runs that are alive, over the parameters they have."""
        runs = [self.runs[i] for i in self.alive]
        recipe, dtype = self.recipe, self.parameters.dtype
        activations = [find_activation(run.activation) for run in runs]
        self.batches.keep([run.seed for run in runs])
        self.net = MLP(
            recipe.layer_sizes, activations, PAIRS[recipe.loss, recipe.output],
            self.parameters, recipe.batch_size, streams=self.batches.streams,
        )  # fmt: skip
        self.rates = np.array([[run.learning_rate] for run in runs], dtype)
        self.scratch = np.empty_like(self.parameters)
        self.folds_rate = self.optimizer.linear and not self.hyperparameters["weight_decay"]
        self.signal = np.full((len(runs), 1), 1 / recipe.batch_size, dtype)
        if self.folds_rate:
            self.signal *= self.rates
            self._descend = bound(
                np.subtract, self.parameters, self.net.gradients, out=self.parameters
            )
        self.probe.attend(self.parameters, activations)

    def _leave(self, leaving: Array) -> None:
        """Take the runs of this mask over `alive` out of the arithmetic."""
        if not leaving.any():
            return
        self._share_time()
        self._save_weights("final", leaving)
        staying = ~leaving
        self.alive = self.alive[staying]
        self.parameters = self.parameters[staying]
        self.state = tuple(array[staying] for array in self.state)
        if len(self.alive):
            self._limit_losses(self.limit[staying])
            self._seat()

    def _limit_losses(self, limit: Array) -> None:
        self.limit = limit
        # 1 % is far more than rounding takes. A run whose limit is NaN leaves at step 0.
        self.ceiling = 0.99 * float(limit.min())

    def _part_with_diverged(self, step: int, loss: Array, *, whole: bool = False) -> None:
        """Runs whose loss after `step` updates is not finite, or far above its start, leave.

        The losses of the batches tell, and in the end that of the whole training part (`whole`),
        so that it never depends on what is recorded.
        """
        if not len(self.alive) or (loss <= self.limit).all():
            return
        broken = ~np.isfinite(loss) | (whole & (loss > self.limit))
        suspect = ~broken & (loss > self.limit)
        found = np.full(len(loss), step)
        if suspect.any():
            # One wild example can do that to a small batch: the whole training part decides.
            updates = min(step + 1, self.recipe.steps)
            confirmed = suspect & ~(self.probe.train_loss() <= self.limit)
            found[confirmed] = updates
            broken |= confirmed
        for position in np.flatnonzero(broken):
            self.logs[self.alive[position]].diverge(int(found[position]))
        self._leave(broken)

    # -------------------------------------------------------------- measuring

    def look(self, step: int) -> None:
        """Measure what is due after `step` updates; runs that are done with it leave."""
        if step in self.record_at:
            curves, layers = self.probe.record(of_layers=self.measure)
            for position, i in enumerate(self.alive):
                self.logs[i].record(step, curves[position], layers[position])
            loss = curves[:, _TRAIN_LOSS]
        elif step in self.compare_at:
            loss = self.probe.train_loss()
        else:
            return
        if step == 0:
            start = np.maximum(np.abs(loss), np.finfo(self.parameters.dtype).eps)
            self._limit_losses(np.where(np.isfinite(start), DIVERGED_FACTOR * start, np.nan))
            self._save_weights("initial", np.ones(len(self.alive), bool))
        for position, i in enumerate(self.alive):
            self.logs[i].compare(step, float(loss[position]))
        if step == 0:
            self._part_with_diverged(0, loss)
        if step == self.recipe.steps:
            self._part_with_diverged(step, loss, whole=True)
        if self.recipe.stop_at_target:
            self._leave(np.array([self.logs[i].reached is not None for i in self.alive]))

    def _note_update(self, step: int, before: Array) -> None:
        """The size of the update just made belongs to this step's record; the last, to the end."""
        ratios = update_ratios(before, self.parameters, self.recipe.layer_sizes)
        for position, i in enumerate(self.alive):
            self.logs[i].note_update(step, ratios[position])

    def _share_time(self) -> None:
        now = perf_counter()
        for i in self.alive:
            self.logs[i].seconds += (now - self._since) / len(self.alive)
        self._since = now

    def _save_weights(self, when: str, which: Array) -> None:
        if not self.recipe.save_weights:
            return
        for l, layer in enumerate(layer_views(self.parameters, self.recipe.layer_sizes), start=1):
            for position in np.flatnonzero(which):
                weights = self.logs[self.alive[position]].weights
                weights[f"{when}_W{l}"] = layer[position, :-1].copy()
                weights[f"{when}_b{l}"] = layer[position, -1].copy()

    def _finish(self) -> None:
        self._share_time()
        self._save_weights("final", np.ones(len(self.alive), bool))
        if len(self.alive) and self.examples.train.classes is False and len(self.examples.test):
            for i, r2 in zip(self.alive, self.probe.test_r2(), strict=True):
                self.logs[i].r2 = float(r2) if np.isfinite(r2) else None


class _Log:
    """What has been seen of one run so far."""

    def __init__(self, run: Run, recipe: Recipe) -> None:
        self.run, self.recipe = run, recipe
        self.steps: list[int] = []
        self.curves: list[Array] = []
        self.layers: list[Array] = []
        self.last_update = np.full(len(recipe.layer_sizes) - 1, np.nan)
        self.weights: dict[str, Array] = {}
        self.seconds = 0.0
        self.r2: float | None = None
        self.reached: float | None = None
        self.diverged_at: int | None = None
        self.loss, self._compared_at = np.nan, 0

    def record(self, step: int, curve: Array, layers: Array) -> None:
        layers[:, _UPDATE_RATIO] = self.last_update  # kept only by the last record
        self.steps.append(step)
        self.curves.append(curve)
        self.layers.append(layers)

    def note_update(self, step: int, ratios: Array) -> None:
        if self.steps[-1] == step:
            self.layers[-1][:, _UPDATE_RATIO] = ratios
        self.last_update = ratios

    def compare(self, step: int, loss: float) -> None:
        """Note when the training loss first reaches the target, by log-linear interpolation."""
        target, before = self.recipe.target_loss, self.loss
        if target is not None and self.reached is None and loss <= target:
            self.reached = float(step)
            if before > target > 0 and loss > 0:
                share = np.log(before / target) / np.log(before / loss)
                self.reached = self._compared_at + float(share) * (step - self._compared_at)
        self.loss, self._compared_at = loss, step

    def diverge(self, step: int) -> None:
        """Records from here on are of a run that is none any more, and are dropped."""
        self.diverged_at = step
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.curves.pop()
            self.layers.pop()

    @property
    def result(self) -> RunResult:
        outcome: dict[str, float | int | str | None] = dict.fromkeys(OUTCOME_COLUMNS)
        if self.diverged_at is None:
            # A run that stopped at its target between two records has no more than its loss.
            measured = self.curves[-1].tolist() if self.steps[-1] == self._compared_at else []
            final = dict(zip(CURVE_VALUES, measured, strict=False))
            outcome |= {k: value if np.isfinite(value) else None for k, value in final.items()}
            outcome["train_loss"] = self.loss
            outcome["test_r2"] = self.r2
        outcome |= {
            "steps_to_target": self.reached,
            "diverged_at": self.diverged_at,
            "seconds": self.seconds,
        }
        layers = (len(self.recipe.layer_sizes) - 1, len(LAYER_VALUES))
        return RunResult(
            run=self.run,
            status=FINISHED if self.diverged_at is None else DIVERGED,
            outcome=outcome,
            steps=np.array(self.steps, np.int64),
            curves=np.array(self.curves).reshape(-1, len(CURVE_VALUES)),
            layers=np.array(self.layers).reshape(-1, *layers),
            weights=self.weights,
        )


def initial_stack(stack: Stack) -> Array:
    """The initial parameters of every run, `(runs, parameters)`, in the recipe's dtype."""
    layer_sizes, dtype = stack.recipe.layer_sizes, stack.recipe.dtype
    flat = np.empty((len(stack.runs), count_parameters(layer_sizes)), dtype)
    drawn: dict[tuple[int, str, str], int] = {}  # runs that differ in their rate begin alike
    for i, run in enumerate(stack.runs):
        first = drawn.setdefault((run.seed, run.initialization, run.activation), i)
        if first == i:
            rule = find_initializer(run.initialization, find_activation(run.activation))
            flat[i] = initial_parameters(layer_sizes, rule, streams_of(run.seed)[0])
        else:
            flat[i] = flat[first]
    return flat
