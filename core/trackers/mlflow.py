"""A study in an MLflow tracking store.

The study is an experiment. One run of it, named after the study, carries the report and the spec as
artifacts; every run of the study is a child of it, with its parameters, its outcome and its values
by step as metrics. A run that is there already, known by its hash, is not written twice.

Source: Zaharia et al. (2018), Accelerating the machine learning lifecycle with MLflow.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nnlab.core.errors import StoreError, UsageError
from nnlab.core.folder import SPEC
from nnlab.core.trackers.series import Tracked, tracked

if TYPE_CHECKING:
    from nnlab.core.results import Results

MOST_METRICS = 1000
"""What MLflow takes in one request."""
ARTIFACTS = (SPEC, "report.png", "report.md", "report.html", "claims.json")
_RUN, _STUDY = "nnlab.run", "nnlab.study"
_STATUS = {"finished": "FINISHED", "diverged": "FINISHED", "failed": "FAILED"}


def to_mlflow(results: Results, uri: str) -> int:
    """Write what is missing of a study into the store at `uri`; how many runs were written.

    `uri` is MLflow's: `sqlite:///mlflow.db`, `http://HOST:5000`, a folder. Raises `UsageError`
    where MLflow is not installed or does not know such an address, `StoreError` where it refuses.
    """
    client = _client(uri)
    with _refusals_told(uri):
        experiment = _experiment(client, results.spec.name)
        known = {run.data.tags.get(_RUN): run.info.run_id for run in _runs(client, experiment)}
        start, end = _times(results)
        parent = known.get(_STUDY) or _parent(client, experiment, results, start)
        written = 0
        for run in tracked(results):
            if run.run not in known:
                _child(client, experiment, parent, run, (start, end))
                written += 1
        for name in ARTIFACTS:
            if (results.folder / name).is_file():
                client.log_artifact(parent, os.fspath(results.folder / name))
        client.set_terminated(parent, "FINISHED", end_time=end)
    return written


def _client(uri: str) -> Any:
    try:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing leaves unasked
        from mlflow import MlflowClient
    except ImportError:
        raise UsageError(
            'the format mlflow needs MLflow, which is not installed: pip install "nnlab[trackers]"'
        ) from None
    # What it says of its database's migrations is no matter of a user of nnlab.
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with _refusals_told(uri):
        return MlflowClient(tracking_uri=uri)


@contextmanager
def _refusals_told(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        first = (
            str(error).strip().splitlines()[0][:300] if str(error).strip() else "no reason given"
        )
        raise StoreError(f"MLflow at {uri} refuses: {first}") from error


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found is not None else client.create_experiment(name))


def _runs(client: Any, experiment: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _parent(client: Any, experiment: str, results: Results, start: int) -> str:
    tags = {_RUN: _STUDY, "mlflow.note.content": results.spec.description}
    run = client.create_run(experiment, start, tags, results.spec.name)
    return str(run.info.run_id)


def _child(client: Any, experiment: str, parent: str, run: Tracked, times: tuple[int, int]) -> None:
    """Write one run."""
    from mlflow.entities import Metric, Param

    p = run.parameters
    name = f"{p['activation']} rate {p['learning_rate']:g} batch {p['batch_size']} seed {p['seed']}"
    tags = {"mlflow.parentRunId": parent, "nnlab.status": run.status}
    its = client.create_run(experiment, times[0], tags, name).info.run_id
    last = int(p["steps"])
    metrics = [Metric(f"final/{key}", value, times[1], last) for key, value in run.outcome.items()]
    for key, points in run.series.items():
        metrics += [Metric(key, value, times[1], step) for step, value in points]
    client.log_batch(its, params=[Param(key, str(value)) for key, value in p.items()])
    for i in range(0, len(metrics), MOST_METRICS):
        client.log_batch(its, metrics=metrics[i : i + MOST_METRICS])
    # The hash comes last: a run that was cut short has none, and is written again.
    client.set_tag(its, _RUN, run.run)
    client.set_terminated(its, _STATUS[run.status], end_time=times[1])


def _times(results: Results) -> tuple[int, int]:
    """When the study started and ended, in milliseconds; 0 where it is not known."""
    told = (results.environment.get(key) for key in ("started", "finished"))
    start, end = (
        int(1e3 * datetime.fromisoformat(text).timestamp()) if isinstance(text, str) else 0
        for text in told
    )
    return start, end
