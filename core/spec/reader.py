"""YAML text -> plain values that know where they were written.

A small, strict reading of YAML. What differs from `yaml.safe_load`:

- Scalars follow YAML 1.2: `1e-4` and `.5` are numbers, only `true` and `false` are booleans, and
  `no`, `010`, `0x1F`, `1:30`, `2024-01-01` stay the text they look like.
- Refused, with line and column: duplicate keys, tags, keys that are no words, merge keys, several
  documents, aliases that blow up, deep nesting, large files, text that is not UTF-8.
- Nothing is constructed but `str`, `int`, `float`, `bool`, `None`, `list` and `dict`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nnlab.core.errors import Problem, SpecError
from nnlab.core.spec.file import forbidden
from nnlab.core.spec.tree import (
    LINE_BREAK,
    MAX_DEPTH,
    MAX_VALUES,
    Node,
    Place,
    Unreadable,
    grow,
    refusal_of_tag,
)
from nnlab.core.wording import quoted, shown

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]
"""Where a value hangs: `("activation", 2)` is the third activation."""

AT_KEY = "(key)"
"""As the last step of a path: the key that stands there, not its value."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DIGITS = re.compile(r"[-+]?[0-9]+")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_LARGEST = 2**63 - 1


def scalar(text: str) -> str | int | float | bool | None:
    """What a plain (unquoted) scalar stands for.

    Raises `ValueError` for a whole number beyond 64 bits: `int` of a million digits would hang.

    >>> [scalar(text) for text in ("1e-4", ".5", "32", "true", "no", "010", "1:30")]
    [0.0001, 0.5, 32, True, 'no', '010', '1:30']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        digits = len(text.lstrip("+-"))
        if digits > len(str(_LARGEST)) or abs(int(text)) > _LARGEST:
            raise ValueError(f"a whole number of {digits} digits is too large: at most {_LARGEST}")
        return int(text)
    if _FLOAT.fullmatch(text) and not _DIGITS.fullmatch(text):
        return float(text)
    if infinity := _INFINITY.fullmatch(text):
        return float(f"{infinity[1]}inf")
    return text


@dataclass(slots=True)
class Document:
    """The mapping that a spec is, and the place of every key and value in it.

    `problems` are those that did not stop the reading; the values of the keys in `damaged` are
    not to be judged because of them.
    """

    source: str
    values: dict[str, Value] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)

    def problem(self, path: Path, message: str) -> Problem:
        """`message` at the place of `path`, or of the nearest value around it that has one."""
        if path[-1:] == (AT_KEY,) and path[:-1] in self.keys:
            return self.keys[path[:-1]].problem(message)
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]].problem(message)
        return Problem(message)

    def overridden(self, key: str) -> bool:
        """Whether the value of `key` comes from an override."""
        return (key,) in self.places and bool(self.places[key,].said)

    def drop(self, key: str) -> None:
        """Forget `key`, its value and its places."""
        self.values.pop(key, None)
        for known in (self.keys, self.places):
            for path in [path for path in known if path[0] == key]:
                del known[path]


def read(text: str, source: str) -> Document:
    """The document in `text` (see `file.decode`); `source` names it in messages.

    Raises `SpecError` where reading cannot go on; lesser problems are in the document.
    """
    lines = LINE_BREAK.split(text)
    document = Document(source)
    try:
        root = grow(text, lambda mark: Place.of(mark, lines))
        if root is None:
            raise Unreadable(
                Problem("the spec is empty; it needs at least a line 'name: my-study'")
            )
        if root.kind != "mapping" or root.tag is not None:
            what = {"scalar": "a single text", "list": "a list", "mapping": "a tagged value"}
            message = f"expected lines of 'key: value', found {what[root.kind]}"
            raise Unreadable(root.place.problem(message))
        document.values.update(_Unfolding(document).mapping(root, ()))
    except Unreadable as stop:
        raise SpecError(source, [*document.problems, stop.problem]) from None
    return document


def override(document: Document, texts: Sequence[str]) -> list[str]:
    """Replace keys by `key=value` texts, the value read as YAML; the last one of a key wins.

    Returns the keys replaced. What is wrong goes to the document's problems.
    """
    replaced = []
    for text in texts:
        place = Place(None, None, "", said=f"-s {shown(text)}: ")
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not key:
            message = "expected key=value, such as -s learning_rate=0.01"
            document.problems.append(place.problem(message))
            continue
        if odd := forbidden(key):
            message = f"the character U+{ord(odd):04X} is not allowed"
            document.problems.append(place.problem(message))
            continue
        document.drop(key)
        document.damaged.discard(key)
        document.keys[key,] = document.places[key,] = place
        replaced.append(key)
        try:
            node = grow(value, lambda _, place=place: place)  # type: ignore[misc]
            document.values[key] = _Unfolding(document).value(node, (key,)) if node else None
        except Unreadable as stop:
            message = stop.problem.message.removeprefix(place.said)
            document.problems.append(place.problem(message))
            document.damaged.add(key)
    return replaced


class _Unfolding:
    """Nodes -> values, aliases followed; notes the places and what is wrong."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def wrong(self, path: Path, place: Place, message: str) -> None:
        self.document.problems.append(place.problem(message))
        self.document.damaged.add(str(path[0]))

    def value(self, node: Node, path: Path) -> Value:
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            message = f"aliases unfold to more than {MAX_VALUES} values or {MAX_DEPTH} levels"
            raise Unreadable(node.place.problem(message))
        self.document.places[path] = node.place
        if node.tag is not None:
            self.wrong(path, node.place, refusal_of_tag(node.tag))
            return None
        if node.kind == "list":
            return [self.value(item, (*path, i)) for i, item in enumerate(node.items)]
        if node.kind == "mapping":
            return self.mapping(node, path)
        if not node.plain:
            return node.text
        try:
            return scalar(node.text)
        except ValueError as error:
            self.wrong(path, node.place, str(error))
            return None

    def mapping(self, node: Node, path: Path) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for key, value in node.pairs:
            here = (*path, key.text)
            if message := _wrong_key(key):
                self.document.problems.append(key.place.problem(message))
                if path:
                    self.document.damaged.add(str(path[0]))
            elif key.text in values:
                first = self.document.keys[here].line
                again = f"the key {quoted(key.text)} is given twice"
                where = f": it stands on line {first} already" if first else ""
                self.wrong(here, key.place, again + where)
            else:
                self.document.keys[here] = key.place
                values[key.text] = self.value(value, here)
        return values


def _wrong_key(key: Node) -> str | None:
    """Why this node cannot be a key; None when it can."""
    if key.kind != "scalar":
        return f"a key is a word, not a {key.kind}"
    if key.tag is not None:
        return refusal_of_tag(key.tag)
    if not key.text:
        return "a key is missing in front of ':'"
    if key.plain and key.text == "<<":
        return "merge keys ('<<') are not supported: write the keys out"
    return None
