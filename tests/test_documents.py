"""The pages of `docs/` say what the code does: generated ones are fresh, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from nnlab.core.questions.table import QUESTIONS
from nnlab.core.tables import TOPICS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def writer(name: str = "write_reference") -> ModuleType:
    place = ROOT / "docs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["spec.md", "reference.md"])
def test_generated_pages_are_fresh(name: str) -> None:
    """`python docs/write_reference.py` writes them again."""
    assert (ROOT / "docs" / name).read_text() == writer().PAGES[name]()


def test_the_page_of_claims_is_fresh() -> None:
    """`python docs/write_claims.py` writes it again."""
    page = (ROOT / "docs" / "science" / "claims.md").read_text()
    assert page == writer("write_claims").page()


def test_every_claim_says_who_claims_it() -> None:
    claims = writer("write_claims").all_claims()
    assert len(claims) >= 40
    assert {claim.question for claim in claims.values()} <= set(QUESTIONS)
    assert [name for name, claim in claims.items() if not claim.source] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", page.read_text())
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_pages_lead_to_headings(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())
    for path, anchor in links:
        if "://" not in path:
            assert anchor in anchors(page.parent / path if path else page), f"{path}#{anchor}"


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings: lower case, no punctuation, hyphens for blanks."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_found_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", page.read_text()):
            other = (page.parent / target).resolve()
            if "://" not in target and other not in seen:
                waiting.append(other)
    assert {page.name for page in PAGES if page not in seen} == set()


# ------------------------------------------------------------------ papers

NAME = r"[A-Z][a-z]+(?:[A-Z][a-z]+)?"
CITED = re.compile(rf"({NAME})(?: (?:&|and) {NAME}| et al\.)?,? \(?((?:19|20)\d\d)")
REFERENCES = ROOT / "docs" / "references.md"


def references() -> list[tuple[str, str]]:
    """(first author, year) of every entry, in order."""
    text = REFERENCES.read_text()
    return [(key[1], key[2]) for key in re.finditer(rf"^- \*\*{CITED.pattern}\.\*\*", text, re.M)]


def sources() -> dict[str, str]:
    """Where each row of a table comes from, by topic and name."""
    found = {
        f"{topic.name} {entry.name}": entry.source
        for topic in TOPICS.values()
        for entry in topic.entries()
        if topic.name in ("activations", "losses", "outputs", "initializations", "optimizers")
    }
    claims = writer("write_claims").all_claims()
    return found | {f"claim {name}": claim.source for name, claim in claims.items()}


def test_every_entry_is_read_by_this_test() -> None:
    entries = re.findall(r"^- ", REFERENCES.read_text(), re.M)
    assert len(references()) == len(entries) >= 40
    assert len(set(references())) == len(entries)


def test_every_paper_of_a_row_is_in_the_references() -> None:
    cited = {
        (found[1], found[2]): row
        for row, text in sources().items()
        for found in CITED.finditer(text)
    }
    assert len(cited) > 20
    assert {key: row for key, row in cited.items() if key not in references()} == {}


def test_every_data_set_with_a_year_is_in_the_references() -> None:
    known = set(references())
    for entry in TOPICS["datasets"].entries():
        for year in re.findall(r"\b((?:19|20)\d\d)\b", entry.source):
            assert (entry.source.split()[0].strip(","), year) in known, entry.source


def test_every_paper_that_is_cited_in_words_is_in_the_references() -> None:
    """In a docstring, a text or a page: `He et al. 2015`, `Glorot & Bengio (2010)`."""
    pattern = re.compile(rf"(?<!, )\b({NAME})(?: (?:&|and) {NAME}| et al\.) \(?((?:19|20)\d\d)")
    files = [*(ROOT / "core").rglob("*.py"), *(ROOT / "configs").glob("*.yaml"), *PAGES]
    missing = {
        (found[1], found[2]): path.name
        for path in files
        for found in pattern.finditer(" ".join(path.read_text().split()))
        if (found[1], found[2]) not in references()
    }
    assert missing == {}


@pytest.mark.parametrize(("author", "year"), references(), ids=str)
def test_every_reference_is_used(author: str, year: str) -> None:
    files = [*(ROOT / "core").rglob("*.py"), *(ROOT / "configs").glob("*.yaml")]
    files += [page for page in PAGES if page != REFERENCES]
    near = re.compile(rf"\b{author}\b[^.]{{0,90}}(?:et al\.)?[^.]{{0,90}}\b{year}\b")
    assert any(near.search(" ".join(path.read_text().split())) for path in files)
