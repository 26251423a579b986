"""nnlab from Python: what a notebook imports."""

from __future__ import annotations

from pathlib import Path

import matplotlib.figure
import polars as pl
import pytest

import nnlab.core
from nnlab.core import Settings, figures, load_results, load_spec, make_spec, run
from tests.small import small_spec


def test_the_names_of_the_package_are_those_of_its_api() -> None:
    from nnlab.core import api

    assert set(api.__all__) <= set(dir(nnlab.core))
    for name in api.__all__:
        assert getattr(nnlab.core, name) is getattr(api, name)


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(AttributeError, match=r"module 'nnlab\.core' has no attribute 'trian'"):
        nnlab.core.trian  # noqa: B018


def test_a_study_from_python_is_that_of_the_command_line(tmp_path: Path) -> None:
    spec = small_spec()
    file = tmp_path / "small.yaml"
    file.write_text(spec.to_yaml())
    settings = Settings(results=tmp_path / "results", jobs=1)
    results = run(file, settings, overrides=["seeds=1"])
    assert results.runs["seed"].to_list() == [0, 0]
    assert isinstance(results.layers.collect(), pl.DataFrame)
    assert results.report.is_file()
    again = load_results(results.folder)
    assert again.runs.equals(results.runs)
    assert load_spec(results.folder / "spec.yaml") == again.spec


def test_figures_are_matplotlibs(tmp_path: Path) -> None:
    keys = {"name": "here", "dataset": "xor", "hidden_layer_sizes": [4], "steps": 12, "records": 3}
    results = run(make_spec(**keys), Settings(results=tmp_path, jobs=1, draw=False))
    drawn = figures(results)
    assert "learning_curves" in drawn
    assert all(isinstance(figure, matplotlib.figure.Figure) for figure in drawn.values())
