"""What must fit together in a spec: keys with one another, and with the size of the data.

A rule looks at several keys and yields what is wrong, each fault with the place it is shown at.
It names the keys it looks at, and is left out when one of them is wrong by itself already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple, TypeAlias

from nnlab.core.data.datasets import DATASETS
from nnlab.core.nn.losses import LOSSES, PAIRS, outputs_for
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.spec.keys import SpecKeys
from nnlab.core.spec.rates import OwnRates
from nnlab.core.spec.reader import AT_KEY, Path

Faults: TypeAlias = Iterator[tuple[Path, str]]

HYPERPARAMETERS = ("momentum", "beta1", "beta2", "epsilon")
"""The keys that only some optimizers use."""
DEFAULT_LOSS = {"classification": "cross_entropy", "regression": "mse"}


class Facts(NamedTuple):
    """What must be known of a data set to check a spec against it."""

    label: str
    task: str
    n: int
    classes: int


def faults(spec: SpecKeys, damaged: Collection[str] = ()) -> list[tuple[Path, str]]:
    """Everything in `spec` that does not fit together; keys in `damaged` are not judged."""
    found = [fault for keys, rule in _RULES if not keys & set(damaged) for fault in rule(spec)]
    if spec.dataset.name is not None and "dataset" not in damaged:
        row = DATASETS[spec.dataset.name]
        n, _, classes = row.counts(spec.dataset.options)
        facts = Facts(spec.dataset.label, row.task, n, classes)
        found += data_faults(spec, facts, damaged)
    return found


def data_faults(
    spec: SpecKeys, facts: Facts, damaged: Collection[str] = ()
) -> list[tuple[Path, str]]:
    """Everything in `spec` that does not fit a data set of this task and size."""
    return [
        fault
        for keys, rule in _DATA_RULES
        if not keys & set(damaged)
        for fault in rule(spec, facts)
    ]


def training_count(n: int, test_fraction: float) -> int:
    """How many of `n` examples are trained on: the test part is rounded up."""
    return n - math.ceil(test_fraction * n)


def steps_in(epochs: int, batch_size: int | str, training: int) -> int:
    """Updates in so many epochs; a last short batch is dropped unless it is the only one."""
    per_epoch = 1 if isinstance(batch_size, str) else max(1, training // batch_size)
    return epochs * per_epoch


# ------------------------------------------------------------------ keys with one another


def _one_length(spec: SpecKeys) -> Faults:
    if spec.epochs is not None and spec.steps is not None:
        yield ("steps", AT_KEY), "'steps' and 'epochs' exclude one another: give one of them"


def _one_shape(spec: SpecKeys) -> Faults:
    if spec.hidden_layer_sizes is None:
        return
    for key in ("width", "depth"):
        if getattr(spec, key) is not None:
            message = f"'{key}' and 'hidden_layer_sizes' exclude one another: give one of them"
            yield (key, AT_KEY), message


def _pair(spec: SpecKeys) -> Faults:
    if spec.loss and spec.output and (spec.loss, spec.output) not in PAIRS:
        yield ("output",), _no_pair(spec.loss, spec.output)


def _no_pair(loss: str, output: str) -> str:
    losses = ", ".join(l for l, o in PAIRS if o == output)
    fitting = ", ".join(outputs_for(loss))
    return f"output '{output}' goes with {losses}, and loss '{loss}' with {fitting}"


def _hyperparameters(spec: SpecKeys) -> Faults:
    for key in HYPERPARAMETERS:
        users = [name for name, row in OPTIMIZERS.items() if key in row.hyperparameters]
        if getattr(spec, key) is not None and not set(users) & set(spec.optimizer):
            chosen = " nor ".join(f"'{name}'" for name in spec.optimizer)
            neither = "neither " if len(spec.optimizer) > 1 else ""
            used = "uses" if neither else "does not use"
            what = f"{neither}{chosen} {used} '{key}'"
            yield (key, AT_KEY), f"{what}; the optimizers that do: {', '.join(users)}"


def _own_rates(spec: SpecKeys) -> Faults:
    if not isinstance(spec.learning_rate, OwnRates):
        return
    rates = spec.learning_rate.written()
    trained = ", ".join(spec.activation)
    for label in rates:
        if label not in spec.activation:
            message = f"learning_rate names '{label}', which is not among the activations"
            yield ("learning_rate",), f"{message}: {trained}"
    for label in spec.activation:
        if label not in rates:
            message = f"learning_rate has no rate for '{label}'"
            yield ("learning_rate",), f"{message}: each activation needs its own"


def _warmup(spec: SpecKeys) -> Faults:
    if spec.steps is not None and spec.warmup_steps >= spec.steps:
        yield ("warmup_steps",), _long_warmup(spec.warmup_steps, spec.steps)


def _long_warmup(warmup: int, steps: int) -> str:
    return f"warmup_steps (={warmup}) must be below the number of steps (={steps})"


_RULES: tuple[tuple[set[str], Callable[[SpecKeys], Faults]], ...] = (
    ({"epochs", "steps"}, _one_length),
    ({"hidden_layer_sizes", "width", "depth"}, _one_shape),
    ({"loss", "output"}, _pair),
    ({"optimizer"}, _hyperparameters),
    ({"learning_rate", "activation"}, _own_rates),
    ({"warmup_steps", "steps"}, _warmup),
)


# ------------------------------------------------------------------ keys with the data


def _classes(spec: SpecKeys, facts: Facts) -> Faults:
    if facts.task == "classification" and facts.classes < 2:
        yield ("dataset",), f"{facts.label} has a single class: there is nothing to learn"


def _task(spec: SpecKeys, facts: Facts) -> Faults:
    default = DEFAULT_LOSS[facts.task]
    data = f"{facts.label} is a {facts.task} data set"
    if spec.loss and facts.task not in LOSSES[spec.loss].tasks:
        tasks = " or ".join(LOSSES[spec.loss].tasks)
        yield ("loss",), f"loss '{spec.loss}' is for {tasks}, and {data}: use {default}"
    elif spec.output == "softmax" and facts.task == "regression":
        yield ("output",), f"output 'softmax' is for classification, and {data}: use identity"
    elif spec.output and not spec.loss and (default, spec.output) not in PAIRS:
        unless = f"{data}, whose loss is {default} unless 'loss' says otherwise"
        yield ("output",), f"{_no_pair(default, spec.output)}; {unless}"


def _training_part(spec: SpecKeys, facts: Facts) -> Faults:
    if training_count(facts.n, spec.test_fraction) < 1:
        left = f"leaves no training example of the {facts.n} of {facts.label}"
        yield ("test_fraction",), f"test_fraction (={spec.test_fraction:g}) {left}"


def _batches(spec: SpecKeys, facts: Facts) -> Faults:
    training = training_count(facts.n, spec.test_fraction)
    part = f"the training part of {facts.label} (={training} examples)"
    for i, size in enumerate(spec.batch_size):
        if isinstance(size, int) and size > training >= 1:
            message = f"batch_size (={size}) is larger than {part}: at most {training}, or full"
            yield ("batch_size", i), message


def _warmup_epochs(spec: SpecKeys, facts: Facts) -> Faults:
    if spec.epochs is None or spec.steps is not None:
        return
    training = training_count(facts.n, spec.test_fraction)
    fewest = min(steps_in(spec.epochs, size, training) for size in spec.batch_size)
    if spec.warmup_steps >= fewest:
        yield ("warmup_steps",), _long_warmup(spec.warmup_steps, fewest)


_DATA_RULES: tuple[tuple[set[str], Callable[[SpecKeys, Facts], Faults]], ...] = (
    (set(), _classes),
    ({"loss", "output"}, _task),
    ({"test_fraction"}, _training_part),
    ({"test_fraction", "batch_size"}, _batches),
    ({"test_fraction", "batch_size", "epochs", "steps", "warmup_steps"}, _warmup_epochs),
)
