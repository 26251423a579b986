"""What is fuzzed: one function a reader, from any bytes to a kept promise or an AssertionError.

The promises: a reader returns or raises a `NnlabError` whose text is inert; it takes less than
`MOST_SECONDS` of processor time; and what it returns is whole (a spec survives YAML, a data set is
finite, a filter selects without failing). Anything else that is raised is a finding.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnlab.core.errors import DataError, NnlabError, SpecError, UsageError

MOST_SECONDS = 2.0
MOST_CHARACTERS = 100_000
"""Of a message: fifty problems, each with its line."""
MOST_PROBLEMS = 51
BETWEEN = b"\n%%\n"
"""Stands between the parts of an input: a spec and its overrides, a table and its target."""


@dataclass(frozen=True)
class Target:
    """One reader under test."""

    name: str
    read: Callable[[bytes], bool]
    """Reads the bytes; true where they were accepted. Raises for a broken promise."""
    rooms: tuple[str, ...]
    """The modules whose branches guide the fuzzer."""
    longest: int
    """Bytes of an input: enough to meet every branch."""

    def read_in_time(self, data: bytes) -> None:
        """`read`, with its promise on time."""
        start = time.process_time()
        self.read(data)
        taken = time.process_time() - start
        assert taken < MOST_SECONDS, f"{taken:.1f} s for {len(data):,} bytes"


def told(error: NnlabError) -> None:
    """The message of a refusal says something, is inert in a terminal, and ends."""
    text = str(error)
    assert text.strip()
    assert len(text) <= MOST_CHARACTERS
    assert len(getattr(error, "problems", ())) <= MOST_PROBLEMS
    odd = next((c for c in text if not c.isprintable() and c != "\n"), None)
    assert odd is None, f"U+{ord(odd or ' '):04X} in a message"
    assert error.exit_code == 2


def read_spec(data: bytes) -> bool:
    """A spec and, one a line behind `BETWEEN`, overrides."""
    from nnlab.core.spec import parse_spec

    text, _, rest = data.partition(BETWEEN)
    overrides = rest.decode("utf-8", "surrogateescape").split("\n") if rest else []
    try:
        spec = parse_spec(text, overrides=overrides)
    except SpecError as error:
        told(error)
        return False
    assert spec.n_runs >= 1
    assert parse_spec(spec.to_yaml()) == spec
    return True


def read_csv(data: bytes) -> bool:
    """A table; behind `BETWEEN` the target and the loss, else its first column and no loss."""
    table, _, rest = data.partition(BETWEEN)
    first = table.split(b"\n")[0].split(b",")[0]
    target, _, loss = (rest or first).decode("utf-8", "replace").partition("\n")
    return _data_read({"csv": str(_written(table, "csv")), "target": target.strip() or "y"}, loss)


def read_npz(data: bytes) -> bool:
    """An archive as it is; or, behind a letter, the two arrays for one: X, `BETWEEN`, y."""
    if data[:1] == b"A":
        X, _, y = data[1:].partition(BETWEEN)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("X.npy", X)
            archive.writestr("y.npy", y)
        data = packed.getvalue()
    return _data_read({"npz": str(_written(data, "npz"))}, "")


def read_where(data: bytes) -> bool:
    """A condition on the columns of `runs.csv`."""
    import polars as pl

    from nnlab.core.analysis.where import columns_in, where
    from nnlab.core.quantities import RUN_COLUMNS

    text = data.decode("utf-8", "surrogateescape")
    try:
        condition = where(text, RUN_COLUMNS)
    except UsageError as error:
        told(error)
        return False
    assert set(columns_in(text)) <= set(RUN_COLUMNS)
    told_of = _runs().select(condition.alias("is"))["is"]
    assert told_of.dtype == pl.Boolean
    assert told_of.null_count() == 0
    return True


def _written(data: bytes, ending: str) -> Path:
    """The bytes in a file; the same one each time, in memory where the system has such a place."""
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir()
    path = Path(folder) / f"nnlab-fuzz-{os.getpid()}.{ending}"
    path.write_bytes(data)
    return path


def _data_read(written: dict[str, Any], loss: str) -> bool:
    from nnlab.core.data import load_dataset, split
    from nnlab.core.nn.losses import LOSSES
    from nnlab.core.spec import make_spec

    path = Path(written.get("csv") or written["npz"])
    try:
        spec = make_spec(name="fuzz", dataset=written, loss=loss if loss in LOSSES else None)
        dataset = load_dataset(spec.dataset, spec.loss)
        parts = split(dataset, 0.5, 0, standardize=True)
    except (DataError, SpecError) as error:
        told(error)
        return False
    finally:
        path.unlink(missing_ok=True)
    for array in (dataset.X, dataset.y, parts.X_train, parts.X_test, parts.y_train, parts.y_test):
        assert np.isfinite(array).all()
    assert len(dataset.X) == len(dataset.y) == len(parts.X_train) + len(parts.X_test)
    assert len(dataset.features) == dataset.X.shape[1]
    assert all(name.isprintable() for name in (*dataset.features, *dataset.classes))
    return True


_FRAME: list[Any] = []


def _runs() -> Any:
    """A row with every value and a row with none."""
    import polars as pl

    from nnlab.core.folder import schema_of
    from nnlab.core.quantities import RUN_COLUMNS

    if not _FRAME:
        value = {"text": "relu", "count": 3, "number": 0.5}
        full = {name: value[quantity.kind] for name, quantity in RUN_COLUMNS.items()}
        rows = [full, dict.fromkeys(RUN_COLUMNS), {**full, "test_loss": float("nan")}]
        _FRAME.append(pl.DataFrame(rows, schema=schema_of(RUN_COLUMNS)))
    return _FRAME[0]


TARGETS = {
    target.name: target
    for target in (
        Target("spec", read_spec, ("nnlab.core.spec", "yaml"), 4096),
        Target("csv", read_csv, ("nnlab.core.data",), 2048),
        Target("npz", read_npz, ("nnlab.core.data", "zipfile", "numpy.lib"), 4096),
        Target("where", read_where, ("nnlab.core.analysis",), 300),
    )
}
"""Every reader of what a user wrote."""
