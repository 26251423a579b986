"""Lists in a spec: read item by item, no value twice, forgotten brackets pointed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from nnlab.core.spec.reader import Path, scalar
from nnlab.core.spec.values import Kind, Misfit, Schema
from nnlab.core.wording import number, quoted

T = TypeVar("T")

MAX_AXIS = 1000
"""Most values on one axis; seeds may be more (`MAX_SEEDS`)."""
LIST_HINT = "a list is written in brackets: "
"""Before a list as it should have been written."""


def unbracketed(item: Kind[Any], value: object, misfit: Misfit, *, twice: bool = False) -> Misfit:
    """What to say of `relu, tanh` where `[relu, tanh]` was meant; else the misfit as it is.

    `twice`: whether a value may stand in the list twice.
    """
    if not isinstance(value, str) or "," not in value:
        return misfit
    parts = [part.strip() for part in value.split(",")]
    try:
        written = [scalar(part) for part in parts]
        read_all(item, list(dict.fromkeys(written)) if twice else written, MAX_AXIS)
    except (Misfit, ValueError):
        if "brackets" in str(misfit):
            return misfit
        hint = f"; {LIST_HINT}[a, b]"
        return Misfit(*((path, message + hint) for path, message in misfit.faults))
    what = f"{quoted(value)} is one text of {len(parts)} values"
    return Misfit(((), f"{what}; {LIST_HINT}[{', '.join(parts)}]"))


def list_schema(item: Schema, most: int) -> Schema:
    """A list of 1 to `most` different items."""
    return {
        "type": "array", "items": item, "minItems": 1, "maxItems": most, "uniqueItems": True,
    }  # fmt: skip


def read_all(kind: Kind[T], values: Sequence[object], most: int) -> tuple[T, ...]:
    """Every item read by `kind`; raises `Misfit` with all faults, values given twice among them."""
    if not values:
        raise Misfit(((), "the list is empty: give at least one value"))
    if len(values) > most:
        raise Misfit(((), f"{len(values)} values are too many, the most is {most}"))
    faults: list[tuple[Path, str]] = []
    first: dict[T, int] = {}
    for i, value in enumerate(values):
        try:
            item = kind.read(value)
        except Misfit as misfit:
            faults += [((i, *path), message) for path, message in misfit.faults]
            continue
        if item in first:
            faults.append(((i,), _twice(item, value, values[first[item]], first[item])))
        else:
            first[item] = i
    if faults:
        raise Misfit(*faults)
    return tuple(first)


def _twice(item: object, value: object, earlier: object, index: int) -> str:
    what = f"'{item}'" if isinstance(item, str) else plain(item)
    same = f" as {quoted(earlier)}" if isinstance(earlier, str) and earlier != value else ""
    return f"{what} is given twice: it is item {index + 1} already{same}"


def plain(value: Any) -> str:
    """A number, or (nested) tuple of numbers, as YAML writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(plain(item) for item in value)}]"
    return number(value)
