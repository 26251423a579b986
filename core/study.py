"""The whole job behind one command: plan, train what is missing, write tables and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.core import completion, environment
from nnlab.core import folder as files
from nnlab.core.analysis.standing import Standing, from_json, standing_of, to_json
from nnlab.core.claim import claim_folder, sole_writer, would_keep
from nnlab.core.cluster import ClusterCrew, reach
from nnlab.core.data import Dataset, Split, load_dataset, split
from nnlab.core.errors import Interrupted, RunsFailed, SpecError, StoreError
from nnlab.core.execute import (
    Crew,
    Execution,
    default_jobs,
    make_crew,
    terminated_like_interrupted,
)
from nnlab.core.files import check_writable, remove_file, remove_stale, write_file
from nnlab.core.fingerprint import fingerprint
from nnlab.core.limits import LONG_SECONDS, check, check_count, forecast, memory_there
from nnlab.core.outcome import DIVERGED, FAILED, FINISHED, RunResult
from nnlab.core.plan import Plan, Run, Stack, make_plan, make_stacks, run_bytes
from nnlab.core.reading import damage_told, read_runs
from nnlab.core.spec import Spec, load_spec, resolve
from nnlab.core.store import RunStore

if TYPE_CHECKING:
    import polars as pl

    from nnlab.core.analysis.summaries import StudyTables


REPORT_SECONDS = 4.0
"""What the tables and the pictures of a study take, for the estimate of time; measured."""


_STANDING = "standing"
"""The key of the outcome at a glance in `environment.json`."""


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
    """Address of the cluster to train on; None: on this machine. See `nnlab.core.cluster`."""
    command: tuple[str, ...] = ()
    """The command line, for `environment.json`."""
    home: Path | None = None
    """Where the study's own folder goes; None: into `results`, where the store of runs is."""
    draw: bool = True
    """Whether the report is drawn; a study behind a question's answer leaves that to the answer."""

    @property
    def workers(self) -> int:
        """The number of worker processes; on a cluster, of its threads (this connects to it)."""
        if self.cluster is not None:
            return reach(self.cluster).threads
        return self.jobs or default_jobs()

    def folder_of(self, name: str) -> Path:
        """The folder of the study `name`."""
        return (self.home or self.results) / name


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

    @cached_property
    def standing(self) -> Standing:
        """The outcome at a glance."""
        return standing_of(self.runs)

    @property
    def report(self) -> Path:
        """The one-page picture."""
        return self.folder / "report.png"


class Unread(Results):
    """A results folder known to be whole: a table is read when it is asked for."""

    def __init__(self, folder: Path, spec: Spec, facts: dict[str, Any]) -> None:
        """`facts` are those of its `environment.json`."""
        self.__dict__.update(folder=folder, spec=spec, environment=facts)
        standing = from_json(facts.get(_STANDING))
        if standing is not None:
            self.__dict__["standing"] = standing

    @cached_property
    def runs(self) -> pl.DataFrame:
        """`runs.csv`."""
        return read_runs(self.folder)

    @cached_property
    def layers(self) -> pl.LazyFrame:
        """`layers.parquet`."""
        return files.scan_layers(self.folder)

    @cached_property
    def curves(self) -> pl.LazyFrame:
        """`curves.parquet`."""
        return files.scan_curves(self.folder)


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
        environment=completion.read_facts(folder),
    )


