"""The cost of an activation: what is timed, in which turns, and what the ratios say."""

from __future__ import annotations

import json
import platform
import re
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnlab.core import environment
from nnlab.core.analysis.activation_cost import (
    TURNS,
    Rounds,
    element_work,
    product_work,
    step_work,
    take_turns,
)
from nnlab.core.analysis.claims import judge_claims, judge_findings
from nnlab.core.errors import StoreError
from nnlab.core.listener import Listener
from nnlab.core.questions import measured
from nnlab.core.questions.activations import cost, timings
from nnlab.core.questions.measured import measured_once
from nnlab.core.questions.work import Work
from nnlab.core.report.cost_pictures import cost_ratios
from nnlab.core.report.figures import draw
from nnlab.core.settings import Settings


def test_every_piece_has_its_turn_in_every_turn() -> None:
    calls: list[str] = []
    work = {name: (lambda name=name: calls.append(name)) for name in "abc"}
    rounds = take_turns(work, rounds=3, units=2.0)
    assert rounds.seconds.shape == (3, 3)
    assert (rounds.seconds > 0.0).all()
    turns = [calls[i : i + 3] for i in range(0, len(calls), 3)]
    assert len(turns) == 1 + 3 * TURNS  # the first is to warm up
    assert all(Counter(turn) == Counter("abc") for turn in turns)
    assert len({tuple(turn) for turn in turns}) > 1  # in an order of its own


def test_ratios_are_taken_within_rounds() -> None:
    """A machine that is twice as slow in the second round changes no ratio."""
    rounds = Rounds(("relu", "tanh", "sigmoid"), np.array([[1.0, 2.0, 8.0], [2.0, 4.0, 16.0]]))
    assert rounds.ratio(["tanh"], "relu").estimate == pytest.approx(2.0)
    both = rounds.ratio(["tanh", "sigmoid"], "relu")
    assert both.estimate == pytest.approx(4.0)
    assert both.n == 2
    assert both.low == pytest.approx(both.high)
    assert rounds.median("tanh") == 3.0


def test_elements_are_the_librarys_own() -> None:
    """After the piece has run, its memory holds f and f' of the last that ran."""
    work = element_work(["tanh", "relu", "relu"], 64, 1, backward=True)
    assert list(work) == ["tanh", "relu", "relu again"]
    z, a, d, _ = work["tanh"].memory  # type: ignore[attr-defined]
    work["tanh"]()
    np.testing.assert_array_equal(a, np.tanh(z))
    np.testing.assert_array_equal(d, 1 - a * a)
    work["relu again"]()
    np.testing.assert_array_equal(a, np.maximum(z, 0))
    np.testing.assert_array_equal(d, z > 0)


def test_a_product_has_as_many_elements_as_asked() -> None:
    out = product_work([16], 128)["product over 16"]()
    assert np.asarray(out).shape == (2, 64)


def test_a_step_trains_and_its_activations_stand_beside_it() -> None:
    work = step_work(["relu", "relu"], (4, 8, 8, 3), 16, 2)
    assert list(work) == ["relu", "relu alone", "relu again", "relu again alone"]
    step = work["relu"]
    net = step.net  # type: ignore[attr-defined]
    before = net.parameters.copy()
    step()
    assert 0 < np.abs(net.parameters - before).max() < 0.01
    assert work["relu alone"].memory[0].shape == (2, 16, 16)  # type: ignore[attr-defined]


def costs(tanh: float, sigmoid: float, step: float, again: float = 1.0) -> timings.Costs:
    """Twenty rounds; ReLU takes 1 ns an element and 1 ms a step, with two per cent of noise."""
    rng = np.random.default_rng(0)

    def rounds(times: dict[str, float]) -> Rounds:
        noise = np.exp(rng.normal(0.0, 0.02, (20, len(times))))
        return Rounds(tuple(times), np.array(list(times.values())) * noise)

    times = dict.fromkeys(timings.TIMED, 3e-09) | {"relu": 1e-9, timings.AGAIN: again * 1e-9}
    times |= {"tanh": tanh * 1e-9, "sigmoid": sigmoid * 1e-9}
    steps = dict.fromkeys(timings.STEPPED, step * 0.001) | {"relu": 1e-3, timings.AGAIN: 1e-3}
    steps |= {f"{name} alone": 1e-4 for name in tuple(steps)}
    return timings.Costs(
        forward={size: rounds(times) for size in timings.SIZES},
        both={size: rounds(times) for size in timings.SIZES},
        products=rounds({f"product over {fan}": 4e-9 for fan in timings.FANS}),
        steps={net: rounds(steps) for net in timings.NETS},
    )


