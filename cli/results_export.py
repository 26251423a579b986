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
from nnlab.core.errors import UsageError

if TYPE_CHECKING:
    from nnlab.core.study import Results


class Format(StrEnum):
    """What a table is written as."""

    csv = "csv"
    parquet = "parquet"
    json = "json"


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
        typer.Option("--format", help="csv if neither this nor the name of FILE says more."),
    ] = None,
    table: Annotated[Table, typer.Option("--table", help="Which table.")] = Table.runs,
    file: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="File to write; standard output if not given."
        ),
    ] = None,
    results: ResultsFolder = DEFAULT,
    output: OutputOptions,
) -> None:
    """Write a table of a study as CSV, JSON or Parquet.

    In CSV, a text that a spreadsheet would take for a formula gets an apostrophe in front. JSON is
    an array of one object a row, null where a value is missing. Parquet needs a file. With --json,
    what goes to standard output is JSON: the table, or what was written to FILE.
    """
    from nnlab.core.saved import open_study

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
    ending = "" if file is None else file.suffix.lower().lstrip(".")
    if ending in Format.__members__:
        return Format(ending)
    return Format.json if as_json and file is None else Format.csv


def _print(study: Results, table: Table, form: Format) -> None:
    from nnlab.core.export import texts

    visible = sys.stdout is not None and sys.stdout.isatty()
    for text in texts(study, table.value, "json" if form is Format.json else "csv"):
        # a file or a pipe gets the bytes as they are, a terminal nothing that moves its cursor
        console.write((console.inert(text) if visible else text).removesuffix("\n"))


def _write(study: Results, table: Table, form: Format, file: Path, output: OutputOptions) -> None:
    from nnlab.core.export import write_table

    told = console.inert(str(file))
    if file.is_dir():
        raise UsageError(f"{told} is a folder; name a file in it")
    if not file.parent.is_dir():
        raise UsageError(f"{told} cannot be written: there is no folder {file.parent}")
    if file.resolve().is_relative_to(study.folder.resolve()):
        raise UsageError(f"{told} is in the folder of the study itself; take another place")
    write_table(study, table.value, form.value, file)
    size = file.stat().st_size
    if output.as_json:
        facts = {"file": str(file), "format": form.value, "table": table.value, "bytes": size}
        console.write_json(facts)
    elif not output.quiet:
        console.say(f"{table.value} of {study.folder.name} written to {told}, {size_told(size)}")
