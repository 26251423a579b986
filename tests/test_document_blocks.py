"""Every fenced block of the documents runs, and what is shown below a command is what it says.

A page is one story: its blocks run in their order, in one empty folder. What a block is follows
from its language:

    sh       bash, with `nnlab` on the path; it must succeed
    text     right below an `sh` block: what that printed, shortened. Every line must be in the
             output, in this order, whatever its numbers; `...` alone stands for lines left out
    yaml     a spec; beginning with `# NAME.yaml` it is kept under that name for later blocks
    python   Python, with the names of the blocks before
    mermaid  a drawing

A block that cannot run stands below a comment that says why, `<!-- skip: next "why" -->`. Pages
that train more than a unit test may are marked `machine`: `make faults` runs them. That all
commands and options exist, and all specs are valid, is a unit test for these, too.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from typer.main import get_command

from nnlab.cli.main import app
from nnlab.core.spec import parse_spec

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {"commands.md", "reference.md", "spec.md", "claims.md"}
"""Written from the code: no block of theirs is a lesson."""
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.name not in GENERATED),
]
LONG = {"README.md", "tutorial.md", "softmax.md", "linear.md", "by-hand.md", "batch-size.md"}
"""Pages that train for longer than a unit test may."""
MOST_SKIPPED = 12
"""In all pages together: a document of blocks that do not run is not tested."""
SKIPPED = r"<!-- skip: next [^\n]*-->\s*"
LANGUAGES = {"sh", "text", "yaml", "python", "mermaid"}
NUMBER = re.compile(r"[\d٠-٩][\d.,:·]*[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]*|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def pages(long: bool) -> list[Path]:
    return [page for page in PAGES if (page.name in LONG) == long]


# ------------------------------------------------------------------ what a block does


def shell(example: Example) -> None:
    """Run the block; its output is kept for the `text` below."""
    place = Path(example.namespace["place"])
    environment = os.environ | {
        "PATH": f"{place / '.bin'}:{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", str(example.parsed)],
        cwd=place / "lab", env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{where(example)} ends with {done.returncode}:\n{done.stdout}"
    example.namespace["printed"] = (example.region.end, done.stdout)


def text(example: Example) -> None:
    """Compare with the output of the block right above; any other text is only text."""
    end, printed = example.namespace.pop("printed", (0, ""))
    if example.document.text[end : example.region.start].strip(" \n`"):
        return
    missing = not_printed(str(example.parsed), printed)
    assert missing is None, f"{where(example)} shows {missing!r}, but it prints:\n{printed}"


def not_printed(shown: str, printed: str) -> str | None:
    """The first line that is shown and not printed after those before it."""
    lines = iter([plain(line) for line in printed.splitlines()])
    for line in shown.splitlines():
        wanted = plain(line)
        if wanted and wanted != "..." and wanted not in lines:
            return line
    return None


def plain(line: str) -> str:
    """Without its numbers, and with single blanks."""
    return " ".join(NUMBER.sub("#", line).replace("−", "-").split())


def spec(example: Example) -> None:
    """Read a spec, and keep it where it has a name."""
    written = str(example.parsed)
    parse_spec(written, where(example))
    named = re.match(r"# ([\w-]+\.yaml)\n", written)
    if named:
        (Path(example.namespace["place"]) / "lab" / named[1]).write_text(written)


def where(example: Example) -> str:
    return f"{Path(example.path).name}, line {example.line}"


def drawing(_: Example) -> None:
    """Nothing to run."""


BLOCKS = Sybil(
    parsers=[
        CodeBlockParser("sh", shell),
        CodeBlockParser("text", text),
        CodeBlockParser("yaml", spec),
        CodeBlockParser("mermaid", drawing),
        PythonCodeBlockParser(),
        SkipParser(),
    ]
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, `lab`, and `nnlab` as a command."""
    for name in ("lab", ".bin"):
        (tmp_path / name).mkdir()
    command = tmp_path / ".bin" / "nnlab"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nnlab.cli "$@"\n')
    command.chmod(0o755)
    monkeypatch.chdir(tmp_path / "lab")
    return tmp_path


