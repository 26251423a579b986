"""'Did you mean ...?': the nearest of the allowed names, for every message that needs one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name closest to `name` (case ignored), or None when none is close."""
    folded = {candidate.casefold(): candidate for candidate in allowed}
    match = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[match[0]] if match else None


def unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    """One sentence for an unknown name: what it was, the nearest allowed one, all allowed ones.

    >>> unknown("activation", "rleu", ["relu", "tanh"])
    "unknown activation 'rleu'; did you mean 'relu'? Allowed: relu, tanh"
    """
    names = list(allowed)
    guess = nearest(name, names)
    hint = f"; did you mean '{guess}'?" if guess else "."
    odd = next((c for c in name if not c.isascii() and c.isprintable()), None)
    # a letter of another script, a quote of a word processor: hard to see beside what was meant
    seen = f" (with the character U+{ord(odd):04X})" if odd else ""
    return f"unknown {kind} {name!r}{seen}{hint} Allowed: {', '.join(names)}"
