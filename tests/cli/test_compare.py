"""`nnlab compare`: what it shows, its options, what it says of few seeds, its errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nnlab.core import worker
from nnlab.core.plan import Stack
from nnlab.core.spec import load_spec
from tests.command_line import Nnlab, document

ALONE = ("--jobs", "1")
SMALL = ("-s", "dataset={name: xor, n: 60}", "-s", "hidden_layer_sizes=[4]", "-s", "batch_size=8")
QUICK = (*SMALL, "-s", "steps=30", "-s", "records=3", *ALONE)
"""Instead of the digits that a comparison without a spec trains on."""


def test_without_a_spec(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("compare", "--activations", "tanh,relu", *QUICK)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "compare-tanh-relu: relu against tanh, 5 seeds, 10 runs"
    assert lines[-1] == "Report: results/compare-tanh-relu/report.png"
    assert (folder / "results" / "compare-tanh-relu" / "runs.csv").is_file()
    assert max(map(len, lines)) <= 80
    text = " ".join(result.stdout.split())
    assert "xor(n=60), hidden layers 4, each activation's own initialization, sgd, the same" in text
    assert "the same learning rate 0.1 for all, batch 8, 30 steps." in text
    titles = [line for line in lines if re.match(r"[a-z].*[a-z0-9.]$", line)]
    for title in ("test accuracy", "training loss", "gradient reaching layer 1", "dead units"):
        assert title in titles
    rows = [line.split()[0] for line in lines if re.match(r"  (relu|tanh)  ", line)]
    assert rows == ["tanh", "relu"] * (len(rows) // 2)
    assert "5 seeds only explore; take ten for a verdict." in text
    assert "--tune asks how each does at its best." in text
    assert "Time a step: a run's share of its stack's." in text


def test_the_spec_of_the_folder_repeats_it(nnlab: Nnlab, folder: Path) -> None:
    nnlab("compare", "--activations", "relu,tanh", *QUICK)
    spec = load_spec(folder / "results" / "compare-relu-tanh" / "spec.yaml")
    assert spec.activation == ("relu", "tanh")
    assert (spec.seeds, spec.target_loss) == ((0, 1, 2, 3, 4), 0.1)
    again = nnlab("train", "results/compare-relu-tanh/spec.yaml", *ALONE)
    assert "is complete: nothing to train" in again.stderr


def test_on_a_spec_with_its_own_activations(nnlab: Nnlab) -> None:
    told = document(nnlab("compare", "tiny.yaml", "--json", *ALONE))
    assert (told["name"], told["baseline"]) == ("tiny", "relu")
    assert told["activations"] == ["relu", "tanh"]
    assert (told["seeds"], told["explores"], told["target_loss"]) == (2, True, 0.1)


def test_the_options_win_over_the_spec(nnlab: Nnlab) -> None:
    words = ("--activations", "swish,elu,relu", "--seeds", "6", "-s", "activation=gelu")
    told = document(nnlab("compare", "tiny.yaml", *words, "--json", *ALONE))
    assert told["activations"] == ["silu", "elu", "relu"]
    assert (told["seeds"], told["explores"], told["runs"]["finished"]) == (6, False, 18)


def test_the_document(nnlab: Nnlab) -> None:
    told = document(nnlab("compare", "tiny.yaml", "--seeds", "4", "--json", *ALONE))
    assert told.keys() == {
        "name", "folder", "report", "runs", "activations", "baseline", "seeds", "explores",
        "target_loss", "tests", "tuning", "blocks", "notes",
    }  # fmt: skip
    (block,) = told["blocks"]
    assert block["setting"] == {}
    relu, tanh = block["activations"]
    assert (relu["activation"], relu["runs"], relu["finished"]) == ("relu", 4, 4)
    assert relu["measures"]["train_loss"].keys() == {"average", "mean", "low", "high", "n", "lost"}
    assert relu["measures"]["train_loss"]["average"] == "geometric"
    assert relu["measures"]["test_accuracy"]["average"] == "arithmetic"
    found = {c["measure"]: c for c in block["comparisons"]}
    loss = found["train_loss"]
    assert (loss["activation"], loss["baseline"], loss["kind"]) == ("tanh", "relu", "ratio")
    ratio = tanh["measures"]["train_loss"]["mean"] / relu["measures"]["train_loss"]["mean"]
    assert loss["estimate"] == pytest.approx(ratio)
    assert loss["low"] < loss["estimate"] < loss["high"]
    assert loss["p_value"] <= loss["p_holm"] <= 1
    assert loss["words"].startswith("tanh ends with ")
    assert told["tests"] == sum(c["p_value"] is not None for c in block["comparisons"])


def test_one_seed_has_no_interval(nnlab: Nnlab) -> None:
    words = ("compare", "tiny.yaml", "--seeds", "1", *ALONE)
    text = nnlab(*words).stdout
    assert "[" not in text
    assert re.search(r"^One seed: no intervals", text, re.M)
    assert "(one pair, so no interval)." in " ".join(text.split())
    (block,) = document(nnlab(*words, "--json"))["blocks"]
    for comparison in block["comparisons"]:
        assert comparison["low"] is comparison["p_value"] is comparison["p_holm"] is None


def test_equal_settings_are_compared_apart(nnlab: Nnlab) -> None:
    words = ("compare", "tiny.yaml", "-s", "learning_rate=[0.1, 0.5]", *ALONE)
    lines = nnlab(*words).stdout.splitlines()
    assert [line for line in lines if line.startswith("rate ")] == ["rate 0.1", "rate 0.5"]
    told = document(nnlab(*words, "--json"))
    assert [block["setting"] for block in told["blocks"]] == [
        {"learning_rate": 0.1}, {"learning_rate": 0.5},
    ]  # fmt: skip


def test_many_blocks_are_cut_and_counted(nnlab: Nnlab) -> None:
    rates = "learning_rate={from: 0.01, to: 1, num: 6}"
    text = nnlab("compare", "tiny.yaml", "-s", rates, *ALONE).stdout
    assert len(re.findall(r"^rate ", text, re.M)) == 4
    assert "2 further blocks of equal settings: --json has all of them." in text


def test_diverged_runs_are_counted(nnlab: Nnlab) -> None:
    """On numbers, relu explodes where tanh, which is bounded, only saturates."""
    sine = ("-s", "dataset=sine", "-s", "batch_size=100", "-s", "learning_rate=1e+4")
    result = nnlab("compare", "tiny.yaml", *sine, "-s", "steps=40", "--seeds", "3", *ALONE)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"tiny: tanh against relu, 3 seeds, 6 runs \(\d diverged\)", lines[0])
    assert "- relu finished at no seed: there is nothing to compare with." in lines
    assert "- In no mean: 3 of 3 runs with relu diverged." in lines
    assert "steps to loss" not in result.stdout  # a squared error has no default target


def test_tuning_finds_rates_on_other_seeds(nnlab: Nnlab, folder: Path) -> None:
    words = ("compare", "tiny.yaml", "--tune", *ALONE)
    told = document(nnlab(*words, "--json", "-s", "steps=40"))
    tuning, (block,) = told["tuning"], told["blocks"]
    assert tuning["seeds"] == [1000, 1001, 1002]
    rates = {row["activation"]: row["learning_rate"] for row in block["activations"]}
    assert tuning["learning_rates"] == rates
    runs = (folder / "results" / "tiny" / "runs.csv").read_text().splitlines()
    seeds = {line.split(",")[runs[0].split(",").index("seed")] for line in runs[1:]}
    assert seeds == {"0", "1"}
    assert Path(tuning["folder"]) == Path("results/tiny-tuning")
    assert {row["lost"] for row in tuning["trials"]} == {0}


def test_tuning_says_what_it_did(nnlab: Nnlab) -> None:
    result = nnlab("compare", "tiny.yaml", "--tune", "-s", "learning_rate=1e-9", *ALONE)
    text = " ".join(result.stdout.split())
    assert "of 15 from 1.25e-10 to 2.048e-06 on the seeds 1000, 1001, 1002, which are not" in text
    assert "is the last one tried: a better one may lie beyond." in text
    assert "How the rates were found: results/tiny-tuning" in text
    assert "--tune asks" not in text
    assert "the best rate is the last one tried (" in result.stderr


def test_own_rates_in_the_spec(nnlab: Nnlab) -> None:
    own = ("-s", "learning_rate={relu: 0.1, tanh: 0.4}")
    text = " ".join(nnlab("compare", "tiny.yaml", *own, *ALONE).stdout.split())
    assert "Each at its own learning rate: relu 0.1, tanh 0.4." in text
    assert "the same learning rate" not in text


def test_a_dry_run_trains_nothing(nnlab: Nnlab, folder: Path) -> None:
    words = ("compare", "--activations", "relu,tanh", *QUICK, "--dry-run")
    result = nnlab(*words, "--tune")
    assert result.exit_code == 0
    assert "2 activations × 5 seeds = 10 runs" in result.stdout
    assert "tunes first: 42 runs at the rates 0.0125, 0.025, 0.05, 0.1, 0.2" in result.stdout
    assert "seeds 1000, 1001, 1002" in " ".join(result.stdout.split())
    told = document(nnlab(*words, "--tune", "--json"))
    assert (told["runs"], told["tuning"]["runs"]) == (10, 42)
    assert "tuning" not in document(nnlab(*words, "--json"))
    assert not (folder / "results" / "compare-relu-tanh").exists()


def test_failed_runs_are_code_1_and_the_rest_is_shown(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = worker.__dict__["train_stack"]

    def breaks(stack: Stack, *more: object, **given: object) -> object:
        if any(run.activation == "tanh" and run.seed == 1 for run in stack.runs):
            raise MemoryError("no more")
        return train(stack, *more, **given)

    monkeypatch.setattr(worker, "train_stack", breaks)
    words = ("compare", "tiny.yaml", *ALONE)
    result = nnlab(*words)
    assert result.exit_code == 1
    assert "runs failed" in result.stderr
    assert "with tanh failed" in result.stdout
    told = document(nnlab(*words, "--json"))
    assert told["exit_code"] == 1
    assert told["blocks"][0]["activations"][1]["failed"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Error: there is nothing to compare: name activations, such as --activations relu"),
        (("--activations", "relu"), "one activation has nothing to be compared with"),
        (("--activations", "relu,tahn"), "unknown activation 'tahn'; did you mean 'tanh'?"),
        (("--activations", "silu,swish"), "'swish' is there already, as 'silu'"),
        (("relu,tanh",), "'relu,tanh' is not a spec; did you mean --activations relu,tanh?"),
        (("tiny.yaml", "-s", "activation=relu"), "'tiny' has the activation relu only"),
        (("tiny.yaml", "--tune", "-s", "optimizer=[sgd, adam]"), "optimizer has 2 values; fix one"),
        (("--activations", "relu,tanh", "-s", "lr=1"), "did you mean 'learning_rate'?"),
        (("quickstrat",), "did you mean 'quickstart'?"),
    ],
)  # fmt: skip
def test_errors(nnlab: Nnlab, folder: Path, words: tuple[str, ...], message: str) -> None:
    result = nnlab("compare", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert not (folder / "results").exists()