def test_the_verdicts_follow_the_times() -> None:
    judged = {each.claim.id: each for each in judge_claims(cost.CLAIMS, costs(1.0, 4.0, 1.05))}
    assert {name: each.verdict.verdict for name, each in judged.items()} == {
        "relu-is-fast": "supported",
        "tanh-is-expensive": "refuted",
        "sigmoid-is-expensive": "supported",
        "expensive-activation-slows-training": "refuted",
    }
    assert {each.control.verdict for each in judged.values() if each.control} == {"refuted"}
    slow = judge_claims(cost.CLAIMS, costs(2.0, 4.0, 2.0))
    assert {each.verdict.verdict for each in slow} == {"supported"}


def test_the_section_says_the_shares() -> None:
    found = costs(2.0, 4.0, 2.0)
    assert cost._share(found, "width 256", "relu") == pytest.approx(0.1, rel=0.03)
    assert cost._share(found, "width 256", "tanh") == pytest.approx(0.05, rel=0.03)
    section = cost._section(found)
    (text,) = section.text
    assert text.startswith("An element of ReLU, f and f' together, takes 1.00 ns; leaky_relu ")
    (table,) = section.tables
    assert [row[0] for row in table.rows] == list(timings.TIMED)
    assert all(len(row) == len(table.heads) for row in table.rows)


def test_the_picture_has_a_row_an_activation() -> None:
    found = costs(2.0, 4.0, 1.5)
    ratios = {name: found.both["small arrays"].ratio([name], "relu") for name in timings.NAMED[1:]}
    steps = {name: found.steps["width 64"].ratio([name], "relu") for name in ("tanh", "sigmoid")}
    picture = cost_ratios(timings.NAMED[1:], {"An element": ratios}, {"A step": steps})
    assert [row.name for row in picture.lines] == ["leaky_relu", "tanh", "sigmoid"]
    element, step = picture.panels
    assert element.estimates[1] is not None
    assert element.estimates[1].value == pytest.approx(2.0, rel=0.03)
    assert step.estimates[0] is None
    assert picture.title.startswith("An element of tanh costs 2.0")
    draw(picture, 1600)


def work_in(folder: Path, force: bool = False) -> Work:
    """Work that tells what it is told."""
    settings = Settings(results=folder, force=force)
    return Work(settings, folder / "answer", lambda name: nullcontext(Listener()), quick=True)


