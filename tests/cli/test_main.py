"""The command line as a whole: help, usage, and errors as messages and exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from nnlab.cli.main import COMMANDS, app
from nnlab.core import study
from nnlab.core.suggest import nearest
from tests.command_line import TINY, Nnlab, document

GROUP: Any = typer.main.get_command(app)
NAMES = tuple(command.__name__.rstrip("_") for command in COMMANDS)


def _leaves(group: Any, *above: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, those of groups such as `results` too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _leaves(command, *above, name)
        else:
            yield (*above, name), command


LEAVES = dict(_leaves(GROUP))
ROOT = Path(__file__).parents[2]


def test_the_commands_come_in_the_order_listed() -> None:
    assert tuple(GROUP.commands)[: len(NAMES)] == NAMES


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("words", [(), *LEAVES])
def test_help_fits_80_columns_and_needs_nothing(
    nnlab: Nnlab, words: tuple[str, ...], flag: str
) -> None:
    result = nnlab(*words, flag)
    assert result.exit_code == 0
    assert result.stdout.startswith(" ".join(("Usage: nnlab", *words)))
    assert result.stderr == ""
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("words", LEAVES)
def test_every_command_and_every_option_says_what_it_is(words: tuple[str, ...]) -> None:
    command = LEAVES[words]
    assert len(command.help.split()) > 10
    for parameter in command.params:
        assert (parameter.help or "").endswith((".", ").")), parameter.name


@pytest.mark.parametrize("words", LEAVES)
def test_every_command_and_every_option_is_documented(words: tuple[str, ...]) -> None:
    """`docs/write_commands.py` writes the page again."""
    reference = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    title = " ".join(("nnlab", *words))
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", reference, re.M | re.S)
    assert section, f"docs/commands.md has no section '{title}'"
    known = {option for p in LEAVES[words].params for option in p.opts if option[0] == "-"}
    written = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*\b", section[1]))
    assert known <= written
    assert {word for word in written if word.startswith("--")} <= known | {"--help"}


def test_a_wrong_command_gets_a_suggestion(nnlab: Nnlab) -> None:
    result = nnlab("trian", "tiny.yaml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.search(r"Error: No such command 'trian'. Did you mean 'train'\?", result.stderr)


def test_a_wrong_option_gets_a_suggestion(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", "--dry")
    assert result.exit_code == 2
    assert "Try 'nnlab train -h' for help." in result.stderr
    assert re.search(r"Error: No such option: --dry.*--dry-run", result.stderr)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train",), r"Missing argument 'SPEC'"),
        (("train", "tiny.yaml", "--jobs", "0"), r"Invalid value for '--jobs': .*1"),
        (("train", "tiny.yaml", "--jobs", "two"), r"Invalid value for '--jobs': .*int"),
        (("train", "tiny.yaml", "more.yaml"), r"unexpected extra argument.*more\.yaml"),
        (("train", "tiny.yaml", "-s"), r"'-s' requires an argument"),
        (("gradcheck", "--depth", "21"), r"Invalid value for '--depth': .*20"),
        (("gradcheck", "--seed", "-1"), r"Invalid value for '--seed': .*0"),
    ],
)
def test_wrong_usage_is_told_with_code_2(
    nnlab: Nnlab, words: tuple[str, ...], message: str
) -> None:
    result = nnlab(*words)
    assert result.exit_code == 2
    assert re.search(rf"^Error: .*{message}", result.stderr, re.M), result.stderr
    assert result.stdout == ""


def test_wrong_usage_is_a_document_when_asked_for(nnlab: Nnlab) -> None:
    result = nnlab("train", "--json")
    told = document(result)
    assert told == {"error": "Missing argument 'SPEC'.", "exit_code": 2, "problems": []}
    assert "Error: Missing argument 'SPEC'." in result.stderr


def test_without_a_command_there_is_help(nnlab: Nnlab) -> None:
    result = nnlab()
    assert result.exit_code == 2
    assert "gradcheck" in result.output
    assert "Error" not in result.output


def test_the_version(nnlab: Nnlab) -> None:
    result = nnlab("--version")
    assert result.exit_code == 0
    assert re.fullmatch(r"nnlab (\d+\.\d+\.\d+\S*|\(not installed\))\n", result.stdout)


def _raises(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(*given: object) -> None:
        raise error

    monkeypatch.setattr(study, "prepare", prepare)


def test_ctrl_c_outside_of_training(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    _raises(KeyboardInterrupt(), monkeypatch)
    result = nnlab("check", "tiny.yaml")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")


def test_too_little_memory(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    _raises(MemoryError(), monkeypatch)
    result = nnlab("check", "tiny.yaml")
    assert (result.exit_code, result.stderr) == (1, "Error: out of memory\n")


def test_a_bug_keeps_its_traceback(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    bug = ZeroDivisionError("a bug")
    _raises(bug, monkeypatch)
    assert nnlab("check", "tiny.yaml").exception is bug


@pytest.mark.parametrize("words", ["--help", "train -h", "--version"])
def test_help_loads_nothing_that_computes_or_draws(words: str) -> None:
    """Modules are counted, not seconds: `nnlab --help` has to stay quick on every machine."""
    script = (
        f"import sys; sys.argv = ['nnlab', *{words!r}.split()]\n"
        "from nnlab.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    heavy = {"matplotlib", "sklearn", "polars", "scipy", "numpy", "rich", "yaml"}
    assert not loaded & heavy
    assert "typer" in loaded  # the list is real


def test_the_module_runs_as_a_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nnlab.cli", "-h"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage: nnlab ")


def test_control_characters_of_the_command_line_are_shown_escaped(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", "\x1b[31mred")
    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert r"\x1b[31mred" in result.stderr


def test_a_shipped_spec_is_found_by_its_bare_name(nnlab: Nnlab, folder: Path) -> None:
    assert document(nnlab("check", "quickstart", "--json"))["name"] == "quickstart"
    (folder / "quickstart").write_text(TINY)  # but a file of that name goes before it
    assert document(nnlab("check", "quickstart", "--json"))["name"] == "tiny"


def test_a_folder_is_not_in_the_way_of_a_shipped_spec(nnlab: Nnlab, folder: Path) -> None:
    (folder / "quickstart").mkdir()
    assert nnlab("check", "quickstart").exit_code == 0
    (folder / "results").mkdir()
    result = nnlab("check", "results")
    assert result.exit_code == 2
    assert "results: this is a folder" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("quikstart", "did you mean 'quickstart'? These ship: "),
        ("tiny", "did you mean 'tiny.yaml'?"),
        ("zzz", "'zzz' is neither a file nor a spec that ships. These ship: "),
        ("tiny.yml", "tiny.yml: there is no such file; did you mean 'tiny.yaml'?"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
    ],
)
def test_a_spec_that_is_not_there(nnlab: Nnlab, name: str, message: str) -> None:
    result = nnlab("train", name)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "\x1b" not in result.output


def test_suggestions_know_every_command() -> None:
    assert [nearest(name.upper(), NAMES) for name in NAMES] == list(NAMES)


def test_completion_is_offered() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert "--install-completion" in result.stdout
