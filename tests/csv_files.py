"""A CSV file written for a test, and read as a data set."""

from __future__ import annotations

from pathlib import Path

from nnlab.core.data import Dataset, load_dataset
from nnlab.core.spec.dataset import DatasetSpec


def write(file: Path, content: str | bytes) -> Path:
    """The file, with this content."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def load(
    file: Path, target: str = "y", loss: str | None = None, leave_out: tuple[str, ...] = ()
) -> Dataset:
    """The file as a data set."""
    return load_dataset(DatasetSpec(csv=file, target=target, leave_out=leave_out), loss)
