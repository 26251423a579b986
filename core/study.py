"""The whole job behind one command: plan, train what is missing, write tables and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.core import environment
from nnlab.core import folder as files
from nnlab.core.data import Dataset, load_dataset, split
from nnlab.core.errors import Interrupted, RunsFailed, SpecError, StoreError, UsageError
from nnlab.core.execute import (
    Execution,
    default_jobs,
    make_crew,
    terminated_like_interrupted,
)
from nnlab.core.files import check_writable, remove_stale, write_file
from nnlab.core.fingerprint import fingerprint
from nnlab.core.outcome import DIVERGED, FAILED, FINISHED, RunResult
from nnlab.core.plan import Plan, Run, Stack, make_plan, make_stacks, run_bytes
from nnlab.core.reading import damage_told, damaged, read_runs
from nnlab.core.spec import Spec, load_spec, resolve
from nnlab.core.store import RunStore

if TYPE_CHECKING:
    import polars as pl


REPORT_SECONDS = 4.0
"""What the tables and the pictures of a study take, for the estimate of time; measured."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run, as opposed to what."""

    results: Path = Path("results")
    jobs: int | None = None
    """Worker processes; None: as many as there are cores."""
    force: bool = False
    """Train again what is stored."""
    fail_fast: bool = False
    """Stop at the first failed run."""
    cluster: str | None = None
    command: tuple[str, ...] = ()
    """The command line, for `environment.json`."""

    @property
    def workers(self) -> int:
        """The number of worker processes."""
        return self.jobs or default_jobs()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan would do, before it does it."""

    runs: int
    stored: int
    stacks: int
    run_steps: int
    """Steps times runs still to make."""
    seconds: float
    """Estimated."""
    bytes: int
    """Working memory of all workers, estimated."""


class Listener:
    """Hears how a study goes; override what is of interest. All calls come from the main thread."""

    def planned(self, outlook: Outlook) -> None:
        """The plan is known; training begins."""

    def advanced(self, run_steps: int) -> None:
        """So many steps times runs were made since the last call."""

    def finished(self, results: Sequence[RunResult]) -> None:
        """These runs were stored just now, or have failed."""

    def said(self, text: str) -> None:
        """Something worth a line happened."""


@dataclass(frozen=True)
class Results:
    """A results folder, read back."""

    folder: Path
    spec: Spec
    runs: pl.DataFrame
    layers: pl.LazyFrame
    curves: pl.LazyFrame
    environment: dict[str, Any]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Runs by status."""
        status = self.runs["status"].to_list()
        return {name: status.count(name) for name in (FINISHED, DIVERGED, FAILED)}

    @property
    def report(self) -> Path:
        """The one-page picture."""
        return self.folder / "report.png"


def load_results(folder: str | Path) -> Results:
    """Read a results folder. `StoreError` when it is not one."""
    folder = Path(folder)
    if not (folder / files.SPEC).is_file():
        raise StoreError(f"{folder} holds no results: it has no {files.SPEC}")
    return Results(
        folder=folder,
        spec=load_spec(folder / files.SPEC),
        runs=read_runs(folder),
        layers=files.scan_layers(folder),
        curves=files.scan_curves(folder),
        environment=_read_environment(folder),
    )


def prepare(spec: Spec, settings: Settings) -> Study:
    """Load the data, fill in what depends on it, lay out the runs. `SpecError`, `DataError`."""
    if settings.cluster is not None:
        raise UsageError("--cluster is not available in this version; use --jobs")
    known = fingerprint(spec)
    folder = settings.results / spec.name
    if known is not None and known in _fingerprints(folder) and not settings.force:
        with suppress(SpecError, StoreError):
            return Study(load_spec(folder / files.SPEC), settings, known)
    dataset = load_dataset(spec.dataset, spec.loss)
    study = Study(resolve(spec, dataset), settings, known)
    study.__dict__["plan"] = study.lay_out(dataset)  # spares loading the data again
    return study


