"""Settings for every test: one BLAS thread, quiet hypothesis deadlines."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import pytest
from hypothesis import settings

LONGEST = "test_document_blocks.py"
"""Its machine tests take as long as all others together."""

# A loaded machine must not fail a property by its clock.
settings.register_profile("nnlab", deadline=None)
settings.load_profile("nnlab")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or one process would end on it while the other waits."""
    items.sort(key=lambda item: item.path.name != LONGEST)
