"""The same training elsewhere: PyTorch's eager loop, scikit-learn's MLPClassifier, bare products.

Every peer does the same steps on the same batches from the same initial weights.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.core.batches import Batches, Examples
from nnlab.core.nn.mlp import layer_views
from nnlab.core.plan import Stack
from nnlab.core.train import initial_stack

Array = NDArray[Any]


@dataclass(frozen=True)
class Work:
    """What a peer trains: a stack and the examples it sees."""

    stack: Stack
    examples: Examples

    def batches(self, run: int, steps: int) -> list[tuple[Array, Array]]:
        """The first `steps` batches of a run: features `(batch, in)`, class codes `(batch,)`."""
        recipe = self.stack.recipe
        stream = Batches(self.examples.train, [self.stack.runs[run].seed], recipe.batch_size)
        found = []
        for _ in range(steps):
            x, y = stream.next()
            found.append((x[0, :, :-1].copy(), y[0].argmax(axis=-1)))
        return found

    def layers(self, run: int) -> list[tuple[Array, Array]]:
        """Initial weights `(in, out)` and biases of each layer of a run."""
        parameters = initial_stack(self.stack)[run : run + 1]
        sizes = self.stack.recipe.layer_sizes
        return [(v[0, :-1], v[0, -1]) for v in layer_views(parameters, sizes)]


def torch_eager(work: Work, runs: int, steps: int) -> tuple[float, float]:
    """Seconds per step and run of a plain PyTorch loop, one run after the other; last loss."""
    import torch

    torch.set_num_threads(1)
    activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}
    seconds, last = 0.0, 0.0
    for run in range(runs):
        modules: list[Any] = []
        for i, (w, b) in enumerate(work.layers(run)):
            linear = torch.nn.Linear(*w.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w.T.copy()))
                linear.bias.copy_(torch.from_numpy(b.copy()))
            if i:
                modules.append(activation[work.stack.runs[run].activation]())
            modules.append(linear)
        net = torch.nn.Sequential(*modules)
        rate = work.stack.runs[run].learning_rate
        optimizer = torch.optim.SGD(net.parameters(), lr=rate)
        criterion = torch.nn.CrossEntropyLoss()
        batches = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in work.batches(run, steps)]
        start = perf_counter()
        for x, y in batches:
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
        seconds += perf_counter() - start
        last = loss.item()
    return seconds / (runs * steps), last


def sklearn_loop(work: Work, runs: int, steps: int) -> float:
    """Seconds per step and run of MLPClassifier on the same number of steps."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    recipe = work.stack.recipe
    per_epoch = recipe.train_examples // recipe.batch_size
    epochs = max(1, round(steps / per_epoch))
    n = per_epoch * recipe.batch_size
    x = work.examples.train.x[:n, :-1].copy()
    y = work.examples.train.y[:, :n].argmax(axis=0)
    seconds = 0.0
    for run in range(runs):
        net = MLPClassifier(
            recipe.hidden_layer_sizes, activation=work.stack.runs[run].activation, solver="sgd",
            alpha=0.0, batch_size=recipe.batch_size, momentum=0.0, nesterovs_momentum=False,
            learning_rate_init=work.stack.runs[run].learning_rate, max_iter=epochs,
            n_iter_no_change=epochs + 1, random_state=run,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            start = perf_counter()
            net.fit(x, y)
            seconds += perf_counter() - start
    return seconds / (runs * epochs * per_epoch)


def matrix_products(work: Work, steps: int) -> float:
    """Seconds per step and run of the stack's own matrix products and nothing else."""
    recipe = work.stack.recipe
    runs, sizes, batch = len(work.stack.runs), recipe.layer_sizes, recipe.batch_size
    rng = np.random.default_rng(0)

    def array(*shape: int) -> Array:
        return rng.standard_normal(shape).astype(recipe.dtype)

    inputs = [array(runs, batch, fan_in + 1) for fan_in in sizes[:-1]]
    weights = [array(runs, a + 1, b) for a, b in pairwise(sizes)]
    deltas = [array(runs, batch, units) for units in sizes[1:]]
    z, g = [np.empty_like(d) for d in deltas], [np.empty_like(w) for w in weights]
    back = [np.empty_like(d) for d in deltas]
    start = perf_counter()
    for _ in range(steps):
        for l in range(len(weights)):
            np.matmul(inputs[l], weights[l], out=z[l])
        for l in range(len(weights) - 1, -1, -1):
            np.matmul(inputs[l].swapaxes(1, 2), deltas[l], out=g[l])
            if l:
                np.matmul(deltas[l], weights[l][:, :-1].swapaxes(1, 2), out=back[l - 1])
    return (perf_counter() - start) / (runs * steps)
