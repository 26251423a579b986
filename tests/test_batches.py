"""What the network is fed: encoded splits, and the stream of batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.batches import Batches, Part, encode, streams_of
from nnlab.core.plan import shared_streams
from tests.stacks import classification, recipe, regression


def numbered(n: int) -> Part:
    """A part whose example i is x = (i, 1), y = -i."""
    x = np.stack([np.arange(n), np.ones(n)], axis=1).astype(np.float64)
    return Part(x, -x[:, 0][None], classes=False)


def drawn(batches: Batches, times: int) -> list[list[list[int]]]:
    """The numbers of the examples of the next batches: [batch][stream][example]."""
    taken = []
    for _ in range(times):
        x, y = batches.next()
        assert np.array_equal(y[..., 0], -x[..., 0])
        assert (x[..., 1] == 1).all()
        taken.append(x[..., 0].astype(int).tolist())
    return taken


# ------------------------------------------------------------------ batches


def test_an_epoch_shows_every_example_once() -> None:
    batches = Batches(numbered(30), [0, 1], batch_size=5)
    epochs = [np.array(drawn(batches, 6)) for _ in range(3)]
    for epoch in epochs:
        for stream in (0, 1):
            assert sorted(epoch[:, stream].ravel()) == list(range(30))
    # afresh every epoch, and another order for another seed
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[0][:, 0], epochs[0][:, 1])


def test_a_short_last_batch_is_dropped() -> None:
    batches = Batches(numbered(17), [4], batch_size=5)
    for _ in range(4):
        epoch = np.array(drawn(batches, 3)).ravel()
        assert len(set(epoch.tolist())) == 15


@pytest.mark.parametrize("batch_size", [16, 17])
def test_one_batch_may_be_all_there_is(batch_size: int) -> None:
    batches = Batches(numbered(17), [4], batch_size=batch_size)
    first, second = (np.array(drawn(batches, 1))[0, 0] for _ in range(2))
    assert len(set(first.tolist())) == batch_size
    assert not np.array_equal(first, second)


def test_permutations_are_those_of_the_seed() -> None:
    generator = streams_of(7)[1]
    orders = [generator.permutation(12) for _ in range(2)]
    batches = Batches(numbered(12), [7], batch_size=4)
    assert np.array_equal(np.array(drawn(batches, 6)).ravel(), np.concatenate(orders))


def test_a_seed_sees_the_same_batches_in_any_company() -> None:
    alone = [batch[0] for batch in drawn(Batches(numbered(20), [3], 6), 9)]
    for seeds in ([3, 3], [1, 3], [3, 1, 3, 1], [1, 2, 3, 1, 2, 3], [3, 3, 1]):
        together = Batches(numbered(20), seeds, 6)
        streams = [drawn_[seeds.index(3)] for drawn_ in drawn(together, 9)]
        assert streams == alone


def test_streams_are_shared_where_seeds_come_round() -> None:
    assert Batches(numbered(9), [0, 1, 2, 0, 1, 2], 3).streams == 3
    assert Batches(numbered(9), [5, 5, 5], 3).streams == 1
    assert Batches(numbered(9), [0, 1, 1, 0], 3).streams == 4


def test_runs_that_leave_do_not_move_the_others() -> None:
    whole = [batch[2] for batch in drawn(Batches(numbered(20), [0, 1, 2], 6), 10)]
    batches = Batches(numbered(20), [0, 1, 2], 6)
    before = [batch[2] for batch in drawn(batches, 4)]
    batches.keep([2])
    assert batches.streams == 1
    after = [batch[0] for batch in drawn(batches, 6)]
    assert before + after == whole


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_shared_streams_is_the_period_of_the_seeds(seeds: list[int]) -> None:
    period = shared_streams(seeds)
    assert len(seeds) % period == 0
    assert all(seed == seeds[i % period] for i, seed in enumerate(seeds))
    if period < len(seeds):
        assert len(set(seeds[:period])) == period


def test_streams_of_a_seed_are_two() -> None:
    weights, batches = streams_of(0)
    assert weights.random() != batches.random()
    assert streams_of(0)[0].random() == streams_of(0)[0].random()
    assert streams_of(0)[0].random() != streams_of(1)[0].random()


# ------------------------------------------------------------------ encoding


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_classes_become_one_hot_rows(dtype: str) -> None:
    split = classification(n=12, test=4)
    examples = encode(split, recipe(split, dtype=dtype))
    train = examples.train
    assert train.x.dtype == train.y.dtype == dtype
    assert np.array_equal(train.x[:, :-1], split.X_train.astype(dtype))
    assert (train.x[:, -1] == 1).all()
    assert np.array_equal(train.y, np.eye(3)[split.y_train].T)
    assert (len(train), len(examples.test), train.classes) == (12, 4, True)


@pytest.mark.parametrize(
    ("loss", "output"),
    [("binary_cross_entropy", "sigmoid"), ("mse", "sigmoid"), ("mse", "identity")],
)
def test_two_classes_behind_one_unit(loss: str, output: str) -> None:
    split = classification(classes=2)
    plan = recipe(split, loss=loss, output=output)
    assert plan.layer_sizes[-1] == 1
    assert np.array_equal(encode(split, plan).train.y, split.y_train[None])


def test_two_classes_behind_a_softmax() -> None:
    split = classification(classes=2)
    plan = recipe(split)
    assert plan.layer_sizes[-1] == 2
    assert np.array_equal(encode(split, plan).train.y[1], split.y_train)


def test_three_classes_behind_sigmoids_are_one_hot_too() -> None:
    split = classification()
    plan = recipe(split, loss="binary_cross_entropy", output="sigmoid")
    assert np.array_equal(encode(split, plan).train.y, np.eye(3)[split.y_train].T)


def test_regression_targets_stay_numbers() -> None:
    split = regression(outputs=2)
    train = encode(split, recipe(split, dtype="float64")).train
    assert np.array_equal(train.y, split.y_train.T)
    assert not train.classes


def test_rows_are_shaped_for_one_stream() -> None:
    split = classification()
    part: Any = encode(split, recipe(split, dtype="float64")).train
    x, y = part.rows(10, 15)
    assert x.shape == (1, 5, 7)
    assert y.shape == (1, 5, 3)
    assert np.array_equal(x[0, :, :-1], split.X_train[10:15])
    assert np.array_equal(y[0].argmax(axis=1), split.y_train[10:15])
