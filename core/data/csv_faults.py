"""What is wrong in the rows of a CSV file, by line and column: the first in full, then places."""

from __future__ import annotations

import re
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING

from nnlab.core.data.csv_file import Block, Layout
from nnlab.core.errors import DataError
from nnlab.core.wording import shown

if TYPE_CHECKING:
    import polars as pl

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "?"})
"""What stands for a missing value, upper or lower case."""
NUMBER = re.compile(
    r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)\s*", re.ASCII | re.IGNORECASE
)
_MOST = 10
"""Faults that are told at once."""


def fault_in(block: Block, faulty: pl.DataFrame | None) -> DataError:
    """The error for a block with faults.

    `faulty` has a column of truth values, `c0`, `c1`, ..., for each column of the table that may
    have faults, a row a record (blank ones not counted); None: a row is of a wrong length. Where
    Python's reader finds no fault, the two readers disagree, which they do over quotation marks and
    line ends that are against the rules.
    """
    layout, found = block.layout, []
    marked = {} if faulty is None else _marked(faulty)
    end = max(marked) + 1 if marked else None
    for row, (line, fields) in enumerate(islice(block.records(), end)):
        if len(fields) != len(layout.names):
            found.append((f"line {line}", wrong_length(layout, fields)))
        else:
            found += [
                (f"line {line}, column '{shown(layout.names[position])}'", fault)
                for position in marked.get(row, ())
                if (fault := _fault(fields[position].strip()))
            ]
        if len(found) >= _MOST:
            break
    if not found:
        return DataError(
            f"{layout.place}: cannot be read as CSV: a value with a quotation mark in it must "
            f"stand in quotation marks and double its own, and all lines must end alike"
        )
    return error_of(layout, found)


def _marked(faulty: pl.DataFrame) -> dict[int, list[int]]:
    """The first records that may have faults, and in which columns."""
    marked: dict[int, list[int]] = {}
    for series in faulty:
        for row in series.arg_true().head(_MOST):
            marked.setdefault(row, []).append(int(series.name.removeprefix("c")))
    return {row: marked[row] for row in sorted(marked)[:_MOST]}


def error_of(layout: Layout, found: list[tuple[str, str]]) -> DataError:
    """The first of these (place, fault) in full, and the places of the next few."""
    (place, fault), *others = found[:_MOST]
    also = f"; further faults: {'; '.join(place for place, _ in others)}" if others else ""
    return DataError(f"{layout.place}, {place}: {fault}{also}")


def wrong_length(layout: Layout, fields: list[str]) -> str:
    """What is wrong with a row of another length than the header."""
    return f"has {len(fields)} values where the header has {len(layout.names)} columns"


def _fault(text: str) -> str | None:
    """What keeps a value from being a finite number."""
    if not text:
        return "the value is missing; fill it in or leave the row out"
    if text.lower() in MISSING:
        return f"'{shown(text)}' stands for a missing value; fill it in or leave the row out"
    if not NUMBER.fullmatch(text):
        return f"'{shown(text)}' is not a number, though most values of the column are"
    return None if isfinite(float(text)) else f"'{shown(text)}' is not a finite number"
