"""`nnlab train`: train what a spec says, show the results, say where the report is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnlab.cli import console
from nnlab.cli.consent import agree
from nnlab.cli.options import (
    OutputOptions,
    Overrides,
    SpecArgument,
    TrainingOptions,
    read_spec,
)
from nnlab.core.errors import RunsFailed

if TYPE_CHECKING:
    from nnlab.core.results import Results
    from nnlab.core.study import Study


def train(
    spec: SpecArgument,
    *,
    overrides: Overrides = None,
    training: TrainingOptions,
    output: OutputOptions,
) -> None:
    """Train what a spec says; write results and a report.

    Trains every combination of the lists in SPEC, prints a table of the results and writes them,
    with the picture report.png, to a folder under the name of the spec. What was trained before is
    read, not trained again; an interrupted study goes on where it was.

    Standard output has the table and the path of the report, standard error progress and notes.
    """
    from nnlab.core.study import prepare

    study = prepare(read_spec(spec, overrides), training.settings())
    if training.dry_run:
        _show_outlook(study, output)
    else:
        agree(study, training.yes)
        _train(study, output)


def _train(study: Study, output: OutputOptions) -> None:
    from nnlab.cli.progress import Progress, face_for_stderr
    from nnlab.cli.results_table import results_document
    from nnlab.core.results import load_results

    try:
        with Progress(study.spec.name, face_for_stderr(output.quiet)) as progress:
            results = study.run(progress)
    except RunsFailed as error:
        if study.settings.fail_fast:
            raise
        results = load_results(study.folder)
        if not output.as_json:
            _show_results(results)
        document = results_document(results) | {"notes": progress.notes}
        raise console.Shortfall(str(error), document) from None
    if output.as_json:
        console.write_json(results_document(results) | {"notes": progress.notes})
    else:
        _show_results(results)


def _show_results(results: Results) -> None:
    from nnlab.cli.results_table import results_lines

    console.show(*results_lines(results, console.width()))
    console.write(f"\nReport: {console.inert(str(results.report))}")


def _show_outlook(study: Study, output: OutputOptions) -> None:
    from nnlab.cli.outlook import document, lines

    outlook = study.outlook()
    if output.as_json:
        console.write_json(document(study, outlook))
    else:
        console.show(*lines(study, outlook, console.width()))
