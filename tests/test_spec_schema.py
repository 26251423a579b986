"""The JSON Schema accepts what the spec accepts and, as far as it can, refuses the rest."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from nnlab.core.spec import (
    Spec,
    json_schema,
)

# ------------------------------------------------------------------ JSON Schema


def test_the_json_schema_is_one() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema
    assert list(schema["properties"]) == list(Spec.model_fields)
    assert schema["required"] == ["name"]
    for key, value in schema["properties"].items():
        validator = Draft202012Validator(value)
        for example in [*value.get("examples", []), value.get("default")]:
            if example is not None:
                assert validator.is_valid(example), (key, example)
