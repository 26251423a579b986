"""`nnlab train`: what goes where, the options, the exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from nnlab.core import worker
from nnlab.core.plan import Stack
from tests.command_line import Nnlab, document

ALONE = ("--jobs", "1")
"""In this process, so that tests can reach into the training."""
_SINE = "dataset=sine", "batch_size=100", "activation=relu", "steps=40"
ON_SINE = tuple(word for override in _SINE for word in ("-s", override))
"""A regression with ReLU, which a large rate makes diverge."""


def test_data_go_to_stdout_and_talk_to_stderr(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("train", "tiny.yaml", *ALONE)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "tiny: 2 settings, 4 runs"
    assert re.match(r"   activation +test accuracy +training loss", lines[2])
    assert {word for line in lines[3:5] for word in line.split()} >= {"relu", "tanh", "*", "±"}
    assert "± 95 % interval of the mean over 2 seeds" in lines
    assert lines[-1] == "Report: results/tiny/report.png"
    talk = result.stderr.splitlines()
    assert re.fullmatch(r"tiny: 4 runs; about \S+ s", talk[0])
    assert re.fullmatch(r"tiny: 4 runs done in \S+ s", talk[-1])
    assert (folder / "results" / "tiny" / "runs.csv").is_file()


def test_no_control_codes_in_a_pipe(nnlab: Nnlab) -> None:
    assert "\x1b" not in nnlab("train", "tiny.yaml", *ALONE).output


def test_the_best_of_several_settings_is_marked(nnlab: Nnlab) -> None:
    stdout = nnlab("train", "tiny.yaml", *ALONE).stdout
    assert len(re.findall(r"^\*  (relu|tanh) ", stdout, re.M)) == 1
    assert re.search(r"^\* highest mean test accuracy[,;] ", stdout, re.M)
    assert re.search(r"^Best run: [0-9a-f]{12} \((relu|tanh), seed [01]\), test acc", stdout, re.M)


def test_one_setting_needs_no_mark(nnlab: Nnlab) -> None:
    stdout = nnlab("train", "tiny.yaml", "-s", "activation=tanh", "-s", "seeds=1", *ALONE).stdout
    assert "*" not in stdout
    assert "±" not in stdout
    assert re.search(r"^tanh +\d\.\d{3} ", stdout, re.M)


def test_quiet_leaves_the_results(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", "--quiet", *ALONE)
    assert result.stderr == ""
    assert result.stdout.endswith("Report: results/tiny/report.png\n")


def test_quiet_does_not_silence_what_became_of_a_folder(nnlab: Nnlab) -> None:
    nnlab("train", "tiny.yaml", "--quiet", *ALONE)
    result = nnlab("train", "tiny.yaml", "--quiet", "-s", "steps=3", *ALONE)
    (line,) = result.stderr.splitlines()
    assert line == (
        "results/tiny held the results of another spec; they are kept as results/tiny~1"
    )


def test_quiet_does_not_silence_errors(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", "--quiet", "-s", "seeds=0")
    assert result.exit_code == 2
    assert re.search(r"Error: tiny\.yaml: -s seeds=0: .*seeds", result.stderr)


def test_as_json(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", "--json", *ALONE)
    told = document(result)
    assert result.exit_code == 0
    assert "tiny: 4 runs done" in result.stderr
    assert told["runs"] == {"finished": 4, "diverged": 0, "failed": 0}
    assert told["outcome"] == "test_accuracy"
    assert told["report"] == "results/tiny/report.png"
    assert [row["place"] for row in told["settings"]] == [1, 2]
    best = told["settings"][0]
    assert best["n"] == best["finished"] == 2
    assert best["low"] <= best["test_accuracy"] <= best["high"]
    assert told["best_run"]["test_accuracy"] >= best["test_accuracy"]
    assert told["notes"] == []


def test_overrides_and_the_results_folder(nnlab: Nnlab, folder: Path) -> None:
    words = ("-s", "seeds=1", "--set", "activation=[relu, tanh, gelu]", "--results", "out")
    result = nnlab("train", "tiny.yaml", *words, *ALONE)
    assert result.exit_code == 0
    assert "tiny: 3 settings, 3 runs" in result.stdout
    spec = yaml.safe_load((folder / "out" / "tiny" / "spec.yaml").read_text())
    assert spec["activation"] == ["relu", "tanh", "gelu"]
    assert not (folder / "results").exists()


def test_the_command_line_is_kept(
    nnlab: Nnlab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/nnlab", "train", "tiny.yaml"])
    nnlab("train", "tiny.yaml", *ALONE)
    facts = json.loads((folder / "results" / "tiny" / "environment.json").read_text())
    assert facts["command"] == ["nnlab", "train", "tiny.yaml"]
    assert facts["jobs"] == 1


def test_a_second_time_everything_is_there(nnlab: Nnlab) -> None:
    first = nnlab("train", "tiny.yaml", *ALONE)
    second = nnlab("train", "tiny.yaml", *ALONE)
    assert second.stderr == "results/tiny is complete: nothing to train\n"
    assert second.stdout == first.stdout
    more = nnlab("train", "tiny.yaml", "-s", "seeds=3", *ALONE)
    assert "tiny: 6 runs, 4 of them stored already; about " in more.stderr


def test_force_trains_again(nnlab: Nnlab) -> None:
    nnlab("train", "tiny.yaml", *ALONE)
    again = nnlab("train", "tiny.yaml", "--force", *ALONE)
    assert "tiny: 4 runs done in" in again.stderr


def test_a_folder_that_is_kept_is_said(nnlab: Nnlab, folder: Path) -> None:
    nnlab("train", "tiny.yaml", *ALONE)
    result = nnlab("train", "tiny.yaml", "-s", "steps=13", "--json", *ALONE)
    kept = str(Path("results") / "tiny~1")
    assert kept in result.stderr
    assert any(kept in note for note in document(result)["notes"])


def test_dry_run_writes_nothing(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("train", "tiny.yaml", "--dry-run")
    assert result.exit_code == 0
    assert re.search(r"^runs +2 activations × 2 seeds = 4 runs$", result.stdout, re.M)
    assert re.search(r"^stored +0 of 4 runs$", result.stdout, re.M)
    assert result.stderr == ""
    assert not (folder / "results").exists()


def test_dry_run_counts_what_is_stored(nnlab: Nnlab) -> None:
    nnlab("train", "tiny.yaml", *ALONE)
    told = document(nnlab("train", "tiny.yaml", "-s", "seeds=5", "--dry-run", "--json"))
    assert (told["runs"], told["stored"], told["run_steps"]) == (10, 4, 72)
    assert 0 < told["measuring_seconds"] < told["seconds"]


def test_a_diverged_run_is_a_result(nnlab: Nnlab) -> None:
    words = (*ON_SINE, "-s", "learning_rate=[0.1, 1e+6]")
    result = nnlab("train", "tiny.yaml", *words, *ALONE)
    assert result.exit_code == 0
    assert "tiny: 2 settings, 4 runs (2 diverged)" in result.stdout
    assert re.search(r"^ +1e\+06 +– +2 of 2 ", result.stdout, re.M)
    assert re.search(r"^\* +0\.1 +-?\d", result.stdout, re.M)
    told = document(nnlab("train", "tiny.yaml", *words, "--json", *ALONE))
    assert told["outcome"] == "test_r2"
    assert told["settings"][1]["test_r2"] is None


def test_when_everything_diverges_that_is_said(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", *ON_SINE, "-s", "learning_rate=1e+6", *ALONE)
    assert result.exit_code == 0
    assert "No run finished." in result.stdout


def test_a_results_folder_that_cannot_be(nnlab: Nnlab, folder: Path) -> None:
    (folder / "file").write_text("")
    result = nnlab("train", "tiny.yaml", "--results", "file", *ALONE)
    assert result.exit_code == 1
    assert re.match(r"Error: .*file", result.stderr)
    assert "Traceback" not in result.output


@pytest.fixture
def failing_tanh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training a stack with tanh in it raises; each try is of fewer runs."""
    train_stack = worker.__dict__["train_stack"]

    def train(stack: Stack, *given: Any, **more: Any) -> Any:
        if any(run.activation == "tanh" and run.seed == 1 for run in stack.runs):
            raise ValueError("an [bold]odd[/] \x1b[31m value")
        return train_stack(stack, *given, **more)

    monkeypatch.setattr(worker, "train_stack", train)


