"""Pydantic's errors and other people's names for our keys -> plain sentences."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import ErrorDetails

from nnlab.core.spec.reader import AT_KEY, Path
from nnlab.core.suggest import nearest, unknown
from nnlab.core.wording import shown

SYNONYMS = {
    "activation": ("activations", "activation_function", "act", "nonlinearity", "f"),
    "batch_size": ("batch", "batches", "batchsize", "bs", "minibatch", "minibatch_size"),
    "beta1": ("beta_1",),
    "beta2": ("beta_2",),
    "dataset": ("data", "data_set", "datasets", "csv", "npz", "openml"),
    "depth": ("n_layers", "num_layers", "hidden_depth"),
    "description": ("comment", "about"),
    "dtype": ("precision", "float"),
    "epochs": ("epoch", "n_epochs", "num_epochs", "max_epochs", "max_iter"),
    "epsilon": ("eps",),
    "hidden_layer_sizes": ("hidden_layers", "layers", "hidden", "layer_sizes", "hidden_sizes",
                           "architecture", "architectures"),
    "initialization": ("init", "initializer", "weight_init", "initialisation"),
    "learning_rate": ("lr", "learning_rates", "rate", "eta", "learning_rate_init", "step_size"),
    "loss": ("loss_function", "criterion", "objective"),
    "name": ("title", "id", "study"),
    "optimizer": ("optim", "optimiser", "solver", "optimizers", "opt"),
    "output": ("output_activation", "out_activation", "final_activation", "g"),
    "records": ("n_records", "log_every", "record"),
    "save_weights": ("save", "weights", "checkpoint"),
    "schedule": ("scheduler", "lr_schedule", "learning_rate_schedule"),
    "seeds": ("seed", "n_seeds", "random_state", "random_seed", "repeats"),
    "split_seed": ("data_seed",),
    "standardize": ("normalize", "scale", "standardise", "normalise"),
    "steps": ("n_steps", "num_steps", "max_steps", "iterations", "updates"),
    "target_loss": ("target",),
    "test_fraction": ("test_size", "test_split", "holdout", "validation_fraction"),
    "warmup_steps": ("warmup", "warm_up"),
    "weight_decay": ("l2", "alpha", "decay", "wd"),
    "width": ("hidden_size", "hidden_units", "units", "hidden_width", "n_hidden"),
}  # fmt: skip
"""What other tools call a key, by our name for it."""

_OURS = {other: key for key, others in SYNONYMS.items() for other in others}


def sentence(line: ErrorDetails, keys: Iterable[str]) -> str:
    """What is wrong, from one error of pydantic's."""
    path = line["loc"]
    if line["type"] == "extra_forbidden":
        return unknown_key(str(path[-1]), keys)
    if line["type"] == "missing":
        return f"the key '{path[-1]}' is missing: add a line '{path[-1]}: my-study'"
    return told(path, line["msg"])


def unknown_key(name: str, keys: Iterable[str]) -> str:
    """The sentence for a key that a spec does not have, with the one that was meant."""
    allowed = list(keys)
    name = name[:100]
    ours = key_meant(name)
    if ours is None or nearest(name, allowed) == ours:
        return unknown("key", name, allowed)
    return f"unknown key {name!r}; did you mean '{ours}'? Allowed: {', '.join(allowed)}"


def key_meant(name: str) -> str | None:
    """The key that goes by this name, ours or another tool's: `batch-size`, `lr`; None if none.

    >>> key_meant("batch-size"), key_meant("lr"), key_meant("jobs")
    ('batch_size', 'learning_rate', None)
    """
    plain = name.strip().casefold().replace("-", "_").replace(" ", "_")
    return plain if plain in SYNONYMS else _OURS.get(plain)


def told(path: Path, message: str) -> str:
    """The message behind the place of the value in words, unless it begins with the key itself.

    >>> told(("activation", 2), "unknown"), told(("loss",), "loss 'mse' ...")
    ('activation, item 3: unknown', "loss 'mse' ...")

    A message about a key, not its value, names that key.
    """
    steps = path[:-2] if path[-1:] == (AT_KEY,) else path
    if not steps or message.startswith(str(steps[0])):
        return message
    words = [shown(step) if isinstance(step, str) else f"item {step + 1}" for step in steps]
    return f"{', '.join(words)}: {message}"
