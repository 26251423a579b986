"""Settings for every test: one BLAS thread, quiet hypothesis deadlines."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from hypothesis import settings

# A loaded machine must not fail a property by its clock.
settings.register_profile("nnlab", deadline=None)
settings.load_profile("nnlab")
