"""`nnlab results show`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nnlab.cli.results_show import FEW
from nnlab.core.quantities import RUN_COLUMNS
from nnlab.core.reading import read_runs
from tests.command_line import Nnlab, document, widest
from tests.saved_studies import GRID


def test_show_has_only_what_varies_and_says_the_rest_once(nnlab: Nnlab, results: Path) -> None:
    result = nnlab("results", "show", "small")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("small: 4 runs\nAll with status finished, dataset xor(n=60), ")
    table = result.stdout.split("\n\n")[1]
    assert "activation" in table
    assert "optimizer" not in table
    assert all(run in table for run in read_runs(results / "small")["run"])
    assert widest(result.stdout) <= 80


def test_show_filters_and_sorts(nnlab: Nnlab, results: Path) -> None:
    words = ("--where", "activation == 'relu' and learning_rate <= 0.1", "--sort", "-test_accuracy")
    result = nnlab("results", "show", "rates", *words)
    assert result.stdout.startswith("rates: 3 of 12 runs\nAll with ")
    assert "activation relu" in result.stdout
    shown = document(nnlab("results", "show", "rates", *words, "--json"))
    assert shown["matched"] == 3
    values = [run["test_accuracy"] for run in shown["runs"]]
    assert values == sorted(values, reverse=True)
    assert {run["activation"] for run in shown["runs"]} == {"relu"}
    assert set(shown["runs"][0]) == set(RUN_COLUMNS)
    table = result.stdout.split("\n\n")[1].strip().split("\n")[-3:]
    assert [row.split()[0] for row in table] == [run["run"] for run in shown["runs"]]


def test_show_limits_and_counts_the_rest(nnlab: Nnlab, results: Path) -> None:
    total = len(read_runs(results / GRID))
    assert total > FEW

    def rows(*words: str) -> tuple[int, str]:
        text = nnlab("results", "show", GRID, *words).stdout
        return len(re.findall(r"^ *[0-9a-f]{12}\b", text, re.M)), text

    assert rows()[0] == FEW
    assert f"{total - FEW:,} more; --limit 0 shows all" in rows()[1]
    assert rows("--limit", "3")[0] == 3
    assert rows("--limit", "0")[0] == total
    assert "more; --limit" not in rows("--limit", "0")[1]
    shown = document(nnlab("results", "show", GRID, "--json"))
    assert len(shown["runs"]) == shown["matched"] == total
    assert len(document(nnlab("results", "show", GRID, "--json", "--limit", "2"))["runs"]) == 2


def test_show_names_what_varies_but_finds_no_room(
    nnlab: Nnlab, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = nnlab("results", "show", GRID, "--where", "activation == 'relu'").stdout
    assert widest(narrow) <= 80
    assert "No room for train loss" in narrow
    monkeypatch.setenv("COLUMNS", "250")
    wide = nnlab("results", "show", GRID, "--where", "activation == 'relu'").stdout
    assert "No room" not in wide
    assert "train loss" in wide


def test_show_keeps_what_was_asked_for(nnlab: Nnlab, results: Path) -> None:
    text = nnlab("results", "show", GRID, "--sort", "seconds", "--limit", "1").stdout
    assert "seconds" in text.split("\n\n")[1]


def test_show_all_columns_in_as_many_tables_as_it_takes(nnlab: Nnlab, results: Path) -> None:
    text = nnlab("results", "show", GRID, "--all", "--limit", "2").stdout
    assert widest(text) <= 80
    _, *tables, more = text.strip().split("\n\n")
    titles = " ".join(" ".join(table.split("\n")[:-2]) for table in tables)
    for name in RUN_COLUMNS:
        assert all(word in titles for word in name.split("_")), name
    for table in tables:
        assert [len(row.split()[0]) for row in table.split("\n")[-2:]] == [12, 12]
    assert "more; --limit 0" in more


def test_show_one_run_has_everything_about_it(nnlab: Nnlab, results: Path) -> None:
    run = read_runs(results / "small").row(2, named=True)
    text = nnlab("results", "show", "small", "--where", f"run == '{run['run']}'").stdout
    facts = dict(re.findall(r"^  (\S.*?)  +(.*)$", text, re.M))
    assert facts["run"] == run["run"]
    assert facts["activation"] == "tanh"
    assert facts["batch size"] == "8 examples"
    assert facts["seconds"].endswith(" s")
    assert "test r2" not in facts  # it has none


def test_show_of_no_match_tells_the_values_there_are(nnlab: Nnlab, results: Path) -> None:
    result = nnlab("results", "show", "small", "--where", "activation == 'rleu' or test_r2 > 0")
    assert result.exit_code == 0
    assert result.stdout == (
        "small: none of 4 runs matches\nactivation: relu, tanh\ntest_r2: no value in any run\n"
    )
    shown = document(nnlab("results", "show", "small", "--where", "seed > 9", "--json"))
    assert (shown["matched"], shown["runs"]) == (0, [])


def test_a_bad_condition_is_pointed_at(nnlab: Nnlab, results: Path) -> None:
    result = nnlab("results", "show", "small", "--where", "activation = 'relu'")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("  activation = 'relu'\n             ^\n")
    result = nnlab("results", "show", "small", "--where", "lr > 1", "--json")
    assert result.exit_code == document(result)["exit_code"] == 2
    assert "did you mean 'learning_rate'" in document(result)["error"]
    result = nnlab("results", "show", "small", "--sort", "seed,zzz")
    assert result.exit_code == 2
    assert "--sort: unknown column 'zzz'" in result.stderr


def test_text_from_a_table_is_inert(nnlab: Nnlab, results: Path) -> None:
    path = results / "small" / "runs.csv"
    path.write_text(path.read_text().replace("xor(n=60)", "[red]\x1b[31mx\x9b"))
    for words in (["show", "small"], ["show", "small", "--all"], ["export", "small"]):
        text = nnlab("results", *words).stdout
        assert "[red]" in text
        if words[0] == "show":
            assert "\x1b" not in text
            assert "\\x1b" in text
