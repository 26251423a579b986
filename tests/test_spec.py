"""The spec: its keys, its grid, what is refused and how, and what the data decide."""

from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from nnlab.core.data.datasets import DATASETS
from nnlab.core.errors import Problem, SpecError
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.initializers import INITIALIZERS
from nnlab.core.nn.optimizers import OPTIMIZERS, SCHEDULES
from nnlab.core.spec import (
    DatasetSpec,
    Spec,
    load_spec,
    make_spec,
    parse_spec,
)
from nnlab.core.spec.axes import log_spaced
from nnlab.core.spec.writer import GROUPS, flow
from tests.spec_texts import spec_of

# ------------------------------------------------------------------ what a spec becomes


def test_defaults_are_those_of_the_documentation() -> None:
    spec = parse_spec("name: x\n")
    assert spec.model_dump(exclude={"dataset"}) == {
        "name": "x", "description": "", "test_fraction": 0.2, "split_seed": 0, "standardize": True,
        "hidden_layer_sizes": ((64, 64),), "width": None, "depth": None, "activation": ("relu",),
        "loss": None, "output": None, "initialization": ("auto",), "optimizer": ("sgd",),
        "momentum": None, "beta1": None, "beta2": None, "epsilon": None, "weight_decay": None,
        "learning_rate": (0.1,), "schedule": "constant", "warmup_steps": 0, "batch_size": (32,),
        "epochs": 20, "steps": None, "seeds": (0,), "target_loss": None, "records": 40,
        "dtype": "float32", "save_weights": False,
    }  # fmt: skip
    assert spec.dataset == DatasetSpec(name="digits")
    assert spec.n_runs == 1


def test_a_list_on_an_axis_makes_a_grid() -> None:
    spec = spec_of(
        "activation: [tanh, swish, 'leaky_relu:0.20', logistic]\n"
        "learning_rate: [1e-4, 1]\n"
        "batch_size: [8, full]\n"
        "hidden_layer_sizes: [[64, 64], [32]]\n"
        "initialization: [auto, normal]\n"
        "optimizer: [sgd, adam]\n"
        "seeds: [3, 1, 4]\n"
    )
    assert spec.activation == ("tanh", "silu", "leaky_relu:0.2", "sigmoid")
    assert spec.learning_rate == (1e-4, 1.0)
    assert spec.batch_size == (8, "full")
    assert spec.architectures == ((64, 64), (32,))
    assert spec.initialization == ("auto", "normal:0.01")
    assert spec.seeds == (3, 1, 4)
    axes = (
        spec.activation, spec.learning_rate, spec.batch_size, spec.architectures,
        spec.initialization, spec.optimizer, spec.seeds,
    )  # fmt: skip
    assert spec.n_runs == len(list(product(*axes))) == 4 * 2 * 2 * 2 * 2 * 2 * 3


def test_a_number_of_seeds_counts_from_zero() -> None:
    assert spec_of("seeds: 4\n").seeds == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("text", "architectures"),
    [
        ("hidden_layer_sizes: [10, 20, 10]", ((10, 20, 10),)),
        ("width: [32, 64]\ndepth: [1, 3]", ((32,), (32,) * 3, (64,), (64,) * 3)),
        ("depth: 3", ((64, 64, 64),)),
        ("width: 16", ((16, 16),)),
        ("hidden_layer_sizes: [5]\nwidth: null\ndepth: null", ((5,),)),
    ],
)
def test_ways_to_write_the_hidden_layers(text: str, architectures: object) -> None:
    spec = spec_of(text)
    assert spec.architectures == architectures
    assert spec.n_runs == len(spec.architectures)


def test_a_grid_beyond_all_bounds_is_counted_without_being_spread_out() -> None:
    axis = list(range(1, 1001))
    spec = make_spec(name="x", width=axis, depth=axis, seeds=100_000, batch_size=axis)
    assert spec.n_runs == 10**14


def test_steps_take_the_place_of_epochs() -> None:
    spec = spec_of("steps: 500\n")
    assert (spec.epochs, spec.steps) == (None, 500)


