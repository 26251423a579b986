"""The keys of a spec: one field each, with its kind of value, its default and what it means.

The descriptions are the documentation: the JSON Schema and `docs/` are made from them.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nnlab.core.nn.activations import ACTIVATIONS, find_activation
from nnlab.core.nn.initializers import AUTO, INITIALIZERS, parse_initialization
from nnlab.core.nn.losses import LOSSES, OUTPUTS
from nnlab.core.nn.optimizers import OPTIMIZERS, SCHEDULES
from nnlab.core.spec.axes import MAX_LAYERS, Architectures, Axis, BatchSize, Seeds
from nnlab.core.spec.dataset import DatasetKind, DatasetSpec
from nnlab.core.spec.names import Choice, Label, StudyName, Text
from nnlab.core.spec.rates import OwnRates, RatesOrOwn
from nnlab.core.spec.values import Flag, Maybe, Real, Whole

DEFAULT_WIDTH, DEFAULT_DEPTH = 64, 2
DEFAULT_EPOCHS = 20

ACTIVATION = Label(
    "activation",
    lambda text: find_activation(text).label,
    tuple(name for row in ACTIVATIONS.values() for name in (row.name, *row.aliases)),
    tuple(row.name for row in ACTIVATIONS.values() if row.parameter),
)
INITIALIZATION = Label(
    "initialization",
    parse_initialization,
    (AUTO, *INITIALIZERS),
    tuple(row.name for row in INITIALIZERS.values() if row.parameter),
)


_DTYPE = Choice("dtype", dict.fromkeys(("float32", "float64")))
_SHARE = Real(at_least=0, below=1)
_Rate = Maybe(_SHARE)
_Count = Maybe(Whole(1))


def _key(default: Any, description: str, *examples: Any) -> Any:
    return Field(default, description=description, examples=list(examples) or None)


class SpecKeys(BaseModel):
    """The keys of a spec, each value read and checked by itself. Axis keys are tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StudyName()] = Field(
        description="Name of the study and of its folder under results/: letters, digits, . _ -",
        examples=["quickstart"],
    )
    description: Annotated[str, Text(most=10_000, lines=True)] = _key(
        "", "What the study is about; shown in the report"
    )
    dataset: Annotated[DatasetSpec, DatasetKind()] = _key(
        DatasetSpec(name="digits"),
        "A data set that comes along, by name, or with options in a mapping; a CSV or NPZ file "
        "(a path relative to the spec's file); or a name on OpenML",
        "digits",
        {"name": "spirals", "n": 1000, "noise": 0.1},
        {"csv": "houses.csv", "target": "price"},
        {"npz": "arrays.npz"},
        {"openml": "mnist_784", "version": 1},
    )
    test_fraction: Annotated[float, _SHARE] = _key(
        0.2, "Share of the examples that is kept for testing, 0 to below 1"
    )
    split_seed: Annotated[int, Whole(0, 2**32 - 1)] = _key(
        0, "Seed of the split into training and test part; the same for every run"
    )
    standardize: Annotated[bool, Flag()] = _key(
        True,
        "Scale every feature (for regression the target too) to mean 0 and variance 1, by the "
        "statistics of the training part",
    )
    hidden_layer_sizes: Annotated[tuple[tuple[int, ...], ...] | None, Maybe(Architectures())] = (
        _key(
            None,
            "Widths of the hidden layers, or a list of such lists (axis); width and depth say the "
            "same for layers of one width",
            [64, 64],
            [[64, 64], [32]],
        )
    )
    width: Annotated[tuple[int, ...] | None, Maybe(Axis(Whole(1)))] = _key(
        None,
        f"Units in every hidden layer (axis); {DEFAULT_WIDTH} where only depth is given",
        64,
        [32, 128],
    )
    depth: Annotated[tuple[int, ...] | None, Maybe(Axis(Whole(1, MAX_LAYERS)))] = _key(
        None,
        f"Number of hidden layers (axis); {DEFAULT_DEPTH} where only width is given",
        2,
        [2, 5, 10],
    )
    activation: Annotated[tuple[str, ...], Axis(ACTIVATION)] = _key(
        ("relu",),
        "Activation of the hidden layers (axis); some take a parameter after a colon",
        "relu",
        ["relu", "tanh"],
        "leaky_relu:0.2",
    )
    loss: Annotated[str | None, Maybe(Choice("loss", LOSSES))] = _key(
        None, "What is minimized; by default cross_entropy for classes and mse for numbers"
    )
    output: Annotated[str | None, Maybe(Choice("output", OUTPUTS))] = _key(
        None, "Activation of the output layer; by default the one made for the loss"
    )
    initialization: Annotated[tuple[str, ...], Axis(INITIALIZATION)] = _key(
        (AUTO,),
        "How weights are drawn (axis); auto takes the rule made for the activation",
        "auto",
        ["he", "normal:0.01"],
    )
    optimizer: Annotated[tuple[str, ...], Axis(Choice("optimizer", OPTIMIZERS))] = _key(
        ("sgd",), "Update rule (axis)", "adam", ["sgd", "adam"]
    )
    momentum: Annotated[float | None, _Rate] = _key(
        None, "Share of the velocity kept from step to step; 0.9 unless given", 0.9
    )
    beta1: Annotated[float | None, _Rate] = _key(
        None, "Decay of the mean of the gradient; 0.9 unless given", 0.9
    )
    beta2: Annotated[float | None, _Rate] = _key(
        None, "Decay of the mean of the squared gradient; 0.999 unless given", 0.999
    )
    epsilon: Annotated[float | None, Maybe(Real(above=0))] = _key(
        None, "Added to the root of the mean squared gradient; 1e-8 unless given", 1e-8
    )
    weight_decay: Annotated[float | None, Maybe(Real(at_least=0))] = _key(
        None, "Times the weights, added to the gradient (in adamw decoupled); 0 unless given", 1e-4
    )
    learning_rate: Annotated[tuple[float, ...] | OwnRates, RatesOrOwn(ACTIVATION)] = _key(
        (0.1,),
        "Learning rate (axis): a number, a list, or rates evenly spaced in the logarithm; or one "
        "rate for each activation",
        0.1,
        [0.01, 0.1],
        {"from": 1e-3, "to": 1, "num": 13},
        {"relu": 0.1, "tanh": 0.2},
    )
    schedule: Annotated[str, Choice("schedule", SCHEDULES)] = _key(
        "constant", "How the learning rate goes down over the training"
    )
    warmup_steps: Annotated[int, Whole(0)] = _key(
        0, "Steps at the start over which the learning rate rises linearly"
    )
    batch_size: Annotated[tuple[int | Literal["full"], ...], Axis(BatchSize())] = _key(
        (32,), "Examples in a batch (axis), or full: the whole training part", 32, [8, 32], "full"
    )
    epochs: Annotated[int | None, _Count] = _key(
        None, f"Passes over the training part; {DEFAULT_EPOCHS} unless steps is given"
    )
    steps: Annotated[int | None, _Count] = _key(None, "Updates of the weights, instead of epochs")
    seeds: Annotated[tuple[int, ...], Seeds()] = _key(
        (0,), "Number of seeds n (0 to n-1), or a list of seeds (axis)", 5, [3, 14]
    )
    target_loss: Annotated[float | None, Maybe(Real(above=0))] = _key(
        None, "Training loss that counts as reached; recorded as steps_to_target, stops nothing"
    )
    records: Annotated[int, Whole(2, 100_000)] = _key(
        40, "How many evenly spread moments are measured, first and last step included"
    )
    dtype: Annotated[Literal["float32", "float64"], _DTYPE] = _key(
        "float32", "Precision of the arithmetic"
    )
    save_weights: Annotated[bool, Flag()] = _key(
        False, "Keep the initial and final weights of every run"
    )

    @model_validator(mode="before")
    @classmethod
    def _alternatives(cls, values: Any) -> Any:
        """The defaults that depend on what else is given."""
        if not isinstance(values, dict):
            return values  # a Spec already, or pydantic's to refuse

        def given(key: str) -> bool:
            return values.get(key) is not None

        defaults: dict[str, Any] = {}
        if given("hidden_layer_sizes"):
            pass
        elif not given("width") and not given("depth"):
            defaults["hidden_layer_sizes"] = (DEFAULT_WIDTH,) * DEFAULT_DEPTH
        elif not given("depth"):
            defaults["depth"] = DEFAULT_DEPTH
        elif not given("width"):
            defaults["width"] = DEFAULT_WIDTH
        if not given("epochs") and not given("steps"):
            defaults["epochs"] = DEFAULT_EPOCHS
        return {**values, **defaults}

    @property
    def architectures(self) -> tuple[tuple[int, ...], ...]:
        """The widths of the hidden layers of every network of the grid."""
        if self.hidden_layer_sizes is not None:
            return self.hidden_layer_sizes
        assert self.width is not None
        assert self.depth is not None
        return tuple((width,) * depth for width in self.width for depth in self.depth)

    @property
    def n_runs(self) -> int:
        """How many runs the grid has; computed without spreading it out."""
        networks = len(self.hidden_layer_sizes or ()) or len(self.width or ()) * len(
            self.depth or ()
        )
        rates = sum(len(self.rates_of(activation)) for activation in self.activation)
        axes = (self.initialization, self.optimizer, self.batch_size, self.seeds)
        return networks * rates * math.prod(len(axis) for axis in axes)

    def rates_of(self, activation: str) -> tuple[float, ...]:
        """The learning rates at which an activation of the spec is trained."""
        if isinstance(self.learning_rate, OwnRates):
            return (self.learning_rate.written()[activation],)
        return self.learning_rate
