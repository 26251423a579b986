"""What is measured: one row a column of `runs.csv`, `curves.parquet` and `layers.parquet`.

Writers, readers, axis labels and the documents follow these tables.
"""

from __future__ import annotations

from dataclasses import dataclass

PROBE_EXAMPLES = 1024
"""Gradients are measured on the first so many examples of the training part, and any part is
passed through the nets in blocks of so many."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One column: its name, what kind of value, its unit and what it means."""

    name: str
    kind: str
    """`text`, `count` (int) or `number` (float); an empty cell is a missing value."""
    unit: str
    meaning: str


def _table(*rows: tuple[str, str, str, str]) -> dict[str, Quantity]:
    return {name: Quantity(name, kind, unit, meaning) for name, kind, unit, meaning in rows}


RUN_COLUMNS = _table(
    ("run", "text", "", "content hash of everything that fixes the run's numbers, 12 hex digits"),
    ("status", "text", "", "finished, diverged or failed"),
    ("dataset", "text", "", "data set"),
    ("activation", "text", "", "activation of the hidden layers"),
    ("depth", "count", "layers", "number of hidden layers"),
    ("hidden_layer_sizes", "text", "units", "units of each hidden layer, joined by -"),
    ("initialization", "text", "", "rule of the initial weights"),
    ("optimizer", "text", "", "update rule"),
    ("learning_rate", "number", "", "learning rate"),
    ("batch_size", "count", "examples", "examples of one step"),
    ("seed", "count", "", "seed of the initial weights and of the batches"),
    ("steps", "count", "steps", "updates planned"),
    ("train_loss", "number", "loss", "loss over the whole training part after the last step"),
    ("test_loss", "number", "loss", "loss over the whole test part after the last step"),
    ("train_accuracy", "number", "share", "share of the training part classified correctly"),
    ("test_accuracy", "number", "share", "share of the test part classified correctly"),
    ("test_r2", "number", "", "coefficient of determination on the test part (regression)"),
    ("steps_to_target", "number", "steps", "steps until the training loss reached target_loss"),
    (
        "diverged_at",
        "count",
        "steps",
        "updates made when the run was found diverged, by the loss of a batch or in the end; a "
        "record just before may show the blow-up already",
    ),
    ("seconds", "number", "s", "the run's share of its stack's training time"),
    ("reason", "text", "", "why the run failed"),
)

CURVE_COLUMNS = _table(
    ("run", "text", "", "the run"),
    ("step", "count", "steps", "updates made so far"),
    ("epoch", "number", "epochs", "passes over the training part so far"),
    ("examples", "count", "examples", "examples seen so far"),
    ("train_loss", "number", "loss", "loss over the whole training part"),
    ("test_loss", "number", "loss", "loss over the whole test part"),
    ("train_accuracy", "number", "share", "share of the training part classified correctly"),
    ("test_accuracy", "number", "share", "share of the test part classified correctly"),
)

LAYER_COLUMNS = _table(
    ("run", "text", "", "the run"),
    ("step", "count", "steps", "updates made so far"),
    ("layer", "count", "", "1 is nearest the input; the last is the output layer"),
    ("units", "count", "units", "units of the layer"),
    ("gradient_norm", "number", "", "Frobenius norm of dLoss/dW over the probe batch"),
    ("gradient_rms", "number", "", "root mean square of the entries of dLoss/dW"),
    ("delta_rms", "number", "", "root mean square over examples and units of dloss_i/dz"),
    ("weight_norm", "number", "", "Frobenius norm of W"),
    ("update_ratio", "number", "", "norm of the update of W made at this step over that of W"),
    ("activation_mean", "number", "", "mean of the layer's activations over the training part"),
    ("activation_std", "number", "", "standard deviation of the same"),
    ("dead_units", "count", "units", "units with f'(z) = 0 for every training example"),
    ("dead_fraction", "number", "share", "dead_units over units"),
    ("saturated_fraction", "number", "share", "unit-example pairs with |f'(z)| < 0.05 max |f'|"),
)

CURVE_VALUES = tuple(
    name for name in CURVE_COLUMNS if name not in {"run", "step", "epoch", "examples"}
)
"""The columns of a run's curve that are measured rather than counted."""

LAYER_VALUES = tuple(
    name for name in LAYER_COLUMNS if name not in {"run", "step", "layer", "units"}
)
"""The columns of a layer's record that are measured rather than known beforehand."""
