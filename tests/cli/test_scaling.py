"""`nnlab scaling`: what it shows, its options, its errors."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from nnlab.core.report import answer_page
from nnlab.core.scaling.study import ScalingStudy
from tests.command_line import Nnlab, document

SMALL = (
    "tiny.yaml", "--activation", "tanh", "--target", "0.5", "--batch-sizes", "4,8,16",
    "--learning-rates", "0.1:0.4:3", "-s", "steps=300", "--jobs", "1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No report is drawn: `test_scaling.py` has that."""
    monkeypatch.setattr(answer_page, "answer_files", lambda page: {"report.png": b""})


def test_a_small_search(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("scaling", *SMALL)
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert result.stderr.startswith("tiny: about 60 runs in all, 0 of them stored; about ")
    assert "sgd, tanh. What to do with the rate: from batch 4 to 8: " in text
    assert "The best learning rate goes from" in text
    assert "Measured here, for tiny with sgd, tanh." in text
    assert "\\x" not in text
    assert max(map(len, result.stdout.splitlines())) <= 100
    last = result.stdout.splitlines()[-1]
    assert last == "Report: results/tiny-scaling/report.png"
    assert (folder / last.removeprefix("Report: ")).is_file()

    told = document(nnlab("scaling", *SMALL, "--json"))
    (sweep,) = told["sweeps"]
    assert (sweep["optimizer"], sweep["activation"], sweep["target_loss"]) == ("sgd", "tanh", 0.5)
    assert [row["batch_size"] for row in sweep["batch_sizes"]] == [4, 8, 16]
    assert sweep["seeds"] == [0, 1]
    assert not set(sweep["thrown_away_seeds"]) & set(sweep["seeds"])
    assert set(sweep["power_law"]) == {"scale", "bend", "error", "kind", "resolved"}
    assert any("all stored already" in line for line in nnlab("scaling", *SMALL).stderr.split("\n"))


def test_in_quiet_nobody_asks_how_long_it_takes(
    nnlab: Nnlab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScalingStudy, "outlook", mock.PropertyMock(side_effect=AssertionError))
    result = nnlab("scaling", *SMALL, "--quiet", "--yes")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""


def test_what_it_would_do(nnlab: Nnlab, folder: Path) -> None:
    told = document(nnlab("scaling", *SMALL, "--dry-run", "--json"))
    assert told["runs"] == 3 * (3 * 2 + 7 * 2)
    assert told["stored"] == 0
    assert not (folder / "results").exists()
    result = nnlab("scaling", *SMALL, "--dry-run")
    assert "sgd, tanh: batch sizes 4, 8, 16; 3 rates from 0.1 to 0.4 on 2 seeds" in result.stdout
    assert "about 60 runs in all, 0 of them stored" in result.stdout


def test_heavy_ball_is_called_inconclusive(nnlab: Nnlab) -> None:
    words = (*SMALL[:9], "-s", "steps=300", "--jobs", "1", "--json")
    told = document(nnlab("scaling", *words, "--optimizer", "momentum"))
    (sweep,) = told["sweeps"]
    assert any(fault.startswith("start-up of the momentum") for fault in sweep["faults"])
    assert "Inconclusive: " in told["answer"][0]


def test_wrong_usage(nnlab: Nnlab) -> None:
    for words, said in (
        (("--learning-rates", "0.1:1"), "give FROM:TO:HOW_MANY"),
        (("--optimizer", "sdg"), "did you mean 'sgd'?"),
        (("--batch-sizes", "4,4"), "given twice"),
        (("--target", "0"), "target_loss"),
        (("-s", "hidden_layer_sizes=[[2], [3]]"), "hidden_layer_sizes has 2 values"),
    ):
        result = nnlab("scaling", "tiny.yaml", "--jobs", "1", *words)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split()), result.stderr
