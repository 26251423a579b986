"""The JSON Schema of a spec: what an editor can complete and check while a spec is written.

Every key brings the schema of its own values (`Kind.schema`). Here stands what holds between keys,
as far as JSON Schema can say it: keys that exclude one another, and names that go together, read
off the tables that `rules` reads. What a schema cannot say (duplicate keys, numbers that must be
compared, sizes of data that must be opened) only `nnlab check` tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from nnlab.core.data.datasets import DATASETS
from nnlab.core.nn.losses import LOSSES, OUTPUTS, outputs_for
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.spec.keys import SpecKeys
from nnlab.core.spec.rules import DEFAULT_LOSS, HYPERPARAMETERS
from nnlab.core.spec.values import Schema

FILE = "nnlab.schema.json"
"""The name of the schema's file beside a spec of one's own."""
_NULL: Schema = {"type": "null"}
_WRITTEN = {"dataset": "digits", "hidden_layer_sizes": [64, 64], "epochs": 20, "seeds": 1}
"""Defaults as a spec writes them, where the field's own is something else."""


def modeline(file: str) -> str:
    """The comment that tells an editor where the schema is, relative to the spec.

    It is read by the YAML language server, which VS Code, Neovim, Emacs and others speak to.
    """
    return f"# yaml-language-server: $schema={file}"


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a spec as it is written, for editors and checks."""
    schema = SpecKeys.model_json_schema()
    for key, value in schema["properties"].items():
        del value["title"]
        default = _WRITTEN.get(key, value.get("default"))
        if isinstance(default, list) and len(default) == 1:
            default = default[0]
        if key not in schema["required"]:
            value["default"] = default
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "nnlab spec",
        "description": "What nnlab train trains: every combination of the keys that hold lists.",
        "allOf": [*_exclusive(), *_pairs(), *_hyperparameters(), *_tasks()],
    }


def _given(*keys: str) -> Schema:
    """That the keys are there and not null, which means: not given."""
    return {"required": [*keys], "properties": {key: {"not": _NULL} for key in keys}}


def _none(*keys: str) -> Schema:
    return {"properties": dict.fromkeys(keys, _NULL)}


def _one_of(key: str, names: Collection[str]) -> Schema:
    """That the key, where it is given, has one of these names."""
    return {"properties": {key: {"enum": [*names, None]}}}


def _exclusive() -> Iterator[Schema]:
    yield {"if": _given("epochs"), "then": _none("steps")}
    yield {"if": _given("hidden_layer_sizes"), "then": _none("width", "depth")}


def _pairs() -> Iterator[Schema]:
    for loss in LOSSES:
        chosen = {"required": ["loss"], "properties": {"loss": {"const": loss}}}
        yield {"if": chosen, "then": _one_of("output", outputs_for(loss))}


def _hyperparameters() -> Iterator[Schema]:
    for key in HYPERPARAMETERS:
        users = {"enum": [n for n, row in OPTIMIZERS.items() if key in row.hyperparameters]}
        uses = {"anyOf": [users, {"type": "array", "contains": users}]}
        # sgd, the default, has none of them
        yield {
            "if": _given(key),
            "then": {"required": ["optimizer"], "properties": {"optimizer": uses}},
        }


def _tasks() -> Iterator[Schema]:
    """What goes with the data sets that come along; of a file the schema knows nothing."""
    for task, default in DEFAULT_LOSS.items():
        names = {"enum": [row.name for row in DATASETS.values() if row.task == task]}
        named = {"type": "object", "required": ["name"], "properties": {"name": names}}
        data: Schema = {"properties": {"dataset": {"anyOf": [names, named]}}}
        if task == "regression":  # without a data set it is digits
            data["required"] = ["dataset"]
        yield {
            "if": data,
            "then": _one_of("loss", [row.name for row in LOSSES.values() if task in row.tasks]),
        }
        if task == "regression":
            yield {"if": data, "then": _one_of("output", [n for n in OUTPUTS if n != "softmax"])}
        yield {
            "if": {"allOf": [data, {"not": _given("loss")}]},
            "then": _one_of("output", outputs_for(default)),
        }
