"""Learning rates: an axis that all activations share, or one rate of its own for each activation.

A shared rate and rates of one's own answer different questions: how activations do under equal
conditions, and how each does at its best.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nnlab.core.spec.axes import LearningRates
from nnlab.core.spec.reader import AT_KEY, Path
from nnlab.core.spec.values import Kind, Misfit, Schema

_LOG_SPACED = {"from", "to", "num"}


@dataclass(frozen=True, slots=True)
class OwnRates:
    """A learning rate for each activation: `{relu: 0.1, tanh: 0.2}`."""

    rates: tuple[tuple[str, float], ...]
    """(activation, rate), in the order written."""

    def __iter__(self) -> Iterator[float]:
        """The rates."""
        return (rate for _, rate in self.rates)

    def written(self) -> dict[str, float]:
        """The mapping that it was written as, activations in canonical spelling."""
        return dict(self.rates)


class RatesOrOwn(Kind[tuple[float, ...] | OwnRates]):
    """What `LearningRates` reads, or a mapping from activation to rate."""

    axis = LearningRates()

    def __init__(self, activation: Kind[str]) -> None:
        """`activation` reads a label."""
        self.activation = activation

    def read(self, value: object) -> tuple[float, ...] | OwnRates:
        """The rates of the axis, or those by activation."""
        if not isinstance(value, dict) or not value or set(value) & _LOG_SPACED:
            return self.axis.read(value)
        faults: list[tuple[Path, str]] = []
        rates: dict[str, float] = {}
        for key, rate in value.items():
            try:
                label = self.activation.read(key)
                if label in rates:
                    raise Misfit(((), f"'{label}' is given twice"))
            except Misfit as misfit:
                faults += [((key, AT_KEY), message) for _, message in misfit.faults]
                continue
            try:
                rates[label] = self.axis.item.read(rate)
            except Misfit as misfit:
                faults += [((key, *path), message) for path, message in misfit.faults]
        if faults:
            raise Misfit(*faults)
        return OwnRates(tuple(rates.items()))

    def schema(self) -> Schema:
        """What `LearningRates` has, or a mapping."""
        own = {
            "type": "object",
            "description": "a learning rate of its own for each activation",
            "propertyNames": self.activation.schema(),
            "additionalProperties": self.axis.item.schema(),
            "minProperties": 1,
        }
        return {"anyOf": [*self.axis.schema()["anyOf"], own]}
