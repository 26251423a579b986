"""The specs that ship with nnlab, each a short lesson in its comments."""

from __future__ import annotations

from pathlib import Path


def shipped() -> dict[str, Path]:
    """The specs that ship, by the bare name under which the command line finds them."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.yaml"))}
