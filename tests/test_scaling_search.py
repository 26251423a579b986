"""The search over rates and batch sizes, on problems whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from nnlab.core.analysis.quadratic_model import (
    LossAfter,
    QuadraticModel,
    StepsToTarget,
    model_steps,
)
from nnlab.core.analysis.scaling import Scaling, read_search
from nnlab.core.analysis.scaling_search import (
    MOST_WIDENED,
    WIDENED_BY,
    Asked,
    Outcome,
    Protocol,
    Told,
    Trial,
    rounded,
    run_searches,
)

RATES = tuple(rounded(0.001 * 2.0**i) for i in range(11))


def protocol(batches: Sequence[int], rates: Sequence[float] = RATES, most: int = 10**7) -> Protocol:
    limit = model_steps(batches, most)
    return Protocol(tuple(batches), tuple(rates), (1000, 1001), (0, 1), limit, limit)


def searched(batches: Sequence[int], measure: Callable[[Asked], Told], **keys: object) -> Scaling:
    return read_search(run_searches({"it": protocol(batches, **keys)}, measure)["it"])  # type: ignore[arg-type]


# ------------------------------------------------------------------ the quadratic model, end to end

OCTAVES = (8, 16, 32, 64, 128, 256, 512)


def test_at_small_batches_the_search_finds_proportionality() -> None:
    found = searched((1, 2, 4, 8), StepsToTarget(QuadraticModel()))
    assert found.exponent() == pytest.approx(1.0, abs=0.02)
    assert found.faults() == ()


def test_over_six_octaves_it_finds_the_known_exponent() -> None:
    found = searched(OCTAVES, StepsToTarget(QuadraticModel()))
    assert found.exponent() == pytest.approx(0.94, abs=0.02)


def test_without_noise_the_batch_size_does_not_matter() -> None:
    found = searched((8, 64, 512), StepsToTarget(QuadraticModel(noise=0.0)))
    assert found.exponent() == pytest.approx(0.0, abs=1e-12)


def test_fixed_epochs_agree_and_fixed_steps_come_out_low() -> None:
    model = QuadraticModel()
    target = searched(OCTAVES, StepsToTarget(model)).exponent()
    epochs = searched(OCTAVES, LossAfter(model, examples=100_000)).exponent()
    steps = searched(OCTAVES, LossAfter(model, steps=1000)).exponent()
    assert abs(epochs - target) < 0.1
    assert 0.4 < steps < 0.62


def test_the_model_s_formula_is_its_recursion() -> None:
    model = QuadraticModel(dimensions=5, noise=2.0, spread=True)
    trial = Trial(4, 0.3, 7, 100)
    squares, h = model.start(7), model.curvature
    for _ in range(6):
        squares = (1 - 0.3 * h) ** 2 * squares + 0.3**2 * 2.0 * h / 4
    assert float(model.loss(trial, 6.0)) == pytest.approx(0.5 * float(h @ squares), rel=1e-12)
    assert np.isinf(model.loss(Trial(4, 2.0, 7, 100), 3.0))


def test_a_target_below_the_noise_floor_is_not_reached() -> None:
    (outcome,) = StepsToTarget(QuadraticModel())({"it": [Trial(1, 0.5, 0, 1000)]})["it"]
    assert (outcome.cost, outcome.diverged) == (math.inf, False)
    (outcome,) = StepsToTarget(QuadraticModel())({"it": [Trial(1, 2.5, 0, 1000)]})["it"]
    assert outcome.diverged


# ------------------------------------------------------------------ the search itself


class Valley:
    """Costs with one best rate; counts its rounds and remembers what it was asked."""

    def __init__(self, best: float, least: float = 10.0) -> None:
        self.best, self.least = best, least
        self.rounds: list[list[Trial]] = []

    def __call__(self, asked: Asked) -> Told:
        self.rounds.append([trial for trials in asked.values() for trial in trials])
        return {name: [self.outcome(t) for t in trials] for name, trials in asked.items()}

    def outcome(self, trial: Trial) -> Outcome:
        steps = self.least * math.exp(0.5 * math.log(trial.learning_rate / self.best) ** 2)
        return Outcome(trial, steps if steps <= trial.most_steps else math.inf)


def test_a_parabola_is_found_exactly_on_fresh_seeds() -> None:
    valley = Valley(0.3)
    found = searched((8, 16), valley, rates=(0.1, 0.2, 0.4, 0.8))
    assert found.rates == pytest.approx(0.3)
    assert found.costs == pytest.approx(10.0)
    coarse, fine = valley.rounds
    assert {trial.seed for trial in coarse} == {1000, 1001}
    assert {trial.seed for trial in fine} == {0, 1}
    per_batch = sorted({t.learning_rate for t in fine if t.batch_size == 8})
    assert np.diff(np.log(per_batch)) == pytest.approx(0.5 * math.log(2), abs=1e-5)
    assert len(per_batch) == 7


def test_the_coarse_grid_is_widened_until_the_best_is_inside() -> None:
    valley = Valley(3.0)
    found = searched((8,), valley, rates=(0.1, 0.2, 0.4))
    assert found.rates == pytest.approx(3.0)
    assert found.faults() == ()
    assert len(valley.rounds) > 2


def test_an_optimum_that_is_never_bracketed_is_a_fault() -> None:
    found = searched((8,), Valley(1e7), rates=(0.1, 0.2), most=10**200)
    assert found.optima[0].at_edge
    assert found.faults() == ("the optimum at batch size 8 lies on the edge of the grid",)
    assert len(found.optima[0].curve) == 7 + WIDENED_BY * MOST_WIDENED


def test_a_target_that_no_rate_reaches_is_a_fault_and_no_number() -> None:
    valley = Valley(0.3, least=1e6)
    found = searched((8,), valley, most=1000)
    assert found.optima == ()
    assert found.faults() == ("the target was not reached by batch size 8",)


def test_steps_are_given_out_sparingly_at_first() -> None:
    valley = Valley(0.3, least=100.0)
    sparing = Protocol((8,), (0.1, 0.2, 0.4, 0.8), (1,), (2,), {8: 1000}, {8: 16})
    found = read_search(run_searches({"it": sparing}, valley)["it"])
    assert [max(t.most_steps for t in each) for each in valley.rounds[:3]] == [16, 64, 256]
    assert max(t.most_steps for t in valley.rounds[-1]) <= 4 * 120
    assert found.rates == pytest.approx(0.3)


def test_searches_go_side_by_side() -> None:
    valley = Valley(0.3)
    run_searches({"a": protocol((8,)), "b": protocol((16, 32))}, valley)
    assert {t.batch_size for t in valley.rounds[0]} == {8, 16, 32}
    assert len(valley.rounds) == 2


def test_seeds_that_choose_are_not_reported() -> None:
    with pytest.raises(ValueError, match=r"seeds \[1\] are both thrown away and reported"):
        Protocol((8,), (0.1, 0.2), (1, 2), (0, 1), {8: 9}, {8: 9})
    with pytest.raises(ValueError, match="two rates or more, ascending"):
        Protocol((8,), (0.2, 0.1), (1,), (0,), {8: 9}, {8: 9})
