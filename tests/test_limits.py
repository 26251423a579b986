"""Impossible work is refused before it starts, and says which key to change."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from nnlab.core import limits, plan, study
from nnlab.core.errors import SpecError
from nnlab.core.limits import (
    LONG_SECONDS,
    MOST_RUNS,
    check,
    check_count,
    forecast,
    memory_of,
    memory_there,
)
from nnlab.core.plan import largest_stack, run_bytes
from nnlab.core.settings import Settings
from nnlab.core.spec import make_spec, parse_spec
from nnlab.core.study import prepare
from tests.small import recipe_of, small_spec, small_study
from tests.stacks import classification, grid, recipe, train

TOO_MANY = [
    ({"seeds": 100_000, "learning_rate": {"from": 1e-3, "to": 1, "num": 100}},
     "seeds: the grid has 10,000,000 runs, and the most is 1,000,000; its longest axis is 'seeds' "
     "with 100,000 values: shorten it, or make several studies"),
    ({"seeds": 2000, "width": list(range(1, 1001))},
     "seeds: the grid has 2,000,000 runs, .* its longest axis is 'seeds' with 2,000 values"),
    ({"width": list(range(1, 1001)), "depth": list(range(1, 1001))},
     "depth: the networks of the grid have 500,500,000 hidden layers, and the most is 2,000,000; "
     "make the list of 'depth' shorter"),
    ({"hidden_layer_sizes": [[i + 1] for i in range(1000)], "seeds": 1001},
     "the grid has 1,001,000 runs"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "message"), TOO_MANY)
def test_a_grid_beyond_counting_is_refused_before_anything_is_made(
    keys: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("no data are loaded and no run is made for such a grid")

    for module, name in ((study, "load_dataset"), (study, "make_plan"), (plan, "recipes_of")):
        monkeypatch.setattr(module, name, never)
    with pytest.raises(SpecError, match=message):
        prepare(make_spec(name="x", **keys), Settings())


def test_a_million_runs_are_a_grid() -> None:
    spec = make_spec(name="x", seeds=100_000, learning_rate={"from": 1e-3, "to": 1, "num": 10})
    assert spec.n_runs == MOST_RUNS
    check_count(spec)


def test_the_refusal_shows_the_key_where_it_stands() -> None:
    spec = parse_spec("name: x\nseeds: 100000\nbatch_size: [1, 2, 4, 8]\nactivation: [relu, elu, "
                      "tanh]\n", "grid.yaml")  # fmt: skip
    with pytest.raises(SpecError, match=r"^grid.yaml:2:8: seeds: the grid has 1,200,000 runs"):
        check_count(spec)


HEAVY = [
    ({"hidden_layer_sizes": [10_000_000]}, "hidden_layer_sizes: a layer of 10,000,000 units takes"),
    ({"width": 10_000_000, "depth": 2}, "width: a layer of 10,000,000 units takes about"),
    ({"width": 5000, "depth": 1000}, "depth: a network of 1,000 layers takes about"),
    ({"records": 100_000, "steps": 10**6, "width": 4, "depth": 500, "seeds": 64},
     "records: measuring at 100,000 moments takes about"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "message"), HEAVY)
def test_what_no_memory_holds_is_refused(keys: dict[str, Any], message: str) -> None:
    spec = small_spec(**{"hidden_layer_sizes": None, **keys})
    prepared = small_study(Path("results"))
    with pytest.raises(SpecError, match=message) as caught:
        check(spec.model_copy(update=resolved(prepared)), prepared.plan.split, 2, 16 * 10**9)
    assert re.search(
        r"of memory a run, [\d,.]+ GB for all that train at once, and this machine has 16\.0 GB: "
        rf"make '{message.split(':', maxsplit=1)[0]}' smaller",
        str(caught.value),
    )


def resolved(prepared: study.Study) -> dict[str, Any]:
    """The loss and the output that the data decide."""
    return {"loss": prepared.spec.loss, "output": prepared.spec.output}


def test_fewer_processes_are_named_where_that_helps() -> None:
    prepared = small_study(Path("results"), hidden_layer_sizes=[2000, 2000], seeds=4)
    one = memory_of(prepared.plan.runs[0].recipe)
    needed = forecast(prepared.spec, prepared.plan.split, 4)
    memory = int(needed.bytes / needed.processes * 1.5 / limits.MEMORY_SHARE)
    with pytest.raises(SpecError, match=r"smaller, or use --jobs 1$"):
        check(prepared.spec, prepared.plan.split, 4, memory)
    assert check(prepared.spec, prepared.plan.split, 1, memory).bytes <= memory
    with pytest.raises(SpecError, match=r"smaller$"):
        check(prepared.spec, prepared.plan.split, 4, one // 2)


@pytest.mark.parametrize(
    ("hidden", "activation", "runs"),
    [
        ((64, 64), "relu", 16), ((256, 128, 64, 32), "relu", 6), ((256, 128, 64, 32), "gelu", 6),
        ((64,) * 20, "gelu", 4), (tuple(range(200, 16, -16)), "silu", 3),
    ],
)  # fmt: skip
def test_a_stack_takes_the_memory_that_is_foretold(
    hidden: tuple[int, ...], activation: str, runs: int
) -> None:
    """Layers of one width share memory, layers of many do not; some keep their pre-activations."""
    split = classification(1500, 400)
    shape = recipe(split, hidden, steps=3, records=2, batch_size=32)
    train(split, grid(shape, [activation]))  # what is imported on the way is not the stack's
    stack = grid(shape, [activation], seeds=range(runs))
    tracemalloc.start()
    try:
        train(split, stack)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    foretold = memory_of(shape, runs)
    assert foretold / 2 < peak <= foretold


def test_where_memory_is_unknown_nothing_is_refused_for_it() -> None:
    prepared = small_study(Path("results"))
    spec = prepared.spec.model_copy(update={"hidden_layer_sizes": ((10_000_000,),)})
    assert check(spec, prepared.plan.split, 1, None).bytes > 10**10


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"steps": 10**9, "learning_rate": {"from": 1e-3, "to": 1, "num": 900}, "seeds": 100},
         r"steps: training for 1,000,000,000 steps would take about [\d,]+ days \(180,000 run"),
        ({"steps": None, "epochs": 10**9, "seeds": 64, "width": 500, "hidden_layer_sizes": None},
         r"epochs: training for 1,000,000,000 epochs would take .* make 'epochs' smaller$"),
        ({"seeds": 100_000, "steps": 100_000, "hidden_layer_sizes": [1000, 1000]},
         r"seeds: a grid with 100,000 values of 'seeds' would take about"),
    ],
)  # fmt: skip
def test_what_takes_years_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        prepare(small_spec(**keys), Settings(jobs=2))


def test_the_forecast_is_the_plans_own_estimate() -> None:
    prepared = small_study(Path("results"), jobs=1, seeds=50, learning_rate=[0.1, 0.2, 0.3],
                           optimizer=["sgd", "adam"], batch_size=[8, 16])  # fmt: skip
    told = forecast(prepared.spec, prepared.plan.split, 1)
    planned = sum(stack.work for stack in plan.make_stacks(prepared.plan.runs, 1))
    assert told.runs == len(prepared.plan.runs)
    assert told.seconds == pytest.approx(planned, rel=0.1)


def test_a_search_of_a_study_is_checked_too(tmp_path: Path) -> None:
    prepared = small_study(tmp_path)
    with pytest.raises(SpecError, match="the grid has 2,000,000 runs"):
        prepared.changed(seeds=tuple(range(100_000)), learning_rate=tuple(i + 1 for i in range(10)))


def test_long_work_is_told_and_short_work_is_not(tmp_path: Path) -> None:
    assert small_study(tmp_path).long_seconds() is None
    far_beyond_any_slip_of_the_clock = 1_000_000_000
    long = small_study(tmp_path, steps=far_beyond_any_slip_of_the_clock).long_seconds()
    assert long is not None
    assert long > LONG_SECONDS


def test_what_is_stored_is_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "write_report", lambda results: None)
    small_study(tmp_path).run()
    monkeypatch.setattr(study, "LONG_SECONDS", 4.5)  # the report alone is said to take 4
    again = small_study(tmp_path, seeds=3)
    monkeypatch.setattr(study, "forecast", lambda *_: limits.Forecast(6, 1e6, 0, 1))
    assert again.long_seconds() is None


def test_large_nets_share_no_stack() -> None:
    """Eight nets of a gigabyte side by side would be eight gigabytes, and no faster."""
    small, large = recipe_of(layer_sizes=(2, 64, 1)), recipe_of(layer_sizes=(2, 20_000, 20_000, 1))
    assert largest_stack(small) == plan.LARGEST_STACK
    assert largest_stack(large) == 1
    assert run_bytes(large) > plan.STACK_BYTES
    middle = recipe_of(layer_sizes=(2, 6000, 6000, 1))
    assert 1 < largest_stack(middle) < plan.SMALLEST_STACK
    assert largest_stack(middle) * run_bytes(middle) <= plan.STACK_BYTES


def test_the_memory_of_this_machine() -> None:
    there = memory_there()
    assert there is None or there > 10**8


def test_a_containers_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self, **_: "1000000\n")
    assert memory_there() == 1_000_000
    monkeypatch.setattr(Path, "read_text", lambda self, **_: "max\n")
    assert memory_there() != 1_000_000
