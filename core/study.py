"""The whole job behind one command: plan, train what is missing, write tables and report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.core import completion, environment
from nnlab.core import folder as files
from nnlab.core.claim import claim_folder, sole_writer, would_keep
from nnlab.core.data import Dataset, Split, load_dataset, split
from nnlab.core.drawing import load_drawing, write_report
from nnlab.core.errors import ColumnError, RunsFailed, SpecError, StoreError
from nnlab.core.files import check_writable, remove_stale
from nnlab.core.fingerprint import fingerprint
from nnlab.core.limits import LONG_SECONDS, check, check_count, forecast, memory_there
from nnlab.core.listener import Listener, Outlook
from nnlab.core.outcome import RunResult
from nnlab.core.plan import Plan, Run, make_plan
from nnlab.core.reading import damage_told
from nnlab.core.results import Results, complete_results, load_results
from nnlab.core.running import Runner, interruptible, open_store
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec, load_spec, resolve
from nnlab.core.store import RunStore
from nnlab.core.writing import Circumstances, write_tables

if TYPE_CHECKING:
    import polars as pl


def prepare(spec: Spec, settings: Settings) -> Study:
    """Load the data, fill in what depends on it, lay out the runs. `SpecError`, `DataError`."""
    check_count(spec)
    known = fingerprint(spec)
    folder = settings.folder_of(spec.name)
    if known is not None and not settings.force and known in _complete_in(folder):
        with suppress(SpecError, StoreError):
            return Study(load_spec(folder / files.SPEC), settings, known)
    try:
        dataset = load_dataset(spec.dataset, spec.loss)
    except ColumnError as error:
        problem = spec.problem_at(("dataset", *error.path), str(error))
        raise SpecError(spec.source, [problem]) from None
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
        store = open_store(self.settings, mend=False)
        try:
            return self._runner.outlook(self._runner.missing(store))
        finally:
            store.close()

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
        with interruptible():
            with sole_writer(self.folder, listener.said):
                claim_folder(self.folder, self.spec.to_yaml(), listener.warned)
                remove_stale(self.folder)
                done = self._finished_before(listener)
            if done is not None:
                listener.said(f"{self.folder} is complete: nothing to train")
                return done
            store = open_store(self.settings, listener.warned)
            try:
                meanwhile = load_drawing if self.settings.draw else None
                failures = self._runner.train(store, listener, meanwhile)
                with sole_writer(self.folder, listener.said):
                    results = self._finish(store, failures, started, listener)
            finally:
                store.close()
        if failures:
            raise RunsFailed(self._runner.failure_text(failures))
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
        with interruptible():
            store = open_store(self.settings, listener.warned)
            try:
                failures = self._runner.train(store, listener)
                return list(self._runner.results(store, failures))
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

    @property
    def _runner(self) -> Runner:
        return Runner(self.plan, self.settings)

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
            results = complete_results(self.folder, self.spec, facts)
            if self.settings.draw and not results.report.is_file():
                with damage_told(self.folder):
                    write_report(results)
        except StoreError as error:
            listener.warned(f"{error}; it is written again now")
            return None
        return results

    def _is_of_this(self, facts: dict[str, Any]) -> bool:
        """Whether a folder with these facts has the results of this very plan."""
        if self.fingerprint is not None and self.fingerprint in completion.fingerprints(facts):
            return True
        # not to be told without the plan, that is, without the data
        return facts.get("plan") is not None and facts["plan"] == self.plan.digest

    def _finish(
        self, store: RunStore, failures: dict[str, RunResult], started: str, listener: Listener
    ) -> Results:
        """Write the folder and read it back; another process may have done so meanwhile."""
        # It may also have claimed the folder for its own spec.
        claim_folder(self.folder, self.spec.to_yaml(), listener.warned)
        results = None if failures else self._finished_before(listener)
        if results is None:
            known = [f for f in (self.fingerprint, fingerprint(self.spec)) if f is not None]
            circumstances = Circumstances(started, known)
            write_tables(self.folder, self._runner, store, failures, circumstances)
            results = load_results(self.folder)
            if self.settings.draw:
                write_report(results)
        return results


def _complete_in(folder: Path) -> list[Any]:
    """The fingerprints of the specs whose results are complete in `folder`."""
    return completion.fingerprints(completion.facts_or_none(folder))
