"""A results folder, read back: its spec, its tables, and how it came out at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.core import completion
from nnlab.core import folder as files
from nnlab.core.analysis.standing import Standing, from_json, standing_of
from nnlab.core.errors import StoreError
from nnlab.core.outcome import DIVERGED, FAILED, FINISHED
from nnlab.core.reading import damage_told, read_runs
from nnlab.core.spec import Spec, load_spec

if TYPE_CHECKING:
    import polars as pl

STANDING = "standing"
"""The key of the outcome at a glance in `environment.json`."""


@dataclass(frozen=True)
class Results:
    """A results folder, read back."""

    folder: Path
    spec: Spec
    runs: pl.DataFrame
    layers: pl.LazyFrame
    curves: pl.LazyFrame
    environment: dict[str, Any]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Runs by status."""
        status = self.runs["status"].to_list()
        return {name: status.count(name) for name in (FINISHED, DIVERGED, FAILED)}

    @cached_property
    def standing(self) -> Standing:
        """The outcome at a glance."""
        return standing_of(self.runs)

    @property
    def report(self) -> Path:
        """The one-page picture."""
        return self.folder / "report.png"


class Unread(Results):
    """A results folder known to be whole: a table is read when it is asked for."""

    def __init__(self, folder: Path, spec: Spec, facts: dict[str, Any]) -> None:
        """`facts` are those of its `environment.json`."""
        self.__dict__.update(folder=folder, spec=spec, environment=facts)
        standing = from_json(facts.get(STANDING))
        if standing is not None:
            self.__dict__["standing"] = standing

    @cached_property
    def runs(self) -> pl.DataFrame:
        """`runs.csv`."""
        return read_runs(self.folder)

    @cached_property
    def layers(self) -> pl.LazyFrame:
        """`layers.parquet`."""
        return files.scan_layers(self.folder)

    @cached_property
    def curves(self) -> pl.LazyFrame:
        """`curves.parquet`."""
        return files.scan_curves(self.folder)


def load_results(folder: str | Path) -> Results:
    """Read a results folder. `StoreError` when it is not one."""
    folder = Path(folder)
    if not (folder / files.SPEC).is_file():
        raise StoreError(f"{folder} holds no results: it has no {files.SPEC}")
    return Results(
        folder=folder,
        spec=load_spec(folder / files.SPEC),
        runs=read_runs(folder),
        layers=files.scan_layers(folder),
        curves=files.scan_curves(folder),
        environment=completion.read_facts(folder),
    )


def complete_results(folder: Path, spec: Spec, facts: dict[str, Any]) -> Results:
    """The results in a folder whose facts say that it is complete; of `spec`, as the caller knows.

    Raises `StoreError` where a table is missing or is not what was written.
    """
    altered = completion.alteration(folder, facts)
    if altered is not None:
        raise StoreError(altered)
    if completion.FILES in facts:
        return Unread(folder, spec, facts)
    results = load_results(folder)
    for name, table in ((files.CURVES, results.curves), (files.LAYERS, results.layers)):
        with damage_told(folder / name):
            table.collect_schema()
    return results
