"""The same stack in two forms of its loss: one to the bit as `core.train` has it, one that dies."""

from __future__ import annotations

import numpy as np

from nnlab.core.analysis.float_limits import CROSS_ENTROPY, NAIVE_PAIR
from nnlab.core.analysis.naive_training import Watched, train_with
from nnlab.core.batches import encode
from nnlab.core.plan import Stack, make_stacks
from nnlab.core.study import Settings, prepare
from tests.small import small_spec


def stack_of(**keys: object) -> tuple[Stack, object]:
    spec = small_spec(loss="cross_entropy", output="softmax", activation="relu", **keys)
    study = prepare(spec, Settings())
    (stack,) = make_stacks(study.plan.runs, 1)
    return stack, encode(study.plan.split, stack.recipe)


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
