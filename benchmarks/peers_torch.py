"""PyTorch three ways: the plain eager loop, all runs stacked (bmm), and `torch.func.vmap`."""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from work import Work

Array = NDArray[Any]

_FUNCTIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "gelu"}


def _optimizer(work: Work, parameters: Any) -> Any:
    import torch

    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[work.case.optimizer]
    return kind(parameters, lr=work.case.learning_rate)


def _activation(work: Work) -> Any:
    import torch

    name = _FUNCTIONS[work.case.activation]
    return getattr(torch, name, None) or getattr(torch.nn.functional, name)


class _Torch:
    """The data, and the stream of batches."""

    def __init__(self, work: Work) -> None:
        import torch

        torch.set_num_threads(1)
        self._work, self._rows = work, work.batches()
        self._x = torch.from_numpy(work.features())
        self._y = torch.from_numpy(work.labels())
        self._loss: Any = None

    def _batches(self, steps: int) -> list[Any]:
        import torch

        return [torch.from_numpy(next(self._rows)) for _ in range(steps)]

    def losses(self) -> Array:
        """Of the last batch."""
        return np.atleast_1d(self._loss.detach().numpy())


class TorchEager(_Torch):
    """`nn.Sequential`, `CrossEntropyLoss` and an optimizer, one run after the other: the first."""

    runs = 1

    def __init__(self, work: Work) -> None:
        import torch

        super().__init__(work)
        modules: list[Any] = []
        kinds = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid,
                 "gelu": torch.nn.GELU}  # fmt: skip
        for l, (w, b) in enumerate(work.layers()):
            linear = torch.nn.Linear(*w.shape[1:])
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w[0].T.copy()))
                linear.bias.copy_(torch.from_numpy(b[0].copy()))
            modules += [kinds[work.case.activation](), linear] if l else [linear]
        self._net = torch.nn.Sequential(*modules)
        self._optimizer = _optimizer(work, self._net.parameters())
        self._criterion = torch.nn.CrossEntropyLoss()

    def advance(self, steps: int) -> float:
        """The loop of every tutorial."""
        batches = [rows[0] for rows in self._batches(steps)]
        start = process_time()
        for rows in batches:
            self._optimizer.zero_grad()
            self._loss = self._criterion(self._net(self._x[rows]), self._y[rows])
            self._loss.backward()
            self._optimizer.step()
        return process_time() - start


class TorchStacked(_Torch):
    """Every layer one `baddbmm` over all runs, autograd through it."""

    def __init__(self, work: Work) -> None:
        import torch

        super().__init__(work)
        self.runs = work.case.runs
        self._layers = [
            (torch.from_numpy(w).requires_grad_(), torch.from_numpy(b[:, None]).requires_grad_())
            for w, b in work.layers()
        ]
        self._optimizer = _optimizer(work, [p for layer in self._layers for p in layer])
        self._f = _activation(work)

    def advance(self, steps: int) -> float:
        """One backward pass for the sum of the runs' losses."""
        import torch

        batches = self._batches(steps)
        start = process_time()
        for rows in batches:
            self._optimizer.zero_grad()
            a = self._x[rows]
            for l, (w, b) in enumerate(self._layers):
                a = torch.baddbmm(b, self._f(a) if l else a, w)
            each = torch.nn.functional.cross_entropy(
                a.flatten(0, 1), self._y[rows].flatten(), reduction="none"
            )
            self._loss = each.view(self.runs, -1).mean(dim=1)
            self._loss.sum().backward()
            self._optimizer.step()
        return process_time() - start


class TorchVmap(_Torch):
    """One net written as a function, `vmap(grad_and_value(...))` over the runs."""

    def __init__(self, work: Work) -> None:
        import torch
        from torch.func import grad_and_value, vmap

        super().__init__(work)
        self.runs = work.case.runs
        self._parameters = [torch.from_numpy(p) for layer in work.layers() for p in layer]
        self._optimizer = _optimizer(work, self._parameters)
        f = _activation(work)

        def loss(parameters: list[Any], x: Any, y: Any) -> Any:
            a = x
            for l in range(0, len(parameters), 2):
                a = torch.addmm(parameters[l + 1], f(a) if l else a, parameters[l])
            return torch.nn.functional.cross_entropy(a, y)

        self._gradients = vmap(grad_and_value(loss))

    def advance(self, steps: int) -> float:
        """Gradients of all runs by one call, then the optimizer over the stacked parameters."""
        batches = self._batches(steps)
        start = process_time()
        for rows in batches:
            found, self._loss = self._gradients(self._parameters, self._x[rows], self._y[rows])
            for parameter, gradient in zip(self._parameters, found, strict=True):
                parameter.grad = gradient
            self._optimizer.step()
        return process_time() - start
