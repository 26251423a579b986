"""TAB: what the program answers to each shell's questions, and once really in bash."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from nnlab.cli.main import app
from nnlab.cli.shell_completion import mend_words, values_of
from nnlab.configs import shipped
from nnlab.core.data.datasets import DATASETS
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.questions.table import QUESTIONS
from nnlab.core.spec import Spec, json_schema, parse_spec
from nnlab.core.tables import TOPICS
from tests.terminal import Terminal

BREAKS = re.compile(r"([=:]+)")


def asked(environment: dict[str, str]) -> list[str]:
    """The lines that the program prints for this environment."""
    result = CliRunner().invoke(app, [], prog_name="nnlab", env=environment)
    assert result.exit_code in (0, 1), result.output
    assert "Traceback" not in result.output
    return result.stdout.split("\n")[:-1] if result.stdout.strip() else []


def bash(line: str) -> list[str]:
    """As typer's script for bash asks: words broken at `=` and `:`, one a line."""
    words = [piece for word in line.split(" ") for piece in BREAKS.split(word) if piece]
    words += [""] if line.endswith(" ") else []
    return asked(
        {
            "_NNLAB_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
    )


def zsh(line: str) -> list[str]:
    """The words in what zsh is to evaluate; [] where it completes files by itself."""
    (told, *more) = asked({"_NNLAB_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}) or [""]
    if told == "_files":
        return []
    text = "\n".join([told, *more])
    assert text.startswith("_arguments '*: :((")
    found = re.findall(r'^(?:_arguments .*?\(\()?"(.*?)"(?::"|\)\)\'|$)', text, re.M)
    return [word.replace("\\\\:", ":") for word in found]


def fish(line: str) -> list[str]:
    """The words that fish lists."""
    question = {"_NNLAB_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": line}
    answers = asked(question | {"_TYPER_COMPLETE_FISH_ACTION": "get-args"})
    return [answer.split("\t")[0] for answer in answers]


SHELLS = [pytest.param(shell, id=shell.__name__) for shell in (bash, zsh, fish)]
Shell = Callable[[str], list[str]]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nnlab answer 1.4", [name for name in QUESTIONS if name.startswith("1.4")]),
        ("nnlab train quic", ["quickstart"]),
        ("nnlab check ti", ["tiny.yaml"]),
        ("nnlab compare ti", ["tiny.yaml"]),
        ("nnlab scaling batch_s", ["batch_scaling"]),
        ("nnlab compare --activations relu,ta", ["relu,tanh"]),
        ("nnlab compare --activations relu,tanh,sigm", ["relu,tanh,sigmoid"]),
        ("nnlab scaling --optimizer sgd,rms", ["sgd,rmsprop"]),
        ("nnlab scaling --activation sof", ["softplus", "softsign"]),
        ("nnlab gradcheck -a hard", ["hard_tanh"]),
        ("nnlab list act", ["activations"]),
        ("nnlab train x -s batch", ["batch_size=", "batch_size=32", "batch_size=full"]),
        ("nnlab train x -s st", ["standardize=", "steps="]),
        ("nnlab results export x --form", ["--format"]),
        ("nnlab results export x --table la", ["layers"]),
    ],
)
def test_every_shell_is_offered(
    folder: Path, shell: Shell, line: str, words: Sequence[str]
) -> None:
    assert sorted(shell(line)) == sorted(words)


@pytest.mark.parametrize("shell", [zsh, fish])
@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("nnlab train x -s activation=sigm", "activation=sigmoid"),
        ("nnlab train x -s activation=[relu,sigm", "activation=[relu,sigmoid"),
        ("nnlab train x --set dataset=dig", "dataset=digits"),
        ("nnlab train x -s standardize=f", "standardize=false"),
        ("nnlab compare --activations leaky_relu:0.2,ta", "leaky_relu:0.2,tanh"),
    ],
)
def test_shells_that_ask_for_whole_words_get_whole_words(
    folder: Path, shell: Shell, line: str, word: str
) -> None:
    assert shell(line) == [word]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("nnlab train x -s activation=sigm", "sigmoid"),
        ("nnlab train x -s seeds=3 -s activation=[relu,sigm", "[relu,sigmoid"),
        ("nnlab train x --set=dataset=dig", "digits"),
        ("nnlab compare --activations leaky_relu:0.2,ta", "0.2,tanh"),
        ("nnlab compare --activations=leaky_relu:0.2,ta", "0.2,tanh"),
        ("nnlab compare --activations=ta", "tanh"),
        ("nnlab train x -s activation=leaky_relu:0", "0.2"),
    ],
)
def test_bash_gets_the_piece_it_asked_for(folder: Path, line: str, word: str) -> None:
    assert bash(line) == [word]


@pytest.mark.parametrize(
    ("key", "names"),
    [("dataset", DATASETS), ("activation", ACTIVATIONS), ("optimizer", OPTIMIZERS)],
)
def test_behind_the_sign_of_a_key_stand_the_names_of_its_table(
    folder: Path, key: str, names: dict[str, object]
) -> None:
    assert set(names) <= set(bash(f"nnlab train x -s {key}="))


