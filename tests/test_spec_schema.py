"""The JSON Schema accepts what the spec accepts and, as far as it can, refuses the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nnlab.configs import SCHEMA, shipped
from nnlab.core.errors import SpecError
from nnlab.core.spec import Spec, json_schema, make_spec
from nnlab.core.spec.file import decode
from nnlab.core.spec.reader import read
from nnlab.core.spec.schema import FILE, modeline
from tests.bad_specs import Case, cases

VALIDATOR = Draft202012Validator(json_schema())
ROOT = Path(__file__).resolve().parents[1]


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


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that a spec may hold, at any depth, with its schema."""
    if isinstance(schema, list):
        for each in schema:
            yield from properties(each)
    elif isinstance(schema, dict):
        for word, value in schema.items():
            if word == "properties":
                yield from value.items()
                yield from properties(list(value.values()))
            elif word != "allOf":  # rules between keys, which describe none
                yield from properties(value)


def test_every_key_is_described_and_every_optional_one_has_its_default() -> None:
    found = list(properties(json_schema()))
    assert len(found) > 60
    assert [name for name, schema in found if len(schema.get("description", "")) < 8] == []
    for key, schema in json_schema()["properties"].items():
        assert ("default" in schema) == (key != "name")


def test_the_defaults_are_those_of_a_spec_that_says_nothing() -> None:
    defaults = {k: v["default"] for k, v in json_schema()["properties"].items() if k != "name"}
    assert make_spec(name="x", **defaults) == make_spec(name="x")
    assert VALIDATOR.is_valid({"name": "x", **defaults})


@pytest.mark.parametrize("key", ["activation", "initialization", "optimizer", "schedule", "loss"])
def test_names_are_enumerated(key: str) -> None:
    def enumerated(schema: dict[str, Any]) -> list[str]:
        kinds = schema.get("anyOf", [])
        return [*schema.get("enum", []), *(name for kind in kinds for name in enumerated(kind))]

    names = enumerated(json_schema()["properties"][key])
    assert len(names) >= 3
    for name in names:
        spec = make_spec(name="x", dataset={"npz": "file.npz"}, **{key: name})
        assert getattr(spec, key) is not None


# ------------------------------------------------------------------ where an editor finds it


def test_the_schema_that_ships_is_fresh() -> None:
    """`nnlab schema > configs/nnlab.schema.json` writes it again."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema()
    assert SCHEMA.name == FILE


@pytest.mark.parametrize("path", shipped().values(), ids=shipped())
def test_every_shipped_spec_names_its_schema_and_keeps_to_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first, second, *_ = text.splitlines()
    assert first == modeline(FILE)
    assert re.match(r"# \S", second), "the lesson begins below it"
    (named,) = re.findall(r"\$schema=(\S+)", text)
    validator = Draft202012Validator(json.loads((path.parent / named).read_text()))
    assert list(validator.iter_errors(read(text, path.name).values)) == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("results/reference/*/spec.yaml")), ids=str)
def test_a_resolved_spec_keeps_to_the_schema(path: Path) -> None:
    """With every key written, null where it is not given."""
    assert list(VALIDATOR.iter_errors(read(path.read_text(), "spec.yaml").values)) == []


# ------------------------------------------------------------------ the broken specs

BEYOND = {
    "the standard counts 5.0 as an integer": (
        "a whole number with a decimal point", "thousands with a point",
    ),
    "a schema compares no two numbers": (
        "rates that go down", "rates from and to the same", "rates that cannot be told apart",
        "fewer examples than the classes need", "a warm-up as long as the training",
    ),
    "a schema reads no number inside a text": (
        "an activation with a parameter out of range",
        "an initialization with a parameter out of range",
    ),
    "a schema knows no two spellings of one thing": (
        "a value given twice under two names", "a rate for an activation under two names",
    ),
    "a schema compares no key with the items of another": (
        "a rate for an activation that is not trained", "rates by activation, one missing",
    ),
    "the size of the data decides": (
        "a batch larger than the data", "a batch larger than a small set",
        "a warm-up longer than the epochs", "nothing left to train on",
    ),
    "JSON has no NaN, and to a validator no bound is passed by it": (
        "not a number", "not a number in a list", "a noise that is not a number",
    ),
    "a pattern that refuses half a character refuses every emoji in JavaScript": (
        "a description with half a character",
    ),
    "YAML says it: the reader refuses the line before there is a value to look at": (
        "a key that is a list", "a key that is a mapping", "a key that is an alias to a list",
        "a key that is empty", "a key given twice", "a key given three times",
        "a name given twice", "a key given twice inside a value",
        "a key given twice, once in quotes", "a tag on a key", "a number of a hundred digits",
    ),
}  # fmt: skip
"""What only `nnlab check` refuses, by the reason why no schema does: titles of `bad_specs/`."""


def values(case: Case) -> dict[str, Any] | None:
    """What the file of a case holds; None where it is not even YAML."""
    try:
        return dict(read(decode(case.spec, "spec.yaml"), "spec.yaml").values)
    except SpecError:
        return None


def test_the_schema_refuses_every_broken_spec_but_those_with_a_reason() -> None:
    """A rule that the schema loses, and one that it has gained, both show here."""
    # what stands behind -s is in no file: no editor sees it
    written = [(case, values(case)) for case in cases() if not case.overrides]
    judged = {case.title: held for case, held in written if held is not None}
    accepted = {title for title, held in judged.items() if VALIDATOR.is_valid(held)}
    reasoned = [title for titles in BEYOND.values() for title in titles]
    assert accepted == set(reasoned)
    assert len(reasoned) == len(set(reasoned))
    assert len(judged) > 200
    assert len(accepted) < 0.15 * len(judged)