def test_times_are_taken_once_and_again_by_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holm lets the times move the intervals of other claims: a second start must find the same."""
    taken = []

    def measure(rounds: int | None = None) -> timings.Costs:
        taken.append(rounds)
        return costs(1.0 + 0.1 * len(taken), 4.0, 1.05)

    monkeypatch.setattr(timings, "measure", measure)

    def told(force: bool = False) -> list[dict[str, Any]]:
        found = cost.part(work_in(tmp_path, force)).findings
        return [each.as_json() for each in judge_findings(cost.CLAIMS, found)]

    first = told()
    assert told() == first
    assert taken == [timings.QUICK_ROUNDS]
    assert told(force=True) != first
    assert len(taken) == 2
    assert told() != first  # what was measured by force stays
    assert len(taken) == 2


def test_what_is_stored_is_believed_only_as_itself(tmp_path: Path) -> None:
    said: list[str] = []

    class Heard(Listener):
        def said(self, text: str) -> None:
            said.append(text)

    work = Work(Settings(results=tmp_path), tmp_path, lambda name: nullcontext(Heard()))
    values = iter(range(10))

    def once(**about: int) -> int:
        return int(measured_once(work, "thing", about, lambda: next(values)))

    assert [once(size=1), once(size=1), once(size=2), once(size=1)] == [0, 0, 1, 0]
    assert not said
    stored = sorted(tmp_path.glob(".runs/thing-*.json"))
    assert len(stored) == 2
    for path in stored:
        path.write_text(path.read_text()[:-20], encoding="utf-8")
    assert once(size=1) == 2
    assert re.search(r"thing-.* is damaged \(.*\); it is measured again", said[0])
    (one,) = (path for path in stored if '"found": 2' in path.read_text(encoding="utf-8"))
    (two,) = set(stored) - {one}
    two.write_bytes(one.read_bytes())  # whole, but of something else
    assert once(size=2) == 3
    assert "it is of something else" in said[-1]


def test_a_busy_machine_is_known_by_its_control() -> None:
    assert costs(2.0, 4.0, 1.5).steady
    found = costs(2.0, 4.0, 1.5, again=1.15)
    assert not found.steady
    assert "These times are not kept" in cost._text(found)


def test_what_is_not_sound_is_measured_again(tmp_path: Path) -> None:
    work = work_in(tmp_path)
    values = iter([1, 2, 3])

    def once() -> int:
        return int(measured_once(work, "x", {}, lambda: next(values), sound=lambda f: f > 1))

    assert [once(), once(), once()] == [1, 2, 2]


@pytest.mark.parametrize(
    "edit",
    [
        lambda found: found.pop("forward"),
        lambda found: found.update(both=[]),
        lambda found: found["products"].update(names=["relu"]),
        lambda found: found["products"].update(seconds=[[1.0], [1.0, 2.0]]),
        lambda found: found["both"]["small arrays"].update(names=["a", "b", "c", "d", "e"]),
        lambda found: found["steps"]["width 64"].update(seconds=3),
    ],
)
def test_times_that_were_edited_are_taken_again(
    edit: Callable[[dict[str, Any]], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def measure(rounds: int | None = None) -> timings.Costs:
        taken.append(rounds)
        return costs(2.0, 4.0, 1.5)

    monkeypatch.setattr(timings, "measure", measure)
    first = timings.costs(work_in(tmp_path))
    (path,) = tmp_path.glob(".runs/cost-*.json")
    whole = path.read_text(encoding="utf-8")
    document = json.loads(whole)
    edit(document["found"])
    path.write_text(json.dumps(document), encoding="utf-8")
    assert timings.costs(work_in(tmp_path)).as_json() == first.as_json()
    assert len(taken) == 2
    assert json.loads(path.read_text(encoding="utf-8"))["found"] == first.as_json()


def test_times_are_of_a_processor_a_host_and_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once() -> Any:
        return measured_once(work_in(tmp_path), "x", {}, lambda: next(values))

    values = iter(range(10))
    assert [once(), once()] == [0, 0]
    described = environment.describe(())
    assert described["blas"]
    release = {**described["platform"], "system": "Linux 99"}
    kernel = [{**library, "architecture": "Abacus"} for library in described["blas"]]
    monkeypatch.setattr(environment, "describe", lambda _: {**described, "platform": release})
    assert once() == 0  # the same machine after an update
    monkeypatch.setattr(environment, "describe", lambda _: {**described, "blas": kernel})
    assert once() == 1
    monkeypatch.setattr(platform, "node", lambda: "elsewhere")
    assert once() == 2
    monkeypatch.setattr(measured, "_processor", lambda: "another")
    assert once() == 3


def test_the_processor_is_known_by_its_model(tmp_path: Path) -> None:
    told_by = tmp_path / "cpuinfo"
    told_by.write_text("processor\t: 0\nmodel name\t: Abacus 9 @ 2 GHz\nmodel name\t: other\n")
    assert measured._processor(told_by) == "Abacus 9 @ 2 GHz"
    assert measured._processor(tmp_path / "none") == (platform.processor() or platform.machine())


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    work = Work(Settings(results=tmp_path), tmp_path, lambda name: nullcontext(Listener()))
    assert measured_once(work, "thing", {}, lambda: 1) == 1
    (path,) = tmp_path.glob(".runs/thing-*.json")
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match=r"cannot read .*thing-"):
        measured_once(work, "thing", {}, lambda: 1)
