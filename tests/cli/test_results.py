"""`nnlab results`: its list of studies, their names, its help."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from nnlab.cli.results import COMMANDS
from nnlab.cli.saved import complete_names, size_told, when_told
from nnlab.core.reading import read_runs
from tests.command_line import Nnlab, document, widest
from tests.saved_studies import GRID


def test_list_shows_each_study_in_80_columns(nnlab: Nnlab, results: Path) -> None:
    shutil.rmtree(results / GRID)  # beside its long name there is no room for all columns
    result = nnlab("results", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert widest(result.stdout) <= 80
    title, *rows = result.stdout.split("\n\n")[0].split("\n")
    assert re.findall(r"\S+(?: \(UTC\))?", title) == [
        "name", "finished (UTC)", "runs", "diverged", "best", "size",
    ]  # fmt: skip
    assert [row.split()[0][:5] for row in rows] == ["rates", "sine", "small", "small"]
    small = next(row for row in rows if row.startswith("small "))
    assert re.fullmatch(
        r"small +20\d\d-\d\d-\d\d \d\d:\d\d +4 +test accuracy 0\.\d{3} +\d+(\.\d)? kB", small
    )
    assert re.search(r"kB in all, and \S+ kB of finished runs in results/.runs$", result.stdout)


def test_list_as_json(nnlab: Nnlab, results: Path) -> None:
    listed = document(nnlab("results", "list", "--json"))
    assert listed["results"] == "results"
    assert listed["stored_bytes"] > 0
    small = listed["studies"][3]
    assert small["name"] == "small"
    assert small["counts"] == {"finished": 4, "diverged": 0, "failed": 0}
    assert small["folder"] == "results/small"
    assert small["best"] == read_runs(results / "small")["test_accuracy"].max()


def test_list_says_what_is_wrong_below_and_in_escaped_characters(
    nnlab: Nnlab, results: Path
) -> None:
    (results / "small" / "runs.csv").write_text("cut")
    (results / "red\x1b[31m\nline").mkdir()
    result = nnlab("results", "list")
    assert result.exit_code == 0
    assert widest(result.stdout) <= 80
    told = result.stdout.split("\n\n")[1].replace("\n", " ")
    assert "red\\x1b[31m\\nline: no study: it has no spec.yaml" in told
    assert "small: results/small/runs.csv is damaged: it has no column run" in told
    assert "\x1b" not in result.stdout


def test_list_of_nothing(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("results", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "results is not there yet; `nnlab train quickstart` makes one\n"
    (folder / "results").mkdir()
    assert "results holds no study yet" in nnlab("results", "list").stderr
    assert nnlab("results", "list", "--quiet").stderr == ""
    listed = document(nnlab("results", "list", "--json"))
    assert listed == {"results": "results", "studies": [], "answers": [], "stored_bytes": 0}


@pytest.mark.parametrize(
    "words",
    [["show", "smal"], ["export", "smal"], ["diff", "small", "smal"], ["diff", "smal", "a"]],
)
def test_an_unknown_name_suggests_and_lists(nnlab: Nnlab, results: Path, words: list[str]) -> None:
    result = nnlab("results", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no study 'smal' in results; did you mean 'small'?" in result.stderr
    assert f"There are: {GRID}, rates, sine, small, small~1" in result.stderr
    told = document(nnlab("results", *words, "--json"))
    assert "did you mean 'small'" in told["error"]
    assert told["exit_code"] == 2


@pytest.mark.parametrize("name", ["../results/small", "/etc", "..", ".runs"])
def test_a_name_never_leads_out_of_the_folder(nnlab: Nnlab, results: Path, name: str) -> None:
    for words in (["results", "show", name], ["results", "export", name], ["report", name]):
        result = nnlab(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "is not the name of a study" in result.stderr


def test_another_folder_of_results(nnlab: Nnlab, results: Path) -> None:
    results.rename("elsewhere")
    assert nnlab("results", "show", "small").exit_code == 2
    result = nnlab("results", "show", "small", "--results", "elsewhere")
    assert result.stdout.startswith("small: 4 runs")


def test_names_are_completed(results: Path) -> None:
    context = SimpleNamespace(params={})
    assert complete_names(context, "s") == ["sine", "small", "small~1"]  # type: ignore[arg-type]
    context = SimpleNamespace(params={"results": results / "none"})
    assert complete_names(context, "s") == []  # type: ignore[arg-type]


def test_damage_ends_with_a_message(nnlab: Nnlab, results: Path) -> None:
    layers = results / "small" / "layers.parquet"
    content = bytearray(layers.read_bytes())
    content[10:60] = bytes(50)
    layers.write_bytes(content)
    result = nnlab("results", "export", "small", "--table", "layers", "-o", "table.csv")
    assert result.exit_code == 1
    assert "results/small/layers.parquet is damaged" in result.stderr
    assert not Path("table.csv").exists()


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_of_every_command(nnlab: Nnlab, command: list[str]) -> None:
    result = nnlab("results", *command, "-h")
    assert result.exit_code == 0
    assert widest(result.stdout) <= 80
    assert command == [] or "--json" in result.stdout


def test_results_alone_shows_what_there_is(nnlab: Nnlab) -> None:
    result = nnlab("results")
    assert (result.exit_code, result.stdout) == (2, "")
    assert all(name in result.stderr for name in COMMANDS)


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "0 bytes"), (1000, "1.0 kB"), (9_949, "9.9 kB"), (9_950, "10 kB"), (999_499, "999 kB"),
     (999_500, "1.0 MB"), (5 * 10**15, "5,000 TB")],
)  # fmt: skip
def test_sizes(size: int, told: str) -> None:
    assert size_told(size) == told


def test_times() -> None:
    assert (when_told("2026-11-22T20:33:41+00:00"), when_told(None)) == ("2026-11-22 20:33", "–")
