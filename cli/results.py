"""`nnlab results`: reads what is there."""

from __future__ import annotations

from collections.abc import Callable

import typer

from nnlab.cli import console
from nnlab.cli.options import unfolded
from nnlab.cli.results_diff import diff
from nnlab.cli.results_export import export
from nnlab.cli.results_list import list_studies
from nnlab.cli.results_show import show

COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_studies,
    "show": show,
    "diff": diff,
    "export": export,
}
"""In the order of the help."""

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def results(context: typer.Context) -> None:
    """List, show, compare and export what was trained."""
    if context.invoked_subcommand is None:
        console.say(context.get_help())
        raise typer.Exit(2)


for _name, _command in COMMANDS.items():
    app.command(_name)(unfolded(_command))
