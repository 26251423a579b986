"""The pages of `docs/` say what the code does: generated ones are fresh, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def writer() -> ModuleType:
    place = ROOT / "docs" / "write_reference.py"
    spec = importlib.util.spec_from_file_location("write_reference", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["spec.md", "reference.md"])
def test_generated_pages_are_fresh(name: str) -> None:
    """`python docs/write_reference.py` writes them again."""
    assert (ROOT / "docs" / name).read_text() == writer().PAGES[name]()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text())
    paths = [
        target for target in targets if "://" not in target and not target.startswith("mailto")
    ]
    missing = [path for path in paths if not (page.parent / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """What stands in backquotes and looks like a path of this repository is one."""
    named = re.findall(
        r"`((?:core|cli|tests|docs|configs|benchmarks)/[\w./-]*\w\.(?:py|md|yaml))`",
        page.read_text(),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []
