"""Searches with networks: small ones, read, stored, gone on with; and what is said of them."""

from __future__ import annotations

import itertools
import json
import math
import re
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nnlab.core.analysis.quadratic_model import QuadraticModel, StepsToTarget, model_steps
from nnlab.core.analysis.scaling import Scaling, read_search
from nnlab.core.analysis.scaling_search import Protocol, Search, rounded, run_searches
from nnlab.core.errors import UsageError
from nnlab.core.listener import Listener, Outlook
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.report.scaling_pictures import best_rates
from nnlab.core.report.scaling_words import advice, batch_table, exponent_table, law_words
from nnlab.core.running import REPORT_SECONDS
from nnlab.core.scaling.noise import train_checkpoints
from nnlab.core.scaling.study import prepare_scaling, rates_text, scaling_overrides
from nnlab.core.scaling.sweeps import (
    Recipes,
    Sweep,
    protocol_for,
    run_sweeps,
    usual_rates,
)
from nnlab.core.settings import Settings
from nnlab.core.study import Study
from tests.small import small_spec, small_study

BATCHES = (2, 4, 8, 16)


def quiet(name: str) -> nullcontext[Listener]:
    return nullcontext(Listener())


def model(noise: float = 30.0, batches: tuple[int, ...] = (8, 16, 32, 64, 128)) -> Search:
    limit = model_steps(batches)
    rates = tuple(rounded(0.01 * 2.0**i) for i in range(8))
    protocol = Protocol(batches, rates, (1000,), (0, 1, 2), limit, limit)
    measure = StepsToTarget(QuadraticModel(100, noise, spread=True))
    return run_searches({"it": protocol}, measure)["it"]


@pytest.fixture(scope="module")
def noisy() -> Scaling:
    return read_search(model())


# ------------------------------------------------------------------ reading


def test_ranges_share_their_ends(noisy: Scaling) -> None:
    assert noisy.ranges == ((8, 16), (16, 32, 64), (64, 128))
    assert noisy.over((8, 16, 32)).ranges == ()
    assert noisy.over((8, 16, 32)).batch_sizes == (8, 16, 32)


def bent(scaling: Scaling, power: float) -> Scaling:
    """The same with each seed's best rate B^(1/2 + power ln B), and a little of its own on top."""
    optima = []
    for optimum in scaling.optima:
        ln = math.log(optimum.batch_size)
        rate = math.exp(0.5 * ln + power * ln**2)
        by_seed = {
            seed: (rate * (1 + 0.001 * seed * ln), cost)
            for seed, (_, cost) in optimum.by_seed.items()
        }
        optima.append(replace(optimum, rate=rate, by_seed=by_seed))
    return replace(scaling, optima=tuple(optima))


def test_a_title_says_falls_only_of_what_is_told_to_fall(noisy: Scaling) -> None:
    assert "the exponent falls from " in best_rates({"it": bent(noisy, -0.05)}).title
    assert "the exponent rises from " in best_rates({"it": bent(noisy, 0.05)}).title
    told = best_rates({"it": noisy}).title  # as good as a power law
    assert re.fullmatch(r"it: exponent 0\.97 \[0\.\d\d, 1\.\d\d\] over batch sizes 8 to 128", told)


def test_each_seed_has_its_own_exponent(noisy: Scaling) -> None:
    own = noisy.seed_exponents()
    assert own.shape == (3,)
    interval = noisy.exponent_interval()
    assert interval.estimate == pytest.approx(own.mean()) == pytest.approx(noisy.mean_exponent())
    assert interval.n == 3
    assert len(noisy.doublings()) == 4


def test_short_runs_with_a_slow_start_are_named(noisy: Scaling) -> None:
    short = replace(
        noisy, optima=tuple(replace(o, cost=o.cost / 1e4) for o in noisy.optima)
    )  # fmt: skip
    fault = short.slow_start_fault(0.9)
    assert fault is not None
    assert fault.startswith("start-up of the momentum: at batch size 128 the target takes ")
    assert "asks for 100 at least" in fault
    long = replace(noisy, optima=tuple(replace(o, cost=100.0) for o in noisy.optima))
    assert long.slow_start_fault(0.9) is None


