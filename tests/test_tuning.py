"""The search for each activation's own best learning rate, and the spec of a comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nnlab.core import study as study_module
from nnlab.core.compare import (
    default_spec,
    overrides_for,
    prepare_comparison,
    read_activations,
    study_name,
)
from nnlab.core.errors import UsageError
from nnlab.core.listener import Listener, Outlook
from nnlab.core.results import load_results
from nnlab.core.settings import Settings
from nnlab.core.spec import load_spec, make_spec
from nnlab.core.tuning import (
    MOST_WIDENED,
    SEEDS,
    Trial,
    best_of,
    edges_of,
    first_grid,
    trials_of,
    tune,
    tuning_seeds,
    tuning_study,
)
from tests.comparisons import runs_of
from tests.small import small_study


@pytest.fixture(autouse=True)
def _no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "write_report", lambda results: None)


class Heard(Listener):
    """Counts what is trained and keeps what is said."""

    def __init__(self) -> None:
        self.planned_steps: list[int] = []
        self.notes: list[str] = []

    def planned(self, outlook: Outlook) -> None:
        self.planned_steps.append(outlook.run_steps)

    def said(self, text: str) -> None:
        self.notes.append(text)

    @contextmanager
    def watch(self, name: str) -> Iterator[Listener]:
        assert name == "small-tuning"
        yield self


# ------------------------------------------------------------------ which rate is best


def trial(rate: float, steps: float, loss: float = 0.1, lost: int = 0) -> Trial:
    return Trial("relu", rate, steps, loss, lost)


@pytest.mark.parametrize(
    ("trials", "best"),
    [
        ([trial(0.1, 50), trial(0.2, 40), trial(0.4, 60)], 0.2),  # the fewest steps
        ([trial(0.1, 50, 0.3), trial(0.2, 50, 0.2)], 0.2),  # then the least loss
        ([trial(0.1, 50), trial(0.2, 50)], 0.1),  # then the smallest rate
        ([trial(0.1, math.inf, 0.3), trial(0.2, math.inf, 0.2)], 0.2),  # none got there
        ([trial(0.1, 50), trial(0.2, 20, lost=1)], 0.1),  # a rate at which one run diverged
        ([trial(0.1, math.inf, math.inf, 3), trial(0.2, math.inf, math.inf, 2)], 0.2),
    ],
)
def test_the_best_rate(trials: list[Trial], best: float) -> None:
    assert best_of([*trials, Trial("tanh", 9.0, 1.0, 0.0, 0)], "relu").learning_rate == best


def test_trials_are_medians_in_which_lost_runs_are_the_worst() -> None:
    values: dict[str, list[Any]] = {
        "status": ["finished", "finished", "diverged"],
        "steps_to_target": [30.0, 10.0, 5.0],  # the last one diverged later
        "train_loss": [0.2, 0.1, None],
    }
    assert trials_of(runs_of({"relu": values})) == [Trial("relu", 0.1, 30.0, 0.2, 1)]
    values["status"] = ["finished", "diverged", "failed"]
    assert trials_of(runs_of({"relu": values})) == [Trial("relu", 0.1, math.inf, math.inf, 2)]


def test_edges_are_the_first_and_last_rate_tried() -> None:
    grid = (0.1, 0.2, 0.4)
    for place, rate in enumerate(grid):
        trials = [trial(r, 10.0 if r == rate else 20.0) for r in grid]
        assert edges_of(trials, grid) == ([] if place == 1 else [("relu", rate)])


# ------------------------------------------------------------------ the grid and its seeds


def test_the_grid_is_three_octaves_to_either_side() -> None:
    spec = make_spec(name="x", learning_rate=0.1)
    assert first_grid(spec) == (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8)


def test_an_axis_of_rates_is_the_grid_itself() -> None:
    assert first_grid(make_spec(name="x", learning_rate=[1.0, 0.01, 0.1])) == (0.01, 0.1, 1.0)


def test_rates_of_their_own_are_searched_around() -> None:
    spec = make_spec(
        name="x", activation=["relu", "tanh"], learning_rate={"relu": 0.1, "tanh": 0.4}
    )
    assert first_grid(spec)[0] == 0.0125
    assert first_grid(spec)[-1] == 3.2


@pytest.mark.parametrize("reported", [range(5), [1000], [1001, 1003], range(990, 1010)])
def test_the_seeds_are_never_those_reported(reported: Sequence[int]) -> None:
    seeds = tuning_seeds(reported)
    assert len(seeds) == len(set(seeds)) == SEEDS
    assert not set(seeds) & set(reported)
    assert min(seeds) >= 1000


@pytest.mark.parametrize(
    ("key", "values"),
    [("optimizer", ["sgd", "adam"]), ("batch_size", [8, 16]), ("initialization", ["he", "torch"]),
     ("hidden_layer_sizes", [[4], [5]])],
)  # fmt: skip
def test_one_rate_an_activation_needs_one_setting(
    tmp_path: Path, key: str, values: list[Any]
) -> None:
    keys: dict[str, Any] = {key: values}
    study = small_study(tmp_path, **keys)
    with pytest.raises(UsageError, match=f"{key} has 2 values; fix one, with -s {key}="):
        tuning_study(study)


def test_the_longest_name_leaves_room(tmp_path: Path) -> None:
    study = tuning_study(small_study(tmp_path, name="x" * 100))
    assert study.spec.name == "x" * 93 + "-tuning"


# ------------------------------------------------------------------ the search


def test_the_search_finds_a_rate_for_each_on_other_seeds(tmp_path: Path) -> None:
    study = small_study(tmp_path, steps=30, target_loss=0.4, description="About")
    heard = Heard()
    tuned, tuning = tune(study, heard.watch)
    assert tuned.spec.learning_rate == tuning.rates
    assert list(tuning.rates.written()) == ["relu", "tanh"]
    assert set(tuning.rates) <= set(tuning.tried)
    assert tuned.spec.seeds == (0, 1)
    assert tuned.spec.name == "small"
    assert tuned.spec.description == f"About. {tuning.describe()}"
    assert "on the seeds 1000, 1001, 1002, which are not reported." in tuning.describe()

    found = load_results(tmp_path / "small-tuning")
    assert set(found.runs["seed"]) == {1000, 1001, 1002} == set(tuning.seeds)
    assert set(found.runs["learning_rate"]) == set(tuning.tried)
    assert found.spec.description.endswith(tuning.found())
    assert tuning.folder == tmp_path / "small-tuning"
    for name, rate in tuning.rates.rates:
        own = found.runs.filter(pl.col("activation") == name, pl.col("learning_rate") == rate)
        (best,) = (t for t in tuning.trials if (t.activation, t.learning_rate) == (name, rate))
        steps = own["steps_to_target"].to_list()
        if None not in steps:
            assert best.steps_to_target == sorted(steps)[1]

    results = tuned.run()
    assert set(results.runs["seed"]) == {0, 1}
    pairs = dict(results.runs.select("activation", "learning_rate").unique().rows())
    assert pairs == tuning.rates.written()
    assert load_spec(results.folder / "spec.yaml") == tuned.spec


def test_a_second_search_trains_nothing_and_finds_the_same(tmp_path: Path) -> None:
    study = small_study(tmp_path, steps=30)
    _, first = tune(study, Heard().watch)
    heard = Heard()
    _, second = tune(study, heard.watch)
    assert second == first
    assert set(heard.planned_steps) == {0}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".runs", "small-tuning"]


def test_the_grid_is_widened_until_it_is_given_up(tmp_path: Path) -> None:
    """From 1e-20 any larger rate is better: after four times two more, the last is still best."""
    study = small_study(tmp_path, learning_rate=1e-12, steps=4, dtype="float64")
    heard = Heard()
    _, tuning = tune(study, heard.watch)
    assert tuning.at_edge == ("relu", "tanh")
    assert set(tuning.rates) == {max(tuning.tried)}
    assert len(tuning.tried) == 7 + 2 * MOST_WIDENED
    why = [note for note in heard.notes if note.startswith("the best rate is the last one tried")]
    assert len(why) == MOST_WIDENED
    assert why[0].endswith("(relu 8e-12, tanh 8e-12): trying 1.6e-11, 3.2e-11")


def test_force_searches_again_once(tmp_path: Path) -> None:
    tune(small_study(tmp_path, steps=30), Heard().watch)
    heard = Heard()
    _, tuning = tune(small_study(tmp_path, steps=30, force=True), heard.watch)
    assert sum(heard.planned_steps) == 30 * SEEDS * len(tuning.trials)


# ------------------------------------------------------------------ the spec of a comparison


def test_the_default_comparison() -> None:
    spec = default_spec(("relu", "tanh"))
    assert (spec.name, spec.dataset.label, spec.architectures) == (
        "compare-relu-tanh", "digits", ((64, 64),),
    )  # fmt: skip
    assert (spec.activation, spec.seeds, spec.target_loss) == (
        ("relu", "tanh"),
        tuple(range(5)),
        0.1,
    )


def test_options_are_overrides() -> None:
    assert overrides_for(("relu", "leaky_relu:0.2"), 7) == [
        "activation=[relu, leaky_relu:0.2]", "seeds=7",
    ]  # fmt: skip
    assert overrides_for(None, None) == []
    spec = default_spec(("relu", "tanh"), ["name=mine", "epochs=3", *overrides_for(None, 2)])
    assert (spec.name, spec.epochs, spec.seeds) == ("mine", 3, (0, 1))


def test_names_are_fit_for_folders() -> None:
    assert study_name(["relu", "leaky_relu:0.2"]) == "compare-relu-leaky_relu-0.2"
    many = [f"leaky_relu:0.{i}" for i in range(1, 10)]
    assert study_name(many) == "compare-leaky_relu-0.1-8-others"
    assert make_spec(name=study_name(many)).name == study_name(many)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("relu,tanh", ("relu", "tanh")),
        (" swish , leaky_relu:0.20 ", ("silu", "leaky_relu:0.2")),
    ],
)
def test_activations_are_read(text: str, labels: tuple[str, ...]) -> None:
    assert read_activations(text) == labels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("relu,tahn", "--activations: unknown activation 'tahn'; did you mean 'tanh'?"),
        ("relu", "one activation has nothing to be compared with; name two or more"),
        ("relu,relu", "--activations: 'relu' is there already$"),
        ("silu,swish", "--activations: 'swish' is there already, as 'silu'"),
        ("relu,", "a name is missing beside a comma"),
        ("", "a name is missing beside a comma"),
        ("relu,leaky_relu:7", "leaky_relu:7"),
    ],
)
def test_wrong_activations_are_told(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        read_activations(text)


def prepared(tmp_path: Path, **keys: Any) -> Any:
    spec = small_study(tmp_path, **keys).spec
    return prepare_comparison(spec, Settings(results=tmp_path)).spec


def test_a_classification_without_a_target_gets_one(tmp_path: Path) -> None:
    assert prepared(tmp_path).target_loss == 0.1
    assert prepared(tmp_path, loss="binary_cross_entropy").target_loss == 0.1
    assert prepared(tmp_path, target_loss=0.3).target_loss == 0.3
    assert prepared(tmp_path, dataset={"name": "sine", "n": 60}).target_loss is None


def test_one_activation_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'small' has the activation relu only"):
        prepared(tmp_path, activation="relu")
