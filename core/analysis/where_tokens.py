"""The words and signs of `--where`, and the error that shows a place in the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from nnlab.core.errors import UsageError
from nnlab.core.wording import quoted, shown

MAX_LENGTH = 2000
"""Characters of an expression."""
_ROOM = 60
"""Columns of a long expression that an error repeats."""


class WhereError(UsageError):
    """An expression that says nothing about these columns; shows the place with a caret."""

    def __init__(self, text: str, at: int, message: str) -> None:
        """`at` is the offset of what is wrong in `text`."""
        self.at = at
        start = max(0, at - _ROOM // 2)
        before = ("..." if start else "") + shown(text[start:at], None)
        after = shown(text[at : start + _ROOM], None) + ("..." if len(text) > start + _ROOM else "")
        super().__init__(f"--where: {message}\n  {before}{after}\n  {' ' * _columns(before)}^")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign."""

    kind: str
    """`word`, `keyword`, `number`, `text`, `sign` or `end`."""
    text: str
    """As written; keywords in lower case."""
    at: int
    """Its offset."""


_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "none"})
_PATTERN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
      | (?P<word>[^\W\d]\w*)
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<sign>==|!=|<=|>=|<(?!>)|>|[()\[\],])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_INSTEAD = {
    "=": "'==' compares; a single '=' says nothing here",
    "<>": "'!=' means unequal here",
    "&": "'and' joins two comparisons here",
    "|": "'or' joins two comparisons here",
    "!": "'not' negates here",
    "~": "'not' negates here",
    "'": "this quote is not closed",
    '"': "this quote is not closed",
}
"""What to say about signs of other languages, by how they begin."""


def tokens_of(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind `end`. `WhereError` where it holds anything else."""
    if len(text) > MAX_LENGTH:
        message = f"{len(text):,} characters are too many, the most is {MAX_LENGTH:,}"
        raise WhereError(text, MAX_LENGTH, message)
    tokens, at = [], 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            raise WhereError(text, at, _stray(text[at:]))
        kind, found = str(match.lastgroup), match[0]
        if kind == "word" and found.lower() in _KEYWORDS:
            kind, found = "keyword", found.lower()
        if kind != "space":
            tokens.append(Token(kind, found, at))
        at = match.end()
    return [*tokens, Token("end", "", len(text.rstrip()))]


def _stray(rest: str) -> str:
    hint = next((hint for sign, hint in _INSTEAD.items() if rest.startswith(sign)), None)
    if hint:
        return hint
    if re.match(r"[+-]?\.?\d", rest):
        return f"{quoted(re.split(r'[^+.0-9A-Za-z_-]', rest)[0])} is not a number"
    return f"the character {quoted(rest[0])} means nothing here"


def number_of(text: str, token: Token) -> int | float:
    """The number that a token of kind `number` stands for; whole where it fits 64 bits."""
    digits = token.text.lstrip("+-")
    if digits.isdigit() and len(digits) < 20 and -(2**63) <= int(token.text) < 2**63:
        return int(token.text)
    value = float(token.text)
    if value in (float("inf"), float("-inf")):
        raise WhereError(text, token.at, f"the number {quoted(token.text)} is too large")
    return value


def _columns(text: str) -> int:
    """The columns that a text takes in a terminal: a Chinese character takes two."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