@pytest.mark.usefixtures("failing_tanh")
def test_a_failed_run_is_told_and_the_others_are_shown(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("train", "tiny.yaml", *ALONE)
    assert result.exit_code == 1
    lost = int(re.search(r"4 runs \((\d) failed\)", result.stdout)[1])  # type: ignore[index]
    assert 1 <= lost < 4
    assert "Report: results/tiny/report.png" in result.stdout
    reason = r"ValueError: an [bold]odd[/] \x1b[31m value"
    assert re.search(
        rf"^run [0-9a-f]{{12}} \(tanh, learning rate 0.1, seed 1\) failed: {re.escape(reason)}$",
        result.stderr,
        re.M,
    )
    assert re.search(
        rf"^Error: {lost} of 4 runs failed, .*{re.escape(reason)}$", result.stderr, re.M
    )
    assert "\x1b" not in result.output
    runs = pl.read_csv(folder / "results" / "tiny" / "runs.csv")
    assert runs["status"].to_list().count("failed") == lost


@pytest.mark.usefixtures("failing_tanh")
def test_a_failed_run_as_json_is_one_document(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", "--json", *ALONE)
    told = document(result)
    assert result.exit_code == told["exit_code"] == 1
    assert re.match(r"\d of 4 runs failed", told["error"])
    assert told["runs"]["failed"] >= 1
    assert len(told["settings"]) == 2


@pytest.mark.usefixtures("failing_tanh")
def test_fail_fast_stops_at_the_first(nnlab: Nnlab) -> None:
    result = nnlab("train", "tiny.yaml", "--fail-fast", "--json", *ALONE)
    told = document(result)
    assert result.exit_code == 1
    assert "settings" not in told
    assert re.match(r"\d of 4 runs failed", told["error"])


def test_ctrl_c_in_training(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*given: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "train_stack", interrupt)
    result = nnlab("train", "tiny.yaml", *ALONE)
    assert result.exit_code == 130
    assert result.stdout == ""
    assert re.search(r"^interrupted: none of 4 runs was finished yet", result.stderr, re.M)


def test_a_spec_as_written_by_the_results_trains_the_same(nnlab: Nnlab, folder: Path) -> None:
    nnlab("train", "tiny.yaml", *ALONE)
    (folder / "again.yaml").write_bytes((folder / "results/tiny/spec.yaml").read_bytes())
    result = nnlab("train", "again.yaml", *ALONE)
    assert result.stderr == "results/tiny is complete: nothing to train\n"


def test_when_only_the_tables_are_missing_nothing_is_trained(nnlab: Nnlab) -> None:
    nnlab("train", "tiny.yaml", *ALONE)
    result = nnlab("train", "tiny.yaml", "-s", "seeds=1", *ALONE)
    assert result.stderr.endswith("tiny: 2 runs, all stored already\n")
