"""How messages show what a user wrote: short, quoted, inert; and how JSON shows any value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LONGEST = 60
"""Characters of a user's text that a message repeats."""


def shown(text: str, longest: int | None = LONGEST) -> str:
    r"""`text` on one line, cut to `longest` characters, everything unprintable escaped.

    >>> print(shown("red\x1b[31m\n"))
    red\x1b[31m\n
    """
    cut = text if longest is None or len(text) <= longest else f"{text[: longest - 3]}..."
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in cut
    )


def quoted(text: str) -> str:
    """`text` in quotes, cut short, everything unprintable escaped."""
    return f"'{shown(text)}'"


def described(value: object) -> str:
    """What a value is, for "expected ..., got ...".

    >>> [described(value) for value in ("32", True, 0.5, None, [], {})]
    ["'32' (text)", 'true', '0.5', 'nothing (null)', 'a list', 'a mapping']
    """
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"{quoted(value)} (text)"
    if isinstance(value, int | float):
        return number(value)
    collection = {"list": "a list", "tuple": "a list", "dict": "a mapping"}
    name = type(value).__name__
    return collection.get(name, f"a Python {name}")


def number(value: float) -> str:
    """A number as YAML writes it: the shortest text that reads back as the same number.

    >>> [number(value) for value in (32, 1e-4, 1e-7, float("inf"))]
    ['32', '0.0001', '1e-07', '.inf']
    """
    if isinstance(value, int) and value.bit_length() > 1000:
        return "a whole number of hundreds of digits"  # Python itself refuses to print some
    text = repr(value)
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)


def told(path: Path) -> str:
    """A path for a message, inert and not too long."""
    return shown(str(path), 200)


def json_ready(value: Any) -> Any:
    """`value` as JSON knows it: NaN and infinities become null, paths and keys text.

    >>> json_ready({1: (math.nan, Path("a"))})
    {'1': [None, 'a']}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [json_ready(item) for item in value]
    return str(value) if isinstance(value, Path) else value
