"""Numbers that can be trusted: what cannot be computed ends in a refusal or in a `diverged` row.

Every case runs through the real command line, where a warning of NumPy's is an error. NaN and
infinity reach neither the tables nor the JSON: `document` refuses both.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nnlab.core.reading import read_runs
from tests.command_line import Nnlab, document

SPEC = {
    "name": "n", "dataset": "{name: xor, n: 40}", "hidden_layer_sizes": "[4]",
    "activation": "[relu, tanh]", "batch_size": "4", "steps": "8", "records": "3", "seeds": "2",
}  # fmt: skip


def written(folder: Path, **keys: str | None) -> str:
    """A spec of four quick runs with these keys changed, None for one left out."""
    values = {key: value for key, value in (SPEC | keys).items() if value is not None}
    path = folder / "n.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in values.items()))
    return str(path)


def table(folder: Path, name: str, target: str, scale: float = 1.0, rows: int = 40) -> str:
    """The dataset key of a CSV file of normal features, the first times `scale`."""
    x = np.random.default_rng(0).normal(size=(rows, 2))
    lines = [
        f"{scale * a!r},{b!r},{target_of(target, i, a)}" for i, (a, b) in enumerate(x.tolist())
    ]
    (folder / name).write_text("a,b,y\n" + "\n".join(lines) + "\n")
    return f"{{csv: {name}, target: y}}"


def target_of(kind: str, i: int, a: float) -> str:
    """A class, a number, always the same one, or one beyond single precision."""
    return {
        "class": str(i % 2),
        "number": repr(a),
        "same": "0.5",
        "one": "1",
        "huge": repr(a * 1e300),
    }[kind]


FINISH = {
    "one unit": {"hidden_layer_sizes": "[1]"},
    "one example a batch": {"batch_size": "1"},
    "one step": {"steps": "1"},
    "a hundred layers": {
        "hidden_layer_sizes": None, "width": "4", "depth": "100", "activation": "[relu, sigmoid]",
    },
    "four examples, none to test": {
        "dataset": "{name: moons, n: 4}", "test_fraction": "0", "batch_size": "1",
    },
    "all in one batch": {
        "dataset": "{name: xor, n: 4}", "test_fraction": "0.5", "batch_size": "full",
    },
    "an epsilon of nearly nothing": {"optimizer": "adam", "epsilon": "1e-30"},
}  # fmt: skip


@pytest.mark.parametrize("keys", FINISH.values(), ids=FINISH)
def test_the_smallest_and_the_deepest_finish(
    nnlab: Nnlab, folder: Path, keys: dict[str, str | None]
) -> None:
    result = nnlab("train", written(folder, **keys), "--json", "--jobs", "1")
    assert result.exit_code == 0
    assert document(result)["runs"] == {"finished": 4, "diverged": 0, "failed": 0}
    runs = read_runs(folder / "results" / "n")
    assert runs["train_loss"].is_finite().all()


DIVERGE = {
    "a rate beyond all measure": {"learning_rate": "1e30"},
    "the same for numbers": {"dataset": "{name: sine, n: 40}", "learning_rate": "1e30"},
    "a decay beyond all measure": {"weight_decay": "1e30"},
    "weights whose product overflows": {
        "hidden_layer_sizes": None, "width": "4", "depth": "100", "activation": "[identity, elu]",
        "initialization": "normal:100",
    },
}  # fmt: skip


@pytest.mark.parametrize("keys", DIVERGE.values(), ids=DIVERGE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_overflows_ends_in_diverged_rows(
    nnlab: Nnlab, folder: Path, keys: dict[str, str | None], dtype: str
) -> None:
    keys = {**keys, "dtype": dtype}
    if "initialization" in keys and dtype == "float64":
        keys["depth"] = "400"
    result = nnlab("train", written(folder, **keys), "--json", "--jobs", "1")
    assert result.exit_code == 0
    told = document(result)
    assert told["runs"]["failed"] == 0
    assert told["runs"]["diverged"] >= 2
    folder = folder / "results" / "n"
    assert "nan" not in (folder / "runs.csv").read_text().lower()
    diverged = read_runs(folder).filter(pl.col("status") == "diverged")
    assert diverged["diverged_at"].is_not_null().all()
    for name in ("curves", "layers"):
        frame = pl.read_parquet(folder / f"{name}.parquet")
        numbers = frame.select(pl.col(pl.Float64).is_finite().all())
        assert all(numbers.row(0)), f"{name}: what is not finite must be null"


def test_means_leave_diverged_runs_out_and_say_so(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("train", written(folder, learning_rate="[0.1, 1e30]"), "--json", "--jobs", "1")
    by_rate = {row["learning_rate"]: row for row in document(result)["settings"]}
    lost, kept = by_rate[1e30], by_rate[0.1]
    assert (lost["finished"], lost["diverged"], lost["train_loss"]) == (0, 2, None)
    assert (kept["finished"], kept["diverged"]) == (2, 0)
    runs = read_runs(folder / "results" / "n")
    exact = runs.filter(
        (pl.col("learning_rate") == 0.1) & (pl.col("activation") == kept["activation"])
    )["train_loss"].to_list()
    assert kept["train_loss"] is not None
    assert min(exact) * (1 - 1e-12) <= kept["train_loss"] <= max(exact) * (1 + 1e-12)


def test_comparing_runs_that_all_diverged(nnlab: Nnlab, folder: Path) -> None:
    spec = written(folder, learning_rate="1e30")
    result = nnlab("compare", spec, "--json", "--jobs", "1")
    assert result.exit_code == 0
    assert document(result)["runs"]["diverged"] == 4
    assert "nan" not in nnlab("compare", spec).stdout.lower()
    shown = nnlab("results", "show", "n", "--json")
    assert all(row["train_loss"] is None for row in document(shown)["runs"])
    for form in ("csv", "json"):
        exported = nnlab("results", "export", "n", "--format", form).stdout
        assert "nan" not in exported.lower()


def test_features_that_do_not_vary(nnlab: Nnlab, folder: Path) -> None:
    """Only shifted by `standardize`, not divided by nothing."""
    keys = {"dataset": table(folder, "flat.csv", "class", scale=0.0)}
    for standardize in ("true", "false"):
        spec = written(folder, **keys, standardize=standardize)
        told = document(nnlab("train", spec, "--json", "--jobs", "1"))
        assert told["runs"] == {"finished": 4, "diverged": 0, "failed": 0}


@pytest.mark.parametrize("scale", [1e-300, 1e38])
def test_features_at_the_ends_of_the_scale(nnlab: Nnlab, folder: Path, scale: float) -> None:
    keys = {"dataset": table(folder, "scaled.csv", "class", scale=scale)}
    told = document(nnlab("train", written(folder, **keys), "--json", "--jobs", "1"))
    assert told["runs"]["finished"] == 4


REFUSED = {
    "features too large to standardize": (("class", 1e300), {}, "too large to standardize"),
    "features too large for float32": (
        ("class", 1e300), {"standardize": "false"},
        "dtype: float32 cannot hold .*set 'standardize: true' or 'dtype: float64', or rescale",
    ),
    "targets too large for float32": (
        ("huge", 1.0), {"standardize": "false"}, r"float32 cannot hold \d\.\d+e\+300",
    ),
    "a single class": (("one", 1.0), {}, "is '1' in every row: there is nothing to learn from it"),
    "a constant target": (("same", 1.0), {"loss": "mse"}, "is '0.5' in every row: there is nothin"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "keys", "message"), REFUSED.values(), ids=REFUSED)
def test_what_nothing_can_be_learned_from_is_refused(
    nnlab: Nnlab, folder: Path, data: tuple[str, float], keys: dict[str, str], message: str
) -> None:
    dataset = table(folder, "bad.csv", *data)
    result = nnlab("train", written(folder, dataset=dataset, **keys), "--jobs", "1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.search(message, result.stderr.replace("\n", " "))
    assert not (folder / "results").exists()


def test_one_example_is_refused(nnlab: Nnlab, folder: Path) -> None:
    dataset = table(folder, "one.csv", "number", rows=1)
    result = nnlab("train", written(folder, dataset=dataset))
    assert result.exit_code == 2
    assert "one example is not enough; at least 2 are needed" in result.stderr


def test_values_beyond_single_precision_fit_double(nnlab: Nnlab, folder: Path) -> None:
    dataset = table(folder, "huge.csv", "huge")
    spec = written(folder, dataset=dataset, standardize="false", dtype="float64")
    told = document(nnlab("train", spec, "--json", "--jobs", "1"))
    assert told["runs"]["diverged"] == 4  # the square of 1e300 is no number
