"""`nnlab results show`: the runs of a study and in what they differ, or an answer's claims."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnlab.cli import console
from nnlab.cli.options import OutputOptions
from nnlab.cli.saved import DEFAULT, ResultsFolder, ShownArgument
from nnlab.core.errors import UsageError

if TYPE_CHECKING:
    from nnlab.core.analysis.rows import Rows
    from nnlab.core.results import Results

FEW = 20
"""Runs that are shown unless more are asked for."""


def show(
    name: ShownArgument,
    *,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="Only runs that meet it: \"activation == 'relu' and learning_rate > 0.1\".",
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Order by a column, or several (a,b); -a: largest first."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help=f"Show so many runs ({FEW} if not given); 0: all."),
    ] = None,
    all_columns: Annotated[
        bool, typer.Option("--all", help="Show every column, not only those that vary.")
    ] = False,
    results: ResultsFolder = DEFAULT,
    output: OutputOptions,
) -> None:
    """Show the runs of a study, or the sentences and claims of an answer.

    Without --all only the columns that differ between the runs, as many as fit; what all runs
    have in common stands above. A condition compares the columns of runs.csv, with the names they
    have there, by == != < <= > >=, in ['relu', 'tanh'], is null, joined by and, or, not and
    parentheses. --json has every run and column unless --limit is given.
    """
    from nnlab.core.analysis.rows import choose_rows
    from nnlab.core.saved import locate_answer, open_study

    answer = locate_answer(results, name)
    if answer is not None:
        if where is not None or sort is not None or limit is not None or all_columns:
            raise UsageError(
                f"{name} is an answer and has no runs of its own to choose from; "
                "--where, --sort, --limit and --all are for studies"
            )
        _show_answer(answer, output)
        return
    study = open_study(results, name)
    rows = choose_rows(study.runs, where, sort.split(",") if sort else ())
    if output.as_json:
        console.write_json(_document(study, rows, limit or None))
        return
    from nnlab.cli.runs_table import nothing_lines, rows_lines

    if rows.runs.is_empty():
        console.show(*nothing_lines(study, rows))
    else:
        most = FEW if limit is None else limit or len(rows.runs)
        console.show(*rows_lines(study, rows, most, all_columns))


def _show_answer(folder: Path, output: OutputOptions) -> None:
    from nnlab.cli.answer_text import correction_lines, summary_lines
    from nnlab.core.questions.answer_folder import read_answer

    found = read_answer(folder)
    if output.as_json:
        console.write_json(found | {"folder": str(folder)})
        return
    width = console.width()
    console.show(*summary_lines(found, width), *correction_lines(found["corrections"], width))
    console.write(f"\nReport: {console.inert(str(folder / 'report.png'))}")


def _document(study: Results, rows: Rows, limit: int | None) -> dict[str, Any]:
    shown = rows.runs if limit is None else rows.runs.head(limit)
    return {
        "name": study.folder.name,
        "folder": str(study.folder),
        "description": study.spec.description,
        "finished": study.environment.get("finished"),
        "counts": study.counts,
        "matched": len(rows.runs),
        "varying": list(rows.varying),
        "runs": shown.to_dicts(),
    }
