"""`nnlab results export`: a table of a study for other programs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnlab.cli import console
from nnlab.cli.options import OutputOptions
from nnlab.cli.saved import DEFAULT, ResultsFolder, StudyArgument, size_told
from nnlab.core.errors import StoreError, UsageError

if TYPE_CHECKING:
    from nnlab.core.results import Results


class Format(StrEnum):
    """What a table is written as."""

    csv = "csv"
    parquet = "parquet"
    json = "json"
    mlflow = "mlflow"
    tensorboard = "tensorboard"


TRACKERS = (Format.mlflow, Format.tensorboard)
"""Formats of a whole study, for another program's own store; the others are of one table."""


class Table(StrEnum):
    """Which table of a study."""

    runs = "runs"
    layers = "layers"
    curves = "curves"


def export(
    name: StudyArgument,
    *,
    format: Annotated[
        Format | None,
        typer.Option("--format", help="As the name of FILE ends if not given; csv without one."),
    ] = None,
    table: Annotated[Table, typer.Option("--table", help="Which table.")] = Table.runs,
    file: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="File to write; standard output if not given."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="For mlflow the address of its store, such as sqlite:///mlflow.db; for "
            "tensorboard a folder.",
        ),
    ] = None,
    results: ResultsFolder = DEFAULT,
    output: OutputOptions,
) -> None:
    """Write a table of a study as CSV, JSON or Parquet, or all of it for MLflow or TensorBoard.

    In CSV, a text that a spreadsheet would take for a formula gets an apostrophe in front. JSON is
    an array of one object a row, null where a value is missing. Parquet needs a file. With --json,
    what goes to standard output is JSON: the table, or what was written to FILE.

    `--format mlflow --to sqlite:///mlflow.db` makes the study an experiment and each run a run with
    its parameters and its values by step; a second time only what is missing is written.
    `--format tensorboard --to FOLDER` writes event files.
    """
    from nnlab.core.saved import open_study

    if format in TRACKERS:
        _track(name, format, to, file, results, output)
        return
    if to is not None:
        raise UsageError("--to is for --format mlflow or tensorboard; a table goes to -o FILE")
    form = _format(format, file, output.as_json)
    target = None if file is None or str(file) == "-" else file
    if target is None and form is Format.parquet:
        raise UsageError("Parquet is not for standard output; name a file: -o FILE.parquet")
    if target is None and output.as_json and form is not Format.json:
        raise UsageError(f"--json and --format {form.value} contradict each other without -o FILE")
    study = open_study(results, name)
    if target is None:
        _print(study, table, form)
    else:
        _write(study, table, form, target, output)


def _format(asked: Format | None, file: Path | None, as_json: bool) -> Format:
    if asked is not None:
        return asked
    if file is None or str(file) == "-" or file.is_dir():
        return Format.json if as_json else Format.csv
    ending = file.suffix.lower().lstrip(".")
    tables = [form for form in Format if form not in TRACKERS]
    if ending not in tables:
        allowed = ", ".join(f".{form}" for form in tables)
        raise UsageError(
            f"{console.inert(str(file))}: the ending of its name says no format: use {allowed}, or "
            "say which with --format"
        )
    return Format(ending)


def _print(study: Results, table: Table, form: Format) -> None:
    from nnlab.core.export import texts

    visible = sys.stdout is not None and sys.stdout.isatty()
    for text in texts(study, table.value, "json" if form is Format.json else "csv"):
        # a file or a pipe gets the bytes as they are, a terminal nothing that moves its cursor
        console.write((console.inert(text) if visible else text).removesuffix("\n"))


def _write(study: Results, table: Table, form: Format, file: Path, output: OutputOptions) -> None:
    from nnlab.core.export import FORMATS, write_table

    told = console.inert(str(file))
    if file.is_dir():
        raise UsageError(f"{told} is a folder; name a file in it")
    if not file.parent.is_dir():
        there = console.inert(str(file.parent))
        raise StoreError(f"{told} cannot be written: there is no folder {there}")
    if file.resolve().is_relative_to(study.folder.resolve()):
        raise UsageError(f"{told} is in the folder of the study itself; take another place")
    write_table(study, table.value, next(f for f in FORMATS if f == form.value), file)
    size = file.stat().st_size
    if output.as_json:
        facts = {"file": str(file), "format": form.value, "table": table.value, "bytes": size}
        console.write_json(facts)
    elif not output.quiet:
        console.say(f"{table.value} of {study.folder.name} written to {told}, {size_told(size)}")


def _track(
    name: str, form: Format, to: str | None, file: Path | None, results: Path, output: OutputOptions
) -> None:
    """Write a whole study into a tracker's store."""
    from nnlab.core.saved import open_study

    if file is not None:
        raise UsageError(f"--format {form.value} goes to a place of its own: --to, not -o")
    if to is None:
        example = "sqlite:///mlflow.db" if form is Format.mlflow else "FOLDER"
        raise UsageError(f"--format {form.value} needs a place: --to {example}")
    study = open_study(results, name)
    if form is Format.mlflow:
        from nnlab.core.trackers.mlflow import to_mlflow

        written = to_mlflow(study, to)
    else:
        from nnlab.core.trackers.tensorboard import to_tensorboard

        written = to_tensorboard(study, Path(to))
    if output.as_json:
        console.write_json({"format": form.value, "to": to, "written": written})
    elif not output.quiet:
        total = len(study.runs)
        console.say(f"{written} of {total} runs of {study.folder.name} written to {to}")
