"""The whole job: plan, train what is missing, write, read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nnlab.core import study as study_module
from nnlab.core.errors import Interrupted, RunsFailed, SpecError, StoreError
from nnlab.core.listener import Listener, Outlook
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Stack
from nnlab.core.quantities import CURVE_COLUMNS, LAYER_COLUMNS, RUN_COLUMNS
from nnlab.core.results import Results, load_results
from nnlab.core.settings import Settings
from nnlab.core.spec import load_spec
from nnlab.core.store import RunStore
from nnlab.core.study import prepare
from nnlab.core.worker import Worker
from tests.small import small_spec, small_study


@pytest.fixture(autouse=True)
def _no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures have tests of their own; here they would cost most of the time."""
    monkeypatch.setattr(study_module, "write_report", lambda results: None)


class Heard(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.outlook: Outlook | None = None
        self.run_steps = 0
        self.results: list[RunResult] = []
        self.notes: list[str] = []

    def planned(self, outlook: Outlook) -> None:
        self.outlook = outlook

    def advanced(self, run_steps: int) -> None:
        self.run_steps += run_steps

    def finished(self, results: Sequence[RunResult]) -> None:
        self.results += results

    def said(self, text: str) -> None:
        self.notes.append(text)


def tables(results: Results) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The three tables without what may differ between two trainings."""
    return results.runs.drop("seconds"), results.curves.collect(), results.layers.collect()


def same_tables(a: Results, b: Results) -> bool:
    return all(x.equals(y) for x, y in zip(tables(a), tables(b), strict=True))


def test_the_folder_has_every_file_of_the_contract(tmp_path: Path) -> None:
    study = small_study(tmp_path, save_weights=True)
    results = study.run()
    names = {path.relative_to(study.folder).as_posix() for path in study.folder.rglob("*.*")}
    weights = {f"weights/{run.id}.npz" for run in study.plan.runs}
    assert names == weights | {
        "spec.yaml", "runs.csv", "curves.parquet", "layers.parquet", "environment.json",
    }  # fmt: skip
    assert results.runs.columns == list(RUN_COLUMNS)
    assert results.curves.collect_schema().names() == list(CURVE_COLUMNS)
    assert results.layers.collect_schema().names() == list(LAYER_COLUMNS)
    assert results.runs["run"].to_list() == [run.id for run in study.plan.runs]
    assert results.counts == {"finished": 4, "diverged": 0, "failed": 0}
    facts = json.loads((study.folder / "environment.json").read_text())
    assert {"versions", "platform", "blas", "git_commit", "command", "started", "finished"} <= {
        *facts
    }
    with np.load(study.folder / f"weights/{study.plan.runs[0].id}.npz") as arrays:
        assert {name: arrays[name].shape for name in arrays} == {
            f"{when}_{name}": shape
            for when in ("initial", "final")
            for name, shape in {"W1": (2, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}.items()
        }


def test_the_resolved_spec_reproduces_the_folder(tmp_path: Path) -> None:
    first = small_study(tmp_path / "a").run()
    again = prepare(load_spec(first.folder / "spec.yaml"), Settings(results=tmp_path / "b")).run()
    assert same_tables(first, again)


def test_the_second_time_everything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small_study(tmp_path).run()
    (first.folder / "environment.json").unlink()  # so that the tables are written again
    heard = Heard()
    monkeypatch.setattr(Worker, "train", None)  # training would raise
    again = small_study(tmp_path).run(heard)
    assert first.runs.equals(again.runs)  # seconds too
    assert heard.outlook is not None
    assert (heard.outlook.stored, heard.outlook.stacks) == (4, 0)


def test_a_complete_folder_is_not_written_again(tmp_path: Path) -> None:
    first = small_study(tmp_path).run()
    before = (first.folder / "runs.csv").stat().st_mtime_ns
    small_study(tmp_path).run()
    assert (first.folder / "runs.csv").stat().st_mtime_ns == before


def test_force_trains_again_with_equal_numbers(tmp_path: Path) -> None:
    first = small_study(tmp_path).run()
    heard = Heard()
    again = small_study(tmp_path, force=True).run(heard)
    assert len(heard.results) == 4
    assert same_tables(first, again)


def test_an_extended_grid_trains_only_the_new_runs(tmp_path: Path) -> None:
    small_study(tmp_path).run()
    heard = Heard()
    grown = small_study(tmp_path, seeds=3).run(heard)
    assert sorted(result.run.seed for result in heard.results) == [2, 2]
    assert same_tables(grown, small_study(tmp_path / "fresh", seeds=3).run())


def test_another_spec_under_the_same_name_keeps_the_old_folder(tmp_path: Path) -> None:
    small_study(tmp_path).run()
    heard = Heard()
    small_study(tmp_path, seeds=1).run(heard)
    assert load_results(tmp_path / "small~1").runs.height == 4
    assert load_results(tmp_path / "small").runs.height == 2
    assert heard.notes == [
        f"{tmp_path / 'small'} held the results of another spec; they are kept as "
        f"{tmp_path / 'small~1'}"
    ]
    small_study(tmp_path, seeds=4).run()
    assert (tmp_path / "small~2").is_dir()


def test_jobs_change_no_bit(tmp_path: Path) -> None:
    one = small_study(tmp_path / "one", seeds=8, save_weights=True).run()
    two = small_study(tmp_path / "two", seeds=8, save_weights=True, jobs=2).run()
    assert same_tables(one, two)
    for path in (one.folder / "weights").iterdir():
        with np.load(path) as a, np.load(two.folder / "weights" / path.name) as b:
            assert all(np.array_equal(a[name], b[name]) for name in a)


def test_progress_adds_up_to_the_plan(tmp_path: Path) -> None:
    heard = Heard()
    small_study(tmp_path, steps=100).run(heard)
    assert heard.outlook is not None
    assert heard.run_steps == heard.outlook.run_steps == 400


def test_the_outlook_writes_nothing(tmp_path: Path) -> None:
    outlook = small_study(tmp_path / "none").outlook()
    assert (outlook.runs, outlook.stored, outlook.stacks, outlook.run_steps) == (4, 0, 1, 48)
    assert outlook.seconds > 0
    assert outlook.bytes > 0
    assert not (tmp_path / "none").exists()


def test_a_failed_run_is_a_row_and_the_grid_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = Worker.train

    def broken(self: Worker, stack: Stack) -> list[RunResult]:
        if any(run.seed == 1 and run.activation == "tanh" for run in stack.runs):
            raise ValueError("this one is broken")
        return train(self, stack)

    monkeypatch.setattr(Worker, "train", broken)
    heard = Heard()
    with pytest.raises(RunsFailed, match=r"1 of 4 runs failed, .* with: ValueError: this one is"):
        small_study(tmp_path).run(heard)
    runs = load_results(tmp_path / "small").runs
    assert runs["status"].to_list() == ["finished", "finished", "finished", "failed"]
    assert runs["reason"].to_list()[-1] == "ValueError: this one is broken"
    assert [r.status for r in heard.results].count("failed") == 1

    monkeypatch.setattr(Worker, "train", train)  # mended: only the failed run is trained
    heard = Heard()
    small_study(tmp_path).run(heard)
    assert [result.run.seed for result in heard.results] == [1]
    assert load_results(tmp_path / "small").counts["finished"] == 4


def test_fail_fast_stops_at_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Worker, stack: object) -> list[RunResult]:
        raise ValueError("broken")

    monkeypatch.setattr(Worker, "train", broken)
    spec = small_spec(batch_size=[4, 8], activation="relu", seeds=1)
    heard = Heard()
    with pytest.raises(RunsFailed, match="1 of 2 runs failed"):
        prepare(spec, Settings(results=tmp_path, jobs=1, fail_fast=True)).run(heard)
    assert len(heard.results) == 1


def test_an_interrupt_says_what_is_kept_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(Heard):
        def finished(self, results: Sequence[RunResult]) -> None:
            raise KeyboardInterrupt

    grid: dict[str, Any] = {"batch_size": [4, 8]}
    with pytest.raises(Interrupted, match=r"4 of 8 runs are finished and kept in .*\.runs; the sa"):
        small_study(tmp_path, **grid).run(Impatient())
    heard = Heard()
    resumed = small_study(tmp_path, **grid).run(heard)
    assert len(heard.results) == 4
    assert same_tables(resumed, small_study(tmp_path / "whole", **grid).run())


def test_a_diverged_run_is_a_result(tmp_path: Path) -> None:
    results = small_study(
        tmp_path, activation="relu", learning_rate=1e6, loss="mse", output="identity", steps=40
    ).run()
    assert results.counts == {"finished": 0, "diverged": 2, "failed": 0}
    assert results.runs["diverged_at"].null_count() == 0
    assert results.runs["train_loss"].null_count() == 2
    assert "inf" not in (results.folder / "runs.csv").read_text().lower()


def test_a_run_gone_from_the_store_meanwhile_is_an_error_not_a_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = RunStore.keep

    def lose(self: RunStore, results: Sequence[RunResult]) -> None:
        keep(self, results)
        for path in self.folder.glob("*.zip"):
            path.unlink()

    monkeypatch.setattr(RunStore, "keep", lose)
    with pytest.raises(StoreError, match=r"run [0-9a-f]{12} is gone from .*start the same command"):
        small_study(tmp_path).run()


def test_a_folder_without_a_spec_is_not_results(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no results: it has no spec\.yaml"):
        load_results(tmp_path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    folder = small_study(tmp_path).run().folder
    (folder / "runs.csv").unlink()
    message = r"runs\.csv is missing; `nnlab train .*spec\.yaml.*` writes it again"
    with pytest.raises(StoreError, match=message):
        load_results(folder)


def test_a_study_that_was_interrupted_is_not_finished(tmp_path: Path) -> None:
    folder = small_study(tmp_path).run().folder
    for table in ("runs.csv", "curves.parquet", "layers.parquet"):
        (folder / table).unlink()
    message = r"is not finished: it has no runs\.csv yet; `nnlab train .*` goes on with it$"
    with pytest.raises(StoreError, match=message):
        load_results(folder)


def test_a_read_only_place_is_found_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to"):
        small_study(tmp_path / "file").run()


@pytest.mark.parametrize("table", ["runs.csv", "curves.parquet", "layers.parquet"])
def test_a_damaged_table_of_a_finished_study_is_written_again(tmp_path: Path, table: str) -> None:
    first = small_study(tmp_path).run()
    whole = tables(first)
    path = first.folder / table
    path.write_bytes(path.read_bytes()[:-20])
    heard = Heard()
    again = small_study(tmp_path).run(heard)
    assert all(x.equals(y) for x, y in zip(whole, tables(again), strict=True))
    assert heard.results == []  # nothing was trained
    assert table in heard.notes[0]
    assert "is written again now" in heard.notes[0]


def test_the_data_are_not_loaded_to_find_a_study_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small_study(tmp_path).run()

    def refuse(*_: object) -> None:
        raise AssertionError("loading the data and its library costs more than all the rest")

    monkeypatch.setattr(study_module, "load_dataset", refuse)
    assert small_study(tmp_path).run().runs.equals(first.runs)


def test_a_spec_without_a_fingerprint_is_never_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_module, "fingerprint", lambda spec: None)
    small_study(tmp_path, learning_rate=0.1).run()
    again = small_study(tmp_path, learning_rate=0.5).run()
    assert again.runs["learning_rate"].unique().to_list() == [0.5]


def test_a_folder_whose_tables_are_being_written_does_not_count_as_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_study(tmp_path).run().folder

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nnlab.core.folder.write_curves", stop)
    with pytest.raises(Interrupted, match="every run that was finished is kept"):
        small_study(tmp_path, force=True).run()
    assert not (folder / "environment.json").exists()


def test_a_full_batch_beside_its_own_size_is_refused() -> None:
    with pytest.raises(SpecError, match=r"batch_size: full means 48 examples here, and 48 is list"):
        prepare(small_spec(batch_size=["full", 48]), Settings())
