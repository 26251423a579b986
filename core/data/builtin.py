"""What is known about a data set that comes along before it is loaded: a row of `DATASETS`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from nnlab.core.data.generated import Arrays
from nnlab.core.suggest import unknown
from nnlab.core.wording import described, shown

OptionValue = int | float


@dataclass(frozen=True, slots=True)
class Option:
    """A number that may be set for a generated data set: `{name: moons, noise: 0.3}`."""

    default: OptionValue
    low: OptionValue
    high: OptionValue
    kind: type[int] | type[float]
    description: str

    def problem(self, name: str, value: object) -> str | None:
        """A sentence when `value` will not do (wrong type, outside low..high), else None."""
        fits = (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
            and (self.kind is float or value == math.floor(value))
        )
        if fits:
            return None
        kind = "a whole number" if self.kind is int else "a number"
        return f"'{name}' is {kind} from {self.low} to {self.high}, not {described(value)}"


class Counts(NamedTuple):
    """How large a data set is: examples, features, and classes (0 for regression)."""

    n: int
    features: int
    classes: int


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A data set that comes along; `n`, `features` and `classes` hold for the default options."""

    name: str
    task: str
    n: int
    features: int
    classes: int
    """Number of classes; 0 for regression."""
    description: str
    source: str
    make: Callable[..., Arrays]
    """Called with every option by name."""
    options: Mapping[str, Option] = field(default_factory=dict)

    def problems(self, options: Mapping[str, object]) -> list[str]:
        """Everything wrong with these options, a sentence each; empty when they will do."""
        found = []
        for name, value in options.items():
            if not self.options:
                found.append(f"'{self.name}' has no options; remove '{shown(name)}'")
            elif name not in self.options:
                found.append(unknown(f"option of '{self.name}'", name, self.options))
            elif sentence := self.options[name].problem(name, value):
                found.append(sentence)
        if not found:
            counts = self.counts(options)
            if counts.n < 2 * counts.classes:
                found.append(
                    f"'n' (={counts.n}) must be at least twice the number of classes "
                    f"(={counts.classes})"
                )
        return found

    def complete(self, options: Mapping[str, object]) -> dict[str, OptionValue]:
        """These options with the defaults of the others; call it when `problems` finds none."""
        return {
            name: option.kind(cast(OptionValue, options.get(name, option.default)))
            for name, option in self.options.items()
        }

    def counts(self, options: Mapping[str, object]) -> Counts:
        """The size with these options, without loading anything."""
        given = self.complete(options)
        return Counts(
            int(given.get("n", self.n)),
            int(given.get("features", self.features)),
            int(given.get("classes", self.classes)),
        )

    def load(self, options: Mapping[str, object]) -> Arrays:
        """The arrays; the same options give the same numbers."""
        return self.make(**self.complete(options))
