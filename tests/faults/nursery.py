"""A process with everything imported that forks a training for each line it is sent.

A line has a file for what the training says, then the arguments of the command, tab by tab. The
answers are the training's process id and, in the end, its exit code.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn
from unittest import mock

import polars  # noqa: F401 - what a training imports on its way is here already
import sklearn.datasets
import sklearn.model_selection  # noqa: F401

import nnlab.cli.progress
import nnlab.cli.results_table
import nnlab.core.analysis.summaries
import nnlab.core.train  # noqa: F401
from nnlab.cli.main import app
from nnlab.core import study


def train(said: str, arguments: list[str]) -> NoReturn:
    """Be the command line `nnlab`, pictures left out."""
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    code = 1
    try:
        app(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    """Fork until there are no more lines."""
    mock.patch.object(study, "write_report").start()
    print("ready", flush=True)
    for line in sys.stdin:
        said, *arguments = line.rstrip("\n").split("\t")
        child = os.fork()
        if not child:
            train(said, arguments)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
