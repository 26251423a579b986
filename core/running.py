"""A plan carried out: what is missing in the store is trained and stored, whatever ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nnlab.core.calibration import makespan, time_of
from nnlab.core.cluster import reach
from nnlab.core.cluster_crew import ClusterCrew
from nnlab.core.errors import Interrupted, RunsFailed, StoreError
from nnlab.core.execute import Crew, Execution, make_crew, terminated_like_interrupted
from nnlab.core.limits import memory_of
from nnlab.core.listener import Listener, Outlook
from nnlab.core.outcome import FAILED, RunResult
from nnlab.core.plan import Plan, Run, Stack, make_stacks
from nnlab.core.settings import Settings
from nnlab.core.store import RunStore

REPORT_SECONDS = 4.0
"""What the tables and the pictures of a study take, for the estimate of time; measured."""


def open_store(
    settings: Settings, said: Callable[[str], None] = lambda text: None, *, mend: bool = True
) -> RunStore:
    """The stored runs of a results folder; with `mend`, what is damaged is set aside."""
    store = RunStore(settings.results / ".runs", said)
    store.refresh(mend=mend)
    return store


@dataclass(frozen=True, slots=True)
class Runner:
    """A plan and how to run it."""

    plan: Plan
    settings: Settings

    def missing(self, store: RunStore) -> list[Run]:
        """The runs still to train, in the plan's order."""
        if self.settings.force:
            return list(self.plan.runs)
        stored = store.intact(self.plan.runs)
        return [run for run in self.plan.runs if run.id not in stored]

    def outlook(self, missing: Sequence[Run]) -> Outlook:
        """What training the `missing` runs would take."""
        return self._outlook(missing, make_stacks(missing, self.settings.workers))

    def _outlook(self, missing: Sequence[Run], stacks: Sequence[Stack]) -> Outlook:
        workers = max(1, min(self.settings.workers, len(stacks)))
        if self.settings.cluster is None:
            seconds = time_of(self.plan.split, stacks, workers)
        else:  # its machines are not this one
            seconds = makespan([stack.work for stack in stacks], workers)
        return Outlook(
            runs=len(self.plan.runs),
            stored=len(self.plan.runs) - len(missing),
            stacks=len(stacks),
            run_steps=sum(run.recipe.steps for run in missing),
            seconds=seconds + REPORT_SECONDS,
            measuring_seconds=seconds * _measuring_share(stacks),
            bytes=workers * max((memory_of(s.recipe, len(s.runs)) for s in stacks), default=0),
        )

    def train(
        self, store: RunStore, listener: Listener, meanwhile: Callable[[], None] | None = None
    ) -> dict[str, RunResult]:
        """Train and store what is missing; the runs that failed, by hash.

        `meanwhile()` is called once, while the first stacks train.
        """
        missing = self.missing(store)
        stacks = make_stacks(missing, self.settings.workers)
        listener.planned(self._outlook(missing, stacks))
        failures: dict[str, RunResult] = {}
        if not stacks:
            return failures
        kept = len(self.plan.runs) - len(missing)
        try:
            crew = self._crew(stacks, listener)
            with Execution(crew, listener.advanced, meanwhile) as execution:
                for results in execution.results(stacks):
                    good = [result for result in results if result.status != FAILED]
                    bad = {r.run.id: r for r in results if r.status == FAILED}
                    store.keep(good)
                    kept += len(good)
                    failures |= bad
                    listener.finished(results)
                    if bad and self.settings.fail_fast:
                        raise RunsFailed(self.failure_text(bad))
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted: {self._kept(kept, store.folder)}") from None
        except StoreError as error:
            raise StoreError(f"{error}; {self._kept(kept, store.folder)}") from error
        return failures

    def results(self, store: RunStore, failures: dict[str, RunResult]) -> Iterator[RunResult]:
        """The result of every run, in the plan's order."""
        for run in self.plan.runs:
            result = failures.get(run.id) or store.load(run)
            if result is None:
                raise StoreError(
                    f"run {run.id} is gone from {store.folder}; start the same command again"
                )
            yield result

    def failure_text(self, failures: dict[str, RunResult]) -> str:
        """How many runs failed, and the first of them."""
        first = next(iter(failures.values()))
        count = f"{len(failures)} of {len(self.plan.runs)} runs failed"
        return f"{count}, the first, {first.run.id}, with: {first.outcome['reason']}"

    def _crew(self, stacks: Sequence[Stack], listener: Listener) -> Crew:
        """Who trains these stacks."""
        if self.settings.cluster is not None:
            return ClusterCrew(reach(self.settings.cluster), self.plan.split)
        return make_crew(self.plan.split, self.settings.workers, stacks, listener.advanced)

    def _kept(self, kept: int, folder: Path) -> str:
        total = len(self.plan.runs)
        if not kept:
            return f"none of {total} runs was finished yet; nothing is kept"
        return (
            f"{kept} of {total} runs are finished and kept in {folder}; "
            "the same command goes on from there"
        )


def _measuring_share(stacks: Sequence[Stack]) -> float:
    """How much of the work is measuring, 0 to 1."""
    work = sum(stack.work for stack in stacks)
    return sum(stack.measuring for stack in stacks) / work if work else 0.0


@contextmanager
def interruptible() -> Iterator[None]:
    """Answer SIGTERM like Ctrl-C; say of one before or after the training how to go on."""
    try:
        with terminated_like_interrupted():
            yield
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted: every run that was finished is kept; the same command goes on"
        ) from None
