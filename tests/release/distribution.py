"""Wheel and sdist: built from what git would commit, and what must and must not be in them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

PARTS = ("cli", "core", "configs")


@dataclass(frozen=True, slots=True)
class Distribution:
    """What `python -m build` made."""

    wheel: Path
    sdist: Path


def version_of(root: Path) -> str:
    """The version that `pyproject.toml` gives."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def newest_change(root: Path) -> str:
    """The version of the newest entry of the changelog."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## \[(.+?)\]", text, re.M)
    assert found, "CHANGELOG.md has no entry"
    return found[1]


def files_of(root: Path) -> list[str]:
    """What git has, or would have after `git add .`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def build(root: Path, source: Path, output: Path) -> Distribution:
    """An sdist of the tree `root`, and a wheel from that sdist; `source` gets a clean copy."""
    for name in files_of(root):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, source / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(output), str(source)],
        capture_output=True,
        text=True,
        check=True,
    )
    (wheel,), (sdist,) = output.glob("*.whl"), output.glob("*.tar.gz")
    return Distribution(wheel, sdist)


def check_wheel(wheel: Path, root: Path) -> None:
    """Every file of the three parts is in it, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = f"nnlab-{version_of(root)}.dist-info/"
    belongs = tuple(f"nnlab/{part}/" for part in PARTS)
    strange = {name for name in names if not name.startswith((*belongs, info))}
    assert not strange, f"the wheel has what nobody asked for: {sorted(strange)[:9]}"
    wanted = {f"nnlab/{name}" for name in files_of(root) if name.split("/")[0] in PARTS}
    installed = {name for name in names if name.startswith("nnlab/")}
    assert installed == wanted, f"missing or too much: {sorted(installed ^ wanted)[:9]}"
    assert {f"{info}licenses/LICENSE", f"{info}METADATA", f"{info}entry_points.txt"} <= names


def check_sdist(sdist: Path, root: Path) -> None:
    """The parts and the tests are in it, neither results nor what CI is made of."""
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers()}
    wanted = {name for name in files_of(root) if name.split("/")[0] in (*PARTS, "tests")}
    assert wanted <= names, f"the sdist lacks {sorted(wanted - names)[:9]}"
    strange = {name for name in names if name.startswith((".ci", ".git", "results", "benchmarks"))}
    assert not strange, f"the sdist has {sorted(strange)[:9]}"
