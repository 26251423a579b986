"""The command line `nnlab`, and the one place where an error becomes a message and an exit code.

    0    done; a diverged run is a result
    1    a run failed, or a file could not be written
    2    wrong usage, a bad spec, unfit data
    130  interrupted

Every error that is the user's to mend is a `NnlabError` (or typer's own, for the options). Here
it is told on standard error, and with `--json` as a document on standard output, too:
`{"error": text, "exit_code": code, "problems": [...]}`, a problem of a spec with its place; where
some runs of a study failed, the results of the others stand beside it. Anything else is a bug and
keeps its traceback. Imports here are what `nnlab --help` costs: nothing that computes or draws.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nnlab.cli import console, results
from nnlab.cli.answer import answer
from nnlab.cli.check import check
from nnlab.cli.compare import compare
from nnlab.cli.gradcheck import gradcheck
from nnlab.cli.listing import list_
from nnlab.cli.new import new
from nnlab.cli.options import unfolded
from nnlab.cli.report import report
from nnlab.cli.scaling import scaling
from nnlab.cli.schema import schema
from nnlab.cli.shell_completion import mend_words
from nnlab.cli.train import train
from nnlab.core.errors import Interrupted, NnlabError, SpecError

COMMANDS = (train, compare, scaling, answer, report, list_, check, schema, new, gradcheck)
"""In the order of the help."""


class Commands(TyperGroup):
    """The commands, and what becomes of their errors."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command that was asked for; Ctrl-C outside of training is told here."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line `args` and exit with its code."""
        console.spell_out()
        mend_words(os.environ)
        arguments = sys.argv[1:] if args is None else list(args)
        try:
            # not typer's standalone mode: it would tell errors itself
            code = super().main(
                arguments, prog_name or "nnlab", complete_var, False, windows_expand_args, **extra
            )
        except (NnlabError, MemoryError, typer.TyperException) as error:
            code = _tell(error, arguments)
        sys.exit(code if isinstance(code, int) else 0)


def _tell(error: NnlabError | MemoryError | typer.TyperException, arguments: Sequence[str]) -> int:
    """Tell an error on standard error, and as a document where one was asked for."""
    message = console.inert(str(error)) or "out of memory"
    problems: list[dict[str, Any]] = []
    before = "Error: "
    if isinstance(error, SpecError):
        problems = [asdict(problem) for problem in error.problems]
        if len(problems) > 1:
            before = f"Error: {len(problems)} problems in {console.inert(error.source)}\n"
    elif isinstance(error, Interrupted):
        before = ""
    elif isinstance(error, typer.TyperException):
        message = console.inert(_told(error) + _meant_override(error, arguments))
        before = _usage(error) + before
    code = getattr(error, "exit_code", 1)
    console.say(before + message)
    if "--json" in arguments:
        told = {"error": message, "exit_code": code, "problems": problems}
        console.write_json(told | (error.document if isinstance(error, console.Shortfall) else {}))
    return code


def _told(error: typer.TyperException) -> str:
    """What typer says, without the words of the library that checks its values."""
    return error.format_message().replace(": Value error, ", ": ", 1)


def _usage(error: typer.TyperException) -> str:
    """How the command is used, when typer knows which one it was."""
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    return f"{context.get_usage()}\nTry '{context.command_path} -h' for help.\n\n"


def _meant_override(error: typer.TyperException, arguments: Sequence[str]) -> str:
    """`-s epochs=5` where `--epochs 5`, which is no option, names a key of the spec."""
    option = getattr(error, "option_name", None)
    context = getattr(error, "ctx", None)
    if not isinstance(option, str) or context is None:
        return ""
    if not any(parameter.name == "overrides" for parameter in context.command.params):
        return ""
    from nnlab.core.spec.phrases import key_meant

    key = key_meant(option.lstrip("-"))
    if key is None:
        return ""
    at = next((i for i, word in enumerate(arguments) if word.split("=")[0] == option), None)
    value = "VALUE"
    if at is not None and "=" in arguments[at]:
        value = arguments[at].partition("=")[2]
    elif at is not None and at + 1 < len(arguments):
        value = arguments[at + 1]
    return f". It is a key of the spec: -s {shlex.quote(f'{key}={value}')}"


def _show_version(wanted: bool) -> None:
    if wanted:
        from nnlab.core.environment import package_version

        console.write(f"nnlab {package_version('nnlab') or '(not installed)'}")
        raise typer.Exit


class App(typer.Typer):
    """The command line as it is called, from its first line on."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; Ctrl-C before there is a command to answer it ends like any other."""
        try:
            return super().__call__(*args, **kwargs)
        except KeyboardInterrupt:
            console.say("interrupted")
            sys.exit(Interrupted.exit_code)


app = App(
    cls=Commands,
    epilog="Exit codes: 0 done; 1 a run failed or a file could not be written; 2 wrong usage or a "
    "bad spec; 130 interrupted.",
    invoke_without_command=True,
    rich_markup_mode=None,  # rich would double what the help costs
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def nnlab(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Train many small NumPy networks in lock-step and compare activation functions.

    `nnlab train quickstart` trains four of them on handwritten digits and draws a report;
    `nnlab new NAME` writes a spec of your own to start from.
    """
    if context.invoked_subcommand is None:
        console.say(context.get_help())
        raise typer.Exit(2)


for _command in COMMANDS:
    app.command(_command.__name__.rstrip("_"))(unfolded(_command))
app.add_typer(results.app, name="results")
