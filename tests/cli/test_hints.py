"""What the command line says to those who nearly had it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nnlab.core.reading import read_runs
from tests.command_line import Nnlab, document


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["train", "tiny.yaml", "--epochs", "5"], "It is a key of the spec: -s epochs=5"),
        (["train", "tiny.yaml", "--lr=0.1"], "It is a key of the spec: -s learning_rate=0.1"),
        (["compare", "--batch-size", "8"], "It is a key of the spec: -s batch_size=8"),
        (["check", "tiny.yaml", "--widths"], "No such option: --widths"),
        (
            ["check", "tiny.yaml", "--layers", "[4, 4]"],
            "It is a key of the spec: -s 'hidden_layer_sizes=[4, 4]'",
        ),
        (["check", "tiny.yaml", "--steps"], "It is a key of the spec: -s steps=VALUE"),
    ],
)
def test_an_option_that_is_a_key_of_the_spec(nnlab: Nnlab, words: list[str], hint: str) -> None:
    result = nnlab(*words)
    assert result.exit_code == 2
    assert hint in " ".join(result.stderr.split())


def test_an_option_that_is_neither(nnlab: Nnlab) -> None:
    for words in (["train", "tiny.yaml", "--colour", "red"], ["results", "list", "--epochs", "5"]):
        result = nnlab(*words)
        assert result.exit_code == 2
        assert "key of the spec" not in result.stderr


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("dataset=own.csv", "write {csv: own.csv, target: COLUMN}"),
        ("activation=relu,tanh", 'write -s "activation=[relu, tanh]"'),
        ("learning_rate=0.1, 0.2", 'write -s "learning_rate=[0.1, 0.2]"'),
        ("batch_size=8,full", 'write -s "batch_size=[8, full]"'),
        ("seeds=3,4", 'write -s "seeds=[3, 4]"'),
    ],
)
def test_an_override_that_lacks_its_brackets(nnlab: Nnlab, override: str, hint: str) -> None:
    result = nnlab("check", "tiny.yaml", "-s", override)
    assert result.exit_code == 2
    assert hint in result.stderr.replace("\n", " ")


def test_the_hint_can_be_typed_as_it_stands(nnlab: Nnlab) -> None:
    result = nnlab("check", "tiny.yaml", "-s", "activation=[relu, tanh]")
    assert result.exit_code == 0


def test_an_ending_that_says_no_format_is_refused(nnlab: Nnlab, results: Path) -> None:
    for name in ("table.xlsx", "table", "table.txt", "csv"):
        result = nnlab("results", "export", "small", "-o", name)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"{name}: the ending of its name says no format: use .csv, .parquet, .json, or" in (
            " ".join(result.stderr.split())
        )
        assert not (results.parent / name).exists()
    assert nnlab("results", "export", "small", "-o", "t.dat", "--format", "csv").exit_code == 0


def test_a_file_that_cannot_be_written_is_no_wrong_usage(nnlab: Nnlab, results: Path) -> None:
    result = nnlab("results", "export", "small", "-o", "none/table.csv")
    assert result.exit_code == 1
    assert "none/table.csv cannot be written: there is no folder none" in result.stderr


def test_a_run_for_a_study_says_where_it_is(nnlab: Nnlab, results: Path) -> None:
    run = read_runs(results / "small")["run"][0]
    result = nnlab("results", "show", run)
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    told = re.search(rf"'{run}' is a run, not a study; it is one of '(\S+)': `(.*)`", said)
    assert told
    study = told[1]
    assert told[2] == f"nnlab results show {study} --where \"run == '{run}'\" --all"
    shown = nnlab("results", "show", study, "--where", f"run == '{run}'", "--json")
    assert [row["run"] for row in document(shown)["runs"]] == [run]
    unknown = nnlab("results", "show", "0123456789ab")
    assert "there is no study '0123456789ab'" in unknown.stderr


def test_a_dry_run_says_what_would_be_moved_aside(nnlab: Nnlab, folder: Path) -> None:
    assert "kept as" not in nnlab("train", "tiny.yaml", "--dry-run").stdout
    assert nnlab("train", "tiny.yaml").exit_code == 0
    assert "kept as" not in nnlab("train", "tiny.yaml", "--dry-run").stdout
    other = ["train", "tiny.yaml", "-s", "steps=13", "--dry-run"]
    assert "would be kept as results/tiny~1" in " ".join(nnlab(*other).stdout.split())
    assert document(nnlab(*other, "--json"))["kept_as"] == "results/tiny~1"
    assert document(nnlab("train", "tiny.yaml", "--dry-run", "--json"))["kept_as"] is None
    assert not (folder / "results" / "tiny~1").exists()


def test_quiet_tells_what_concerns_files_and_json_has_the_notes(nnlab: Nnlab, folder: Path) -> None:
    assert nnlab("train", "tiny.yaml").exit_code == 0
    result = nnlab("train", "tiny.yaml", "-s", "steps=13", "--quiet", "--json")
    kept = "results/tiny held the results of another spec; they are kept as results/tiny~1"
    assert (result.exit_code, result.stderr) == (0, f"{kept}\n")  # it concerns the user's files
    assert document(result)["notes"] == [kept]
    quiet = nnlab("train", "tiny.yaml", "-s", "steps=14", "--quiet")
    assert (quiet.exit_code, quiet.stderr) == (0, f"{kept.replace('~1', '~2')}\n")
    assert (folder / "results" / "tiny~2").is_dir()
    said = " ".join(nnlab("train", "-h").stdout.split())
    assert "Only errors and warnings on standard error; --json has the notes, too." in said
