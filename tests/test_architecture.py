"""The house is what `docs/architecture.md` says: floors, packages, no printing below."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "core"

FLOORS = (
    ("errors", "suggest", "wording"),
    ("nn",),
    ("spec", "data", "plan", "cores", "quantities", "limits"),
    (
        "batches", "probes", "outcome", "train", "worker", "pool", "execute", "cluster",
        "cluster_worker", "cluster_crew",
        "files", "store", "folder", "claim", "completion", "sink", "reading", "environment",
        "fingerprint", "settings", "listener", "calibration", "running",
        "members", "segments",
    ),
    ("analysis",),
    ("report",),
    (
        "results", "writing", "drawing", "study", "compare", "tuning", "scaling", "questions",
        "api", "catalogue", "saved", "export", "tables", "trackers",
    ),
)  # fmt: skip
"""Rooms from the ground up; a room imports its own floor or lower ones."""


def modules() -> dict[str, Path]:
    """Every module of core by its dotted name below `nnlab.core`."""
    found = {}
    for path in CORE.rglob("*.py"):
        parts = path.relative_to(CORE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


MODULES = modules()


def imports(path: Path) -> set[str]:
    """The names below `nnlab.core` that a file imports when it runs (not for types alone)."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nnlab.core"):
            base = (node.module or "").removeprefix("nnlab.core").lstrip(".")
            for alias in node.names:
                submodule = f"{base}.{alias.name}".lstrip(".")
                found.add(submodule if submodule in MODULES else base)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("nnlab.core."):
                    found.add(alias.name.removeprefix("nnlab.core."))
    return found


def floor_of(name: str) -> int:
    room = name.split(".", maxsplit=1)[0]
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    raise AssertionError(f"core/{room} stands on no floor: add it to FLOORS and the architecture")


def test_a_floor_imports_only_its_own_and_lower_floors() -> None:
    wrong = [
        f"{name} (floor {floor_of(name)}) imports {other} (floor {floor_of(other)})"
        for name, path in MODULES.items()
        for other in imports(path)
        if floor_of(other) > floor_of(name)
    ]
    assert wrong == []


def test_there_is_no_import_cycle() -> None:
    graph = {name: imports(path) for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"import cycle: {' -> '.join((*trail, name))}"
        if name in done:
            return
        for other in graph.get(name, ()):
            if other != name:
                visit(other, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("banned", ["typer", "rich", "matplotlib.pyplot"])
def test_core_knows_no_terminal_and_no_window(banned: str) -> None:
    pattern = re.compile(rf"^\s*(import|from) {re.escape(banned)}\b", re.M)
    assert [str(p) for p in CORE.rglob("*.py") if pattern.search(p.read_text())] == []


def test_the_network_needs_numpy_only() -> None:
    allowed = {"numpy", "nnlab", "__future__", "collections", "dataclasses", "functools"}
    allowed |= {"itertools", "math", "typing", "weakref"}
    for path in (CORE / "nn").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            )  # fmt: skip
            for name in names:
                assert name.split(".")[0] in allowed, f"{path.name} imports {name}"


def test_every_package_on_disk_is_installed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    on_disk = {
        "nnlab." + ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("cli", "core", "configs")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(settings["packages"]) == on_disk


def test_every_room_is_in_the_picture_of_the_house() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {name.split(".")[0] for name in MODULES}
    missing = [r for r in rooms if f"`{r}.py`" not in text and f"`{r}/`" not in text]
    assert missing == []


def test_public_names_have_docstrings() -> None:
    """Ruff checks that too; here it also covers modules and private modules' public classes."""
    for path in MODULES.values():
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), f"{path} has no docstring"
