"""Kinds of text in a spec: names of a table, names with a parameter, free text, a folder's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from nnlab.core.spec.reader import Path as Place
from nnlab.core.spec.values import Kind, Misfit, Schema, expected
from nnlab.core.suggest import unknown
from nnlab.core.wording import described, quoted

_LONGEST_NAME = 100
_RESERVED = "(con|prn|aux|nul|com[0-9]|lpt[0-9])"
"""What Windows calls its devices."""


@dataclass(frozen=True)
class Text(Kind[str]):
    """Free text without control characters; line breaks only where `lines`."""

    what: str = "text"
    most: int = 1000
    lines: bool = False

    def read(self, value: object) -> str:
        """The `str`."""
        if not isinstance(value, str):
            quotable = isinstance(value, bool | int | float)
            raise expected(self.what, value, "put it in quotes" if quotable else "")
        if not value and not self.lines:
            raise Misfit(((), f"expected {self.what}, got an empty text"))
        if len(value) > self.most:
            message = f"{len(value)} characters are too many, the most is {self.most}"
            raise Misfit(((), message))
        allowed = "\n\t" if self.lines else ""
        for c in value:
            if (c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff") and c not in allowed:
                raise Misfit(((), f"the character U+{ord(c):04X} is not allowed here"))
        return value

    def schema(self) -> Schema:
        """A string without control characters.

        Half characters (lone surrogates) are let through: to JavaScript a pattern that refuses
        them refuses every emoji.
        """
        control = r"\u0000-\u0008\u000b-\u001f" if self.lines else r"\u0000-\u001f"
        return {
            "type": "string",
            "minLength": 0 if self.lines else 1,
            "maxLength": self.most,
            "pattern": rf"^[^{control}\u007f-\u009f]*$",
        }


@dataclass(frozen=True)
class Names(Kind[tuple[str, ...]]):
    """One text or a list of different ones."""

    each: Text
    most: int = 10_000

    def read(self, value: object) -> tuple[str, ...]:
        """The texts; raises `Misfit` with every fault among them."""
        if not isinstance(value, list):
            return (replace(self.each, what=f"{self.each.what}, or a list of them").read(value),)
        if not 0 < len(value) <= self.most:
            wanted = f"{self.each.what}, or a list of 1 to {self.most:,} of them"
            raise Misfit(((), f"expected {wanted}, got a list of {len(value):,}"))
        names: list[str] = []
        faults: list[tuple[Place, str]] = []
        for i, written in enumerate(value):
            try:
                names.append(self.each.read(written))
            except Misfit as misfit:
                faults += [((i, *path), message) for path, message in misfit.faults]
                continue
            if names.index(names[-1]) < len(names) - 1:
                faults.append(((i,), f"{quoted(names[-1])} stands here twice"))
        if faults:
            raise Misfit(*faults)
        return tuple(names)

    def schema(self) -> Schema:
        """A string, or an array of different ones."""
        one = self.each.schema()
        array = {"type": "array", "items": one, "minItems": 1, "maxItems": self.most}
        return {"anyOf": [one, {**array, "uniqueItems": True}]}


@dataclass(frozen=True)
class Choice(Kind[str]):
    """One name of a table."""

    kind: str
    table: Mapping[str, object]

    def read(self, value: object) -> str:
        """The name, if the table has it."""
        if not isinstance(value, str):
            raise expected(f"one of {', '.join(self.table)}", value)
        if value not in self.table:
            raise Misfit(((), unknown(self.kind, value[:_LONGEST_NAME], self.table)))
        return value

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": list(self.table)}


@dataclass(frozen=True)
class Label(Kind[str]):
    """A name that may carry a parameter after a colon: `leaky_relu:0.2`, `normal:0.01`."""

    kind: str
    canonical: Callable[[str], str]
    """Any spelling -> the canonical one; raises `ValueError` with a full sentence."""
    names: tuple[str, ...]
    parametrized: tuple[str, ...]

    def read(self, value: object) -> str:
        """The canonical spelling."""
        if isinstance(value, dict) and len(value) == 1:
            ((name, parameter),) = value.items()
            if name in self.parametrized:
                hint = f"no space behind the colon: {name}:{described(parameter)}"
                raise expected("a name", value, hint)
        if not isinstance(value, str):
            raise expected(f"one of {', '.join(self.names)}", value)
        if any(c.isspace() for c in value):
            example = f"{self.parametrized[0]}:0.2"
            raise Misfit(
                ((), f"{quoted(value)} has a space in it; a parameter follows as in {example}")
            )
        if len(value) > _LONGEST_NAME:
            raise Misfit(((), f"{quoted(value)} is no {self.kind}: {len(value)} characters"))
        try:
            return self.canonical(value)
        except ValueError as error:
            raise Misfit(((), str(error))) from None

    def schema(self) -> Schema:
        """The names, and a pattern for those with a parameter."""
        number = r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?"
        pattern = rf"^({'|'.join(self.parametrized)}):{number}$"
        return {"anyOf": [{"enum": list(self.names)}, {"type": "string", "pattern": pattern}]}


class StudyName(Kind[str]):
    """The name of a study, which is also the name of its folder on any system."""

    pattern = r"^[A-Za-z0-9_][A-Za-z0-9._-]*$"
    most = 100
    reserved = re.compile(rf"{_RESERVED}(\..*)?", re.IGNORECASE)

    def read(self, value: object) -> str:
        """The name; raises `Misfit` for one that no folder could safely have."""
        name = Text("a name", self.most).read(value)
        if set(name) - set("._-") and not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            reason = "a name is made of letters a-z, digits, '.', '_' and '-'"
        elif not re.match(self.pattern, name):
            reason = "a name begins with a letter, a digit or '_'"
        elif ".." in name or name.endswith("."):
            reason = "a name has no two dots in a row and none at its end"
        elif self.reserved.fullmatch(name):
            reason = "Windows keeps this name for itself"
        else:
            return name
        raise Misfit(((), f"{quoted(name)} cannot name a folder: {reason}"))

    def schema(self) -> Schema:
        """A string with a pattern; patterns know no flags, so both cases are spelled out."""
        kept = "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in _RESERVED)
        return {
            "type": "string",
            "pattern": self.pattern,
            "not": {"pattern": rf"\.\.|\.$|^{kept}(\..*)?$"},
            "maxLength": self.most,
        }
