"""`nnlab schema`: the JSON Schema of a spec, for editors and checks."""

from __future__ import annotations

from nnlab.cli import console


def schema() -> None:
    """Print the JSON Schema of a spec.

    An editor that knows it completes and checks specs as they are written. `nnlab new` puts it
    beside the spec already; for others, `nnlab schema > nnlab.schema.json` and, as the first line
    of the spec, `# yaml-language-server: $schema=nnlab.schema.json`.
    """
    from nnlab.core.spec import json_schema

    console.write_json(json_schema())
