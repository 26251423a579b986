"""From a spec to runs, from runs to stacks."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core import plan as plan_module
from nnlab.core.plan import (
    FEWEST_RUNS,
    LARGEST_STACK,
    SMALLEST_STACK,
    Run,
    largest_stack,
    make_stacks,
    shared_streams,
)
from tests.small import recipe_of, run_of, small_plan


def test_a_grid_is_the_product_of_its_axes_in_their_order() -> None:
    plan = small_plan(activation=["relu", "tanh"], learning_rate=[0.1, 0.2, 0.4], seeds=2)
    found = [(run.activation, run.learning_rate, run.seed) for run in plan.runs]
    assert found == list(product(["relu", "tanh"], [0.1, 0.2, 0.4], [0, 1]))


def test_epochs_become_steps_without_the_short_batch() -> None:
    plan = small_plan(steps=None, epochs=3, batch_size=[10, "full"])  # 48 training examples
    assert [(run.recipe.batch_size, run.recipe.steps) for run in plan.runs[::2]] == [
        (10, 12), (48, 3), (10, 12), (48, 3),
    ]  # fmt: skip


def test_two_classes_take_one_unit_unless_softmax_weighs_them() -> None:
    outputs = {
        loss: small_plan(loss=loss, output=output).runs[0].recipe.layer_sizes[-1]
        for loss, output in [
            ("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid"), ("mse", "identity"),
        ]
    }  # fmt: skip
    assert outputs == {"cross_entropy": 2, "binary_cross_entropy": 1, "mse": 1}


def test_hyperparameters_default_to_the_optimizers_own() -> None:
    (run,) = small_plan(optimizer="adam", beta1=0.5, activation="relu", seeds=1).runs
    assert dict(run.recipe.hyperparameters) == {
        "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"data": "1" * 64}, {"layer_sizes": (2, 5, 1)}, {"loss": "mse"}, {"output": "identity"},
        {"optimizer": "adam"}, {"hyperparameters": (("weight_decay", 0.1),)},
        {"schedule": "cosine"}, {"warmup_steps": 1}, {"batch_size": 4}, {"steps": 13},
        {"records": 4}, {"target_loss": 0.1}, {"dtype": "float64"}, {"save_weights": True},
        {"stop_at_target": True}, {"train_examples": 47},
    ],
)  # fmt: skip
def test_everything_that_fixes_numbers_is_in_the_hash(change: dict[str, Any]) -> None:
    assert run_of(**change).id != run_of().id


def test_the_runs_own_axes_and_the_engine_are_in_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of()
    others = [
        replace(run, activation="tanh"), replace(run, initialization="he"),
        replace(run, learning_rate=0.2), replace(run, seed=1),
    ]  # fmt: skip
    monkeypatch.setattr(plan_module, "ENGINE_VERSION", plan_module.ENGINE_VERSION + 1)
    others.append(replace(run))
    assert len({run.id, *(other.id for other in others)}) == len(others) + 1


def test_the_label_of_the_data_is_not_in_the_hash() -> None:
    assert run_of(dataset="another name").id == run_of().id


def test_a_hash_is_twelve_hex_digits() -> None:
    assert len(run_of().id) == 12
    assert int(run_of().id, 16) >= 0


@given(
    seeds=st.integers(1, 12),
    rates=st.integers(1, 8),
    activations=st.lists(st.sampled_from(["relu", "tanh", "gelu"]), min_size=1, unique=True),
    jobs=st.integers(1, 9),
)
def test_stacks_hold_every_run_once_and_keep_activations_together(
    seeds: int, rates: int, activations: list[str], jobs: int
) -> None:
    runs = [
        run_of(seed, activation, rate=0.1 * (r + 1))
        for activation, r, seed in product(activations, range(rates), range(seeds))
    ]
    stacks = make_stacks(runs, jobs)
    assert sorted(run.id for stack in stacks for run in stack.runs) == sorted(r.id for r in runs)
    for stack in stacks:
        names = [run.activation for run in stack.runs]
        assert names == sorted(names)
        assert len(stack.runs) <= LARGEST_STACK
    work = [stack.work for stack in stacks]
    assert work == sorted(work, reverse=True)


def test_enough_runs_keep_every_worker_busy() -> None:
    runs = [run_of(seed) for seed in range(4 * FEWEST_RUNS)]
    assert [len(stack.runs) for stack in make_stacks(runs, jobs=4)] == [FEWEST_RUNS] * 4
    assert len(make_stacks(runs, jobs=1)) == 1


def test_more_steps_runs_and_records_are_more_work() -> None:
    def work(runs: int = 1, **keys: Any) -> float:
        (stack,) = make_stacks([run_of(seed, **keys) for seed in range(runs)], 1)
        return stack.work

    assert work() < work(runs=2) < 2 * work()  # Python's own time is paid once
    assert work(steps=24) > work()
    assert work(records=30) > work()
    assert work(layer_sizes=(2, 40, 1)) > work()


def test_few_runs_stay_together() -> None:
    assert len(make_stacks([run_of(0), run_of(1)], jobs=8)) == 1


def test_runs_of_different_recipes_are_different_stacks() -> None:
    stacks = make_stacks([run_of(steps=10), run_of(steps=20)], jobs=1)
    assert [stack.recipe.steps for stack in stacks] == [20, 10]


def test_several_workers_have_several_turns_each() -> None:
    """So that none waits for another's last; but no stack below what is worth a turn."""

    def lengths(count: int, jobs: int) -> list[int]:
        return [len(s.runs) for s in make_stacks([run_of(seed) for seed in range(count)], jobs)]

    assert lengths(256, jobs=1) == [64] * 4
    assert lengths(256, jobs=2) == [32] * 8
    assert lengths(128, jobs=2) == [16] * 8
    assert lengths(64, jobs=2) == [16] * 4
    assert lengths(40, jobs=2) == [20] * 2
    assert min(lengths(1024, jobs=2)) == LARGEST_STACK  # turns enough as it is


