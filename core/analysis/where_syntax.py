"""The language of `--where`: text -> a small tree. Parsed here, never evaluated as Python.

    expression  = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | "(" expression ")" | comparison
    comparison  = operand ( relation { relation } | membership | presence )
    relation    = ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) operand
    membership  = [ "not" ] "in" "[" value { "," value } "]"
    presence    = "is" [ "not" ] "null"
    operand     = column | value
    value       = number | 'text' | "text" | null

`0.01 <= learning_rate < 1` means what it means in Python. There is no arithmetic and no call.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from nnlab.core.analysis.where_tokens import Token, WhereError, number_of, tokens_of
from nnlab.core.wording import quoted

MAX_DEPTH = 50
"""Parentheses and `not` inside one another."""
RELATIONS = ("==", "!=", "<=", ">=", "<", ">")


@dataclass(frozen=True, slots=True)
class Column:
    """The name of a column, at an offset of the text."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Value:
    """A number, a text, or None for null."""

    value: str | int | float | None
    at: int


Operand: TypeAlias = Column | Value


@dataclass(frozen=True, slots=True)
class Relation:
    """`left operator right`."""

    operator: str
    left: Operand
    right: Operand
    at: int


@dataclass(frozen=True, slots=True)
class Membership:
    """`operand in [values]`, or not in."""

    operand: Operand
    values: tuple[Value, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """`operand is null`, or is not."""

    operand: Operand
    negated: bool


@dataclass(frozen=True, slots=True)
class Not:
    """What is true where `part` is not."""

    part: Tree


@dataclass(frozen=True, slots=True)
class Every:
    """`and`: true where all parts are."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """`or`: true where any part is."""

    parts: tuple[Tree, ...]


Tree: TypeAlias = Relation | Membership | Presence | Not | Every | Some


def parse(text: str) -> Tree:
    """The tree of an expression. `WhereError` with the place where it stops making sense.

    >>> parse("depth > 2")
    Relation(operator='>', left=Column(name='depth', at=0), right=Value(value=2, at=8), at=6)
    """
    parser = _Parser(text, tokens_of(text))
    tree = parser.expression(0)
    if parser.token.kind != "end":
        raise parser.unexpected("'and' or 'or'")
    return tree


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self._tokens = tokens
        self._next = 0

    @property
    def token(self) -> Token:
        """The token to be read next."""
        return self._tokens[self._next]

    def unexpected(self, wanted: str) -> WhereError:
        """The next token is not what the grammar asks for."""
        token = self.token
        found = f", not {quoted(token.text)}" if token.text else "; it ends here"
        return WhereError(self.text, token.at, f"expected {wanted}{found}")

    def expression(self, depth: int) -> Tree:
        """Conjunctions joined by `or`."""
        parts = self._joined("or", self._conjunction, depth)
        return parts[0] if len(parts) == 1 else Some(parts)

    def _conjunction(self, depth: int) -> Tree:
        parts = self._joined("and", self._negation, depth)
        return parts[0] if len(parts) == 1 else Every(parts)

    def _joined(self, word: str, part: Callable[[int], Tree], depth: int) -> tuple[Tree, ...]:
        parts = [part(depth)]
        while self._took(word):
            parts.append(part(depth))
        return tuple(parts)

    def _negation(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} parentheses inside one another"
            raise WhereError(self.text, self.token.at, message)
        if self._took("not"):
            return Not(self._negation(depth + 1))
        if self._took("("):
            tree = self.expression(depth + 1)
            self._take(")", "a closing ')'")
            return tree
        return self._comparison()

    def _comparison(self) -> Tree:
        left = self._operand("a comparison, such as depth > 2")
        if self._took("is"):
            negated = self._took("not")
            if not (self._took("null") or self._took("none")):
                raise self.unexpected("'null'")
            return Presence(left, negated)
        negated = self._took("not")
        if negated or self.token.text == "in":
            self._take("in", "'in' after 'not'")
            return Membership(left, self._values(), negated)
        relations: list[Tree] = []
        while self.token.text in RELATIONS:
            sign = self._advance()
            right = self._operand(f"a value or a column after '{sign.text}'")
            relations.append(Relation(sign.text, left, right, sign.at))
            left = right
        if not relations:
            raise self.unexpected("a comparison (== != < <= > >=, in [...], is null)")
        return relations[0] if len(relations) == 1 else Every(tuple(relations))

    def _operand(self, wanted: str) -> Operand:
        if self.token.kind == "word":
            token = self._advance()
            return Column(token.text, token.at)
        return self._value(wanted)

    def _values(self) -> tuple[Value, ...]:
        self._take("[", "a list such as ['relu', 'tanh'] after 'in'")
        values = [self._value("a value")]
        while self._took(","):
            values.append(self._value("a value after ','"))
        self._take("]", "',' or a closing ']'")
        return tuple(values)

    def _value(self, wanted: str) -> Value:
        token = self.token
        if token.text in ("null", "none"):
            return Value(None, self._advance().at)
        if token.kind == "number":
            return Value(number_of(self.text, self._advance()), token.at)
        if token.kind == "text":
            return Value(re.sub(r"\\(['\"\\])", r"\1", self._advance().text[1:-1]), token.at)
        raise self.unexpected(wanted)

    def _advance(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _took(self, text: str) -> bool:
        """Whether the next token was this sign or keyword, which is then read."""
        if self.token.text != text:
            return False
        self._next += 1
        return True

    def _take(self, text: str, wanted: str) -> None:
        if not self._took(text):
            raise self.unexpected(wanted)
