"""`nnlab scaling`: how the best learning rate moves with the batch size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from nnlab.cli import console
from nnlab.cli.consent import agree
from nnlab.cli.options import OutputOptions, Overrides, TrainingOptions, read_spec
from nnlab.cli.shell_completion import complete_activations, complete_optimizers, complete_specs

if TYPE_CHECKING:
    from nnlab.cli.progress import Progress
    from nnlab.core.listener import Outlook
    from nnlab.core.scaling.answer import Scaled
    from nnlab.core.scaling.study import ScalingStudy

DEFAULT_SPEC = "batch_scaling"


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What is searched: each option overrides a key of the spec."""

    batch_sizes: Annotated[
        str | None,
        typer.Option(
            metavar="B,B,...", help="Batch sizes; those of the spec, or 8 to 512, if not given."
        ),
    ] = None
    learning_rates: Annotated[
        str | None,
        typer.Option(
            metavar="RATES",
            help="The coarse grid: FROM:TO:HOW_MANY, such as 0.001:1:13, or a list. Around what "
            "the optimizer usually has if not given; widened where the best is on its edge.",
        ),
    ] = None
    target: Annotated[
        float | None,
        typer.Option(metavar="LOSS", help="Training loss to be reached; 0.2 if nothing says."),
    ] = None
    optimizer: Annotated[
        str | None,
        typer.Option(
            metavar="O,...",
            help="Optimizers, each a search of its own.",
            autocompletion=complete_optimizers,
        ),
    ] = None
    activation: Annotated[
        str | None,
        typer.Option(
            metavar="A,...",
            help="Activations, each a search of its own.",
            autocompletion=complete_activations,
        ),
    ] = None
    seeds: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Seeds that are reported. Ten make a verdict."),
    ] = None

    def overrides(self) -> list[str]:
        """The options as overrides of a spec."""
        from nnlab.core.scaling.study import scaling_overrides

        return scaling_overrides(
            (
                ("batch_size", self.batch_sizes),
                ("learning_rate", self.learning_rates),
                ("target_loss", None if self.target is None else repr(self.target)),
                ("optimizer", self.optimizer),
                ("activation", self.activation),
                ("seeds", None if self.seeds is None else str(self.seeds)),
            )
        )


def scaling(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC",
            help="A spec: a YAML file or the bare name of one that ships. Without one: "
            f"{DEFAULT_SPEC}, digits with two hidden layers of 32.",
            autocompletion=complete_specs,
        ),
    ] = DEFAULT_SPEC,
    *,
    search: SearchOptions,
    overrides: Overrides = None,
    training: TrainingOptions,
    output: OutputOptions,
) -> None:
    """Find the best learning rate at each batch size, and the law it follows.

    At every batch size: a coarse grid of rates on two seeds that are thrown away, then seven rates
    a factor of 1.4 apart on the seeds that are reported, by the steps to a training loss. Shows
    the best rates, the steps, the exponent over all batch sizes and over three ranges, where it
    bends, and what to do with the rate when the batch size changes.

    Runs end when they have reached the target. What is finished is kept: an interrupted search
    goes on where it was. Writes a report to results/NAME-scaling.
    """
    from nnlab.core.scaling.study import prepare_scaling

    study = prepare_scaling(
        read_spec(spec, [*(overrides or []), *search.overrides()]), training.settings()
    )
    if training.dry_run:
        _show_outlook(study, output)
    else:
        agree(study, training.yes)
        _search(study, output)


def _search(study: ScalingStudy, output: OutputOptions) -> None:
    from nnlab.cli.progress import Progress, face_for_stderr

    watched: list[Progress] = []
    if not output.quiet:
        face_for_stderr(output.quiet).note(f"{study.study.spec.name}: {_total(study.outlook)}")

    def watch(name: str) -> Progress:
        watched.append(Progress(name, face_for_stderr(output.quiet)))
        return watched[-1]

    found = study.run(watch)
    if output.as_json:
        notes = [note for progress in watched for note in progress.notes]
        console.write_json(found.document() | {"notes": notes})
    else:
        _show(found)


def _show(found: Scaled) -> None:
    from nnlab.cli.answer_text import section_lines, summary_lines

    width = console.width()
    console.show(
        *summary_lines(found.document(), width), *section_lines(found.page.answer.sections, width)
    )
    console.write(f"\nReport: {console.inert(str(found.report))}")


def _total(outlook: Outlook) -> str:
    """What the whole search takes, as far as can be said."""
    from nnlab.cli.pace import duration

    return (
        f"about {outlook.runs:,} runs in all, {outlook.stored:,} of them stored; about "
        f"{duration(outlook.seconds)} (grids are widened where they must be, and a run ends at "
        "its target: nobody knows that beforehand)"
    )


def _show_outlook(study: ScalingStudy, output: OutputOptions) -> None:
    from nnlab.cli.tables import paragraph
    from nnlab.core.analysis.scaling_search import FINE_RATES
    from nnlab.core.report.wording import plural

    outlook = study.outlook
    if output.as_json:
        console.write_json(
            {
                "name": study.study.spec.name,
                "folder": str(study.folder),
                "runs": outlook.runs,
                "stored": outlook.stored,
                "seconds": outlook.seconds,
                "measuring_seconds": outlook.measuring_seconds,
                "bytes": outlook.bytes,
                "sweeps": [
                    {
                        "sweep": name,
                        "target_loss": sweep.target,
                        "batch_sizes": list(protocol.batch_sizes),
                        "learning_rates": list(protocol.rates),
                        "seeds": list(protocol.fine_seeds),
                        "thrown_away_seeds": list(protocol.coarse_seeds),
                    }
                    for name, (sweep, protocol) in study.asked.items()
                ],
            }
        )
        return
    told = []
    for name, (sweep, protocol) in study.asked.items():
        batches, rates = ", ".join(map(str, protocol.batch_sizes)), protocol.rates
        told.append(
            f"{name}: batch sizes {batches}; {len(rates)} rates from {rates[0]:g} to "
            f"{rates[-1]:g} on {plural(len(protocol.coarse_seeds), 'seed')}, then {FINE_RATES} on "
            f"{plural(len(protocol.fine_seeds), 'seed')}, to a training loss of {sweep.target:g}"
        )
    told.append(_total(outlook))
    told.append(f"results: {study.folder}")
    for text in told:
        console.write("\n".join(paragraph(text, console.width(), indent=2)))
