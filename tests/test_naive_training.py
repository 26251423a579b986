"""The same stack in two forms of its loss: one to the bit as `core.train` has it, one that dies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnlab.core.analysis.float_limits import CROSS_ENTROPY, NAIVE_PAIR
from nnlab.core.analysis.naive_training import Watched, train_with
from nnlab.core.batches import encode
from nnlab.core.plan import Stack, make_stacks
from nnlab.core.settings import Settings
from nnlab.core.study import prepare
from nnlab.core.train import Training
from tests.small import small_spec


def stack_of(**keys: object) -> tuple[Stack, object]:
    spec = small_spec(loss="cross_entropy", output="softmax", activation="relu", **keys)
    study = prepare(spec, Settings())
    (stack,) = make_stacks(study.plan.runs, 1)
    return stack, encode(study.plan.split, stack.recipe)


class Overheard(Training):
    """The engine, with the batch's loss of every step kept."""

    def __init__(self, stack: Stack, examples: Any) -> None:
        super().__init__(stack, examples, measure=False)
        self.heard: list[Any] = []

    def _step(self, step: int) -> Any:
        self.ceiling = -np.inf  # else the losses of a step are not known
        self.heard.append(super()._step(step))
        return self.heard[-1]


@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 0.02), ("sgd", 0.1), ("momentum", 0.05)])
def test_with_the_stable_loss_it_is_the_engine(optimizer: str, rate: float) -> None:
    """Step by step the same losses: the loop that is written out here trains as `core.train`."""
    stack, examples = stack_of(optimizer=optimizer, learning_rate=rate)
    engine = Overheard(stack, examples)
    engine.results(None)
    watched = train_with(CROSS_ENTROPY, stack, examples)  # type: ignore[arg-type]
    assert watched.losses.shape == (len(stack.runs), stack.recipe.steps)
    np.testing.assert_allclose(watched.losses, np.stack(engine.heard, axis=1), rtol=2e-5)
    assert np.ptp(watched.losses, axis=1).min() > 0.1  # it does train


def test_gentle_training_is_the_same_in_both_forms() -> None:
    stack, examples = stack_of()
    naive, stable = (train_with(pair, stack, examples) for pair in (NAIVE_PAIR, CROSS_ENTROPY))  # type: ignore[arg-type]
    np.testing.assert_allclose(naive.losses, stable.losses, rtol=1e-4)
    assert stable.dead_at == (None, None)
    assert stable.survived.tolist() == [1.0, 1.0]


def test_large_logits_kill_only_the_naive_form() -> None:
    stack, examples = stack_of(initialization="normal:60")
    naive, stable = (train_with(pair, stack, examples) for pair in (NAIVE_PAIR, CROSS_ENTROPY))  # type: ignore[arg-type]
    assert naive.dead_at == (0, 0)
    assert naive.survived.tolist() == [0.0, 0.0]
    assert np.isfinite(stable.losses).all()
    assert (stable.largest[:, 0] > 88.8).all()


def test_death_is_a_loss_that_is_no_number_an_infinite_one_is_counted() -> None:
    losses = np.array([[1.0, np.inf, 1.0, np.nan], [1.0, 1.0, 1.0, 1.0]])
    watched = Watched(losses, np.zeros((2, 4)))
    assert watched.dead_at == (3, None)
    assert watched.survived.tolist() == [0.75, 1.0]
    assert watched.infinite == (1, 0)