def test_only_velocities_that_start_at_zero_start_slowly() -> None:
    assert {name for name, row in OPTIMIZERS.items() if row.starts_slowly} == {
        "momentum", "nesterov",
    }  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_search_begins_around_what_is_usual(name: str) -> None:
    rates = usual_rates(name)
    assert rates[len(rates) // 2] == OPTIMIZERS[name].usual_rate
    assert [b / a for a, b in itertools.pairwise(rates)] == pytest.approx([2.0] * 8)


def test_where_the_rate_is_kept(noisy: Scaling) -> None:
    def with_rates(*rates: float) -> Scaling:
        pairs = zip(noisy.optima, rates, strict=True)
        return replace(noisy, optima=tuple(replace(o, rate=rate) for o, rate in pairs))

    assert with_rates(0.1, 0.2, 0.4, 0.45, 0.4).kept_from == 32
    assert with_rates(0.1, 0.2, 0.4, 0.8, 1.6).kept_from is None
    assert with_rates(0.1, 0.1, 0.1, 0.1, 0.1).kept_from == 8
    told = advice(with_rates(0.1, 0.16, 0.32, 0.33, 0.33), "this net")
    assert told == (
        "What to do with the rate: from batch 8 to 16: multiply by 1.6; from batch 16 to 32: "
        "multiply by 2; beyond 32 keep it. Measured here, for this net.",
    )


def test_words_and_tables_follow_the_numbers(noisy: Scaling) -> None:
    assert len(batch_table(noisy).rows) == 5
    table = exponent_table({"model": noisy})
    assert len(table.rows[0]) == len(table.heads)
    assert "power law" in law_words(noisy)
    assert law_words(noisy.over((8, 16))) == "Too few batch sizes for a law: it takes three."


# ------------------------------------------------------------------ networks


def small_sweep(results: Path, **keys: Any) -> tuple[Scaling, int]:
    study = small_study(results, activation="tanh", steps=400, batch_size=list(BATCHES), **keys)
    sweep = Sweep("sgd", "tanh", target=0.5)
    asked = {"it": (sweep, protocol_for(study, sweep, BATCHES, (0.05, 0.1, 0.2, 0.4), (0, 1)))}
    swept = run_sweeps(study, asked, quiet)
    return swept.read("it"), len(swept.results)


def test_a_search_with_networks_is_stored_and_read_again(tmp_path: Path) -> None:
    first, runs = small_sweep(tmp_path)
    assert first.batch_sizes == BATCHES
    assert all(math.isfinite(cost) for cost in first.costs)
    steps: list[int] = []

    class Counts(Listener):
        def planned(self, outlook: object) -> None:
            steps.append(outlook.run_steps)  # type: ignore[attr-defined]

    study = small_study(tmp_path, activation="tanh", steps=400, batch_size=list(BATCHES))
    sweep = Sweep("sgd", "tanh", target=0.5)
    asked = {"it": (sweep, protocol_for(study, sweep, BATCHES, (0.05, 0.1, 0.2, 0.4), (0, 1)))}
    swept = run_sweeps(study, asked, lambda name: nullcontext(Counts()))
    assert set(steps) == {0}
    assert len(swept.results) == runs
    assert swept.read("it").rates.tolist() == first.rates.tolist()


def test_runs_stop_at_their_target_and_budgets_do_not(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    limits = protocol_for(study, Sweep("sgd", "relu"), (8,), (0.1, 0.2), (0,))
    assert not set(limits.coarse_seeds) & set(limits.fine_seeds)
    from nnlab.core.analysis.scaling_search import Trial

    recipes = Recipes(study)
    run = recipes.run_of(Sweep("adam", "tanh", target=0.3), Trial(4, 0.1, 5, 77))
    recipe = run.recipe
    assert (recipe.optimizer, recipe.steps, recipe.target_loss) == ("adam", 77, 0.3)
    assert recipe.stop_at_target
    budget = recipes.run_of(Sweep("sgd", "tanh", count="epochs", budget=2), Trial(4, 0.1, 5, 77))
    assert budget.recipe.steps == 2 * (study.plan.runs[0].recipe.train_examples // 4)
    assert not budget.recipe.stop_at_target


def test_a_checkpoint_is_the_end_of_a_shorter_run(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    run = study.plan.runs[0]
    nets = train_checkpoints(study, run, (2, 4), (0, 1), quiet)
    points = nets.noise()
    assert [(p.seed, p.step) for p in points] == [(0, 2), (0, 4), (1, 2), (1, 4)]
    assert all(p.drawn.resolved and p.drawn.noise > 0 for p in points)
    (single,) = nets.single_steps((4,), (0,), (4, 16))
    assert set(single.measured) in ({4, 16}, set())


# ------------------------------------------------------------------ the command's study


def test_what_a_spec_leaves_open_gets_the_usual(tmp_path: Path) -> None:
    spec = small_spec(activation=["relu", "tanh"], dataset={"name": "xor", "n": 100})
    found = prepare_scaling(spec, Settings(results=tmp_path))
    assert list(found.asked) == ["sgd, relu", "sgd, tanh"]
    sweep, protocol = found.asked["sgd, relu"]
    assert sweep.target == 0.2
    assert protocol.batch_sizes == (8, 16)
    assert len(protocol.rates) == 9
    assert found.outlook.runs == 2 * 2 * (9 * 2 + 7 * 2)


def test_the_outlook_is_found_out_once_and_has_one_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coarse and fine grids are two plans, each a look at the store."""
    looks: list[float] = []
    look = Study.outlook

    def counted(study: Study) -> Outlook:
        looks.append((outlook := look(study)).seconds)
        return outlook

    monkeypatch.setattr(Study, "outlook", counted)
    found = prepare_scaling(small_spec(activation="relu"), Settings(results=tmp_path, jobs=1))
    assert found.long_seconds() is None
    assert found.outlook.seconds == pytest.approx(sum(looks) - REPORT_SECONDS)
    assert found.outlook is found.outlook
    assert len(looks) == 2


def test_a_search_takes_one_network(tmp_path: Path) -> None:
    spec = small_spec(hidden_layer_sizes=[[3], [4]])
    with pytest.raises(UsageError, match="hidden_layer_sizes has 2 values; fix one, with -s"):
        prepare_scaling(spec, Settings(results=tmp_path))


def test_a_squared_error_needs_a_target(tmp_path: Path) -> None:
    spec = small_spec(dataset={"name": "sine", "n": 60})
    with pytest.raises(UsageError, match=r"no usual target for the loss mse.*--target"):
        prepare_scaling(spec, Settings(results=tmp_path))


def test_options_are_overrides() -> None:
    assert rates_text("0.001:1:13") == "{from: 0.001, to: 1, num: 13}"
    assert rates_text("0.1,0.2") == "[0.1,0.2]"
    with pytest.raises(UsageError, match=r"give FROM:TO:HOW_MANY, such as 0\.001:1:13, or a list"):
        rates_text("0.1:1")
    told = scaling_overrides((("batch_size", "8,16"), ("seeds", None), ("target_loss", "0.3")))
    assert told == ["batch_size=[8,16]", "target_loss=0.3"]


def test_a_folder_with_everything(tmp_path: Path) -> None:
    spec = small_spec(
        activation="tanh", batch_size=[4, 8, 16], steps=300, target_loss=0.5,
        learning_rate=[0.1, 0.2, 0.4],
    )  # fmt: skip
    found = prepare_scaling(spec, Settings(results=tmp_path, jobs=1)).run(quiet)
    names = {path.name for path in found.folder.iterdir()}
    assert {"answer.json", "runs.csv", "environment.json", "report.png", "figures"} <= names
    document = json.loads((found.folder / "answer.json").read_text())
    (sweep,) = document["sweeps"]
    assert [row["batch_size"] for row in sweep["batch_sizes"]] == [4, 8, 16]
    assert document["answer"][0].startswith("sgd, tanh. What to do with the rate: ")
    assert {p.stem for p in (found.folder / "figures").iterdir()} == {
        "best_rates", "sgd__tanh_rate_by_batch", "sgd__tanh_steps_and_examples",
        "sgd__tanh_steps_over_rate",
    }  # fmt: skip