def run(page: Path, place: Path) -> list[str]:
    """Run all blocks of a page; the reasons of those that are skipped."""
    document = BLOCKS.parse(page)
    document.namespace["place"] = str(place)
    skipped = []
    for example in document.examples():
        try:
            example.evaluate()
        except SkipTest as reason:
            skipped.append(str(reason))
    return skipped


@pytest.mark.parametrize("page", pages(long=False), ids=lambda page: page.name)
def test_blocks_run(page: Path, place: Path) -> None:
    run(page, place)


@pytest.mark.machine
@pytest.mark.parametrize("page", pages(long=True), ids=lambda page: page.name)
def test_long_blocks_run(page: Path, place: Path) -> None:
    run(page, place)


# ------------------------------------------------------------------ without running them


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of every fenced block."""
    yield from re.findall(r"^```([^\n]*)\n(.*?)^```$", page.read_text(), re.S | re.M)


def commands(page: Path) -> Iterator[list[str]]:
    """The words behind `nnlab` of every command in a shell block."""
    for language, body in blocks(page):
        if language == "sh":
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                for i, word in enumerate(words):
                    if Path(word).name == "nnlab":
                        yield [w for w in words[i + 1 :] if w not in ("||", "true")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_have_a_language_that_says_what_becomes_of_them(page: Path) -> None:
    assert [language for language, _ in blocks(page) if language not in LANGUAGES] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_fenced(page: Path) -> None:
    """A block that is only indented would run nowhere."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)
    assert re.findall(r"\n\n    [^\s].*", prose) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path) -> None:
    """Parsed by the command line itself, and not run."""
    for words in commands(page):
        command: Any = get_command(app)
        rest = list(words)
        while hasattr(command, "commands") and rest:
            assert rest[0] in command.commands, f"nnlab {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        command.make_context("nnlab", rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_yaml_blocks_are_specs(page: Path) -> None:
    """All that are not skipped: a manifest of another program is no spec."""
    text = re.sub(SKIPPED + r"```yaml\n.*?^```$", "", page.read_text(), flags=re.S | re.M)
    for body in re.findall(r"^```yaml\n(.*?)^```$", text, re.S | re.M):
        parse_spec(body, page.name)


def test_what_does_not_run_says_why_and_is_little() -> None:
    found = [
        reason
        for page in PAGES
        for reason in re.findall(r"<!-- skip: (?:next|start)(.*?)-->", page.read_text())
    ]
    assert len(found) <= MOST_SKIPPED
    assert [reason for reason in found if not re.fullmatch(r' "[^"]{15,}" ', reason)] == []


# ------------------------------------------------------------------ the instrument itself


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        ("relu  0.9\n...\ntanh  0.8", None),
        ("tanh  0.8\nrelu  0.9", "relu  0.9"),
        ("relu  0.9\nsigmoid  1", "sigmoid  1"),
    ],
)
def test_what_is_shown_is_compared(shown: str, missing: str | None) -> None:
    assert not_printed(shown, "name\nrelu   0.71\nmish 0.5\ntanh   0.72\n") == missing


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("```sh\nfalse\n```", "page.md, line 1 ends with 1"),
        ("```sh\necho one\n```\n\n```text\ntwo\n```", "line 5 shows 'two'"),
        ("```yaml\nname: x\nbatch_sise: 8\n```", "batch_size"),
        ("```python\nassert 1 == 2\n```", "1 == 2|^$"),
    ],
)
def test_a_wrong_block_is_found(block: str, message: str, place: Path) -> None:
    page = place / "page.md"
    page.write_text(block + "\n")
    with pytest.raises(Exception, match=message):
        run(page, place)


def test_a_skipped_block_does_not_run(place: Path) -> None:
    page = place / "page.md"
    page.write_text('<!-- skip: next "needs what is not there" -->\n\n```sh\nfalse\n```\n')
    assert run(page, place) == ["needs what is not there"]
