"""Whether a finished folder is that of a spec, told without loading any data.

Loading a data set and its library costs more than reading a finished study. The fingerprint of a
spec covers all that fixes its runs: the spec's own text, the engine version, and where the data
come from, down to the bytes of a file or the version of the library that makes them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core.environment import package_version
from nnlab.core.plan import ENGINE_VERSION

if TYPE_CHECKING:
    from nnlab.core.spec import Spec

_LARGEST_FILE = 64 * 2**20
"""Beyond this, reading the file takes longer than the shortcut saves."""


def fingerprint(spec: Spec) -> str | None:
    """A hash that is equal only for specs with equal runs, or None when that cannot be told."""
    source = _source(spec)
    if source is None:
        return None
    text = f"{ENGINE_VERSION}\n{source}\n{spec.to_yaml()}"
    return hashlib.sha256(text.encode()).hexdigest()


def _source(spec: Spec) -> str | None:
    """What the data come from; None where it may change unseen (OpenML's newest version)."""
    path = spec.dataset.csv or spec.dataset.npz
    if path is not None:
        return _file_hash(Path(path))
    if spec.dataset.openml is not None:
        return None
    versions = (package_version("numpy"), package_version("scikit-learn"))
    return f"{spec.dataset.label} {versions}"


def _file_hash(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return None
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None  # loading it will say what is wrong