@dataclass(frozen=True)
class Study:
    """A resolved spec with a place to put its results."""

    spec: Spec
    settings: Settings
    fingerprint: str | None
    """That of the spec before it was resolved; see `nnlab.core.fingerprint`."""

    @cached_property
    def plan(self) -> Plan:
        """The runs; loads the data."""
        return self.lay_out(load_dataset(self.spec.dataset, self.spec.loss))

    def lay_out(self, dataset: Dataset) -> Plan:
        """The runs on `dataset`."""
        spec = self.spec
        parts = split(dataset, spec.test_fraction, spec.split_seed, spec.standardize)
        return make_plan(spec, parts)

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.settings.results / self.spec.name

    def outlook(self) -> Outlook:
        """What `run` would do; reads the store, writes nothing."""
        store = self._store(Listener(), mend=False)
        try:
            missing = self._missing(store)
        finally:
            store.close()
        return self._outlook(missing, make_stacks(missing, self.settings.workers))

    def run(self, listener: Listener | None = None) -> Results:
        """Train what is missing, write the folder and the report, and read it back.

        Raises `RunsFailed` when a run failed (the folder is written all the same), `Interrupted`
        when the user stopped it, `StoreError` when the disk refuses.
        """
        listener = listener or Listener()
        check_writable(self.settings.results)
        started = environment.now()
        files.claim_folder(self.folder, self.spec.to_yaml(), listener.said)
        remove_stale(self.folder)
        done = self._finished_before(listener)
        if done is not None:
            return done
        store = self._store(listener)
        try:
            failures = self._train(store, listener)
            self._write(store, failures, started, listener)
        finally:
            store.close()
        results = load_results(self.folder)
        write_report(results)
        if failures:
            raise RunsFailed(self._failure_text(failures))
        return results

    def rows(self, listener: Listener | None = None) -> pl.DataFrame:
        """Train what is missing and return the rows of `runs.csv`, for a search: writes no folder.

        The runs are stored, so that a search that is started again reads them. Raises like `run`,
        but a failed run is only a row.
        """
        listener = listener or Listener()
        check_writable(self.settings.results)
        store = self._store(listener)
        try:
            failures = self._train(store, listener)
            return files.runs_frame(self._results(store, failures))
        finally:
            store.close()

    def changed(self, **keys: Any) -> Study:
        """The study with other values for keys of its spec that do not concern the data."""
        spec = self.spec.model_copy(update=keys)
        study = Study(spec, self.settings, fingerprint(spec))
        study.__dict__["plan"] = make_plan(spec, self.plan.split)  # the same data, loaded once
        return study

    def _finished_before(self, listener: Listener) -> Results | None:
        """The results of an earlier start, when they are complete and can be read."""
        if not self._is_done():
            return None
        try:
            results = load_results(self.folder)
            for name, table in ((files.CURVES, results.curves), (files.LAYERS, results.layers)):
                with damage_told(self.folder / name):
                    table.collect_schema()
            if not results.report.is_file():
                with damage_told(self.folder):
                    write_report(results)
        except StoreError as error:
            listener.said(f"{error}; it is written again now")
            return None
        listener.said(f"{self.folder} is complete: nothing to train")
        return results

    def _is_done(self) -> bool:
        if self.settings.force or not files.has_tables(self.folder):
            return False
        if self.fingerprint is not None and self.fingerprint in _fingerprints(self.folder):
            return True
        return _completion(self.folder).get("plan") == self.plan.digest

    def _store(self, listener: Listener, *, mend: bool = True) -> RunStore:
        store = RunStore(self.settings.results / ".runs", listener.said)
        store.refresh(mend=mend)
        return store

    def _missing(self, store: RunStore) -> list[Run]:
        if self.settings.force:
            return list(self.plan.runs)
        stored = store.intact(self.plan.runs)
        return [run for run in self.plan.runs if run.id not in stored]

    def _outlook(self, missing: Sequence[Run], stacks: Sequence[Stack]) -> Outlook:
        workers = max(1, min(self.settings.workers, len(stacks)))
        seconds = sum(stack.work for stack in stacks)
        return Outlook(
            runs=len(self.plan.runs),
            stored=len(self.plan.runs) - len(missing),
            stacks=len(stacks),
            run_steps=sum(run.recipe.steps for run in missing),
            seconds=seconds / workers + REPORT_SECONDS,
            bytes=workers * max((run_bytes(s.recipe) * len(s.runs) for s in stacks), default=0),
        )

    def _train(self, store: RunStore, listener: Listener) -> dict[str, RunResult]:
        """Train and store what is missing; the runs that failed, by hash."""
        missing = self._missing(store)
        stacks = make_stacks(missing, self.settings.workers)
        listener.planned(self._outlook(missing, stacks))
        failures: dict[str, RunResult] = {}
        if not stacks:
            return failures
        kept = len(self.plan.runs) - len(missing)
        try:
            with terminated_like_interrupted():
                crew = make_crew(self.plan.split, self.settings.workers, stacks, listener.advanced)
                with Execution(crew, listener.advanced) as execution:
                    for results in execution.results(stacks):
                        good = [result for result in results if result.status != FAILED]
                        bad = {r.run.id: r for r in results if r.status == FAILED}
                        store.keep(good)
                        kept += len(good)
                        failures |= bad
                        listener.finished(results)
                        if bad and self.settings.fail_fast:
                            raise RunsFailed(self._failure_text(bad))
        except KeyboardInterrupt:
            raise Interrupted(self._interrupted(kept, store.folder)) from None
        return failures

    def _write(
        self, store: RunStore, failures: dict[str, RunResult], started: str, listener: Listener
    ) -> None:
        """Write the tables, then, last, the record that they are complete."""

        def results() -> Iterator[RunResult]:
            return self._results(store, failures)

        # Another process may have claimed the folder for its spec meanwhile; and what said that it
        # was complete must be gone before the first table changes.
        files.claim_folder(self.folder, self.spec.to_yaml(), listener.said)
        (self.folder / files.ENVIRONMENT).unlink(missing_ok=True)
        files.write_runs(self.folder, results)
        files.write_curves(self.folder, results)
        files.write_layers(self.folder, results)
        if self.spec.save_weights:
            files.write_weights(self.folder, results)
        facts = environment.describe(self.settings.command or tuple(sys.argv))
        known = [f for f in (self.fingerprint, fingerprint(self.spec)) if f is not None]
        facts |= {
            "started": started,
            "finished": environment.now(),
            "jobs": self.settings.workers,
            # Only a complete folder carries these: they spare the next start all the work.
            "plan": None if failures else self.plan.digest,
            "fingerprints": [] if failures else known,
        }
        write_file(self.folder / files.ENVIRONMENT, json.dumps(facts, indent=2) + "\n")

    def _results(self, store: RunStore, failures: dict[str, RunResult]) -> Iterator[RunResult]:
        """The result of every run, in the plan's order."""
        for run in self.plan.runs:
            result = failures.get(run.id) or store.load(run)
            if result is None:
                raise StoreError(
                    f"run {run.id} is gone from {store.folder}; start the same command again"
                )
            yield result

    def _interrupted(self, kept: int, folder: Path) -> str:
        total = len(self.plan.runs)
        if not kept:
            return f"interrupted: none of {total} runs was finished yet; nothing is kept"
        return (
            f"interrupted: {kept} of {total} runs are finished and kept in {folder}; "
            "the same command goes on from there"
        )

    def _failure_text(self, failures: dict[str, RunResult]) -> str:
        first = next(iter(failures.values()))
        count = f"{len(failures)} of {len(self.plan.runs)} runs failed"
        return f"{count}, the first, {first.run.id}, with: {first.outcome['reason']}"