def test_larger_nets_make_smaller_stacks() -> None:
    sizes = [largest_stack(recipe_of(layer_sizes=(64, w, w, 10))) for w in (8, 64, 256, 2048)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == LARGEST_STACK
    assert sizes[-1] == SMALLEST_STACK


def test_a_larger_cache_makes_larger_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """In proportion, between what was measured: 512 KiB and 1 MiB a core."""

    def stack(kilobytes: int) -> int:
        monkeypatch.setattr(plan_module, "second_level_cache", lambda: kilobytes * 2**10)
        return largest_stack(recipe_of(layer_sizes=(64, 128, 128, 10)))

    assert stack(128) == stack(512)
    assert stack(512) < stack(768) < stack(1024) == stack(4096)
    assert stack(1024) == pytest.approx(2 * stack(512), abs=1)


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ([0], 1), ([0, 1, 2], 3), ([0, 1, 0, 1], 2), ([0, 0, 0], 1), ([0, 1, 0], 3),
        ([0, 1, 1, 0], 4), ([0, 1, 2, 0, 1], 5),
    ],
)  # fmt: skip
def test_seeds_that_come_round_share_their_batches(seeds: list[int], expected: int) -> None:
    assert shared_streams(seeds) == expected


def test_cuts_fall_between_whole_rounds_of_seeds() -> None:
    runs = [run_of(seed, rate=0.1 * (r + 1)) for r, seed in product(range(8), range(5))]
    stacks = make_stacks(runs, jobs=2)
    assert [len(stack.runs) for stack in stacks] == [20, 20]
    for stack in stacks:
        assert shared_streams([run.seed for run in stack.runs]) == 5


def test_equal_runs_are_equal_values() -> None:
    assert run_of(3) == run_of(3)
    assert isinstance(run_of(), Run)
