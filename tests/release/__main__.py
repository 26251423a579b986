"""Build wheel and sdist and try both in empty environments: `python -m tests.release [3.11 ...]`.

Needs `build`, git and a package index, and takes about a minute for each Python that is found.
Pythons of `VERSIONS` that this machine does not have are named at the end: they are not tried.
Any failure is an exit code that is not 0, and so is a Python that was asked for and is not there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.release.distribution import build, check_sdist, check_wheel
from tests.release.interpreters import VERSIONS, find
from tests.release.tried import Environment

ROOT = Path(__file__).resolve().parents[2]


def main(asked: Sequence[str]) -> int:
    """Build, look inside, install, run; say what was and what was not tried."""
    pythons = {version: find(version) for version in asked or VERSIONS}
    first = next((version for version, python in pythons.items() if python), None)
    with tempfile.TemporaryDirectory(prefix="nnlab-release-") as name:
        folder = Path(name)
        made = build(ROOT, folder / "source", folder / "dist")
        check_wheel(made.wheel, ROOT)
        check_sdist(made.sdist, ROOT)
        print(f"built {made.wheel.name} and {made.sdist.name}", flush=True)
        for version, python in pythons.items():
            if python is None:
                continue
            start = time.monotonic()
            environment = Environment(python, folder / f"python{version}", ROOT)
            environment.install(made.wheel)
            environment.works()
            tried = "the wheel"
            if version == first:  # the wheel was itself built from the sdist
                environment.install(made.sdist, again=True)
                environment.starts()
                tried = "the wheel and the sdist"
            shutil.rmtree(environment.folder)
            seconds = time.monotonic() - start
            print(f"Python {version}: {tried} installed and run, {seconds:.0f} s", flush=True)
    missing = [version for version, python in pythons.items() if python is None]
    if missing:
        print(f"NOT TRIED, as this machine has no such Python: {', '.join(missing)}")
    return 1 if missing and (asked or len(missing) == len(pythons)) else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        print(error.stdout or "", error.stderr or "", sep="\n", file=sys.stderr)
        sys.exit(f"{error}")
