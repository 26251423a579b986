"""Write `docs/commands.md` from the help of the commands: `python docs/write_commands.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from nnlab.cli.main import app

HEAD = """\
# The commands

What `nnlab COMMAND -h` says; written by `docs/write_commands.py`.

Standard output is data (tables, JSON, the path of the report), standard error is talk (progress,
notes, errors): `nnlab train quickstart > table.txt` leaves the progress on the screen. On a
terminal progress is a bar; anywhere else it is plain lines without control codes. `NO_COLOR` is
respected.

With `--json` there is exactly one JSON document on standard output, errors included:
`{"error": text, "exit_code": code, "problems": [{"message", "line", "column", "source_line"}]}`;
where some runs of a study failed, the results of the others stand beside these keys. What is not
a number is `null`.

| exit code | |
| --- | --- |
| 0 | done; a run that diverged is a result |
| 1 | a run failed, a gradient was wrong, or a file could not be written |
| 2 | wrong usage, a bad spec, or data that are missing or do not fit |
| 130 | interrupted; what was finished is kept, and the same command goes on |
"""


def help_of(*words: str) -> str:
    """What the command line says about itself, 80 columns wide."""
    command = [sys.executable, "-m", "nnlab.cli", *words, "-h"]
    environment = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


def names(group: Any, *above: str) -> Iterator[tuple[str, ...]]:
    """Every command by its words, those of a group after the group."""
    for name, command in group.commands.items():
        yield (*above, name)
        if hasattr(command, "commands"):
            yield from names(command, *above, name)


def main() -> None:
    """Write the page."""
    parts = [HEAD, f"```text\n{help_of()}\n```\n"]
    for words in names(get_command(app)):
        parts.append(f"## nnlab {' '.join(words)}\n\n```text\n{help_of(*words)}\n```\n")
    Path(__file__).with_name("commands.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
