"""What a release says of itself agrees, and what the checks of `tests/release` refuse."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from tests.release.distribution import (
    PARTS,
    check_sdist,
    check_wheel,
    files_of,
    newest_change,
    version_of,
)
from tests.release.interpreters import VERSIONS, find

ROOT = Path(__file__).resolve().parents[1]


def test_the_newest_change_is_that_of_the_package() -> None:
    assert newest_change(ROOT) == version_of(ROOT)
    assert re.fullmatch(r"\d+\.\d+\.\d+", version_of(ROOT))


def test_what_is_installed_is_that_version() -> None:
    """After another version in pyproject.toml `make install` brings the environment along."""
    try:
        installed = version("nnlab")
    except PackageNotFoundError:
        pytest.skip("nnlab is not installed here: the tree is on the path")
    assert installed == version_of(ROOT)


def test_the_pythons_tried_are_those_that_are_promised() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r"Python :: (3\.\d+)", text) == list(VERSIONS)
    assert f'requires-python = ">={VERSIONS[0]}"' in text


def test_a_python_that_is_not_there_is_not_found() -> None:
    assert find(f"{sys.version_info[0]}.{sys.version_info[1]}") == sys.executable
    assert find("3.999") is None


def test_the_pins_are_versions_and_nothing_else() -> None:
    """An address in this file would be that of somebody's own registry."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("#")[0].strip() for line in lines if not line.startswith("#")]
    assert len(pins) > 100
    wrong = [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!]*", pin)]
    assert wrong == []
    names = [re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower() for pin in pins]
    assert len(names) == len(set(names))


def wheel_with(path: Path, *more: str, without: str = "") -> Path:
    names = [f"nnlab/{name}" for name in files_of(ROOT) if name.split("/")[0] in PARTS]
    info = f"nnlab-{version_of(ROOT)}.dist-info"
    names += [f"{info}/{name}" for name in ("licenses/LICENSE", "METADATA", "entry_points.txt")]
    with zipfile.ZipFile(path / "nnlab.whl", "w") as archive:
        for name in [*names, *more]:
            if not without or not name.endswith(without):
                archive.writestr(name, "")
    return path / "nnlab.whl"


def test_a_wheel_with_everything_passes(tmp_path: Path) -> None:
    check_wheel(wheel_with(tmp_path), ROOT)


@pytest.mark.parametrize("name", ["tests/test_api.py", ".ci/run", "core/api.py", "nnlab/x/y.py"])
def test_a_wheel_with_what_does_not_belong_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AssertionError, match="what nobody asked for"):
        check_wheel(wheel_with(tmp_path, name), ROOT)


@pytest.mark.parametrize("name", ["configs/nnlab.schema.json", "core/py.typed", "core/nn/mlp.py"])
def test_a_wheel_that_lacks_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AssertionError, match="missing or too much"):
        check_wheel(wheel_with(tmp_path, without=name), ROOT)


@pytest.mark.parametrize(("name", "message"), [("", "lacks"), (".ci/run", "has")])
def test_an_sdist_is_looked_into(tmp_path: Path, name: str, message: str) -> None:
    names = [*files_of(ROOT), ".ci/run"] if name else ["cli/main.py"]
    wanted = [n for n in names if n == ".ci/run" or n.split("/")[0] in (*PARTS, "tests")]
    with tarfile.open(tmp_path / "nnlab.tar.gz", "w:gz") as archive:
        for each in wanted:
            archive.addfile(tarfile.TarInfo(f"nnlab-0/{each}"))
    with pytest.raises(AssertionError, match=f"the sdist {message} "):
        check_sdist(tmp_path / "nnlab.tar.gz", ROOT)
