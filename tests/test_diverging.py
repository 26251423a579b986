"""Diverging runs: a result with its step, without a trace in the runs beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nnlab.core.batches import encode
from nnlab.core.data import Split
from nnlab.core.plan import Run, Stack
from nnlab.core.train import Training
from tests.stacks import (
    assert_same_numbers,
    classification,
    curve,
    grid,
    recipe,
    regression,
    train,
)


def scaled(split: Split, factor: float) -> Split:
    return replace(split, X_train=split.X_train * factor, X_test=split.X_test * factor)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("split", [regression(), classification()], ids=["regression", "classes"])
def test_diverging_runs_do_not_disturb_the_others(split: Split, optimizer: str, dtype: str) -> None:
    plan = recipe(split, optimizer=optimizer, dtype=dtype, steps=60, records=13)
    wild = (5.0, 1e4) if optimizer != "adam" else (30.0, 1e30)
    stack = grid(plan, ("identity", "relu", "tanh"), rates=(0.01, *wild), seeds=(0, 1))
    results = train(split, stack)
    statuses = {(r.run.learning_rate, r.status) for r in results}
    assert (0.01, "finished") in statuses
    assert (0.01, "diverged") not in statuses
    assert (wild[-1], "diverged") in statuses
    assert (0.01, None) in {(r.run.learning_rate, r.outcome["diverged_at"]) for r in results}
    for run, expected in zip(stack.runs, results, strict=True):
        assert_same_numbers(train(split, Stack(plan, (run,)))[0], expected)


def test_a_diverged_run_says_when_and_keeps_what_came_before() -> None:
    split = regression()
    plan = recipe(split, steps=60, records=61)
    (sampled,) = train(split, grid(plan, ("identity",), rates=(1.0,)))
    (full,) = train(split, grid(replace(plan, batch_size=90), ("identity",), rates=(2.0,)))
    for result in (sampled, full):
        assert result.status == "diverged"
        at = result.outcome["diverged_at"]
        assert isinstance(at, int)
        assert result.steps.tolist() == list(range(at))
        assert np.isfinite(curve(result, "train_loss")).all()
        for name, value in result.outcome.items():
            assert (value is None) == (name not in {"diverged_at", "seconds"})
    # With full batches the loss of a step is that of its record; the check of the whole training
    # part comes after the update.
    losses = curve(full, "train_loss")
    assert (losses[:-1] <= 1e3 * losses[0]).all()
    assert losses[-1] > 1e3 * losses[0]


def test_a_loss_that_passes_a_thousand_times_its_start_has_diverged() -> None:
    """A linear net with one input: the error grows by (1 - 2 lr x^2) a step, here -3-fold."""
    split = Split(
        "one", "regression", (), np.ones((1, 1)), np.empty((0, 1)), np.full((1, 1), 4.0),
        np.empty((0, 1)), "one",
    )  # fmt: skip
    plan = recipe(split, hidden=(), batch_size=1, steps=20, records=21, dtype="float64")
    # w and b both learn: the error is multiplied by 1 - 4 lr = -3, the loss by 9 a step
    (result,) = train(split, grid(plan, rates=(1.0,)))
    losses = curve(result, "train_loss")
    assert losses[1:] / losses[:-1] == pytest.approx(9)
    # 9^3 = 729 is not past 1,000, 9^4 is: the batch of step 4 shows it, the check of the whole
    # training part comes after that step's update
    assert result.outcome["diverged_at"] == 5
    assert result.steps.tolist() == [0, 1, 2, 3, 4]


def test_an_outlier_in_a_batch_is_not_divergence() -> None:
    """The loss of one example of 1,500 is 1,500 times the mean."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1500, 4)), np.zeros((1500, 1))
    y[7] = 3e3
    split = Split("outlier", "regression", (), X, X[:0], y, y[:0], "outlier")
    plan = recipe(split, hidden=(2,), batch_size=1, steps=1500, records=2, dtype="float64")
    (result,) = train(split, Stack(plan, (Run(plan, "tanh", "normal:1e-3", 1e-6, 0),)))
    assert result.status == "finished"
    assert curve(result, "train_loss") == pytest.approx(9e6 / 1500, rel=0.01)


def test_a_run_that_starts_broken_has_diverged_at_zero() -> None:
    split = scaled(regression(), 1e30)  # (1e30)^2 is beyond float32
    for measure in (True, False):
        results = train(split, grid(recipe(split), ("relu", "tanh")), measure=measure)
        assert results[0].status == "diverged"
        assert results[0].outcome["diverged_at"] == 0
        assert results[0].steps.tolist() == []
        assert results[0].curves.shape == (0, 4)
        assert results[0].layers.shape[:2] == (0, 3)
        assert set(results[0].weights) >= {"initial_W1", "final_W1"}
        assert results[1].status == "finished"


def test_the_last_step_may_be_the_one() -> None:
    split = regression()
    plan = recipe(split, steps=1, records=2)
    (result,) = train(split, grid(plan, rates=(1e9,)))
    assert result.status == "diverged"
    assert result.outcome["diverged_at"] == 1
    assert result.steps.tolist() == [0]


def test_a_stack_in_which_all_diverge_ends() -> None:
    split = regression()
    told: list[int] = []
    plan = recipe(split, steps=1000, records=3)
    results = train(split, grid(plan, rates=(1e6, 1e9), seeds=(0, 1)), watch=told.append)
    assert {result.status for result in results} == {"diverged"}
    assert max(int(result.outcome["diverged_at"] or 0) for result in results) < 20
    assert sum(told) == 4000  # progress counts what need not be done any more


@pytest.mark.parametrize("classes", [True, False])
def test_no_number_in_an_outcome_is_nan(classes: bool) -> None:
    split: Split = classification() if classes else regression()
    plan: Any = recipe(split, steps=20, target_loss=0.5)
    for result in train(split, grid(plan, ("relu", "tanh"), rates=(0.1, 100.0, 1e30))):
        for value in result.outcome.values():
            assert value is None or np.isfinite(value)


class AllLosses(Training):
    """Computes the losses of every step."""

    def _step(self, step: int) -> Any:
        self.ceiling = -np.inf
        return super()._step(step)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [1, 16, 90])
def test_who_diverges_does_not_depend_on_the_losses_left_out(
    batch_size: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With finite losses: a run passes its limit long before it passes all numbers."""
    monkeypatch.setattr("nnlab.core.train.DIVERGED_FACTOR", 2.0)
    split = classification()
    plan = recipe(split, batch_size=batch_size, steps=40, dtype=dtype)
    stack = grid(plan, ("relu", "tanh"), rates=(0.1, 1.0, 3.0, 10.0), seeds=(0, 1, 2))
    examples = encode(split, plan)
    with np.errstate(all="ignore"):
        some, all_ = (
            [r.outcome["diverged_at"] for r in kind(stack, examples, measure=True).results(None)]
            for kind in (Training, AllLosses)
        )
    assert some == all_
    assert 0 < sum(at is not None for at in some) < len(some)
