"""The tables of a study written, and, last, the record that they are complete."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnlab.core import completion, environment
from nnlab.core import folder as files
from nnlab.core.analysis.standing import standing_of, to_json
from nnlab.core.files import remove_file, write_file
from nnlab.core.outcome import RunResult
from nnlab.core.reading import read_runs
from nnlab.core.results import STANDING
from nnlab.core.running import Runner
from nnlab.core.store import RunStore


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the record says besides what is in the tables."""

    started: str
    fingerprints: Sequence[str]
    """The specs whose results these are; see `nnlab.core.fingerprint`."""


def write_tables(
    folder: Path,
    runner: Runner,
    store: RunStore,
    failures: dict[str, RunResult],
    circumstances: Circumstances,
) -> None:
    """Write the tables from the `store`, then, last, the record that they are complete.

    Where there were `failures` the folder does not count as complete. Raises `StoreError` when a
    run is gone from the store or the disk refuses.
    """
    # What said that the folder was complete must be gone before the first table changes.
    remove_file(folder / files.ENVIRONMENT)
    weights = runner.plan.spec.save_weights

    def results() -> Any:
        return runner.results(store, failures)

    places: dict[str, list[str]] = {}

    def placed() -> Iterator[RunResult]:
        for result in runner.results(store, failures):
            if result.place:
                places.setdefault(result.place, []).append(result.run.id)
            yield result

    files.write_runs(folder, placed)
    files.write_curves(folder, results)
    files.write_layers(folder, results)
    if weights:
        files.write_weights(folder, results)
    facts = _facts(runner, circumstances.started, places)
    if not failures:  # only a complete folder carries these: they spare the next start the work
        facts |= {
            "plan": runner.plan.digest,
            "fingerprints": list(circumstances.fingerprints),
            completion.FILES: completion.record(folder, weights=weights),
            STANDING: to_json(standing_of(read_runs(folder))),
        }
    write_file(folder / files.ENVIRONMENT, json.dumps(facts, indent=2) + "\n")


def _facts(runner: Runner, started: str, places: dict[str, list[str]]) -> dict[str, Any]:
    """With what, when and on how many processes the runs were made, and which on a cluster."""
    settings = runner.settings
    facts = environment.describe(settings.command or tuple(sys.argv)) | {
        "started": started,
        "finished": environment.now(),
        "jobs": settings.workers,
        "plan": None,
        "fingerprints": [],
    }
    if settings.cluster is not None or places:
        facts["cluster"] = {"address": settings.cluster, "runs_by_worker": places}
    return facts
