"""What several commands take on the command line, each group of options one frozen value.

Typer reads the options of a command from the parameters of its function, one for one. A function
of ten parameters that all travel together wants a value instead: `unfolded` shows typer one
parameter for each field of an options group, and hands the function the group.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from nnlab.cli.shell_completion import complete_overrides, complete_specs
from nnlab.core.errors import UsageError
from nnlab.core.suggest import nearest
from nnlab.core.wording import quoted

if TYPE_CHECKING:
    from nnlab.core.settings import Settings
    from nnlab.core.spec import Spec

SpecArgument = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A spec: a YAML file, or the bare name of one that ships, such as quickstart.",
        autocompletion=complete_specs,
    ),
]

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the spec; the value is read as YAML. May be repeated.",
        autocompletion=complete_overrides,
    ),
]


@dataclass(frozen=True, slots=True)
class RunningOptions:
    """How and where runs are trained: the options of every command that trains."""

    results: Annotated[
        Path,
        typer.Option(metavar="DIR", show_default=True, help="Folder that results are written to."),
    ] = Path("results")
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Processes that train at once; as many as cores if not given."
        ),
    ] = None
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Train on the Dask cluster at this address, such as tcp://host:8786; "
            "local:4 starts one of four processes here.",
        ),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Train again what is stored already.")] = (
        False
    )
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first run that fails.")
    ] = False
    yes: Annotated[
        bool, typer.Option("--yes", help="Begin without asking, even what takes many hours.")
    ] = False

    def settings(self) -> Settings:
        """The same as core wants it, with the command line for `environment.json`."""
        from nnlab.core.settings import Settings

        return Settings(
            results=self.results,
            jobs=self.jobs,
            force=self.force,
            fail_fast=self.fail_fast,
            cluster=self.cluster,
            command=("nnlab", *sys.argv[1:]),
        )


@dataclass(frozen=True, slots=True)
class TrainingOptions(RunningOptions):
    """The same where it is known beforehand which runs there will be."""

    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would run and how long it would take; no more."),
    ] = False


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How a command shows what it has to say."""

    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON document on standard output, errors included."),
    ] = False
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", help="Only errors and warnings on standard error; --json has the notes, too."
        ),
    ] = False


def read_spec(spec: str, overrides: list[str] | None) -> Spec:
    """The spec that the argument SPEC names: a file, else one that ships.

    Raises `UsageError` where it is neither, and `SpecError` where the spec is wrong.
    """
    from nnlab.configs import shipped
    from nnlab.core.spec import load_spec, parse_spec

    known = shipped()
    bare = spec.isprintable() and not {"/", "\\", "."} & set(spec)
    if spec in known and not os.path.isfile(spec):
        path = known[spec]
        return parse_spec(path.read_bytes(), spec, path.parent, overrides or ())
    if not bare or os.path.exists(spec):
        return load_spec(spec, overrides or ())
    beside = [name for name in (f"{spec}.yaml", f"{spec}.yml") if os.path.isfile(name)]
    guess = beside[0] if beside else nearest(spec[:100], known)
    hint = f"; did you mean '{guess}'?" if guess else "."
    raise UsageError(
        f"{quoted(spec)} is neither a file nor a spec that ships{hint} These ship: "
        + ", ".join(known)
    )


def unfolded(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as typer wants it: one parameter for each field of its options groups."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            parameters += _fields_as_parameters(groups[parameter.name])
        else:
            parameters.append(parameter.replace(annotation=hints[parameter.name]))

    @functools.wraps(command)
    def call(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given)

    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _fields_as_parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
