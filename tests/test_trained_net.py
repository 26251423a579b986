"""A net from its saved weights: its stages, its answer, and the one layer that linear ones are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from nnlab.core.analysis.collapse import collapse, collapse_error, weight_count
from nnlab.core.analysis.trained_net import TrainedNet, load_net, readout_accuracy
from nnlab.core.errors import StoreError


def net_of(activation: str, *sizes: int) -> TrainedNet:
    rng = np.random.default_rng(1)
    pairs = list(pairwise(sizes))
    return TrainedNet(
        tuple(rng.standard_normal(pair) for pair in pairs),
        tuple(rng.standard_normal(out) for _, out in pairs),
        activation, "binary_cross_entropy", "sigmoid",
    )  # fmt: skip


def test_stages_by_hand() -> None:
    W = np.array([[1.0, 0.0], [0.0, -1.0]])
    b = np.array([0.5, 0.0])
    net = TrainedNet((W, np.array([[1.0], [2.0]])), (b, np.zeros(1)), "relu",
                     "binary_cross_entropy", "sigmoid")  # fmt: skip
    stages = net.stages(np.array([[1.0, 2.0], [-1.0, -1.0]]))
    assert [(s.kind, s.layer) for s in stages] == [("input", 0), ("linear", 1), ("activation", 1)]
    assert stages[1].points.tolist() == [[1.5, -2.0], [-0.5, 1.0]]
    assert stages[2].points.tolist() == [[1.5, 0.0], [0.0, 1.0]]
    x = stages[0].points
    assert net.logits(x)[:, 0].tolist() == [1.5, 2.0]
    assert net.predict(x)[0, 0] == pytest.approx(1 / (1 + np.exp(-1.5)))
    assert net.accuracy(x, np.array([1, 0])) == 0.5


def test_linear_layers_are_one() -> None:
    net, x = net_of("identity", 3, 5, 2, 4), np.random.default_rng(2).standard_normal((20, 3))
    assert collapse_error(net, x) < 1e-14
    one = collapse(net)
    assert one.W.shape == (3, 4)
    assert one.rank == 2  # the narrowest layer
    assert one.parameters == 16
    assert weight_count(net) == 3 * 5 + 5 + 5 * 2 + 2 + 2 * 4 + 4


def test_with_relu_they_are_not() -> None:
    x = np.random.default_rng(2).standard_normal((20, 3))
    assert collapse_error(net_of("relu", 3, 5, 2, 4), x) > 0.1


def test_a_line_separates_what_it_can() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((200, 2))
    line = (points @ [1.0, 2.0] > 0.3).astype(np.int64)
    xor = (points[:, 0] * points[:, 1] > 0).astype(np.int64)
    assert readout_accuracy(points, line) > 0.97
    assert readout_accuracy(points, xor) < 0.65
    moved = points @ np.array([[2.0, 1.0], [0.0, -3.0]]) + 5.0
    assert readout_accuracy(moved, xor) == readout_accuracy(points, xor)


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"abc\.npz cannot be read: .*train again with --force"):
        load_net(tmp_path, "abc", "relu", "mse", "identity")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "abc.npz").write_bytes(b"no archive")
    with pytest.raises(StoreError, match="train again with --force"):
        load_net(tmp_path, "abc", "relu", "mse", "identity")
    np.savez(tmp_path / "weights" / "abc.npz", initial_W1=np.ones((1, 1)))
    with pytest.raises(StoreError, match="holds no final weights"):
        load_net(tmp_path, "abc", "relu", "mse", "identity")


def test_weights_before_training(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    np.savez(
        tmp_path / "weights" / "abc.npz",
        initial_W1=np.full((1, 1), 2.0), initial_b1=np.zeros(1),
        final_W1=np.full((1, 1), 3.0), final_b1=np.ones(1),
    )  # fmt: skip
    x = np.ones((1, 1))
    assert load_net(tmp_path, "abc", "relu", "mse", "identity", "initial").logits(x) == 2.0
    assert load_net(tmp_path, "abc", "relu", "mse", "identity").logits(x) == 4.0
