"""Exports to MLflow and TensorBoard, read back with their own readers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from nnlab.core.errors import StoreError, UsageError
from nnlab.core.results import Results
from nnlab.core.settings import Settings
from nnlab.core.study import prepare
from nnlab.core.trackers.mlflow import to_mlflow
from nnlab.core.trackers.series import PARAMETERS, tracked
from nnlab.core.trackers.tensorboard import folder_name, to_tensorboard
from tests.command_line import Nnlab, document
from tests.small import small_spec

foreign = pytest.mark.filterwarnings("ignore")  # what their packages warn about is theirs


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    place = tmp_path_factory.mktemp("tracked")
    # a rate of 1e6 diverges: a result, with what is known of it
    spec = small_spec(learning_rate=[0.1, 1e6], seeds=1)
    return prepare(spec, Settings(results=place, jobs=1)).run()


def test_a_run_has_its_parameters_outcome_and_series(results: Results) -> None:
    runs = list(tracked(results))
    assert [run.run for run in runs] == results.runs["run"].to_list()
    assert {run.status for run in runs} == {"finished", "diverged"}
    for run, row in zip(runs, results.runs.iter_rows(named=True), strict=True):
        assert run.parameters == {name: row[name] for name in PARAMETERS}
        assert ("test_accuracy" in run.outcome) == (run.status == "finished")
    curves = results.curves.collect()
    first = curves.filter(run=runs[0].run)
    assert runs[0].series["train_loss"] == list(
        zip(first["step"], first["train_loss"], strict=True)
    )
    assert {"layer_1/gradient_norm", "layer_2/delta_rms"} <= set(runs[0].series)


@foreign
@pytest.mark.machine
def test_tensorboard_reads_what_was_written(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for _ in range(2):  # the second time in place of the first
        assert to_tensorboard(results, tmp_path) == len(results.runs)
    for run in tracked(results):
        place = tmp_path / "small" / folder_name(run)
        assert len(list(place.iterdir())) == 1
        read = EventAccumulator(str(place)).Reload()
        assert set(read.Tags()["scalars"]) == set(run.series)
        for tag, points in run.series.items():
            found = {event.step: event.value for event in read.Scalars(tag)}
            assert found == pytest.approx(dict(points))  # its scalars are single precision
        text = read.Tensors("parameters")[0].tensor_proto.string_val[0].decode()
        assert f"activation: {run.parameters['activation']}" in text


@foreign
@pytest.mark.machine
def test_mlflow_holds_what_was_written(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    artifacts = tmp_path / "artifacts"
    client = MlflowClient(tracking_uri=uri)
    client.create_experiment("small", artifact_location=artifacts.as_uri())
    assert to_mlflow(results, uri) == len(results.runs)
    assert to_mlflow(results, uri) == 0  # what is there is not written twice
    experiment = client.get_experiment_by_name("small")
    assert experiment is not None
    runs: list[Any] = list(client.search_runs([experiment.experiment_id]))
    by_hash = {run.data.tags["nnlab.run"]: run for run in runs}
    parent = by_hash.pop("nnlab.study")
    names = {artifact.path for artifact in client.list_artifacts(parent.info.run_id)}
    assert {"report.png", "spec.yaml"} <= names
    for run in tracked(results):
        its = by_hash.pop(run.run)
        assert its.data.params == {key: str(value) for key, value in run.parameters.items()}
        assert its.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert its.data.tags["nnlab.status"] == run.status
        for key, points in run.series.items():
            history = client.get_metric_history(its.info.run_id, key)
            assert {point.step: point.value for point in history} == dict(points)
        for key, value in run.outcome.items():
            assert its.data.metrics[f"final/{key}"] == pytest.approx(value)
    assert by_hash == {}


@foreign
@pytest.mark.machine
def test_an_address_that_mlflow_does_not_know_is_told(results: Results) -> None:
    pytest.importorskip("mlflow")
    with pytest.raises(StoreError, match="MLflow at gopher://x refuses"):
        to_mlflow(results, "gopher://x")


@pytest.mark.parametrize(
    ("package", "export", "said"),
    [
        ("mlflow", lambda results, place: to_mlflow(results, "sqlite:///x"), "needs MLflow"),
        ("tensorboard", to_tensorboard, "needs TensorBoard"),
    ],
)
def test_without_the_package_the_extra_is_named(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, export: Any,
    said: str,
) -> None:  # fmt: skip
    for name in (package, f"{package}.summary.writer.event_file_writer"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=rf"{said}.*pip install \"nnlab\[trackers\]\""):
        export(results, tmp_path)


@pytest.mark.machine
@foreign
@pytest.mark.parametrize(
    ("form", "package"), [("mlflow", "mlflow"), ("tensorboard", "tensorboard")]
)
def test_the_command_writes_a_study(
    nnlab: Nnlab, results: Results, tmp_path: Path, form: str, package: str
) -> None:
    pytest.importorskip(package)
    to = f"sqlite:///{tmp_path / 'store.db'}" if form == "mlflow" else str(tmp_path / "events")
    words = ["--format", form, "--to", to, "--results", str(results.folder.parent)]
    told = document(nnlab("results", "export", "small", *words, "--json"))
    assert told == {"format": form, "to": to, "written": len(results.runs)}
    said = nnlab("results", "export", "small", *words).stderr
    again = 0 if form == "mlflow" else len(results.runs)
    assert f"{again} of {len(results.runs)} runs of small written to {to}" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "mlflow"], "--format mlflow needs a place: --to sqlite:///mlflow.db"),
        (["--format", "tensorboard"], "--format tensorboard needs a place: --to FOLDER"),
        (["--format", "mlflow", "-o", "x"], "goes to a place of its own: --to, not -o"),
        (["--to", "x"], "--to is for --format mlflow or tensorboard; a table goes to -o FILE"),
    ],
)
def test_a_place_that_does_not_fit_is_told(nnlab: Nnlab, words: list[str], said: str) -> None:
    result = nnlab("results", "export", "small", *words)
    assert result.exit_code == 2
    assert said in result.stderr
