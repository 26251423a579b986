"""Everything of nnlab that computes; prints nothing and knows no terminal.

    from nnlab.core import figures, load_results, load_spec, make_spec, run

is nnlab from Python; see `nnlab.core.api`. The names are looked up when they are asked for, so that
importing a room of this package costs that room.
"""

from __future__ import annotations

from typing import Any

_API = frozenset(
    {
        "Listener", "Results", "Settings", "Spec", "figures", "load_results",
        "load_spec", "make_spec", "run",
    }
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _API:
        from nnlab.core import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_API})
