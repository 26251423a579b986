"""A study's tables read back: what is missing, cut short or altered is said, with the way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core.errors import NnlabError, StoreError
from nnlab.core.folder import CURVES, LAYERS, RUNS, SPEC, schema_of
from nnlab.core.outcome import DIVERGED, FAILED, FINISHED
from nnlab.core.quantities import RUN_COLUMNS
from nnlab.core.wording import quoted, shown, told

if TYPE_CHECKING:
    import polars as pl

_ENDS = 2**16
"""Bytes at the start of a table that hold its header."""


def read_runs(folder: Path) -> pl.DataFrame:
    """`runs.csv` of a study. Raises `StoreError` where it is missing, cut short or altered."""
    import polars as pl

    path = folder / RUNS
    if not path.is_file():
        if (folder / CURVES).exists() or (folder / LAYERS).exists():
            raise StoreError(f"{told(path)} is missing{_remedy(folder, 'writes it again')}")
        what = f"{told(folder)} is not finished: it has no {RUNS} yet"
        raise StoreError(what + _remedy(folder, "goes on with it"))
    with damage_told(path):
        with path.open("rb") as file:
            header = file.read(_ENDS).split(b"\n")[0].decode(errors="replace").rstrip("\r")
            file.seek(max(0, path.stat().st_size - 1))
            ended = file.read() == b"\n"
        check_columns(path, header.split(","), list(RUN_COLUMNS))
        if not ended:
            raise StoreError(damaged(path, "its last line is cut short"))
        runs = pl.read_csv(path, schema=schema_of(RUN_COLUMNS))
    unknown = set(runs["status"].to_list()) - {FINISHED, DIVERGED, FAILED}
    if unknown:
        odd = quoted(str(min(unknown, key=str)))
        raise StoreError(damaged(path, f"a run has the status {odd}"))
    return runs


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Tell what polars finds wrong with the file `path`, or with a table of the folder `path`.

    An error of polars in a folder whose tables are all readable is none of theirs and goes on.
    """
    import polars as pl

    try:
        yield
    except NnlabError:
        raise
    except OSError as error:
        raise StoreError(f"cannot read {told(path)}: {error.strerror or error}") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        culprit = _unreadable_table(path) if path.is_dir() else path
        if culprit is None:
            raise
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise StoreError(damaged(culprit, shown(reason, 200))) from error


def _unreadable_table(folder: Path) -> Path | None:
    """The first table of a study that cannot be read to its end."""
    import polars as pl

    for table in sorted(folder.glob("*.parquet")):
        try:
            for _ in pl.scan_parquet(table).collect_batches(lazy=True):
                pass
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            return table
    return None


def check_columns(path: Path, found: Sequence[str], expected: Sequence[str]) -> None:
    """Raise `StoreError` unless a table has the columns of the contract, in their order."""
    if list(found) == list(expected):
        return
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    if missing:
        what = f"it has no column {missing[0]}"
    elif extra:
        what = f"it has a column {quoted(extra[0])} that belongs to no table"
    else:
        what = "its columns are in another order"
    raise StoreError(damaged(path, what))


def damaged(path: Path, what: str) -> str:
    """The sentence for a table that cannot be used."""
    remedy = _remedy(path.parent, "writes it again", "delete it and ")
    return f"{told(path)} is damaged: {what}{remedy}"


def _remedy(folder: Path, does: str, before: str = "") -> str:
    """How to get a table again; a kept folder's spec would train another folder."""
    if "~" in folder.name:
        return ""
    where = "" if folder.parent == Path("results") else f" --results {told(folder.parent)}"
    return f"; {before}`nnlab train {told(folder / SPEC)}{where}` {does}"
