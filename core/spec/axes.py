"""The keys that may hold a list: each value of it is trained with each of the other axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, Literal, TypeVar

from nnlab.core.spec.lists import MAX_AXIS, list_schema, read_all, unbracketed
from nnlab.core.spec.reader import Path
from nnlab.core.spec.values import Kind, Misfit, Real, Schema, Whole, expected
from nnlab.core.wording import number

T = TypeVar("T")

MAX_SEEDS = 100_000
MAX_LAYERS = 1000
"""Most hidden layers of one network."""
_SEED = Whole(0, 2**32 - 1)
_DIGITS = 6


def log_spaced(low: float, high: float, num: int) -> tuple[float, ...]:
    """`num` values from `low` to `high`, equal ratios apart.

    The ends are exact; between them six significant digits are kept, so that the values are
    short, and the same on every machine.

    >>> log_spaced(0.001, 1.0, 4)
    (0.001, 0.01, 0.1, 1.0)
    """
    ratio = math.log10(high) - math.log10(low)
    inner = (10 ** (math.log10(low) + ratio * i / (num - 1)) for i in range(1, num - 1))
    return (low, *(float(f"{value:.{_DIGITS}g}") for value in inner), high)


@dataclass(frozen=True)
class Axis(Kind[tuple[T, ...]], Generic[T]):
    """One value, or a list of different values, of one kind."""

    item: Kind[T]
    most: int = MAX_AXIS

    def read(self, value: object) -> tuple[T, ...]:
        """The values, in the order written."""
        if isinstance(value, list | tuple):
            return read_all(self.item, value, self.most)
        try:
            return (self.item.read(value),)
        except Misfit as misfit:
            raise unbracketed(self.item, value, misfit) from None

    def schema(self) -> Schema:
        """The item's schema, or a list of it."""
        return {"anyOf": [self.item.schema(), list_schema(self.item.schema(), self.most)]}


class BatchSize(Kind[int | Literal["full"]]):
    """Examples in a batch, or `full`: all of the training part in one."""

    count = Whole(1)

    def read(self, value: object) -> int | Literal["full"]:
        """A positive `int`, or "full"."""
        if value == "full":
            return "full"
        try:
            return self.count.read(value)
        except Misfit as misfit:
            ((path, text),) = misfit.faults
            wanted = f"{self.count.what}, or full"
            raise Misfit((path, text.replace(self.count.what, wanted))) from None

    def schema(self) -> Schema:
        """An integer or the word."""
        return {"anyOf": [self.count.schema(), {"const": "full"}]}


class LearningRates(Axis[float]):
    """An axis of positive numbers that may also be written `{from: 1e-3, to: 1, num: 13}`."""

    def __init__(self) -> None:
        super().__init__(Real(above=0))

    def read(self, value: object) -> tuple[float, ...]:
        """The rates; a mapping is spread out evenly in the logarithm."""
        if not isinstance(value, dict):
            return super().read(value)
        kinds: dict[str, Kind[Any]] = {
            "from": self.item,
            "to": self.item,
            "num": Whole(2, MAX_AXIS),
        }
        if set(value) != set(kinds):
            shape = "{from: 0.001, to: 1, num: 13}"
            raise Misfit(((), f"log-spaced rates are written {shape}, with these three keys"))
        read: dict[str, Any] = {}
        faults: list[tuple[Path, str]] = []
        for key, kind in kinds.items():
            try:
                read[key] = kind.read(value[key])
            except Misfit as misfit:
                faults += [((key, *path), message) for path, message in misfit.faults]
        if faults:
            raise Misfit(*faults)
        low, high, num = read["from"], read["to"], read["num"]
        if low >= high:
            raise Misfit((("from",), f"from ({low:g}) must be below to ({high:g})"))
        rates = log_spaced(low, high, num)
        if any(a >= b for a, b in pairwise(rates)):
            raise Misfit((("num",), f"{num} rates from {low:g} to {high:g} cannot be told apart"))
        return rates

    def schema(self) -> Schema:
        """A number, a list, or the log-spaced form."""
        form = {
            "type": "object",
            "description": "num rates from ... to ..., evenly spread in the logarithm",
            "properties": {
                "from": self.item.schema() | {"description": "the smallest rate"},
                "to": self.item.schema() | {"description": "the largest rate"},
                "num": Whole(2, MAX_AXIS).schema() | {"description": "how many, ends included"},
            },
            "required": ["from", "to", "num"],
            "additionalProperties": False,
        }
        return {"anyOf": [*super().schema()["anyOf"], form]}


class Seeds(Kind[tuple[int, ...]]):
    """`5` stands for the seeds 0 to 4; a list names them."""

    def read(self, value: object) -> tuple[int, ...]:
        """The seeds."""
        if isinstance(value, list | tuple):
            return read_all(_SEED, value, MAX_SEEDS)
        if isinstance(value, int) and not isinstance(value, bool) and value == 0:
            raise expected("how many seeds, at least 1", value, "the seed 0 alone is 'seeds: 1'")
        try:
            return tuple(range(Whole(1, MAX_SEEDS).read(value)))
        except Misfit as misfit:
            raise unbracketed(_SEED, value, misfit) from None

    def schema(self) -> Schema:
        """A count or a list."""
        return {"anyOf": [Whole(1, MAX_SEEDS).schema(), list_schema(_SEED.schema(), MAX_SEEDS)]}


class Architectures(Kind[tuple[tuple[int, ...], ...]]):
    """`[64, 64]` is one network of two hidden layers; `[[64, 64], [32]]` are two networks."""

    width = Whole(1)

    def read(self, value: object) -> tuple[tuple[int, ...], ...]:
        """The widths of the hidden layers of each network."""
        if isinstance(value, int) and not isinstance(value, bool):
            hint = f"one hidden layer is written [{number(value)}]"
            raise expected("a list of widths such as [64, 64]", value, hint)
        if not isinstance(value, list | tuple):
            wrong = expected("a list of widths such as [64, 64]", value)
            raise unbracketed(self.width, value, wrong, twice=True)
        nested = [isinstance(item, list | tuple) for item in value]
        if any(nested) and not all(nested):
            message = "either widths, [64, 64], or a list of such lists, [[64, 64], [32]]: not both"
            raise Misfit(((nested.index(False),), message))
        return read_all(_Layers(), value, MAX_AXIS) if any(nested) else (_Layers().read(value),)

    def schema(self) -> Schema:
        """A list of widths, or a list of such lists."""
        return {"anyOf": [_Layers().schema(), list_schema(_Layers().schema(), MAX_AXIS)]}


class _Layers(Kind[tuple[int, ...]]):
    """The widths of the hidden layers of one network; the same width may come again."""

    def read(self, value: object) -> tuple[int, ...]:
        assert isinstance(value, list | tuple)
        if not value:
            raise Misfit(((), "the list is empty: at least one hidden layer is needed"))
        if len(value) > MAX_LAYERS:
            message = f"{len(value)} hidden layers are too many, the most is {MAX_LAYERS}"
            raise Misfit(((), message))
        faults: list[tuple[Path, str]] = []
        widths: list[int] = []
        for i, item in enumerate(value):
            try:
                widths.append(Architectures.width.read(item))
            except Misfit as misfit:
                faults += [((i, *path), message) for path, message in misfit.faults]
        if faults:
            raise Misfit(*faults)
        return tuple(widths)

    def schema(self) -> Schema:
        return {
            "type": "array",
            "items": Architectures.width.schema(),
            "minItems": 1,
            "maxItems": MAX_LAYERS,
        }
