"""JAX: one net written as a function, vmap over the runs, scan over the steps, all under jit."""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from work import Work

Array = NDArray[Any]

CHUNK = 20
"""Steps a compiled call makes."""


AT_ONCE = 50
"""Runs evaluated at a time on a whole part of the data."""


def _logits_of(activation: str) -> Any:
    """`logits(layers, x)` of one net."""
    import jax
    from jax import numpy as jnp

    functions = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid,
                 "gelu": lambda z: jax.nn.gelu(z, approximate=False),
                 "leaky_relu": lambda z: jax.nn.leaky_relu(z, 0.01)}  # fmt: skip
    f = functions[activation]

    def logits(layers: Any, x: Any) -> Any:
        a = x
        for l, (w, b) in enumerate(layers):
            a = (f(a) if l else a) @ w + b
        return a

    return logits


def _loss(logits: Any, y: Any) -> Any:
    import jax
    from jax import numpy as jnp

    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()


def evaluated(activation: str) -> Any:
    """The jitted `evaluate(layers, x, y)`: each run's loss and accuracy on these examples."""
    import jax

    logits_of = _logits_of(activation)

    def evaluate(layers: Any, x: Any, y: Any) -> Any:
        def one(layers: Any) -> Any:
            logits = logits_of(layers, x)
            return _loss(logits, y), (logits.argmax(axis=1) == y).mean()

        return jax.lax.map(one, layers, batch_size=AT_ONCE)

    return jax.jit(evaluate)


def compiled(activation: str, optimizer: str) -> Any:
    """The jitted `train(state, rows, rates, x, y) -> (state, losses)`.

    `state` is parameters, two moments and the step; `rows` `(steps, runs, batch)`; losses are
    `(steps, runs)`.
    """
    import jax
    from jax import numpy as jnp

    logits_of = _logits_of(activation)

    def loss(layers: Any, x: Any, y: Any) -> Any:
        return _loss(logits_of(layers, x), y)

    value_and_grad = jax.value_and_grad(loss)

    def update(rate: Any, t: Any, w: Any, g: Any, m: Any, s: Any) -> Any:
        if optimizer == "sgd":
            return w - rate * g, m, s
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
        return w - rate * (m / (1 - 0.9**t)) / (jnp.sqrt(s / (1 - 0.999**t)) + 1e-8), m, s

    def one(layers: Any, m: Any, s: Any, rate: Any, t: Any, x: Any, y: Any) -> Any:
        value, gradient = value_and_grad(layers, x, y)
        leaves = [jax.tree.leaves(tree) for tree in (layers, gradient, m, s)]
        new = [update(rate, t, *each) for each in zip(*leaves, strict=True)]
        tree = jax.tree.structure(layers)
        return (*(jax.tree.unflatten(tree, [n[i] for n in new]) for i in range(3)), value)

    stacked = jax.vmap(one, in_axes=(0, 0, 0, 0, None, 0, 0))

    def train(state: Any, rows: Any, rates: Any, x: Any, y: Any) -> Any:
        def step(state: Any, rows: Any) -> Any:
            layers, m, s, t = state
            layers, m, s, values = stacked(layers, m, s, rates, t, x[rows], y[rows])
            return (layers, m, s, t + 1.0), values

        return jax.lax.scan(step, state, rows)

    return jax.jit(train)


def initial_state(layers: list[tuple[Array, Array]], optimizer: str) -> Any:
    """Parameters, moments (empty numbers for SGD) and the first step's number."""
    import jax
    from jax import numpy as jnp

    parameters = [(jnp.asarray(w), jnp.asarray(b)) for w, b in layers]

    def zeros(w: Any) -> Any:
        return jnp.zeros_like(w) if optimizer == "adam" else jnp.zeros(len(w))

    moments = jax.tree.map(zeros, parameters)
    return parameters, moments, moments, jnp.float32(1)


class JaxVmap:
    """All runs of the work."""

    def __init__(self, work: Work) -> None:
        import jax

        self.runs, self._rows = work.case.runs, work.batches()
        self._x = jax.numpy.asarray(work.features())
        self._y = jax.numpy.asarray(work.labels())
        self._rates = jax.numpy.full(self.runs, work.case.learning_rate)
        self._train = compiled(work.case.activation, work.case.optimizer)
        self._state = initial_state(work.layers(), work.case.optimizer)
        self._losses: Any = None
        rows = np.zeros((CHUNK, self.runs, work.case.batch), np.int64)
        start = process_time()
        jax.block_until_ready(self._train(self._state, rows, self._rates, self._x, self._y))
        self.compile_seconds = process_time() - start

    def advance(self, steps: int) -> float:
        """`steps` is a multiple of `CHUNK`, or is compiled anew."""
        import jax

        chunk = CHUNK if steps % CHUNK == 0 else steps
        parts = [np.stack([next(self._rows) for _ in range(chunk)]) for _ in range(steps // chunk)]
        start = process_time()
        for rows in parts:
            self._state, self._losses = self._train(
                self._state, rows, self._rates, self._x, self._y
            )
        jax.block_until_ready(self._losses)
        return process_time() - start

    def losses(self) -> Array:
        """Of the last batch."""
        return np.asarray(self._losses[-1])
