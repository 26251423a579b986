"""The outcome at a glance: worked out, kept as JSON, read back; what is not its own is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from nnlab.core import results as results_module
from nnlab.core import study as study_module
from nnlab.core.analysis.selection import outcome_of, rank_settings
from nnlab.core.analysis.standing import FORM, MOST_SETTINGS, from_json, standing_of, to_json
from nnlab.core.results import Results, load_results
from tests.small import small_study


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    axes: dict[str, Any] = {
        "learning_rate": {"from": 0.01, "to": 1e6, "num": 13},
        "hidden_layer_sizes": [[4], [4, 4]],
    }
    with mock.patch.object(study_module, "write_report", return_value=None):
        return small_study(tmp_path_factory.mktemp("standing"), **axes).run()


def test_it_says_what_the_ranking_says(results: Results) -> None:
    standing, runs = standing_of(results.runs), results.runs
    ranked = rank_settings(runs, outcome_of(runs))
    assert standing.counts == results.counts
    assert sum(standing.counts.values()) == len(runs) == 104
    assert standing.settings == len(ranked) == 52
    assert standing.seeds == 2
    assert standing.varying == ("activation", "hidden_layer_sizes", "learning_rate")
    assert standing.one_width
    assert standing.ranked_by == outcome_of(runs)
    rows = [{name: row[name] for name in ranked.columns} for row in standing.best]
    assert rows == ranked.head(MOST_SETTINGS).to_dicts()
    first = standing.best[0]
    grid = runs.select("activation", "hidden_layer_sizes", "learning_rate")
    place = grid.unique(maintain_order=True).row(first["order"])
    assert place == (first["activation"], first["hidden_layer_sizes"], first["learning_rate"])


def test_it_survives_the_disk(results: Results) -> None:
    standing = standing_of(results.runs)
    assert from_json(json.loads(json.dumps(to_json(standing), allow_nan=False))) == standing


def test_a_study_read_back_has_the_one_that_was_kept(results: Results) -> None:
    kept = from_json(results.environment["standing"])
    assert kept == load_results(results.folder).standing


@pytest.mark.parametrize(
    "told",
    [
        None, [], {}, {"form": FORM}, {"form": FORM + 1}, "x",
        {"form": FORM, "counts": 3}, {"form": FORM, "counts": {"finished": "many"}},
    ],
)  # fmt: skip
def test_what_is_not_its_own_is_not_read(told: object) -> None:
    assert from_json(told) is None


def test_an_unknown_outcome_is_not_read(results: Results) -> None:
    told = to_json(standing_of(results.runs))
    assert from_json(told | {"outcome": "beauty"}) is None


def test_a_second_look_needs_no_table(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(study_module, "write_report", lambda results: None)
        small_study(tmp_path).run()

    def refuse(*_: object) -> None:
        raise AssertionError("importing what reads a table takes most of the time")

    monkeypatch.setattr(study_module, "write_report", lambda results: None)
    monkeypatch.setattr(results_module, "read_runs", refuse)
    monkeypatch.setattr(results_module, "load_results", refuse)
    again = small_study(tmp_path).run()
    assert again.standing.settings == 2
