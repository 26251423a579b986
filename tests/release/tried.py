"""An empty environment with nnlab installed in it, run from a folder that is not the repository."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.release.distribution import version_of

_OURS = ("PYTHON", "VIRTUAL_ENV", "NNLAB", "COVERAGE", "MPL")
"""Beginnings of the variables that could lead back to the repository or its environment."""


class Environment:
    """A virtual environment of one Python."""

    def __init__(self, python: str, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root
        self.bin = folder / "env" / "bin"
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir(parents=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
        # a home of its own, but what pip has fetched once need not be fetched again
        cache = os.environ.get("PIP_CACHE_DIR") or str(Path.home() / ".cache" / "pip")
        own = {"HOME": str(self.elsewhere), "COLUMNS": "80", "PIP_CACHE_DIR": cache}
        self.environment = kept | own
        self.run(python, "-m", "venv", str(folder / "env"))

    def run(self, *command: str) -> str:
        """Standard output of a command; raises `CalledProcessError`."""
        done = subprocess.run(
            command,
            cwd=self.elsewhere,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def nnlab(self, *words: str) -> Any:
        """The document of a command with `--json`."""
        return json.loads(self.run(str(self.bin / "nnlab"), *words, "--json"))

    def install(self, package: Path, *, again: bool = False) -> None:
        """Install a wheel or an sdist with the versions that CI passed with."""
        more = ["--force-reinstall", "--no-deps"] if again else []
        pip = [str(self.bin / "python"), "-m", "pip", "install", "-q", "--no-compile", *more]
        self.run(*pip, "-c", str(self.root / "constraints.txt"), str(package))

    def starts(self) -> None:
        """It is the installed one, of the right version, and reads the specs that ship."""
        told = "import nnlab.core; print(nnlab.core.__file__)"
        where = self.run(str(self.bin / "python"), "-c", told)
        assert Path(where.strip()).is_relative_to(self.folder), where
        told = self.run(str(self.bin / "nnlab"), "--version")
        assert told == f"nnlab {version_of(self.root)}\n", told
        checked = self.nnlab("check", "quickstart")
        assert (checked["name"], checked["runs"]) == ("quickstart", 12), checked

    def works(self) -> None:
        """It also answers a question, writes its report, and leaves a spec that checks."""
        self.starts()
        answered = self.nnlab("answer", "1.4a", "--quick", "--quiet")
        assert answered["claims"], answered
        report = self.elsewhere / "results" / "answer-1.4a-quick" / "report.png"
        assert report.stat().st_size > 10_000
        self.run(str(self.bin / "nnlab"), "new", "mine")
        assert (self.elsewhere / "nnlab.schema.json").is_file()
        assert self.nnlab("check", "mine.yaml")["name"] == "mine"
        assert self.nnlab("results", "list")["answers"]
