"""scikit-learn's MLPClassifier on the same shapes, one run after the other."""

from __future__ import annotations

import warnings
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from work import Work

_NAMES = {"sigmoid": "logistic", "gelu": "tanh"}
"""Its names; it has no GELU, and does the cheaper tanh there."""


class Sklearn:
    """One net, as many whole epochs as come nearest to the steps asked for.

    It draws weights and batches of its own, so its losses are not compared.
    """

    runs = 1

    def __init__(self, work: Work) -> None:
        self._work = work
        n = len(work.examples.train)
        self._per_epoch = n // work.case.batch
        kept = self._per_epoch * work.case.batch
        self._x, self._y = work.features()[:kept], work.labels()[:kept]

    def advance(self, steps: int) -> float:
        """Seconds for `steps` steps, scaled from the whole epochs that were made."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        case, epochs = self._work.case, max(1, round(steps / self._per_epoch))
        net = MLPClassifier(
            (case.width,) * case.depth, solver=case.optimizer, alpha=0.0, batch_size=case.batch,
            activation=_NAMES.get(case.activation, case.activation), momentum=0.0,
            nesterovs_momentum=False, learning_rate_init=case.learning_rate, max_iter=epochs,
            n_iter_no_change=epochs + 1, random_state=0,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            start = process_time()
            net.fit(self._x, self._y)
            seconds = process_time() - start
        return seconds * steps / (epochs * self._per_epoch)

    def losses(self) -> NDArray[Any]:
        """None."""
        return np.empty(0)
