"""`nnlab compare`: activations side by side under equal terms, the first against the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnlab.cli import console
from nnlab.cli.consent import agree
from nnlab.cli.options import OutputOptions, Overrides, TrainingOptions, read_spec
from nnlab.cli.shell_completion import complete_activations, complete_specs
from nnlab.core.errors import RunsFailed, UsageError

if TYPE_CHECKING:
    from nnlab.cli.progress import Progress
    from nnlab.core.results import Results
    from nnlab.core.spec import Spec
    from nnlab.core.study import Study
    from nnlab.core.tuning import Tuning


def compare(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="A spec: a YAML file or the bare name of one that ships. Without one: digits, "
            "two hidden layers of 64, five seeds.",
            autocompletion=complete_specs,
        ),
    ] = None,
    *,
    activations: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="The activations, the one to compare with first; those of the spec if not given.",
            autocompletion=complete_activations,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Train each so many times. Ten make a verdict."),
    ] = None,
    tune: Annotated[
        bool,
        typer.Option(
            "--tune", help="Find each activation's own best learning rate first, on other seeds."
        ),
    ] = False,
    overrides: Overrides = None,
    training: TrainingOptions,
    output: OutputOptions,
) -> None:
    """Compare activations, seed by seed, with the first one named.

    `nnlab compare --activations relu,tanh` shows for each activation accuracy, loss, steps to the
    target loss (0.1 where the spec of a classification gives none), the gradient that reaches the
    first layer, dead units; then how the others differ from the first, with 95 % intervals and
    Holm-adjusted p-values. What else a spec varies makes blocks: pairs are of equal settings.

    All share a learning rate unless --tune gives each its own: two different questions. The
    search is kept as a study of its own, under the name with -tuning behind it.
    """
    from nnlab.core.compare import prepare_comparison

    study = prepare_comparison(
        _read(spec, activations, seeds, overrides or []), training.settings()
    )
    if training.dry_run:
        _show_outlook(study, tune, output)
    else:
        _agree(study, tune, training.yes)
        _compare(study, tune, output)


def _read(
    spec: str | None, activations: str | None, seeds: int | None, overrides: list[str]
) -> Spec:
    """The spec to compare on, with the options as its last overrides."""
    from nnlab.core.compare import default_spec, overrides_for, read_activations

    named = read_activations(activations) if activations is not None else None
    if spec is not None and "," in spec and not Path(spec).is_file():
        raise UsageError(f"'{spec[:100]}' is not a spec; did you mean --activations {spec[:100]}?")
    if spec is not None:
        return read_spec(spec, [*overrides, *overrides_for(named, seeds)])
    if named is None:
        raise UsageError(
            "there is nothing to compare: name activations, such as --activations relu,tanh, or a "
            "spec that has several"
        )
    return default_spec(named, [*overrides, *overrides_for(named, seeds)])


def _compare(study: Study, tune: bool, output: OutputOptions) -> None:
    from nnlab.cli.progress import Progress, face_for_stderr
    from nnlab.core.results import load_results
    from nnlab.core.tuning import tune as find_rates

    watched: list[Progress] = []

    def watch(name: str) -> Progress:
        watched.append(Progress(name, face_for_stderr(output.quiet)))
        return watched[-1]

    tuning: Tuning | None = None
    if tune:
        study, tuning = find_rates(study, watch)
    try:
        with watch(study.spec.name) as progress:
            results = study.run(progress)
    except RunsFailed as error:
        if study.settings.fail_fast:
            raise
        document = _show(load_results(study.folder), tuning, output)
        raise console.Shortfall(str(error), document | _notes(watched)) from None
    document = _show(results, tuning, output)
    if output.as_json:
        console.write_json(document | _notes(watched))


def _notes(watched: list[Progress]) -> dict[str, object]:
    return {"notes": [note for progress in watched for note in progress.notes]}


def _agree(study: Study, tune: bool, yes: bool) -> None:
    from nnlab.core.tuning import tuning_study

    for part in (tuning_study(study), study) if tune else (study,):
        agree(part, yes)


def _show(results: Results, tuning: Tuning | None, output: OutputOptions) -> dict[str, object]:
    """Show the comparison, unless it goes out as JSON; that document."""
    from nnlab.cli.comparison_document import comparison_document
    from nnlab.cli.comparison_table import comparison_lines
    from nnlab.core.analysis.comparison import compare_activations

    comparison = compare_activations(results.runs, results.layers, results.spec.target_loss)
    assert comparison is not None  # a comparison is prepared with two activations or more
    if not output.as_json:
        console.show(*comparison_lines(results, comparison, tuning, console.width()))
        console.write(f"\nReport: {console.inert(str(results.report))}")
    return comparison_document(results, comparison, tuning)


def _show_outlook(study: Study, tune: bool, output: OutputOptions) -> None:
    from nnlab.cli.comparison_table import tuning_lines
    from nnlab.cli.outlook import document, lines
    from nnlab.core.tuning import tuning_study

    outlook = study.outlook()
    first = tuning_study(study) if tune else None
    if output.as_json:
        extra = {"tuning": document(first, first.outlook())} if first else {}
        console.write_json(document(study, outlook) | extra)
        return
    console.show(*lines(study, outlook, console.width()))
    if first is not None:
        rates = list(first.spec.learning_rate)
        console.show(*tuning_lines(first.outlook().runs, rates, first.spec.seeds))
