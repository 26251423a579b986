"""What to run: YAML text -> a validated `Spec`, every mistake named with its place.

`file` finds and decodes the text, `tree` and `reader` turn it into values that know their line,
`keys` holds the fields and `rules` what must hold between them, `writer` the way back to YAML,
`schema` what an editor is told.
"""

from nnlab.core.spec.dataset import DatasetSpec
from nnlab.core.spec.schema import json_schema
from nnlab.core.spec.spec import Spec, load_spec, make_spec, parse_spec, resolve

__all__ = [
    "DatasetSpec", "Spec", "json_schema", "load_spec", "make_spec", "parse_spec", "resolve",
]  # fmt: skip
