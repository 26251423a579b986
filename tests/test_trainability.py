"""Trainability: rates chosen on other seeds, and up to which depth nets trained."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from nnlab.configs import shipped
from nnlab.core.analysis.claims import Judged, judge_claims
from nnlab.core.analysis.trainability import (
    BestRate,
    Cell,
    best_rates,
    deepest_trained,
    depths_of,
    final_losses,
    plateau,
    trained,
)
from nnlab.core.questions.activations.trainability import SEEDS
from nnlab.core.questions.activations.trainability_claims import CLAIMS, Trainability
from nnlab.core.questions.activations.vanishing_claims import INITIALIZATIONS
from nnlab.core.report.figures import draw
from nnlab.core.report.trainability_pictures import trained_over_depth
from nnlab.core.spec import load_spec
from nnlab.core.spec.rates import OwnRates
from nnlab.core.wording import number

FLOOR = plateau(10)
RELU = Cell("relu", "he", 2)
CLAIM_IDS = ("relu-trains-deeper-than-sigmoid", "deep-sigmoid-does-not-train")


def rows(*runs: tuple[float, int, str, float | None]) -> pl.DataFrame:
    """Runs of `RELU`: rate, seed, status, final loss."""
    columns = {name: [run[i] for run in runs] for i, name in enumerate(_NAMES)}
    about = {"activation": "relu", "initialization": "he", "depth": 2}
    return pl.DataFrame(columns, schema=_TYPES).with_columns(
        *(pl.lit(value).alias(name) for name, value in about.items())
    )


_TYPES = {
    "learning_rate": pl.Float64, "seed": pl.Int64, "status": pl.String, "train_loss": pl.Float64,
}  # fmt: skip
_NAMES = list(_TYPES)


def test_guessing_costs_ln_k() -> None:
    assert plateau(2) == pytest.approx(math.log(2))
    assert not trained(FLOOR, FLOOR)
    assert not trained(0.9 * FLOOR, FLOOR)  # exactly 90 % has not left it
    assert trained(0.89 * FLOOR, FLOOR)
    assert not trained(None, FLOOR)


def test_the_best_rate_loses_no_run_then_has_the_lowest_median() -> None:
    found = best_rates(
        rows(
            (0.01, 1, "finished", 0.5), (0.01, 2, "finished", 0.7),
            (0.1, 1, "finished", 0.3), (0.1, 2, "finished", 0.4),
            (1.0, 1, "finished", 0.001), (1.0, 2, "diverged", None),
        )
    )[RELU]  # fmt: skip
    assert (found.learning_rate, found.at_edge) == (0.1, False)
    assert found.train_loss == pytest.approx(0.35)


def test_an_edge_is_told_and_of_equal_rates_the_smallest_wins() -> None:
    found = best_rates(rows((0.01, 1, "finished", 0.3), (0.1, 1, "finished", 0.3)))[RELU]
    assert (found.learning_rate, found.at_edge) == (0.01, True)
    alone = best_rates(rows((0.01, 1, "diverged", 99.0)))[RELU]
    assert (alone.at_edge, alone.train_loss) == (False, math.inf)


def test_a_diverged_run_has_no_final_loss() -> None:
    found = final_losses(rows((0.1, 1, "finished", 0.3), (0.1, 2, "diverged", 5.0)))
    assert found == {RELU: {1: 0.3, 2: None}}


def losses(*by_depth: float | None) -> dict[Cell, dict[int, float | None]]:
    """One seed of relu with he at depths 2, 4, 6, ..."""
    return {Cell("relu", "he", 2 * i + 2): {0: loss} for i, loss in enumerate(by_depth)}


@pytest.mark.parametrize(
    ("by_depth", "deepest"),
    [
        ((0.1, 0.2, 2.3), 4.0),
        ((0.1, 2.3, 0.2), 2.0),  # what trains beyond a gap is luck
        ((0.1, 0.2, 0.3), 6.0),
        ((2.3, 0.1, 0.1), None),
        ((0.1, None, 0.1), 2.0),  # diverged is not trained
    ],
)
def test_the_deepest_net_that_trained(
    by_depth: tuple[float | None, ...], deepest: float | None
) -> None:
    assert deepest_trained(losses(*by_depth), "relu", "he", FLOOR) == {0: deepest}


def test_depths_are_compared_as_numbers() -> None:
    cells = [Cell("relu", "he", depth) for depth in (12, 2, 8)]
    assert depths_of(cells) == [2, 8, 12]
    assert depths_of(cells, lambda cell: cell.depth > 2) == [8, 12]
    found = deepest_trained({cell: {0: 0.1} for cell in cells}, "relu", "he", FLOOR)
    assert found == {0: 12.0}


def searched(
    relu: dict[int, tuple[float, bool]], sigmoid: dict[int, tuple[float, bool]]
) -> Trainability:
    """ReLU from he and sigmoid from glorot, LeakyReLU like ReLU: depth -> best loss, at an edge.

    What is reported is what was found on the tuning seeds, with a little noise.
    """
    kinds = {"relu": relu, "leaky_relu": relu, "sigmoid": sigmoid, "tanh": relu}
    rates: dict[Cell, BestRate] = {}
    losses: dict[Cell, dict[int, float | None]] = {}
    for name, depths in kinds.items():
        for rule in INITIALIZATIONS:
            for depth, (loss, edge) in depths.items():
                cell = Cell(name, rule, depth)
                rates[cell] = BestRate(0.1, loss, loss, edge)
                losses[cell] = {seed: loss * (1.0 + 0.001 * seed) for seed in range(10)}
    return Trainability(rates, losses, FLOOR, (0.01, 0.1, 1.0), "digits")


COUNTS = {5: "five", 6: "six", 7: "seven", 8: "eight"}
GUESSES = (1.01 * FLOOR, False)


def told(found: Trainability) -> dict[str, Judged]:
    return {each.claim.id: each for each in judge_claims(CLAIMS, found)}


def test_the_claims_on_depth_follow_the_search() -> None:
    judged = told(
        searched(
            dict.fromkeys((2, 6, 12), (0.1, False)), {2: (0.1, False), 6: GUESSES, 12: GUESSES}
        )
    )
    deeper, stays = (judged[name] for name in CLAIM_IDS)
    assert deeper.verdict.verdict == stays.verdict.verdict == "supported"
    assert deeper.interval.estimate == 6.0
    assert {part.verdict for part in deeper.sub_ranges.values()} == {"supported"}


def test_an_optimum_on_the_edge_forbids_a_verdict() -> None:
    """A better rate beyond the grid might let sigmoid train deeper than it did."""
    relu = dict.fromkeys((2, 6, 12), (0.1, False))
    judged = told(searched(relu, {2: (0.1, True), 6: GUESSES, 12: GUESSES}))
    deeper, stays = (judged[name] for name in CLAIM_IDS)
    assert deeper.verdict.verdict == "inconclusive"
    assert "the optimum at sigmoid from glorot, 2 layers lies on the edge" in deeper.verdict.reason
    assert {part.verdict for part in deeper.sub_ranges.values()} == {"inconclusive"}
    assert stays.verdict.verdict == "supported"  # two layers are none of its business
    assert told(searched(relu | {12: (0.1, True)}, {2: (0.1, False), 6: GUESSES, 12: GUESSES}))[
        CLAIM_IDS[0]
    ].verdict.reason.startswith("the optimum at relu from he, 12 layers lies on the edge")


def test_what_never_leaves_the_plateau_has_no_optimum_on_an_edge() -> None:
    relu = dict.fromkeys((2, 6, 12), (0.1, False))
    stuck = (1.01 * FLOOR, True)
    found = searched(relu, {2: (0.1, False), 6: stuck, 12: stuck})
    assert found.at_edge() == []
    assert {each.verdict.verdict for each in told(found).values()} == {"supported"}


def test_what_comes_down_too_little_to_count_may_train_beyond_the_edge() -> None:
    """At 0.95 ln K a net has learned something, at the largest rate tried."""
    relu = dict.fromkeys((2, 6, 12), (0.1, False))
    found = searched(relu, {2: (0.1, False), 6: (0.95 * FLOOR, True), 12: GUESSES})
    assert {(cell.activation, cell.depth) for cell in found.at_edge()} == {("sigmoid", 6)}
    for each in told(found).values():
        assert each.verdict.verdict == "inconclusive"
        assert "sigmoid from glorot, 6 layers lies on the edge of the grid" in each.verdict.reason


@pytest.mark.parametrize("page", ["verdicts.md", "activations.md"])
def test_the_pages_tell_the_seeds_and_rates_of_the_study(page: str) -> None:
    text = (Path(__file__).parents[1] / "docs" / "science" / page).read_text(encoding="utf-8")
    spec = load_spec(shipped()["trainability"])
    rates = sorted(spec.learning_rate) if not isinstance(spec.learning_rate, OwnRates) else []
    told = " ".join(line for line in text.split("\n\n") if "0.0025" in line)
    assert f"{number(rates[0])} to {number(rates[-1])}" in told
    assert f"{SEEDS[0]} to {SEEDS[-1]}" in text
    assert not set(SEEDS) & {*spec.seeds, *range(10)}  # those that were seen before
    if page == "activations.md":
        assert f"the best of {COUNTS[len(rates)]} " in told
        assert " and ".join(map(str, spec.seeds)) in text.replace("\n", " ")
    else:
        assert f"| trainability in 1.4d | {', '.join(map(str, spec.seeds))} |" in text


def test_a_control_on_the_edge_forbids_a_verdict() -> None:
    """LeakyReLU at an edge, of which no claim speaks: no control of ReLU over sigmoid."""
    relu = dict.fromkeys((2, 6, 12), (0.1, False))
    found = searched(relu, {2: (0.1, False), 6: GUESSES, 12: GUESSES})
    cell = Cell("leaky_relu", "he", 12)
    found.rates[cell] = replace(found.rates[cell], at_edge=True)
    deeper, stays = (told(found)[name] for name in CLAIM_IDS)
    assert deeper.control is not None
    assert "the optimum at leaky_relu from he, 12 layers" in deeper.control.reason
    assert "came out inconclusive and should be refuted" in deeper.verdict.reason
    assert {part.verdict for part in deeper.sub_ranges.values()} == {"inconclusive"}
    assert stays.verdict.verdict == "supported"


def test_the_map_shows_what_was_lost_and_says_where_training_stops() -> None:
    table: dict[Cell, dict[int, float | None]] = {
        Cell("sigmoid", "he", 2): {0: 0.1, 1: 0.4},
        Cell("sigmoid", "he", 4): {0: 2.3, 1: 2.3},
        Cell("relu", "he", 2): {0: 0.01, 1: None},
        Cell("relu", "he", 4): {0: 0.01, 1: 0.01},
        Cell("tanh", "he", 2): {0: None, 1: None},
        Cell("tanh", "he", 4): {0: None, 1: None},
    }
    picture = trained_over_depth(table, FLOOR)
    (panel,) = picture.panels
    assert picture.x.names == ("sigmoid", "relu", "tanh")
    assert panel.values[0][0] == pytest.approx(0.2)  # geometric
    assert panel.values[0][1] == pytest.approx(0.01)
    assert panel.partly_lost == ((0, 1),)
    assert panel.lost == ((0, 2), (1, 2))
    assert picture.title == (
        "Training stops working for sigmoid beyond 2 hidden layers; it still works for relu at 4"
    )
    draw(picture, 1560)