def test_log_spaced_rates_have_exact_ends_and_short_values() -> None:
    # 10^(-3 + i/4): a quarter of a decade is a factor of 1.77828
    assert log_spaced(1e-3, 1.0, 13) == (
        0.001, 0.00177828, 0.00316228, 0.00562341, 0.01, 0.0177828, 0.0316228, 0.0562341,
        0.1, 0.177828, 0.316228, 0.562341, 1.0,
    )  # fmt: skip
    assert spec_of("learning_rate: {from: 1e-3, to: 1, num: 13}").learning_rate == log_spaced(
        1e-3, 1.0, 13
    )
    assert log_spaced(0.123456789, 7.7, 2) == (0.123456789, 7.7)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("digits", "digits"),
        ("{name: iris}", "iris"),
        ("moons", "moons"),
        ("{name: moons, noise: 0.2}", "moons"),  # the default
        ("{name: spirals, n: 500, noise: 0.1}", "spirals(n=500, noise=0.1)"),
        ("{csv: data/houses.csv, target: price}", "houses.csv"),
        ("{csv: data/houses.csv, target: price, leave_out: [id, note]}", "houses.csv"),
        ("{npz: arrays.npz}", "arrays.npz"),
        ("{openml: mnist_784}", "mnist_784"),
        ("{openml: credit-g, version: 1}", "credit-g(version=1)"),
    ],
)
def test_data_sets_and_their_labels(written: str, label: str) -> None:
    assert spec_of(f"dataset: {written}").dataset.label == label


def test_a_tilde_is_the_home_of_a_user_or_else_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def file(written: str) -> Path | None:
        spec = parse_spec(f"name: x\ndataset: {{npz: {written}}}\n", base=tmp_path)
        return spec.dataset.npz

    assert file("~/a.npz") == tmp_path / "home" / "a.npz"
    assert file("~../a.npz") == tmp_path / "~.." / "a.npz"  # found by fuzzing: nobody is called ..


def test_options_not_written_are_filled_in() -> None:
    dataset = spec_of("dataset: {name: moons, n: 50}\n").dataset
    assert dataset.options == {"n": 50, "noise": 0.2, "seed": 0}
    assert dataset == DatasetSpec(name="moons", options={"n": 50})


def test_paths_are_relative_to_the_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    file = folder / "s.yaml"
    file.write_text("name: x\ndataset: {csv: ../d.csv, target: y}\n", encoding="utf-8")
    assert load_spec(file).dataset.csv == tmp_path / "d.csv"
    monkeypatch.chdir(tmp_path)
    assert load_spec("a/s.yaml").dataset.csv == tmp_path / "d.csv"
    assert make_spec(name="x", dataset={"npz": Path("d.npz")}).dataset.npz == tmp_path / "d.npz"
    monkeypatch.setenv("HOME", str(tmp_path))
    home = spec_of("dataset: {npz: ~/d.npz}\n").dataset
    assert home.npz == tmp_path / "d.npz"


def test_python_values_are_read_like_yaml() -> None:
    spec = make_spec(
        name="x",
        learning_rate=np.array([0.5, 0.25]),
        seeds=range(2, 4),
        hidden_layer_sizes=(np.int64(8), 8),
        batch_size=(4, "full"),
        dataset=DatasetSpec(name="sine"),
        loss=None,
    )
    same = spec_of(
        "learning_rate: [0.5, 0.25]\nseeds: [2, 3]\nhidden_layer_sizes: [8, 8]\n"
        "batch_size: [4, full]\ndataset: sine\n"
    )
    assert spec == same
    with pytest.raises(SpecError, match="<spec>: unknown key 'lr'; did you mean 'learning_rate'"):
        make_spec(name="x", lr=0.1)


