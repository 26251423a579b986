"""Optimizers and schedules: hand-worked steps, and 60 steps against an independent trajectory."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad

from nnlab.core.nn.optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    Update,
    apply_update,
    schedule_factor,
)
from tests.stacks import classification, curve, grid, recipe, train

STEPS = 60


def steps_of(name: str, gradients: list[float], rate: float, **hyper: float) -> list[float]:
    """One parameter from 1.0, through the gradients; its value after each."""
    row = OPTIMIZERS[name]
    w = np.ones((1, 1))
    state = tuple(np.zeros((1, 1)) for _ in range(row.slots))
    values = []
    for t, g in enumerate(gradients, start=1):
        update = Update(
            w, np.full((1, 1), float(g)), np.full((1, 1), rate), state, np.zeros((1, 1)), t
        )
        apply_update(row, update, {**row.hyperparameters, **hyper})
        values.append(float(w[0, 0]))
    return values


# ------------------------------------------------------------------ worked by hand


def test_two_steps_of_sgd() -> None:
    assert steps_of("sgd", [1, -2], 0.25) == [0.75, 1.25]
    # decay 0.5: g = 1 + 0.5 * 1 = 1.5, w = 1 - 0.375 = 0.625; g = -2 + 0.3125, w = 1.046875
    assert steps_of("sgd", [1, -2], 0.25, weight_decay=0.5) == [0.625, 1.046875]


def test_two_steps_of_momentum() -> None:
    # v = 1, w = 1 - 0.25; v = 0.5 + 1 = 1.5, w = 0.75 - 0.375
    assert steps_of("momentum", [1, 1], 0.25, momentum=0.5) == [0.75, 0.375]


def test_three_steps_of_corrected_momentum() -> None:
    # v = 1 / 0.5, w = 1 - 0.25; v = 1.5 / 0.75, w = 0.75 - 0.25; v = 1.75 / 0.875: no start-up
    steps = steps_of("momentum_corrected", [1, 1, 1], 0.125, momentum=0.5)
    assert steps == [0.75, 0.5, 0.25]


def test_two_steps_of_nesterov() -> None:
    # v = 1, step 1 + 0.5 = 1.5, w = 1 - 0.375; v = 1.5, step 1 + 0.75 = 1.75, w = 0.625 - 0.4375
    assert steps_of("nesterov", [1, 1], 0.25, momentum=0.5) == [0.625, 0.1875]


def test_two_steps_of_rmsprop() -> None:
    # s = 0.5 * 4 = 2, w = 1 - 0.1 * 2 / sqrt 2; s = 1 + 0.5 * 1 = 1.5, w -= 0.1 / sqrt 1.5
    first = 1 - 0.1 * math.sqrt(2)
    expected = [first, first - 0.1 / math.sqrt(1.5)]
    assert steps_of("rmsprop", [2, 1], 0.1, alpha=0.5, epsilon=0.0) == pytest.approx(expected)
    # epsilon stands outside the root: 2 / (sqrt 2 + 1)
    assert steps_of("rmsprop", [2], 0.1, alpha=0.5, epsilon=1.0)[0] == pytest.approx(
        1 - 0.2 / (math.sqrt(2) + 1)
    )


def test_two_steps_of_adam() -> None:
    # t = 1: m = 0.2, s = 0.004, corrected 2 and 4: w = 1 - 0.1 * 2 / 2 = 0.9
    # t = 2: m = 0.18 - 0.1 = 0.08,       / (1 - 0.81)     = 0.421052632
    #        s = 0.003996 + 0.001 = 0.004996, / (1 - 0.998001) = 2.499249625, root 1.580901523
    #        w = 0.9 - 0.1 * 0.421052632 / 1.580901523 = 0.873366296
    assert steps_of("adam", [2, -1], 0.1) == pytest.approx([0.9, 0.873366296], abs=2e-9)


def test_weight_decay_of_adam_and_adamw() -> None:
    # Adam's first step is lr sign(g), whatever decay adds to g; AdamW first shrinks w by lr decay.
    assert steps_of("adam", [2], 0.1, weight_decay=0.5)[0] == pytest.approx(0.9, abs=1e-8)
    assert steps_of("adamw", [2], 0.1, weight_decay=0.5)[0] == pytest.approx(0.85, abs=1e-8)


def test_defaults_are_pytorch_s() -> None:
    adam = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    assert {name: row.hyperparameters for name, row in OPTIMIZERS.items()} == {
        "sgd": {}, "momentum": {"momentum": 0.9}, "momentum_corrected": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9},
        "rmsprop": {"alpha": 0.99, "epsilon": 1e-8}, "adam": adam, "adamw": adam,
    }  # fmt: skip


# ------------------------------------------------------------------ schedules


def test_schedules_by_hand() -> None:
    def factors(name: str, steps: int, warmup: int = 0) -> list[float]:
        return [schedule_factor(name, step, steps, warmup) for step in range(steps)]

    assert factors("constant", 3) == [1, 1, 1]
    assert factors("linear", 4) == [1, 0.75, 0.5, 0.25]
    root = math.sqrt(0.5)
    assert factors("cosine", 4) == pytest.approx([1, (1 + root) / 2, 0.5, (1 - root) / 2])
    # the warm-up rises to 1, then the schedule runs over what is left
    assert factors("linear", 6, warmup=2) == [0.5, 1, 1, 0.75, 0.5, 0.25]
    assert factors("constant", 4, warmup=4) == [0.25, 0.5, 0.75, 1]
    assert factors("cosine", 2, warmup=5) == pytest.approx([0.2, 0.4])


def test_every_schedule_starts_at_the_rate_and_never_rises() -> None:
    for name, row in SCHEDULES.items():
        assert row.name == name
        values = [schedule_factor(name, step, 50, 0) for step in range(50)]
        assert values[0] == 1
        assert all(a >= b > 0 for a, b in pairwise(values))


# ------------------------------------------------------------------ an independent trajectory


def pytorch_step(name: str, w: Any, g: Any, lr: float, t: int, memory: dict[str, Any]) -> Any:
    """One update by the formulas in PyTorch's documentation of torch.optim, default settings."""
    decay = memory["decay"]
    if name == "adamw":
        w = w - lr * decay * w
    else:
        g = g + decay * w
    if name == "sgd":
        return w - lr * g
    if name in {"momentum", "momentum_corrected", "nesterov"}:
        b = memory["b"] = g if t == 1 else 0.9 * memory["b"] + g
        if name == "momentum_corrected":  # PyTorch has none; the correction is Adam's
            return w - lr * b / (1 - 0.9**t)
        return w - lr * (g + 0.9 * b if name == "nesterov" else b)
    if name == "rmsprop":
        v = memory["v"] = 0.99 * memory.get("v", 0) + (1 - 0.99) * g**2
        return w - lr * g / (np.sqrt(v) + 1e-8)
    m = memory["m"] = 0.9 * memory.get("m", 0) + (1 - 0.9) * g
    v = memory["v"] = 0.999 * memory.get("v", 0) + (1 - 0.999) * g**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + 1e-8)


