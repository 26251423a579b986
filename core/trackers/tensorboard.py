"""A study as TensorBoard's event files: a folder for each run, a scalar for each value by step.

tensorboard --logdir FOLDER
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.core.errors import StoreError, UsageError
from nnlab.core.trackers.series import Tracked, tracked

if TYPE_CHECKING:
    from nnlab.core.results import Results


def to_tensorboard(results: Results, folder: Path) -> int:
    """Write every run of a study under `folder/<study>/`; how many there were.

    A run's folder that is there already is written anew. Raises `UsageError` where TensorBoard is
    not installed, `StoreError` where the disk refuses.
    """
    try:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError:
        raise UsageError(
            "the format tensorboard needs TensorBoard, which is not installed: "
            'pip install "nnlab[trackers]"'
        ) from None
    finished = results.environment.get("finished")
    when = datetime.fromisoformat(finished).timestamp() if isinstance(finished, str) else 0.0
    written = 0
    for run in tracked(results):
        place = folder / results.spec.name / folder_name(run)
        try:
            place.mkdir(parents=True, exist_ok=True)
            for old in place.glob("events.out.tfevents.*"):
                old.unlink()
            writer = EventFileWriter(os.fspath(place))
            for event in _events(run, when):
                writer.add_event(event)
            writer.close()
        except OSError as error:
            raise StoreError(f"cannot write {place}: {error.strerror or error}") from error
        written += 1
    return written


def folder_name(run: Tracked) -> str:
    """The folder of a run: what a reader knows it by, and its hash."""
    p = run.parameters
    words = f"{p['activation']}-lr{p['learning_rate']:g}-b{p['batch_size']}-seed{p['seed']}"
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', words)}-{run.run}"


def _events(run: Tracked, when: float) -> list[Any]:
    """The run's parameters as a text, then its scalars in the order of steps."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text import metadata

    lines = [
        f"    {key}: {value}" for key, value in (*run.parameters.items(), ("status", run.status))
    ]
    text = TensorProto(dtype=DT_STRING, string_val=["\n".join(lines).encode()])
    value = Summary.Value(
        tag="parameters", tensor=text, metadata=metadata.create_summary_metadata("parameters", "")
    )
    events = [Event(wall_time=when, step=0, summary=Summary(value=[value]))]
    by_step: dict[int, list[Any]] = {}
    for tag, points in run.series.items():
        for step, number in points:
            by_step.setdefault(step, []).append(Summary.Value(tag=tag, simple_value=number))
    for step in sorted(by_step):
        events.append(Event(wall_time=when, step=step, summary=Summary(value=by_step[step])))
    return events
