"""The specs that ship with nnlab, each a short lesson in its comments."""

from __future__ import annotations

from pathlib import Path

SCHEMA = Path(__file__).with_name("nnlab.schema.json")
"""What `nnlab schema` prints, for editors; the first line of each spec names it.

It lies beside the specs under the name that `nnlab new` gives its own copy. The line is then the
same everywhere, a shipped spec copied beside one's own is checked like it, and none holds a path of
somebody's machine or an address that must be reached.
"""


def shipped() -> dict[str, Path]:
    """The specs that ship, by the bare name under which the command line finds them."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.yaml"))}
