"""Convergence: steps by seed, and verdicts that fall when a target or an edge is missed."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

from nnlab.core.analysis.claims import judge_claims
from nnlab.core.analysis.convergence import (
    milliseconds_a_step,
    steps_by_seed,
    steps_interval,
    unreached,
)
from nnlab.core.analysis.seed_findings import difference_of, mean_of, no_interval, ratio_of
from nnlab.core.questions.activations.convergence import CLAIMS, Convergence
from nnlab.core.report.convergence_pictures import steps_to_target
from nnlab.core.report.figures import draw
from nnlab.core.spec.rates import OwnRates
from nnlab.core.tuning import Tuning

RUNS = pl.DataFrame(
    {
        "activation": ["relu", "relu", "tanh", "tanh"],
        "seed": [0, 1, 0, 1],
        "status": ["finished", "finished", "finished", "diverged"],
        "steps_to_target": [10.0, 40.0, 30.0, 12.0],
        "steps": [100, 100, 100, 100],
        "seconds": [0.1, 0.3, 0.1, 9.0],
    }
)


def test_a_lost_run_has_no_steps() -> None:
    steps = steps_by_seed(RUNS)
    assert steps == {"relu": {0: 10.0, 1: 40.0}, "tanh": {0: 30.0, 1: None}}
    assert unreached(steps) == ("tanh",)
    assert steps_interval(steps["relu"]).estimate == pytest.approx(20.0)
    assert steps_interval(steps["tanh"]).n == 1
    assert math.isnan(steps_interval({0: None}).estimate)
    with pytest.raises(ValueError, match="relu has seed 0 twice"):
        steps_by_seed(pl.concat([RUNS, RUNS]))


def test_the_time_of_a_step_is_a_median_over_finished_runs() -> None:
    assert milliseconds_a_step(RUNS) == {"relu": pytest.approx(2.0), "tanh": pytest.approx(1.0)}


def test_findings_of_seeds_count_what_is_lost() -> None:
    first, second = {0: 2.0, 1: 8.0, 2: None}, {0: 1.0, 1: 2.0, 2: 5.0}
    ratio = ratio_of(first, second)
    assert ratio.interval.estimate == pytest.approx(math.sqrt(8.0))
    assert ratio.lost_share == pytest.approx(1 / 3)
    assert difference_of(first, second).interval.estimate == pytest.approx(3.5)
    assert mean_of(first).interval.estimate == 5.0


@pytest.mark.parametrize("of", [ratio_of, difference_of])
def test_without_any_pair_there_is_an_interval_of_no_seed(of: object) -> None:
    measured = of({0: None, 1: 2.0}, {0: 1.0, 1: None})  # type: ignore[operator]
    assert (measured.interval.n, measured.lost_share) == (0, 1.0)
    assert measured.interval.p_value(1.0) == 1.0
    assert math.isnan(no_interval("log").estimate)
    assert mean_of({0: None}).interval.n == 0


def found(at_edge: tuple[str, ...] = (), sigmoid: float | None = 100.0) -> Convergence:
    """Ten seeds; at the shared rate ReLU leads, at tuned rates tanh does."""

    def steps(**means: float | None) -> dict[str, dict[int, float | None]]:
        return {
            name: {
                seed: None if mean is None else mean * (1 + 0.01 * ((seed * shift) % 7 - 3))
                for seed in range(10)
            }
            for shift, (name, mean) in enumerate(means.items(), start=1)
        }

    names = ("relu", "leaky_relu", "tanh", "sigmoid")
    rates = OwnRates(tuple(zip(names, (0.5, 0.5, 1.0, 4.0), strict=True)))
    return Convergence(
        rate=0.1,
        target=0.2,
        shared=steps(relu=70.0, leaky_relu=70.0, tanh=100.0, sigmoid=1000.0),
        tuned=steps(relu=30.0, leaky_relu=30.0, tanh=20.0, sigmoid=sigmoid),
        tuning=Tuning(rates, (), (1000, 1001), at_edge, "steps", Path()),
        times={"relu": 1.0},
        settings=("digits, sgd at 0.1", "digits, sgd"),
    )


def verdicts(study: Convergence) -> dict[str, str]:
    return {each.claim.id: each.verdict.verdict for each in judge_claims(CLAIMS, study)}


def test_the_answer_depends_on_the_terms() -> None:
    assert verdicts(found()) == {
        "relu-faster-than-sigmoid-shared": "supported",
        "relu-faster-than-sigmoid-tuned": "supported",
        "relu-faster-than-tanh-shared": "supported",
        "relu-faster-than-tanh-tuned": "refuted",
    }


def test_an_optimum_on_the_edge_decides_nothing() -> None:
    judged = {each.claim.id: each for each in judge_claims(CLAIMS, found(at_edge=("sigmoid",)))}
    verdict = judged["relu-faster-than-sigmoid-tuned"].verdict
    assert verdict.verdict == "inconclusive"
    assert "the optimum at the learning rate of sigmoid lies on the edge" in verdict.reason
    assert judged["relu-faster-than-tanh-tuned"].verdict.verdict == "refuted"


def test_a_target_that_was_not_reached_decides_nothing() -> None:
    judged = {each.claim.id: each for each in judge_claims(CLAIMS, found(sigmoid=None))}
    verdict = judged["relu-faster-than-sigmoid-tuned"].verdict
    assert verdict.verdict == "inconclusive"
    assert "the target was not reached by sigmoid" in verdict.reason


def test_the_picture_names_who_leads_on_either_terms() -> None:
    study = found()
    searched = {"relu": [(0.5, 30.0), (1.0, math.inf)], "tanh": [(1.0, 20.0)]}
    picture = steps_to_target(
        searched, (0.1, study.shared), (study.tuning.rates.written(), study.tuned), 0.2
    )
    assert picture.title == (
        "Who converges first depends on the rate: all at 0.1 relu and leaky_relu (70 steps), each "
        "at its own best tanh (20 steps)"
    )
    valley, shared, tuned = picture.panels
    assert [place for place, _ in valley.lost] == [1.0]
    assert shared.x.names == ("relu", "leaky_relu", "tanh", "sigmoid")
    assert tuned.x.names[3] == "sigmoid 4"
    assert tuned.lines[2].y == pytest.approx((20.0,), rel=0.01)
    draw(picture, 1600)
