"""What faults did: counted, added up, and told as a row of a Markdown table."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import polars as pl

from nnlab.core.store import RunStore

TABLES = ("runs.csv", "curves.parquet", "layers.parquet")
HEADS = ("fault", "times", "runs lost", "half files", "wrong tables", "tracebacks", "bad endings")


@dataclass
class Tally:
    """What happened over all faults of one kind."""

    faults: int = 0
    lost: int = 0
    """Runs that were stored before a fault and not after it."""
    half_files: int = 0
    """Files under their final names that could not be read whole."""
    different: int = 0
    """Tables that were not those of an undisturbed training, bit by bit, when all was done."""
    tracebacks: int = 0
    endings: int = 0
    """Exit codes or errors that should not have been; damage that was not named."""

    @property
    def harm(self) -> int:
        """Everything that must not happen."""
        return self.lost + self.half_files + self.different + self.tracebacks + self.endings

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tally)))

    def row(self, fault: str) -> str:
        """A row of the table under `HEADS`."""
        numbers = (getattr(self, field.name) for field in fields(Tally))
        return f"| {fault} | {' | '.join(map(str, numbers))} |"


def stored_runs(results: Path) -> set[str]:
    """The runs that are stored and whole."""
    if not (results / ".runs").is_dir():
        return set()
    store = RunStore(results / ".runs")
    store.refresh(mend=False)
    found = {name for name in store._where if store._read(name) is not None}
    store.close()
    return found


def tables_of(folder: Path) -> dict[str, bytes]:
    """The tables and weights of a study as bytes, without the column that may differ."""
    content = {name: (folder / name).read_bytes() for name in TABLES[1:]}
    content["runs.csv"] = pl.read_csv(folder / "runs.csv").drop("seconds").write_csv().encode()
    for path in folder.glob("weights/*.npz"):
        with np.load(path) as arrays:
            content[path.name] = b"".join(arrays[name].tobytes() for name in sorted(arrays))
    return content


def half_files(folder: Path) -> int:
    """Files under their final names that cannot be read whole."""
    bad = 0
    for path in (*(folder / name for name in TABLES), *folder.glob("weights/*.npz")):
        if path.exists():
            try:
                _read(path)
            except Exception:
                bad += 1
    return bad


def _read(path: Path) -> None:
    if path.suffix == ".csv":
        if not path.read_bytes().endswith(b"\n"):
            raise ValueError("cut short")
        pl.read_csv(path)
    elif path.suffix == ".parquet":
        pl.read_parquet(path)
    else:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                raise ValueError("damaged")
