"""A long study in short: 100,000 tiny runs, watched for what grows.

    python benchmarks/long_run.py [--runs 100000] [--jobs 2]

Trains, writes the tables, then starts once more, which finds everything done. A line each tenth of
the way and one after the tables: progress, and the most memory and open files of this process since
the line before. Ends with 1 when open files grow, memory passes 1 GiB, or the progress does not add
up to the plan.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from nnlab.core.listener import Listener, Outlook
from nnlab.core.outcome import RunResult
from nnlab.core.settings import Settings
from nnlab.core.spec import make_spec
from nnlab.core.study import Study, prepare

MEMORY_LIMIT = 1024.0
MOST_FILES = 128
"""Open at once while tables are written: the store keeps 64 of its segments open."""
PAGE = 4096


class Highest:
    """The most memory and open files of this process, looked at five times a second."""

    def __init__(self) -> None:
        """Looks until the program ends."""
        self._memory, self._files = 0.0, 0
        threading.Thread(target=self._look_on, daemon=True).start()

    def _look_on(self) -> None:
        while True:
            self._look()
            sleep(0.2)

    def _look(self) -> None:
        self._memory = max(self._memory, memory())
        self._files = max(self._files, len(os.listdir("/proc/self/fd")))

    def since_last(self) -> tuple[float, int]:
        """MiB and files, the most of each since the last time this was asked."""
        self._look()
        highest = self._memory, self._files
        self._memory, self._files = 0.0, 0
        return highest


@dataclass
class Watch(Listener):
    """Counts what is told, and looks at this process each tenth of the way."""

    runs: int = 0
    run_steps: int = 0
    outlook: Outlook | None = None
    memory: list[float] = field(default_factory=list)
    """MiB, the most before each look."""
    files: list[int] = field(default_factory=list)
    """Open files, the most before each look."""
    _begun: float = field(default_factory=monotonic)
    _highest: Highest = field(default_factory=Highest)

    def planned(self, outlook: Outlook) -> None:
        """Keep the plan."""
        self.outlook = outlook

    def advanced(self, run_steps: int) -> None:
        """Count."""
        self.run_steps += run_steps

    def finished(self, results: Sequence[RunResult]) -> None:
        """Count, and look each tenth."""
        assert self.outlook is not None
        before, self.runs = self.runs, self.runs + len(results)
        if 10 * before // self.outlook.runs < 10 * self.runs // self.outlook.runs:
            self.look(f"{self.runs:,}")

    def look(self, what: str) -> None:
        """Note memory and open files."""
        megabytes, files = self._highest.since_last()
        self.memory.append(megabytes)
        self.files.append(files)
        seconds = monotonic() - self._begun
        print(
            f"| {what} | {self.run_steps:,} | {megabytes:.0f} MiB | {files} | {seconds:.0f} s |",
            flush=True,
        )

    @property
    def adds_up(self) -> bool:
        """Whether all planned runs and steps were told, once each."""
        planned = self.outlook
        return planned is not None and (planned.runs, planned.run_steps) == (
            self.runs, self.run_steps,
        )  # fmt: skip


def memory() -> float:
    """MiB that this process holds now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def study_of(results: Path, runs: int, jobs: int) -> Study:
    """So many runs of six steps, without pictures."""
    spec = make_spec(
        name="long", dataset={"name": "xor", "n": 40}, hidden_layer_sizes=[2], batch_size=16,
        activation=["relu", "tanh"], learning_rate=[0.05, 0.1], seeds=runs // 4, steps=6, records=2,
    )  # fmt: skip
    return prepare(spec, Settings(results=results, jobs=jobs, draw=False))


def main() -> int:
    """Train, start again, and say what grew."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print("| runs done | steps | memory | open files | time |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    watch = Watch()
    with tempfile.TemporaryDirectory() as place:
        rows = study_of(Path(place), options.runs, options.jobs).run(watch).runs.height
        watch.look("tables written and read")
        begun = monotonic()
        study_of(Path(place), options.runs, options.jobs).run()
        again = monotonic() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    grown = watch.memory[-2] - watch.memory[0]
    print(f"rows in runs.csv      {rows:,}")
    print(f"memory while training {grown:+.0f} MiB from a tenth of the way to the end")
    print(f"highest memory        {peak:.0f} MiB, tables included")
    print(f"open files            at most {watch.files[0]} at first, {max(watch.files)} in all")
    print(f"progress adds up      {'yes' if watch.adds_up else 'NO'}")
    print(f"the second start      {again:.2f} s")
    flat = max(watch.files[:-1]) <= watch.files[0] + 2 and watch.files[-1] <= MOST_FILES
    return 0 if flat and peak < MEMORY_LIMIT and watch.adds_up and rows == options.runs else 1


if __name__ == "__main__":
    sys.exit(main())