def prepare(spec: Spec, settings: Settings) -> Study:
    """Load the data, fill in what depends on it, lay out the runs. `SpecError`, `DataError`."""
    check_count(spec)
    known = fingerprint(spec)
    folder = settings.folder_of(spec.name)
    if known is not None and not settings.force and known in _complete(folder):
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
        self._check(spec, parts)
        return make_plan(spec, parts)

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.settings.folder_of(self.spec.name)

    def outlook(self) -> Outlook:
        """What `run` would do; reads the store, writes nothing."""
        store = self._store(Listener(), mend=False)
        try:
            missing = self._missing(store)
        finally:
            store.close()
        return self._outlook(missing, make_stacks(missing, self.settings.workers))

    def would_keep(self) -> Path | None:
        """Where `run` would move the results of another spec that are in its folder; None if none.

        The folder that holds this spec, or nothing, stays where it is.
        """
        return would_keep(self.folder, self.spec.to_yaml())

    def long_seconds(self) -> float | None:
        """How long `run` would take where that is so long that it should be agreed to, else None.

        Looks into the store only where the whole grid would take long.
        """
        if "plan" not in self.__dict__:  # `prepare` found it finished
            return None
        if forecast(self.spec, self.plan.split, self.settings.workers).seconds <= LONG_SECONDS:
            return None
        left = self.outlook().seconds
        return left if left > LONG_SECONDS else None

    def run(self, listener: Listener | None = None) -> Results:
        """Train what is missing, write the folder and the report, and read it back.

        Raises `RunsFailed` when a run failed (the folder is written all the same), `Interrupted`
        when the user stopped it, `StoreError` when the disk refuses.
        """
        listener = listener or Listener()
        check_writable(self.settings.results)
        started = environment.now()
        with self._interruptible():
            with sole_writer(self.folder, listener.said):
                claim_folder(self.folder, self.spec.to_yaml(), listener.said)
                remove_stale(self.folder)
                done = self._finished_before(listener)
            if done is not None:
                listener.said(f"{self.folder} is complete: nothing to train")
                return done
            store = self._store(listener)
            try:
                failures = self._train(store, listener)
                with sole_writer(self.folder, listener.said):
                    results = self._finish(store, failures, started, listener)
            finally:
                store.close()
        if failures:
            raise RunsFailed(self._failure_text(failures))
        return results

    def rows(self, listener: Listener | None = None) -> pl.DataFrame:
        """Train what is missing and return the rows of `runs.csv`, for a search: writes no folder.

        The runs are stored, so that a search that is started again reads them. Raises like `run`,
        but a failed run is only a row.
        """
        return files.runs_frame(self.trained(listener))

    def trained(self, listener: Listener | None = None) -> list[RunResult]:
        """The same as the results themselves, weights included where the runs keep them."""
        listener = listener or Listener()
        check_writable(self.settings.results)
        with self._interruptible():
            store = self._store(listener)
            try:
                failures = self._train(store, listener)
                return list(self._results(store, failures))
            finally:
                store.close()

    def of(self, runs: Sequence[Run]) -> Study:
        """The study of these runs in place of the spec's grid, on the same data.

        For a search that chooses its own rates and may stop a run at its target. Only `rows`,
        `trained` and `outlook` make sense of it: its spec does not describe its runs.
        """
        study = Study(self.spec, self.settings, None)
        study.__dict__["plan"] = Plan(self.spec, self.plan.split, tuple(runs))
        return study

    def changed(self, **keys: Any) -> Study:
        """The study with other values for keys of its spec that do not concern the data."""
        spec = self.spec.model_copy(update=keys)
        check_count(spec)
        self._check(spec, self.plan.split)
        study = Study(spec, self.settings, fingerprint(spec))
        study.__dict__["plan"] = make_plan(spec, self.plan.split)  # the same data, loaded once
        return study

    def _check(self, spec: Spec, parts: Split) -> None:
        """Refuse impossible work; a cluster's memory is its own."""
        elsewhere = self.settings.cluster is not None
        check(spec, parts, self.settings.workers, memory=None if elsewhere else memory_there())

    def _finished_before(self, listener: Listener) -> Results | None:
        """The results of an earlier start, or of another process, when they are still whole."""
        facts = completion.facts_or_none(self.folder)
        if self.settings.force or not self._is_of_this(facts):
            return None
        try:
            what = completion.alteration(self.folder, facts)
            if what is not None:
                raise StoreError(what)
            recorded = completion.FILES in facts
            results = Unread(self.folder, self.spec, facts) if recorded else self._read_whole()
            if self.settings.draw and not results.report.is_file():
                with damage_told(self.folder):
                    write_report(results)
        except StoreError as error:
            listener.said(f"{error}; it is written again now")
            return None
        return results

    def _is_of_this(self, facts: dict[str, Any]) -> bool:
        """Whether a folder with these facts has the results of this very plan."""
        if self.fingerprint is not None and self.fingerprint in completion.fingerprints(facts):
            return True
        # not to be told without the plan, that is, without the data
        return facts.get("plan") is not None and facts["plan"] == self.plan.digest

    def _read_whole(self) -> Results:
        """The results, their tables opened to see whether they can be read."""
        results = load_results(self.folder)
        for name, table in ((files.CURVES, results.curves), (files.LAYERS, results.layers)):
            with damage_told(self.folder / name):
                table.collect_schema()
        return results

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
            with Execution(self._crew(stacks, listener), listener.advanced) as execution:
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
            raise Interrupted(f"interrupted: {self._kept(kept, store.folder)}") from None
        except StoreError as error:
            raise StoreError(f"{error}; {self._kept(kept, store.folder)}") from error
        return failures

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Answer SIGTERM like Ctrl-C; say of one before or after the training how to go on."""
        try:
            with terminated_like_interrupted():
                yield
        except KeyboardInterrupt:
            raise Interrupted(
                "interrupted: every run that was finished is kept; the same command goes on"
            ) from None

    def _finish(
        self, store: RunStore, failures: dict[str, RunResult], started: str, listener: Listener
    ) -> Results:
        """Write the folder and read it back; another process may have done so meanwhile."""
        # It may also have claimed the folder for its own spec.
        claim_folder(self.folder, self.spec.to_yaml(), listener.said)
        results = None if failures else self._finished_before(listener)
        if results is None:
            self._write(store, failures, started)
            results = load_results(self.folder)
            if self.settings.draw:
                write_report(results)
        return results

    def _crew(self, stacks: Sequence[Stack], listener: Listener) -> Crew:
        """Who trains these stacks."""
        if self.settings.cluster is not None:
            return ClusterCrew(reach(self.settings.cluster), self.plan.split)
        return make_crew(self.plan.split, self.settings.workers, stacks, listener.advanced)

    def _write(self, store: RunStore, failures: dict[str, RunResult], started: str) -> None:
        """Write the tables, then, last, the record that they are complete."""

        def results() -> Iterator[RunResult]:
            return self._results(store, failures)

        # What said that the folder was complete must be gone before the first table changes.
        remove_file(self.folder / files.ENVIRONMENT)
        files.write_runs(self.folder, results)
        files.write_curves(self.folder, results)
        files.write_layers(self.folder, results)
        if self.spec.save_weights:
            files.write_weights(self.folder, results)
        facts = environment.describe(self.settings.command or tuple(sys.argv))
        facts |= {
            "started": started,
            "finished": environment.now(),
            "jobs": self.settings.workers,
            "plan": None,
            "fingerprints": [],
        }
        if self.settings.cluster is not None:
            reached = reach(self.settings.cluster)
            places = reached.where(run.id for run in self.plan.runs)
            facts["cluster"] = {"address": reached.address, "runs_by_worker": places}
        if not failures:  # only a complete folder carries these: they spare the next start the work
            known = [f for f in (self.fingerprint, fingerprint(self.spec)) if f is not None]
            facts |= {
                "plan": self.plan.digest,
                "fingerprints": known,
                completion.FILES: completion.record(self.folder, weights=self.spec.save_weights),
                _STANDING: to_json(standing_of(read_runs(self.folder))),
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

    def _kept(self, kept: int, folder: Path) -> str:
        total = len(self.plan.runs)
        if not kept:
            return f"none of {total} runs was finished yet; nothing is kept"
        return (
            f"{kept} of {total} runs are finished and kept in {folder}; "
            "the same command goes on from there"
        )

    def _failure_text(self, failures: dict[str, RunResult]) -> str:
        first = next(iter(failures.values()))
        count = f"{len(failures)} of {len(self.plan.runs)} runs failed"
        return f"{count}, the first, {first.run.id}, with: {first.outcome['reason']}"


def write_report(results: Results) -> None:
    """Draw `report.png`, its figures and pages from the stored tables."""
    from nnlab.core.report.page import report_files

    drawn = report_files(report_tables(results))
    for name, content in drawn.items():
        write_file(results.folder / name, content)
    for old in results.folder.glob("figures/*.png"):
        if old.relative_to(results.folder).as_posix() not in drawn:
            remove_file(old)  # a figure this report no longer has


def report_tables(results: Results) -> StudyTables:
    """The content of a results folder as a report takes it."""
    from nnlab.core.analysis.summaries import StudyTables

    return StudyTables(
        name=results.spec.name,
        description=results.spec.description,
        spec_text=results.spec.to_yaml(),
        runs=results.runs,
        layers=results.layers,
        curves=results.curves,
        environment=results.environment,
        claims=_claims(results.folder),
    )


def _claims(folder: Path) -> list[dict[str, Any]]:
    """The entries of `claims.json`; none where there is no such file, or it holds something else.

    A study has one only where somebody asked it a question; the rest of its report needs none.
    """
    from nnlab.core.report.claim_rows import claim_row

    try:
        entries = json.loads((folder / files.CLAIMS).read_text(encoding="utf-8"))
        for entry in entries:
            claim_row(entry)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return list(entries)


def _complete(folder: Path) -> list[Any]:
    """The fingerprints of the specs whose results are complete in `folder`."""
    return completion.fingerprints(completion.facts_or_none(folder))