def write_report(results: Results) -> None:
    """Draw `report.png`, its figures and pages from the stored tables."""
    from nnlab.core.analysis.summaries import StudyTables
    from nnlab.core.report.page import report_files

    tables = StudyTables(
        name=results.spec.name,
        description=results.spec.description,
        spec_text=results.spec.to_yaml(),
        runs=results.runs,
        layers=results.layers,
        curves=results.curves,
        environment=results.environment,
    )
    drawn = report_files(tables)
    for name, content in drawn.items():
        write_file(results.folder / name, content)
    for old in results.folder.glob("figures/*.png"):
        if old.relative_to(results.folder).as_posix() not in drawn:
            old.unlink(missing_ok=True)  # a figure this report no longer has


def _read_environment(folder: Path) -> dict[str, Any]:
    """`environment.json`, {} where there is none. Raises `StoreError` where it is damaged."""
    path = folder / files.ENVIRONMENT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(damaged(path, str(error) or type(error).__name__)) from error
    if not isinstance(found, dict):
        raise StoreError(damaged(path, "it holds no mapping"))
    return found


def _fingerprints(folder: Path) -> list[Any]:
    """The fingerprints of the specs whose results are complete in `folder`."""
    found = _completion(folder).get("fingerprints")
    return found if isinstance(found, list) else []


def _completion(folder: Path) -> dict[str, Any]:
    """What `environment.json` says of completeness; a damaged one says nothing."""
    with suppress(StoreError):
        return _read_environment(folder)
    return {}
