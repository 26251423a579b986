"""What may stand beside a key: one class for each kind of value.

A kind reads a written value (YAML's or Python's plain values) into the spec's own, or raises
`Misfit` with every fault in it, each with its place inside the value. It also knows its JSON
Schema, so that what is accepted and what is documented stand together. Kinds are used as pydantic
metadata: `batch_size: Annotated[tuple[int, ...], Axis(Whole(1))]`.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from nnlab.core.spec.reader import Path
from nnlab.core.wording import described, number

T = TypeVar("T")
Schema = dict[str, Any]

MAX_COUNT = 10**9
"""Upper bound of every count that has no lower one of its own."""
SMALLEST, LARGEST = 1e-30, 1e30
"""Magnitudes that float32 holds with room to compute."""


class Misfit(Exception):
    """A value that does not fit: (place inside it, sentence) for every fault."""

    def __init__(self, *faults: tuple[Path, str]) -> None:
        super().__init__("; ".join(message for _, message in faults))
        self.faults = faults


def refusal(faults: Iterable[tuple[Path, str]]) -> ValidationError:
    """The faults as the error that pydantic validators raise to report several at once."""
    lines = [
        InitErrorDetails(
            type=PydanticCustomError("nnlab", "{message}", {"message": message}),
            loc=path,
            input=None,
        )
        for path, message in faults
    ]
    return ValidationError.from_exception_data("Spec", lines)


class Kind(ABC, Generic[T]):
    """A kind of value."""

    @abstractmethod
    def read(self, value: object) -> T:
        """The spec's value for a written one; raises `Misfit`."""

    @abstractmethod
    def schema(self) -> Schema:
        """JSON Schema (draft 2020-12) of the written form."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """How pydantic validates a field of this kind."""

        def validate(value: object) -> T:
            try:
                return self.read(value)
            except Misfit as misfit:
                raise refusal(misfit.faults) from None

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> Schema:
        """How pydantic documents a field of this kind."""
        return self.schema()


def expected(what: str, value: object, hint: str = "") -> Misfit:
    """The misfit `expected a whole number, got '32' (text): leave out the quotes`."""
    if value is None:
        hint = hint or "give a value, or leave the line out"
    return Misfit(((), f"expected {what}, got {described(value)}" + (f": {hint}" if hint else "")))


_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


def _hint_for_number(text: str) -> str:
    """What to write instead of a text that stands for a number."""
    plain = text.replace("\u2212", "-").replace("\u2013", "-")
    bare = re.sub("[_+']", "", text)
    hints = (
        (r"[-+]?0[0-9]+", f"write {text.lstrip('+-0') or '0'} without leading zeros"),
        (_NUMBER, "leave out the quotes"),
        (r"[-+]?[0-9][0-9_']{0,28}(\.[0-9]+)?", f"write {bare}"),
        (r"[1-9][0-9]{0,2}(,[0-9]{3})+", f"write {text.replace(',', '')}, or a list in brackets"),
        (r"[0-9]+,[0-9]+", "write a decimal point, or a list in brackets"),
    )
    for pattern, hint in hints:
        if re.fullmatch(pattern, text):
            return hint
    typed = f"write {plain}, with the minus sign of the keyboard"
    return typed if _NUMBER.fullmatch(plain) else ""


@dataclass(frozen=True)
class Whole(Kind[int]):
    """A whole number from `low` to `high`."""

    low: int
    high: int = MAX_COUNT

    @property
    def what(self) -> str:
        """In words."""
        if self.high == MAX_COUNT:
            return f"a whole number of at least {self.low}"
        return f"a whole number from {self.low} to {self.high}"

    def read(self, value: object) -> int:
        """An `int` within the bounds; neither true, 32.0 nor "32" is one."""
        if isinstance(value, str):
            raise expected(self.what, value, _hint_for_number(value))
        if isinstance(value, float) and value.is_integer() and self.low <= value <= self.high:
            raise expected(self.what, value, f"write {int(value)}")
        if isinstance(value, bool) or not isinstance(value, int) or value < self.low:
            raise expected(self.what, value)
        if value > self.high:
            raise expected(self.what, value, f"the most is {self.high}")
        return value

    def schema(self) -> Schema:
        """An integer within the bounds."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Real(Kind[float]):
    """A finite number within bounds; `above` and `below` exclude their bound."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None

    @property
    def what(self) -> str:
        """In words."""
        lower = f"above {self.above:g}" if self.above is not None else ""
        if self.at_least is not None:
            lower = f"of at least {self.at_least:g}"
        upper = f"below {self.below:g}" if self.below is not None else ""
        bounds = " and ".join(part for part in (lower, upper) if part)
        return f"a number {bounds}".strip()

    def read(self, value: object) -> float:
        """A `float` within the bounds; whole numbers count, booleans and text do not."""
        if isinstance(value, str):
            raise expected(self.what, value, _hint_for_number(value))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise expected(self.what, value)
        try:
            x = float(value)
        except OverflowError:
            x = math.inf
        if not math.isfinite(x):
            raise Misfit(((), f"expected {self.what}, got {number(value)}, which is not finite"))
        if (
            (self.above is not None and x <= self.above)
            or (self.at_least is not None and x < self.at_least)
            or (self.below is not None and x >= self.below)
        ):
            raise expected(self.what, value)
        if x and not SMALLEST <= abs(x) <= LARGEST:
            message = f"{number(x)} is outside {SMALLEST:g} to {LARGEST:g}, where float32 computes"
            raise Misfit(((), message))
        return x

    def schema(self) -> Schema:
        """A number within the bounds, and within what float32 holds."""
        bounds = {
            "exclusiveMinimum": self.above,
            "minimum": SMALLEST if self.above == 0 else self.at_least,
            "exclusiveMaximum": self.below,
            "maximum": LARGEST if self.below is None else None,
        }
        return {"type": "number", **{k: v for k, v in bounds.items() if v is not None}}


class Flag(Kind[bool]):
    """`true` or `false`, nothing else: `no` and `off` are text in YAML 1.2."""

    def read(self, value: object) -> bool:
        """The `bool`."""
        if isinstance(value, bool):
            return value
        word = str(value).casefold() if isinstance(value, str | int) else ""
        hint = ""
        if word in ("yes", "on", "y", "1", "true"):
            hint = "write true"
        elif word in ("no", "off", "n", "0", "false"):
            hint = "write false"
        raise expected("true or false", value, hint)

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Maybe(Kind[T | None]):
    """A value or `null`, which means: not given."""

    kind: Kind[T]

    def read(self, value: object) -> T | None:
        """None, or what the kind reads."""
        return None if value is None else self.kind.read(value)

    def schema(self) -> Schema:
        """The kind's, or null."""
        return {"anyOf": [self.kind.schema(), {"type": "null"}]}
