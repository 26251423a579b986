"""Names that carry a number after a colon: `leaky_relu:0.2`, `normal:0.01`."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """The one number a row of a table may take, with its bounds (both inclusive)."""

    name: str
    default: float
    low: float
    high: float
    meaning: str

    def read(self, text: str, label: str) -> float:
        """The number in `text`; `label` is the whole name, for the message of a `ValueError`."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{label!r}: {self.name} ({self.meaning}) must be a number from {self.low:g} "
                f"to {self.high:g}, not {text!r}"
            )
        return value + 0.0  # -0.0 becomes 0.0


def join_label(name: str, value: float) -> str:
    """`("leaky_relu", 0.2)` -> `"leaky_relu:0.2"`; reads back as the same number."""
    short = f"{value:g}"
    return f"{name}:{short if float(short) == value else repr(value)}"


def split_label(label: str) -> tuple[str, str | None]:
    """`"leaky_relu:0.2"` -> `("leaky_relu", "0.2")`, `"relu"` -> `("relu", None)`."""
    name, colon, text = label.partition(":")
    return name.strip(), text.strip() if colon else None
