"""The Pythons of a machine: on the path, beside it, or under pyenv."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")
"""Those that `pyproject.toml` names."""
_PROBE = "import ensurepip, ssl, sqlite3, sys, venv; print('%d.%d' % sys.version_info[:2])"


def find(version: str) -> str | None:
    """A Python of this version that can make an environment; None where there is none."""
    return next((python for python in _candidates(version) if _is(python, version)), None)


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [shutil.which(f"python{version}"), f"/usr/bin/python{version}"]
    found += [f"/usr/local/bin/python{version}", f"/opt/homebrew/bin/python{version}"]
    found += [str(folder / "bin" / "python") for folder in sorted(pyenv.glob(f"{version}*"))]
    yield from (python for python in found if python is not None)


def _is(python: str, version: str) -> bool:
    """Whether it starts at all (a shim of pyenv may lead nowhere), is whole, and is that one."""
    try:
        done = subprocess.run(
            [python, "-c", _PROBE], capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version