def test_without_a_letter_everything_is_offered(folder: Path) -> None:
    assert bash("nnlab train ") == [*shipped(), "tiny.yaml"]
    assert bash("nnlab list ") == list(TOPICS)
    assert [word.rstrip("=") for word in bash("nnlab train x -s ")] == list(Spec.model_fields)


def test_specs_are_found_in_folders_and_odd_names_do_no_harm(folder: Path) -> None:
    (folder / "deep").mkdir()
    for name in ("one.yaml", "two.yml", "three.txt"):
        (folder / "deep" / name).touch()
    (folder / "[odd].yaml").touch()
    (folder / "folder.yaml").mkdir()
    assert fish("nnlab train dee") == ["deep/one.yaml", "deep/two.yml"]
    assert fish("nnlab train deep/t") == ["deep/two.yml"]
    assert fish("nnlab train [o") == ["[odd].yaml"]
    assert fish("nnlab train folder") == []


def test_results_are_those_of_the_folder_that_is_named(results: Path) -> None:
    names = bash("nnlab results show ")
    assert names
    assert bash("nnlab report g") == [name for name in names if name.startswith("g")]
    os.rename(results, "elsewhere")
    assert bash("nnlab results show ") == []
    assert bash("nnlab results show --results elsewhere ") == names
    assert bash("nnlab results show --results=elsewhere ") == names


def test_file_names_are_left_to_the_shell(folder: Path) -> None:
    """Nothing offered: bash, zsh and fish then complete files themselves."""
    for line in ("nnlab train x --results ti", "nnlab train x tiny.yaml ti", "nnlab train nothin"):
        assert bash(line) == zsh(line) == fish(line) == []


@pytest.mark.parametrize("key", Spec.model_fields)
def test_what_is_offered_behind_a_key_is_what_it_takes(key: str) -> None:
    for value in values_of(json_schema()["properties"][key]):
        text = f"name: x\n{key}: {value}\n" if key != "name" else f"name: {value}\n"
        if key in ("momentum", "beta1", "beta2", "epsilon"):
            text += "optimizer: [momentum, adam]\n"
        if key in ("loss", "output"):
            text += "dataset: {npz: x.npz}\n"
        parse_spec(text)


def test_every_name_on_the_command_line_is_completed() -> None:
    """An option of names without completion would be forgotten: they are told by their metavar."""

    def leaves(group: Any) -> Any:
        for command in group.commands.values():
            yield from leaves(command) if hasattr(command, "commands") else [command]

    bare = {
        (command.name, parameter.name)
        for command in leaves(typer.main.get_command(app))
        for parameter in command.params
        if parameter.metavar in {"SPEC", "KEY=VALUE", "A,B,...", "A,...", "O,...", "[TOPIC]",
                                 "QUESTION", "A", "B"}
        and parameter._custom_shell_complete is None
    }  # fmt: skip
    assert bare == set()


def test_words_are_left_alone_where_no_bash_asks() -> None:
    for environment in (
        {},
        {"COMP_WORDS": "a = b", "COMP_CWORD": "2"},
        {"_NNLAB_COMPLETE": "complete_zsh", "COMP_WORDS": "a = b", "COMP_CWORD": "2"},
        {"_NNLAB_COMPLETE": "complete_bash", "COMP_WORDS": "a = b", "COMP_CWORD": "odd"},
    ):
        before = dict(environment)
        mend_words(environment)
        assert environment == before


@pytest.mark.machine
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_tab_in_a_real_bash(folder: Path) -> None:
    """An interactive bash with typer's own script: keys typed, the line read back."""
    program = folder / "bin" / "nnlab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m nnlab.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "PS1": "> ", "TERM": "dumb", "INPUTRC": "/dev/null"}
    terminal = Terminal(
        "--norc", "-i", folder=folder, columns=200, environment=environment, program=["bash"]
    )
    terminal.type("bind 'set bell-style none'; unset PROMPT_COMMAND; PS1='> '\n")
    terminal.type('eval "$(_NNLAB_COMPLETE=source_bash nnlab)"; complete -p nnlab\n')
    terminal.wait_for(r"complete -o default -F _nnlab_completion nnlab")
    for typed, completed in (
        ("nnlab train quic", "nnlab train quickstart "),
        ("nnlab train tiny.yaml -s activation=[relu,sigm", "-s activation=[relu,sigmoid "),
        ("nnlab compare --activations leaky_relu:0.2,ta", "--activations leaky_relu:0.2,tanh "),
        ("nnlab train tiny.yaml -s epoc", "-s epochs="),
    ):
        terminal.type(f"{typed}\t")
        terminal.wait_for(re.escape(completed))
        terminal.type("\x15")  # the line is wiped
    terminal.type("exit\n")
    assert terminal.end() == 0