def test_a_spec_is_frozen_and_travels_to_workers() -> None:
    spec = spec_of("seeds: 2\n")
    with pytest.raises(ValidationError, match="frozen"):
        spec.seeds = (1,)
    copy = pickle.loads(pickle.dumps(spec))
    assert copy == spec
    assert copy.problem("seeds", "hm") == spec.problem("seeds", "hm")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("one line", '"one line"'),
        ("plain", "plain"),
        ("true", '"true"'),
        ("1e3", '"1e3"'),
        ("two\nlines: yes\n", "|\n  two\n  lines: yes\n"),
        ("two\n\nlines", "|-\n  two\n\n  lines\n"),
        ("two\n  indented", '"two\\n  indented"'),
        ("ends twice\n\n", '"ends twice\\n\\n"'),
        ("\u202e\n", '"\\U0000202e\\n"'),
    ],
)
def test_text_is_written_readably_and_reads_back(text: str, written: str) -> None:
    spec = make_spec(name="x", description=text)
    assert f"\ndescription: {written}" in spec.to_yaml()
    assert parse_spec(spec.to_yaml()).description == text


def test_the_resolved_spec_has_every_key() -> None:
    assert list(yaml.safe_load(spec_of("").to_yaml())) == list(Spec.model_fields)


def test_what_yaml_cannot_hold_is_not_written() -> None:
    with pytest.raises(TypeError, match="a complex has no YAML form here"):
        flow(1j)


def test_a_spec_is_its_own_validation() -> None:
    spec = spec_of("seeds: 2\n")
    assert Spec.model_validate(spec) == spec


def test_where_a_spec_was_written_is_no_part_of_it() -> None:
    assert spec_of("# a comment\nseeds: 2\n", source="a") == spec_of("seeds: [0, 1]\n", source="b")


def test_a_spec_made_by_hand_is_checked_too() -> None:
    with pytest.raises(ValidationError, match="'sgd' does not use 'beta1'"):
        Spec(name="x", beta1=0.5)
    with pytest.raises(ValidationError, match="exclude one another"):
        DatasetSpec(name="moons", npz=Path("x"))


def test_problems_found_later_show_the_line() -> None:
    spec = spec_of("seeds: 2\n", source="s.yaml")
    assert spec.source == "s.yaml"
    assert spec.problem("seeds", "too many") == Problem("seeds: too many", 2, 8, "seeds: 2")
    assert spec.problem("width", "too large") == Problem("width: too large")


# ------------------------------------------------------------------ every row of every table


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("activation", list(ACTIVATIONS)),
        ("activation", [alias for row in ACTIVATIONS.values() for alias in row.aliases]),
        ("initialization", ["auto", *INITIALIZERS]),
        ("optimizer", list(OPTIMIZERS)),
        ("schedule", list(SCHEDULES)),
        ("dataset", list(DATASETS)),
    ],
)
def test_every_name_of_a_table_may_be_written(key: str, names: list[str]) -> None:
    for name in names:
        spec_of(f"{key}: {name}\n")


def test_every_option_of_every_data_set_may_be_written() -> None:
    for row in DATASETS.values():
        for option, what in row.options.items():
            spec_of(f"dataset: {{name: {row.name}, {option}: {what.default}}}\n")


def test_every_hyperparameter_of_an_optimizer_is_a_key_or_fixed() -> None:
    for row in OPTIMIZERS.values():
        assert set(row.hyperparameters) <= {*Spec.model_fields, "alpha"}


def test_every_key_is_described_and_written() -> None:
    assert all(field.description for field in Spec.model_fields.values())
    assert [key for _, keys in GROUPS for key in keys] == list(Spec.model_fields)


# ------------------------------------------------------------------ cost


def test_importing_the_spec_loads_nothing_heavy() -> None:
    heavy = "('sklearn', 'scipy', 'polars', 'matplotlib', 'rich', 'typer')"
    code = f"import sys, nnlab.core.spec; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_shipped_specs_are_valid() -> None:
    from importlib import resources

    for file in resources.files("nnlab.configs").iterdir():
        if file.name.endswith(".yaml"):
            assert parse_spec(file.read_bytes(), file.name).name


def test_a_shipped_spec_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "quickstart.yaml").touch()
    monkeypatch.setattr("nnlab.core.spec.file.resources.files", lambda package: tmp_path)
    for name in ("quickstart", "quickstart.yaml"):
        with pytest.raises(
            SpecError, match=r"the spec of that name that ships is .*quickstart\.ya"
        ):
            load_spec(tmp_path / "elsewhere" / name)