def scheduled(schedule: str, t: int, warmup: int) -> float:
    """The factor of step t = 0, 1, ..., in the words of the contract."""
    if t < warmup:
        return (t + 1) / warmup
    share = (t - warmup) / (STEPS - warmup)
    return {"constant": 1.0, "linear": 1 - share, "cosine": 0.5 + 0.5 * math.cos(math.pi * share)}[
        schedule
    ]


RATES = {
    "sgd": 0.3,
    "momentum": 0.05,
    "momentum_corrected": 0.03,
    "nesterov": 0.05,
    "rmsprop": 0.003,
    "adam": 0.01,
}


@pytest.mark.parametrize(
    ("schedule", "warmup", "decay"),
    [("constant", 0, 0.0), ("constant", 0, 0.02), ("linear", 0, 0.0), ("cosine", 7, 0.02)],
)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_sixty_full_batch_steps(name: str, schedule: str, warmup: int, decay: float) -> None:
    split = classification(n=40, test=0)
    rate = RATES.get(name, 0.01)
    plan = recipe(
        split, hidden=(7, 6), optimizer=name, hyperparameters={"weight_decay": decay},
        schedule=schedule, warmup_steps=warmup, batch_size=40, steps=STEPS, records=STEPS + 1,
        dtype="float64",
    )  # fmt: skip
    (ours,) = train(split, grid(plan, ["tanh"], [rate], [3], initialization="torch"))

    shapes = [(6, 7), (7,), (7, 6), (6,), (6, 3), (3,)]
    cuts = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    names = [f"{kind}{layer}" for layer in (1, 2, 3) for kind in "Wb"]
    y = np.eye(3)[split.y_train]

    def objective(flat: Any) -> Any:
        parts = anp.split(flat, cuts)
        w1, b1, w2, b2, w3, b3 = (anp.reshape(p, s) for p, s in zip(parts, shapes, strict=True))
        a1 = anp.tanh(anp.dot(split.X_train, w1) + b1)
        a2 = anp.tanh(anp.dot(a1, w2) + b2)
        z = anp.dot(a2, w3) + b3
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - anp.sum(y * z, axis=1))

    loss_and_gradient = value_and_grad(objective)
    w = np.concatenate([ours.weights[f"initial_{n}"].ravel() for n in names])
    memory: dict[str, Any] = {"decay": decay}
    losses = []
    for t in range(STEPS):
        loss, g = loss_and_gradient(w)
        losses.append(loss)
        w = pytorch_step(name, w, g, rate * scheduled(schedule, t, warmup), t + 1, memory)
    losses.append(objective(w))

    assert losses[-1] < 0.7 * losses[0]
    assert curve(ours, "train_loss") == pytest.approx(np.array(losses), rel=1e-9)
    final = np.concatenate([ours.weights[f"final_{n}"].ravel() for n in names])
    assert np.abs(final - w).max() < 1e-9
