"""Training a stack: the same bits however runs are stacked, paired draws, records, targets."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.plan import Stack
from nnlab.core.probes import record_steps, target_steps
from tests.stacks import (
    assert_same_numbers,
    classification,
    curve,
    grid,
    layers,
    recipe,
    regression,
    train,
)

# ------------------------------------------------------------------ bits


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_alone_and_in_a_mixed_stack_of_64(dtype: str) -> None:
    split = classification()
    plan = recipe(split, dtype=dtype, steps=24, records=3)
    names = ("gelu", "leaky_relu:0.2", "mish", "relu", "selu", "sigmoid", "softsign", "tanh")
    stack = grid(plan, names, rates=(0.03, 0.4), seeds=(0, 1, 5, 2))
    assert len(stack.runs) == 64
    together = train(split, stack)
    for run, expected in zip(stack.runs, together, strict=True):
        (alone,) = train(split, Stack(plan, (run,)))
        assert_same_numbers(alone, expected)


@pytest.mark.parametrize(
    "optimizer", ["momentum", "momentum_corrected", "nesterov", "rmsprop", "adam", "adamw"]
)
def test_other_optimizers_alone_and_together(optimizer: str) -> None:
    split = classification()
    plan = recipe(
        split, optimizer=optimizer, hyperparameters={"weight_decay": 0.01}, schedule="cosine",
        warmup_steps=3, batch_size=13, steps=20,
    )  # fmt: skip
    stack = grid(plan, ("elu", "relu"), rates=(0.003, 0.02), seeds=(0, 1))
    for run, expected in zip(stack.runs, train(split, stack), strict=True):
        assert_same_numbers(train(split, Stack(plan, (run,)))[0], expected)


@pytest.mark.parametrize("batch_size", [1, 2, 33, 1100])
def test_other_batches_and_more_than_one_block_of_probes(batch_size: int) -> None:
    split = regression(n=1100, test=30, outputs=2)
    plan = recipe(split, batch_size=batch_size, steps=6, records=2)
    stack = grid(plan, ("relu", "silu", "tanh"), seeds=(0, 1))
    for run, expected in zip(stack.runs, train(split, stack), strict=True):
        assert_same_numbers(train(split, Stack(plan, (run,)))[0], expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [1, 7])
@pytest.mark.parametrize("hidden", [(), (1, 1), (33, 17, 1), (20, 20)])
def test_widths_down_to_one_and_ten_classes(
    hidden: tuple[int, ...], batch_size: int, dtype: str
) -> None:
    """Vectors and single numbers have matrix products and sums of their own in NumPy and BLAS."""
    split = classification(n=150, test=20, classes=10)
    plan = recipe(split, hidden, batch_size=batch_size, steps=5, records=2, dtype=dtype)
    stack = grid(plan, ("gelu", "tanh"), rates=(0.1, 0.3), seeds=(0, 1))
    for run, expected in zip(stack.runs, train(split, stack), strict=True):
        assert_same_numbers(train(split, Stack(plan, (run,)))[0], expected)


def test_the_order_of_runs_does_not_matter() -> None:
    split = classification()
    plan = recipe(split)
    runs = grid(plan, ("relu", "tanh"), seeds=(0, 1)).runs
    shuffled = Stack(plan, (runs[3], runs[2], runs[0], runs[1]))
    expected = {result.run: result for result in train(split, Stack(plan, runs))}
    for result in train(split, shuffled):
        assert_same_numbers(result, expected[result.run])


def test_measuring_does_not_change_training() -> None:
    split = classification()
    stack = grid(recipe(split, records=31), ("relu", "gelu", "tanh"), seeds=(0, 1))
    measured, unmeasured = train(split, stack), train(split, stack, measure=False)
    for one, other in zip(measured, unmeasured, strict=True):
        assert len(one.steps) == 31
        assert other.steps.tolist() == [0, 30]
        assert all(np.array_equal(one.weights[k], other.weights[k]) for k in one.weights)
        assert np.array_equal(one.curves[[0, -1]], other.curves)
        assert np.isnan(other.layers).all()
        assert {**one.outcome, "seconds": 0} == {**other.outcome, "seconds": 0}


def test_training_again_gives_the_same_numbers() -> None:
    split = classification()
    stack = grid(recipe(split), ("tanh",), seeds=(0, 1))
    for one, other in zip(train(split, stack), train(split, stack), strict=True):
        assert_same_numbers(one, other)


# ------------------------------------------------------------------ paired runs


def test_runs_of_a_seed_start_from_the_same_draw() -> None:
    split = classification()
    plan = recipe(split, dtype="float64", steps=1)
    relu, tanh, faster, other = (
        result.weights
        for stack in (
            grid(plan, ("relu", "tanh")), grid(plan, ("relu",), rates=(0.5,)),
            grid(plan, ("relu",), seeds=(1,)),
        )
        for result in train(split, stack)
    )  # fmt: skip
    assert np.array_equal(relu["initial_W1"], faster["initial_W1"])
    assert not np.array_equal(relu["initial_W1"], other["initial_W1"])
    # He: variance 2/6, Glorot: 2/(6 + 8), the draw the same
    assert relu["initial_W1"] / math.sqrt(2 / 6) == pytest.approx(
        tanh["initial_W1"] / math.sqrt(2 / 14), rel=1e-14
    )


def test_runs_of_a_seed_see_the_same_batches() -> None:
    """Without hidden layers the activation is idle: equal starts and batches, equal updates."""
    split = classification()
    plan = recipe(split, hidden=(), dtype="float64", steps=1)
    stack = grid(plan, ("identity", "relu"), (0.1, 0.3), (0, 1), initialization="lecun")
    updates = {}
    for result in train(split, stack):
        w = result.weights
        updates[result.run.activation, result.run.learning_rate, result.run.seed] = (
            w["final_b1"] - w["initial_b1"]
        ) / result.run.learning_rate
    for seed in (0, 1):
        same = [u for (_, _, s), u in updates.items() if s == seed]
        assert all(u == pytest.approx(same[0], rel=1e-12) for u in same)
    assert updates["relu", 0.1, 0] != pytest.approx(updates["relu", 0.1, 1], rel=1e-3)


# ------------------------------------------------------------------ records


def test_record_steps_are_spread_evenly_from_first_to_last() -> None:
    split = classification()
    assert record_steps(recipe(split, steps=30, records=4)) == [0, 10, 20, 30]
    assert record_steps(recipe(split, steps=3, records=40)) == [0, 1, 2, 3]
    assert record_steps(recipe(split, steps=7, records=2)) == [0, 7]
    assert record_steps(recipe(split, steps=10, records=4)) == [0, 3, 7, 10]


def test_records_are_where_the_steps_are() -> None:
    split = classification()
    (result,) = train(split, grid(recipe(split, steps=30, records=4)))
    assert result.steps.tolist() == [0, 10, 20, 30]
    assert result.curves.shape == (4, 4)
    assert result.layers.shape[:2] == (4, 3)
    assert np.isfinite(result.curves).all()
    assert result.status == "finished"
    # a shorter training with a constant rate passes the same points
    shorter = recipe(split, steps=20, records=3)
    (half,) = train(split, grid(shorter))
    assert np.array_equal(half.curves, result.curves[:3])


def test_the_outcome_is_the_last_record() -> None:
    split = classification()
    (result,) = train(split, grid(recipe(split)))
    for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy"):
        assert result.outcome[name] == curve(result, name)[-1]
    assert result.outcome["seconds"] > 0  # type: ignore[operator]
    for name in ("test_r2", "steps_to_target", "diverged_at", "reason"):
        assert result.outcome[name] is None
    assert result.row["activation"] == "relu"
    assert result.row["hidden_layer_sizes"] == "8-7"


def test_learning_happens() -> None:
    split = classification(n=300)
    plan = recipe(split, steps=300, records=2, save_weights=False)
    for result in train(split, grid(plan, tuple(ACTIVATIONS))):
        losses = curve(result, "train_loss")
        assert losses[-1] < 0.8 * losses[0]
        assert result.weights == {}


def test_update_ratio_is_of_the_step_that_follows_and_last_of_the_one_before() -> None:
    split = classification()
    plan = recipe(split, dtype="float64", steps=3, records=4, batch_size=90)
    ratios = layers(train(split, grid(plan))[0], "update_ratio")
    weights = []
    for steps in (1, 2, 3):
        (part,) = train(split, grid(recipe(split, dtype="float64", steps=steps, batch_size=90)))
        weights.append({k.removeprefix("final_"): v for k, v in part.weights.items()})
    first = {k.removeprefix("initial_"): v for k, v in part.weights.items() if "initial" in k}
    path = [first, *weights]
    for l in (1, 2, 3):
        expected = [
            np.linalg.norm(path[t + 1][f"W{l}"] - path[t][f"W{l}"])
            / np.linalg.norm(path[t][f"W{l}"])
            for t in range(3)
        ]
        assert ratios[:, l - 1] == pytest.approx([*expected, expected[-1]], rel=1e-9)


def test_saved_weights_have_the_names_and_shapes_of_the_contract() -> None:
    split = classification()
    (result,) = train(split, grid(recipe(split)))
    shapes = {"W1": (6, 8), "b1": (8,), "W2": (8, 7), "b2": (7,), "W3": (7, 3), "b3": (3,)}
    assert {name: w.shape for name, w in result.weights.items()} == {
        f"{when}_{name}": shape for when in ("initial", "final") for name, shape in shapes.items()
    }
    assert all(w.dtype == np.float32 for w in result.weights.values())
    assert not np.array_equal(result.weights["initial_W2"], result.weights["final_W2"])


def test_the_watch_is_told_every_step_of_every_run() -> None:
    split = classification()
    told: list[int] = []
    train(split, grid(recipe(split, steps=50), seeds=(0, 1, 2)), watch=told.append)
    assert sum(told) == 150
    assert len(told) > 2


# ------------------------------------------------------------------ the target


def test_time_to_target_is_interpolated_in_the_logarithm() -> None:
    split = classification()
    (free,) = train(split, grid(recipe(split, steps=40, records=41)))
    losses = curve(free, "train_loss")
    target = float(losses[20])
    reached = int(np.argmax(losses <= target))
    before, after = losses[reached - 1], losses[reached]
    plan = recipe(split, steps=40, records=41, target_loss=target * 1.001)
    (result,) = train(split, grid(plan))
    share = math.log(before / (target * 1.001)) / math.log(before / after)
    assert result.outcome["steps_to_target"] == pytest.approx(reached - 1 + share, rel=1e-12)
    assert np.array_equal(result.curves, free.curves)  # it stops nothing


def test_the_target_is_watched_between_records() -> None:
    split = classification()
    plan = recipe(split, steps=40, records=2, target_loss=0.5)
    assert target_steps(plan)[:5] == [1, 2, 3, 4, 5]
    assert all(b <= 1.06 * a + 1 for a, b in pairwise(target_steps(plan)))
    assert target_steps(recipe(split)) == []
    sparse, dense = (
        train(split, grid(recipe(split, steps=40, records=r, target_loss=0.5)))[0] for r in (2, 41)
    )
    assert sparse.steps.tolist() == [0, 40]
    assert sparse.outcome["steps_to_target"] == pytest.approx(
        dense.outcome["steps_to_target"], rel=0.05
    )


def test_a_target_that_is_never_or_always_met() -> None:
    split = classification()
    for target, expected in ((1e-9, None), (1e9, 0.0)):
        (result,) = train(split, grid(recipe(split, target_loss=target)))
        assert result.outcome["steps_to_target"] == expected


def test_runs_that_stop_at_the_target_leave_the_others_alone() -> None:
    split = classification()
    settings: dict[str, Any] = {"steps": 40, "records": 11, "target_loss": 0.5}
    whole = train(split, grid(recipe(split, **settings), rates=(0.01, 0.2), seeds=(0, 1)))
    plan = recipe(split, **settings, stop_at_target=True)
    stopped = train(split, grid(plan, rates=(0.01, 0.2), seeds=(0, 1)))
    for one, other in zip(whole, stopped, strict=True):
        reached = one.outcome["steps_to_target"]
        assert other.outcome["steps_to_target"] == reached
        if reached is None:
            assert np.array_equal(one.curves, other.curves)
        else:
            assert len(other.steps) < len(one.steps)
            assert np.array_equal(one.curves[: len(other.steps)], other.curves)
    assert {result.outcome["steps_to_target"] is None for result in stopped} == {True, False}


def test_a_run_that_starts_at_the_target_stops_at_once() -> None:
    split = classification()
    plan = recipe(split, target_loss=1e9, stop_at_target=True)
    (result,) = train(split, grid(plan))
    assert result.steps.tolist() == [0]
    assert result.outcome["steps_to_target"] == 0
    assert np.array_equal(result.weights["initial_W1"], result.weights["final_W1"])
