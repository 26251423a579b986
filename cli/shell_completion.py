"""What TAB offers: specs, keys and values of `-s`, activations and other names of the tables.

A function here gives the whole words that may stand where `incomplete` stands; typer asks it and
speaks with bash, zsh and fish. Where none fits the shell completes the names of files by itself.
Nothing here may fail: a message in the middle of typing helps nobody.

Bash hands over words that it has broken at `=` and `:`, and wants only the last piece back.
`mend_words` puts them together again and keeps aside what bash has already, `_typed` and `_offered`
add it and take it off.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

_MOST_FILES = 200
_VARIABLE = "_NNLAB_COMPLETE"
_BREAKS = {"=", ":"}
"""Of the characters at which bash breaks words (COMP_WORDBREAKS), those that ours have."""

_held = ""
"""The beginning of the word being typed that bash keeps to itself."""


def mend_words(environment: MutableMapping[str, str]) -> None:
    """Put the words together that bash has broken, where bash asks for a completion at all.

    `train x -s activation = re` becomes `train x -s re`, with `activation=` kept aside.
    """
    global _held  # noqa: PLW0603  # one word is being typed in a process
    _held = ""
    if environment.get(_VARIABLE) != "complete_bash" or "COMP_WORDS" not in environment:
        return
    text = environment["COMP_WORDS"]
    pieces = text.split("\n" if "\n" in text else " ")
    try:
        at = int(environment.get("COMP_CWORD", ""))
    except ValueError:
        return
    words: list[list[str]] = []
    for piece in pieces[: at + 1]:
        breaks = bool(piece) and set(piece) <= _BREAKS
        joins = bool(words) and (breaks or set(words[-1][-1][-1:]) & _BREAKS)
        if joins and piece:
            words[-1].append(piece)
        else:
            words.append([piece])
    if at >= len(pieces):  # the word is still empty, and some versions of bash leave it out
        words.append([""])
    *before, last = words
    whole = "".join(last)
    if set(last[-1]) <= _BREAKS:
        last = [*last, ""]
    _held = "".join(last[:-1])
    told = ["".join(word) for word in before]
    if whole.startswith("--") and "=" in _held:
        option, _, _held = _held.partition("=")
        told.append(option)
    environment["COMP_WORDS"] = "\n".join([*told, last[-1]])
    environment["COMP_CWORD"] = str(len(told))


def _typed(incomplete: str) -> str:
    """The word as it stands on the command line."""
    return _held + incomplete


def _offered(words: Iterable[str], incomplete: str) -> list[str]:
    """Those that go on from what is typed, as the shell wants them."""
    typed = _typed(incomplete)
    fitting = dict.fromkeys(word for word in words if word.startswith(typed))
    return [word[len(_held) :] for word in fitting]


def complete_specs(incomplete: str) -> list[str]:
    """The specs that ship, and YAML files in the folder that is typed or one below it."""
    from nnlab.configs import shipped

    typed = glob.escape(_typed(incomplete))
    patterns = [f"{typed}*.y*ml"] + ([f"{typed}*/*.y*ml"] if typed else [])
    files = [file for pattern in patterns for file in sorted(glob.glob(pattern))[:_MOST_FILES]]
    return _offered([*shipped(), *filter(os.path.isfile, files)], incomplete)


def complete_overrides(incomplete: str) -> list[str]:
    """`key=` for the keys of a spec; behind the sign the values that the key is known to take.

    For the only key that fits its values are offered too: the shell then stops behind the sign
    instead of beginning a new word.
    """
    from nnlab.core.spec import json_schema

    keys = json_schema()["properties"]
    key, sign, value = _typed(incomplete).partition("=")
    if sign:
        known = values_of(keys.get(key, {}))
        # [relu,ta goes on as [relu,tanh
        start = max(value.rfind("["), value.rfind(",")) + 1
        return _offered((f"{key}={value[:start]}{each}" for each in known), incomplete)
    fitting = [name for name in keys if name.startswith(key)]
    words = [f"{name}=" for name in fitting]
    if len(fitting) == 1:
        words += [f"{fitting[0]}={each}" for each in values_of(keys[fitting[0]])]
    return _offered(words, incomplete)


def values_of(schema: Mapping[str, Any]) -> list[str]:
    """The single values that a schema names: enumerated, given as examples, or by default."""
    from nnlab.core.spec.writer import flow

    kinds = [schema, *schema.get("anyOf", [])]
    named = [value for kind in kinds for value in kind.get("enum", [])]
    named += [kind["const"] for kind in kinds if "const" in kind]
    for kind in schema.get("anyOf", []):
        named += [value for inner in kind.get("anyOf", []) for value in inner.get("enum", [])]
    if schema.get("type") == "boolean":
        named += [True, False]
    named += schema.get("examples") or []
    named += [schema["default"]] if "default" in schema else []
    plain = [value for value in named if not isinstance(value, list | dict) and value != ""]
    return list(dict.fromkeys(flow(value) for value in plain))


def complete_activations(incomplete: str) -> list[str]:
    """A list of activations with commas: `relu,ta` goes on as `relu,tanh`."""
    return _listed("activation", incomplete)


def complete_optimizers(incomplete: str) -> list[str]:
    """The same for optimizers."""
    return _listed("optimizer", incomplete)


def complete_activation(incomplete: str) -> list[str]:
    """One activation."""
    return _offered(_names("activation"), incomplete)


def complete_topics(incomplete: str) -> list[str]:
    """The tables that `nnlab list` shows."""
    from nnlab.core.tables import TOPICS

    return _offered(TOPICS, incomplete)


def _listed(key: str, incomplete: str) -> list[str]:
    before, comma, _ = _typed(incomplete).rpartition(",")
    taken = set(before.split(","))
    names = [name for name in _names(key) if name not in taken]
    return _offered((f"{before}{comma}{name}" for name in names), incomplete)


def _names(key: str) -> list[str]:
    """What may stand beside a key of the spec that takes names."""
    from nnlab.core.spec import json_schema

    return values_of(json_schema()["properties"][key])
