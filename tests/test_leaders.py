"""Who leads: told from all others, or not; what was lost; ties; both scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import pytest

from nnlab.core.analysis.axes import OUTCOMES, Outcome
from nnlab.core.analysis.leaders import Lead, lead_of, may_be_least, may_be_most
from nnlab.core.analysis.selection import rank_settings
from tests.frames import Grid, study

ACCURACY, LOSS = OUTCOMES[0], OUTCOMES[4]


def lead(values: Mapping[str, Sequence[float | None]], outcome: Outcome = ACCURACY) -> Lead | None:
    """Of runs with these outcomes by seed; None diverged."""
    seeds = len(next(iter(values.values())))
    runs = study(Grid(activations=tuple(values), seeds=seeds, records=2)).runs
    numbers = [values[name][seed] for name, seed in runs.select("activation", "seed").rows()]
    status = ["diverged" if number is None else "finished" for number in numbers]
    runs = runs.with_columns(
        pl.Series(outcome.column, numbers, pl.Float64), pl.Series("status", status)
    )
    return lead_of(runs, rank_settings(runs, outcome), outcome)


def names(found: Lead | None) -> tuple[str, list[str]]:
    assert found is not None
    return found.first["activation"], [row["activation"] for row in found.alike]


def test_pairs_tell_what_means_cannot() -> None:
    """Seeds differ by 0.2, activations by 0.01 at each of them: unpaired, that is noise."""
    above = [0.71, 0.81, 0.911]
    assert names(lead({"relu": [0.70, 0.80, 0.90], "tanh": above})) == ("tanh", [])


def test_within_the_interval_nobody_leads() -> None:
    """Differences 0.02, -0.02, 0.03: mean 0.01, t = 0.65 with 2 degrees of freedom, p = 0.58."""
    found = lead({"relu": [0.92, 0.90, 0.94], "tanh": [0.90, 0.92, 0.91]})
    assert names(found) == ("relu", ["tanh"])


def test_it_has_to_be_told_from_every_other() -> None:
    """Differences 0.01, 0.02, 0.024 to relu: t = 4.32, p = 0.0496; to sigmoid within noise."""
    relu, tanh = [0.90, 0.90, 0.90], [0.91, 0.92, 0.924]
    assert names(lead({"relu": relu, "tanh": tanh})) == ("tanh", [])
    assert names(lead({"relu": relu, "tanh": tanh, "elu": relu})) == ("tanh", [])
    found = lead({"relu": relu, "tanh": tanh, "sigmoid": [0.93, 0.90, 0.92]})
    assert names(found) == ("tanh", ["sigmoid"])


def test_of_losses_the_ratio_counts_and_the_lowest_leads() -> None:
    """Ten times at each seed, while the losses themselves go over three powers of ten."""
    found = lead({"relu": [1e-3, 0.1, 1.0], "tanh": [1.1e-2, 1.0, 10.0]}, LOSS)
    assert names(found) == ("relu", [])


def test_a_loss_of_zero_has_no_ratio() -> None:
    assert names(lead({"relu": [0.0, 0.1, 0.2], "tanh": [0.5, 0.6, 0.7]}, LOSS)) == ("relu", [])


def test_who_lost_runs_is_no_rival() -> None:
    found = lead({"relu": [0.8, 0.8, 0.81], "tanh": [0.9, 0.9, None]})
    assert names(found) == ("relu", [])
    assert found is not None
    assert found.others == 1


@pytest.mark.parametrize("values", [[0.9], [0.9, None, None]])
def test_one_pair_tells_nothing(values: list[float | None]) -> None:
    lower = [None if value is None else 0.1 for value in values]
    assert names(lead({"relu": values, "tanh": lower})) == ("relu", ["tanh"])


def test_nothing_finished_has_no_lead() -> None:
    assert lead({"relu": [None, None], "tanh": [None, None]}) is None


def test_one_setting_is_no_contest() -> None:
    found = lead({"relu": [0.9, 0.8]})
    assert names(found) == ("relu", [])
    assert found is not None
    assert found.others == 0


def test_what_may_be_the_most_and_the_least_by_hand() -> None:
    rows = pl.DataFrame({
        "line": ["a", "b", "c", "d"], "mean": [10.0, 8.0, 7.0, 9.9],
        "low": [9.0, 5.0, 6.9, None], "high": [11.0, 10.0, 7.1, None],
    })  # fmt: skip
    assert may_be_most(rows)["line"].to_list() == ["a", "b"]  # a single seed's mean is no interval
    assert may_be_least(rows)["line"].to_list() == ["b", "c"]
    assert may_be_least(rows, slack=0.3)["line"].to_list() == ["a", "b", "c", "d"]
