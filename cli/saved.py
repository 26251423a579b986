"""What the commands that read results take on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT = Path("results")


def complete_names(context: typer.Context, incomplete: str) -> list[str]:
    """The studies whose names begin with what is typed, for the completion of a shell."""
    from nnlab.core.saved import study_names

    results = context.params.get("results") or DEFAULT
    return [name for name in study_names(Path(results)) if name.startswith(incomplete)]


ResultsFolder = Annotated[
    Path,
    typer.Option("--results", metavar="DIR", show_default=True, help="Folder of the results."),
]


def complete_shown(context: typer.Context, incomplete: str) -> list[str]:
    """The same for what may be a study or an answer."""
    from nnlab.core.saved import answer_names

    results = context.params.get("results") or DEFAULT
    answers = [name for name in answer_names(Path(results)) if name.startswith(incomplete)]
    return complete_names(context, incomplete) + answers


def _study_argument(metavar: str) -> Any:
    return typer.Argument(
        metavar=metavar,
        help="Name of a study, as `nnlab results list` has it.",
        autocompletion=complete_names,
    )


StudyArgument = Annotated[str, _study_argument("NAME")]
ShownArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="Name of a study or an answer, as `nnlab results list` has it.",
        autocompletion=complete_shown,
    ),
]
FirstStudyArgument = Annotated[str, _study_argument("A")]
SecondStudyArgument = Annotated[str, _study_argument("B")]


def size_told(size: int) -> str:
    """Bytes as people read them.

    >>> size_told(999), size_told(2_625_053), size_told(130_000)
    ('999 bytes', '2.6 MB', '130 kB')
    """
    if size < 1000:
        return f"{size} bytes"
    scaled, unit = float(size), ""
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007
        scaled /= 1000
        if scaled < 999.5:
            break
    return f"{scaled:.1f} {unit}" if scaled < 9.95 else f"{scaled:,.0f} {unit}"


def when_told(time: str | None) -> str:
    """A time of `environment.json`, to the minute; `–` where there is none.

    >>> when_told("2026-11-22T20:33:41+00:00"), when_told(None)
    ('2026-11-22 20:33', '–')
    """
    return "–" if time is None else time[:16].replace("T", " ")
