"""The results of a study as a table: hand-worked numbers, what is left out, what is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nnlab.cli.results_table import distinct, results_document, results_lines
from nnlab.core.folder import schema_of
from nnlab.core.quantities import RUN_COLUMNS
from nnlab.core.results import Results
from nnlab.core.spec import make_spec

ROW: dict[str, Any] = {
    "status": "finished",
    "dataset": "digits",
    "activation": "relu",
    "depth": 2,
    "hidden_layer_sizes": "64-64",
    "initialization": "auto",
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "batch_size": 32,
    "seed": 0,
    "steps": 100,
    "train_loss": 0.5,
    "test_loss": 0.25,
    "seconds": 1.5,
}


def results(*rows: dict[str, Any]) -> Results:
    """A study of these runs; what a row leaves out is as in `ROW`."""
    filled = [{"run": f"{i:012x}", **ROW, **row} for i, row in enumerate(rows)]
    runs = pl.DataFrame(filled, schema=schema_of(RUN_COLUMNS))
    nothing = pl.LazyFrame()
    return Results(Path("results/tiny"), make_spec(name="tiny"), runs, nothing, nothing, {})


def text(study: Results, width: int = 80) -> list[str]:
    return [line.plain for line in results_lines(study, width)]


def accuracies(activation: str, *values: float) -> list[dict[str, Any]]:
    return [
        {"activation": activation, "seed": seed, "test_accuracy": value}
        for seed, value in enumerate(values)
    ]


def test_mean_and_interval_by_hand() -> None:
    """0.90, 0.92, 0.94: mean 0.92, deviation 0.02, t(0.975, 2) = 4.3027, so +- 0.0497."""
    lines = text(results(*accuracies("relu", 0.90, 0.92, 0.94), *accuracies("tanh", 0.8, 0.8, 0.8)))
    assert lines == [
        "tiny: 2 settings, 6 runs",
        "",
        "   activation  test accuracy  training loss  test loss  seconds a run",
        "*  relu        0.920 ± 0.050            0.5       0.25            1.5",
        "   tanh        0.800                    0.5       0.25            1.5",
        "",
        "* highest mean test accuracy, told from every other; 3 seeds only explore",
        "± 95 % interval of the mean over 3 seeds; no ± where all seeds came to the same",
        "Best run: 000000000002 (relu, seed 2), test accuracy 0.940",
    ]


def test_a_mark_says_how_far_the_seeds_tell() -> None:
    """Differences 0.02, -0.02, 0.03 to tanh: t = 0.65; 0.3, 0.28, 0.33 to gelu: t = 21."""
    rows = [
        *accuracies("relu", 0.92, 0.90, 0.94), *accuracies("tanh", 0.90, 0.92, 0.91),
        *accuracies("gelu", 0.62, 0.62, 0.61),
    ]  # fmt: skip
    mark = "* highest mean test accuracy; over 3 seeds no clear difference to"
    assert f"{mark} 1 of the 2 other settings" in " ".join(text(results(*rows)))
    assert f"{mark} the other" in " ".join(text(results(*rows[:6])))
    alone = [*accuracies("relu", 0.9), *accuracies("tanh", 0.5)]
    assert "* highest mean test accuracy; one seed cannot tell by how much" in text(results(*alone))


def test_six_seeds_need_no_caution() -> None:
    above = [0.9, 0.91, 0.92, 0.93, 0.94, 0.95]
    below = [0.5, 0.52, 0.51, 0.53, 0.52, 0.54]
    lines = text(results(*accuracies("relu", *above), *accuracies("tanh", *below)))
    assert "* highest mean test accuracy, told from every other by 6 seeds" in lines


def test_every_row_that_prints_like_the_first_is_marked() -> None:
    names = ("relu", "tanh", "gelu")
    rows = [row for name in names for row in accuracies(name, 1.0, 1.0)]
    lines = text(results(*rows, *accuracies("elu", 0.5, 0.6)))
    assert [line[0] for line in lines[3:7]] == ["*", "*", "*", " "]


def test_an_interval_too_narrow_to_print_is_no_certainty() -> None:
    lines = text(results(*accuracies("relu", 0.97501, 0.97501001)))
    assert "0.975 ± <0.001" in lines[3]


def test_only_axes_that_vary_have_a_column() -> None:
    rows = [{"learning_rate": rate, "test_accuracy": 0.9} for rate in (0.01, 0.1)]
    header = text(results(*rows))[2]
    assert "learning rate" in header
    assert "activation" not in header
    assert "batch" not in header


def test_rows_stand_in_the_order_of_the_grid() -> None:
    rows = [*accuracies("tanh", 0.5), *accuracies("relu", 0.9), *accuracies("gelu", 0.7)]
    names = [line.removeprefix("*").split()[0] for line in text(results(*rows))[3:6]]
    assert names == ["tanh", "relu", "gelu"]


def test_of_many_settings_the_best_ten() -> None:
    rows = [
        {"learning_rate": 0.001 * (i + 1), "test_accuracy": 0.5 + 0.01 * i, "activation": "elu"}
        for i in range(21)
    ]
    lines = text(results(*rows))
    shown = [line.removeprefix("*").split()[0] for line in lines[3:13]]
    assert shown == [f"{0.001 * (i + 1):g}" for i in range(20, 10, -1)]
    assert "The best 10; 11 more settings in results/tiny/runs.csv" in lines
    assert lines[3].startswith("*")


def test_regression_is_ranked_by_r2() -> None:
    rows = [{"test_r2": 0.5, "width": 1}, {"test_r2": 0.75, "learning_rate": 0.2}]
    rows[0].pop("width")
    lines = text(results(*rows))
    assert "test R²" in lines[2]
    assert lines[4].split()[:3] == ["*", "0.2", "0.750"]


def test_without_a_test_part_the_loss_ranks_geometrically() -> None:
    """Logarithms: mean ln 0.2, standard error 0.693, t(0.975, 1) = 12.706, so +- 8.807."""
    rows = [{"train_loss": loss, "test_loss": None, "seed": i} for i, loss in enumerate((0.1, 0.4))]
    lines = text(results(*rows))
    assert re.search(r"relu +0\.2 \[2\.99·10⁻⁵, 1337\]", lines[3])
    assert "[ ] 95 % interval of the geometric mean over 2 seeds" in lines
    assert "training loss" in lines[2]


def test_lost_runs_are_counted_and_not_averaged() -> None:
    rows = [
        *accuracies("relu", 0.9, 0.9),
        {"activation": "tanh", "seed": 0, "test_accuracy": 0.95},
        {"activation": "tanh", "seed": 1, "status": "diverged", "diverged_at": 7},
        {"activation": "elu", "seed": 0, "status": "failed", "reason": "x", "train_loss": None},
    ]
    lines = text(results(*rows), 100)
    assert lines[0] == "tiny: 3 settings, 5 runs (1 diverged, 1 failed)"
    assert lines[2].split()[3:5] == ["diverged", "failed"]
    # a setting that lost runs does not win over one that lost none
    assert lines[3].split() == ["*", "relu", "0.900", "0.5", "0.25", "1.5"]
    assert lines[4].split()[:5] == ["tanh", "0.950", "1", "of", "2"]
    assert lines[5].split()[:2] == ["elu", "–"]


def test_nothing_finished() -> None:
    lines = text(results({"status": "diverged"}, {"status": "diverged", "seed": 1}))
    assert lines[-1] == "No run finished."
    assert not any("*" in line for line in lines)


@pytest.mark.parametrize(
    ("sizes", "title", "cell"),
    [
        (("64-64", "64-64-64"), "depth", "2"),
        (("64-64", "32"), "hidden layers", "64-64"),
        (("-".join(["64"] * 20), "8"), "hidden layers", "20 × 64"),
    ],
)
def test_architectures(sizes: tuple[str, str], title: str, cell: str) -> None:
    rows = [
        {"hidden_layer_sizes": size, "depth": size.count("-") + 1, "test_accuracy": 0.9 - 0.1 * i}
        for i, size in enumerate(sizes)
    ]
    lines = text(results(*rows))
    assert title in lines[2]
    assert lines[3].startswith("*")
    assert cell in lines[3]
    assert f"{title} {cell}" in " ".join(lines[-2:])


def test_steps_to_the_target() -> None:
    rows = [
        {"learning_rate": 0.1, "test_accuracy": 0.9, "steps_to_target": 1234.0},
        {"learning_rate": 0.2, "test_accuracy": 0.9},
    ]
    lines = text(results(*rows), 100)
    assert "steps to target" in lines[2]
    assert "1,234" in lines[3]
    assert "–" in lines[4]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_width(width: int) -> None:
    rows = [
        {
            "activation": activation,
            "learning_rate": rate,
            "batch_size": 2048,
            "hidden_layer_sizes": sizes,
            "optimizer": "nesterov",
            "seed": seed,
            "test_accuracy": 0.9,
            "status": "diverged" if seed else "finished",
        }
        for activation in ("leaky_relu:0.25", "sigmoid")
        for rate in (0.0316227766, 1.0)
        for sizes in ("64-64-32", "128")
        for seed in (0, 1)
    ]
    lines = text(results(*rows), width)
    assert max(map(len, lines)) <= width
    assert all("0.900" in line for line in lines if "sigmoid" in line and "·" not in line)


def test_the_document_has_every_setting_best_first() -> None:
    rows = [*accuracies("relu", 0.8, 0.8), *accuracies("tanh", 0.9, 0.9)]
    told = results_document(results(*rows))
    assert [row["activation"] for row in told["settings"]] == ["tanh", "relu"]
    assert told["settings"][0]["test_accuracy"] == pytest.approx(0.9)
    assert told["best_run"]["run"] == "000000000002"
    assert told["runs"] == {"finished": 4, "diverged": 0, "failed": 0}
    assert told["report"] == "results/tiny/report.png"


def test_a_loss_that_ranks_stands_there_once() -> None:
    rows = [{"train_loss": loss, "test_loss": None, "seed": i} for i, loss in enumerate((0.1, 0.4))]
    (row,) = results_document(results(*rows))["settings"]
    assert row["train_loss"] == pytest.approx(0.2)


def test_numbers_get_the_digits_that_tell_them_apart() -> None:
    assert distinct([0.031622776, 1e-4, 10.0]) == ["0.0316", "0.0001", "10"]
    assert distinct([0.1, 0.10001, 0.1]) == ["0.1", "0.10001", "0.1"]
    assert distinct([]) == []
