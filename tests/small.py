"""Small studies for tests: tiny nets on xor, a few steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nnlab.core.plan import Plan, Recipe, Run
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec, make_spec
from nnlab.core.study import Study, prepare


def small_spec(**keys: Any) -> Spec:
    """A spec of four quick runs; `keys` override it."""
    defaults: dict[str, Any] = {
        "name": "small",
        "dataset": {"name": "xor", "n": 60},
        "hidden_layer_sizes": [4],
        "activation": ["relu", "tanh"],
        "learning_rate": 0.1,
        "batch_size": 8,
        "steps": 12,
        "seeds": 2,
        "records": 3,
    }
    return make_spec(**(defaults | keys))


def small_study(results: Path, jobs: int = 1, force: bool = False, **keys: Any) -> Study:
    """A prepared study of `small_spec`."""
    return prepare(small_spec(**keys), Settings(results=results, jobs=jobs, force=force))


def small_plan(**keys: Any) -> Plan:
    """The plan of `small_spec`."""
    return prepare(small_spec(**keys), Settings()).plan


def recipe_of(**keys: Any) -> Recipe:
    """A recipe without data behind it."""
    defaults: dict[str, Any] = {
        "dataset": "made up", "data": "0" * 64, "train_examples": 48, "layer_sizes": (2, 4, 1),
        "loss": "binary_cross_entropy", "output": "sigmoid", "optimizer": "sgd",
        "hyperparameters": (("weight_decay", 0.0),), "schedule": "constant", "warmup_steps": 0,
        "batch_size": 8, "steps": 12, "records": 3, "target_loss": None, "dtype": "float32",
        "save_weights": False,
    }  # fmt: skip
    return Recipe(**(defaults | keys))


def run_of(seed: int = 0, activation: str = "relu", rate: float = 0.1, **keys: Any) -> Run:
    """A run of `recipe_of(**keys)`."""
    return Run(recipe_of(**keys), activation, "auto", rate, seed)
