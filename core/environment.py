"""Where and when a study ran: the content of `environment.json`."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "nnlab", "numpy", "scipy", "scikit-learn", "polars", "matplotlib", "pydantic", "threadpoolctl",
)  # fmt: skip


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe(command: Sequence[str]) -> dict[str, Any]:
    """Versions, machine and command line."""
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "platform": {
            "system": f"{platform.system()} {platform.release()}",
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        },
        "blas": blas(),
        "git_commit": git_commit(),
        "command": list(command),
    }


def package_version(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _versions() -> dict[str, str | None]:
    return {package: package_version(package) for package in _PACKAGES}


def blas() -> list[dict[str, Any]]:
    """The BLAS libraries that NumPy has loaded: which, version, kernel, threads."""
    from threadpoolctl import threadpool_info

    keys = ("internal_api", "version", "architecture", "num_threads")
    return [
        {key: entry.get(key) for key in keys}
        for entry in threadpool_info()
        if entry.get("user_api") == "blas"
    ]


@cache
def git_commit() -> str | None:
    """The commit of the checkout this code runs from, with `+` when it has been changed since."""
    here = Path(__file__).resolve().parent

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, timeout=5, check=True
        )
        return done.stdout.strip()

    try:
        if git("ls-files", "--error-unmatch", Path(__file__).name) == "":
            return None
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None
