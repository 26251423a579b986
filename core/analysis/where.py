"""`--where "activation == 'relu' and learning_rate > 0.1"`: which rows of a table are meant.

The expression is parsed (`where_syntax`) and its columns looked up in the table of quantities; what
comes out is an expression of polars. A comparison with a missing value is false, whichever it is;
`is null` and `is not null` (or `== null`, `!= null`) ask for missing values.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nnlab.core.analysis.where_syntax import (
    Column,
    Every,
    Membership,
    Not,
    Operand,
    Presence,
    Relation,
    Some,
    Tree,
    Value,
    parse,
)
from nnlab.core.analysis.where_tokens import WhereError
from nnlab.core.quantities import Quantity
from nnlab.core.spec.phrases import SYNONYMS
from nnlab.core.suggest import unknown
from nnlab.core.wording import quoted


def where(text: str, columns: Mapping[str, Quantity]) -> pl.Expr:
    """True in the rows that `text` means, never null. `WhereError` with the place of the mistake.

    >>> from nnlab.core.quantities import RUN_COLUMNS
    >>> frame = pl.DataFrame({"depth": [1, 2, None]})
    >>> frame.filter(where("not depth > 1", RUN_COLUMNS))["depth"].to_list()
    [1, None]
    """
    return _Binder(text, columns).bind(parse(text))


def columns_in(text: str) -> list[str]:
    """The columns that an expression mentions, in order, each once."""
    return list(dict.fromkeys(_names(parse(text))))


def unknown_column(name: str, columns: Mapping[str, Quantity]) -> str:
    """The sentence for a column that a table does not have, with the one that was meant.

    >>> from nnlab.core.quantities import CURVE_COLUMNS
    >>> unknown_column("epochs", CURVE_COLUMNS)[:48]
    "unknown column 'epochs'; did you mean 'epoch'? A"
    """
    name = name[:100]
    meant = [key for key, others in SYNONYMS.items() if name.casefold() in others]
    if meant and meant[0] in columns:
        allowed = ", ".join(columns)
        return f"unknown column {name!r}; did you mean '{meant[0]}'? Allowed: {allowed}"
    return unknown("column", name, columns)


def _names(tree: Tree) -> list[str]:
    match tree:
        case Every(parts) | Some(parts):
            return [name for part in parts for name in _names(part)]
        case Not(part):
            return _names(part)
        case Relation(_, left, right):
            return [operand.name for operand in (left, right) if isinstance(operand, Column)]
        case Membership(operand) | Presence(operand):
            return [operand.name] if isinstance(operand, Column) else []


class _Binder:
    """Turns trees into expressions over columns that exist and have the type asked for."""

    def __init__(self, text: str, columns: Mapping[str, Quantity]) -> None:
        self._text = text
        self._columns = columns

    def bind(self, tree: Tree) -> pl.Expr:
        """The expression of a tree; its depth is limited by the parser."""
        match tree:
            case Every(parts):
                return pl.all_horizontal([self.bind(part) for part in parts])
            case Some(parts):
                return pl.any_horizontal([self.bind(part) for part in parts])
            case Not(part):
                return ~self.bind(part)
            case Presence(operand, negated):
                return self._presence(operand, negated)
            case Membership(operand, values, negated):
                return self._membership(operand, values, negated)
            case Relation():
                return self._relation(tree)

    def _relation(self, tree: Relation) -> pl.Expr:
        left, right = tree.left, tree.right
        if not isinstance(left, Column) and not isinstance(right, Column):
            names = ", ".join(self._columns)
            raise self._wrong(left, f"this compares two values; name a column: {names}")
        if tree.operator in ("==", "!="):
            for operand, other in ((left, right), (right, left)):
                if isinstance(other, Value) and other.value is None:
                    return self._presence(operand, tree.operator == "!=")
        kinds = self._kind(left, right), self._kind(right, left)
        if kinds[0] != kinds[1]:
            raise self._wrong(right, f"{self._is(left)}, {self._is(right)}")
        if kinds[0] == "text" and tree.operator not in ("==", "!="):
            column = left if isinstance(left, Column) else right
            message = f"{self._is(column)}, which '{tree.operator}' does not compare"
            raise WhereError(self._text, tree.at, message)
        a, b = self._operand(left), self._operand(right)
        match tree.operator:
            case "==":
                told = a == b
            case "!=":
                told = a != b
            case "<":
                told = a < b
            case "<=":
                told = a <= b
            case ">":
                told = a > b
            case _:
                told = a >= b
        return told.fill_null(False)

    def _membership(self, operand: Operand, values: tuple[Value, ...], negated: bool) -> pl.Expr:
        if not isinstance(operand, Column):
            raise self._wrong(operand, "a column stands before 'in'")
        kind = self._kind(operand)
        for value in values:
            if self._kind(value) != kind:
                raise self._wrong(value, f"{self._is(operand)}, {self._is(value)}")
        told = pl.any_horizontal([self._operand(operand) == pl.lit(v.value) for v in values])
        return (~told if negated else told).fill_null(False)

    def _presence(self, operand: Operand, negated: bool) -> pl.Expr:
        if not isinstance(operand, Column):
            raise self._wrong(operand, "only a column may be compared with null")
        self._kind(operand)
        column = self._operand(operand)
        return column.is_not_null() if negated else column.is_null()

    def _operand(self, operand: Operand) -> pl.Expr:
        if isinstance(operand, Value):
            return pl.lit(operand.value)
        column = pl.col(operand.name)
        if self._columns[operand.name].kind != "number":
            return column
        # What is not a number is missing, wherever a table has it from. (fill_nan makes a column of
        # nothing but NaN a single value, polars 2.1.)
        return pl.when(column.is_not_nan()).then(column)

    def _kind(self, operand: Operand, other: Operand | None = None) -> str:
        """`text` or `number`; `other` is what it is compared with."""
        if isinstance(operand, Column):
            quantity = self._columns.get(operand.name)
            if quantity is None:
                raise self._wrong(operand, self._unknown(operand.name, other))
            return "text" if quantity.kind == "text" else "number"
        if operand.value is None:
            raise self._wrong(operand, "null is compared with '==', '!=' or 'is' only")
        return "text" if isinstance(operand.value, str) else "number"

    def _unknown(self, name: str, other: Operand | None) -> str:
        """What to say of a word that is no column: perhaps its quotes were forgotten."""
        quantity = self._columns.get(other.name) if isinstance(other, Column) else None
        if quantity is not None and quantity.kind == "text":
            return f"{quoted(name)} is no column; a text stands in quotes: '{name}'"
        return unknown_column(name, self._columns)

    def _is(self, operand: Operand) -> str:
        what = "a text" if self._kind(operand) == "text" else "a number"
        if isinstance(operand, Column):
            return f"{operand.name} is {what}"
        return f"{quoted(str(operand.value))} is {what}"

    def _wrong(self, operand: Operand, message: str) -> WhereError:
        return WhereError(self._text, operand.at, message)
