"""A long study in short: 100,000 tiny runs, watched for what grows.

    python benchmarks/long_run.py [--runs 100000] [--jobs 2]

Memory of this process (with a line for what it was a tenth of the way in), files it has open, and
progress, a line each tenth. Ends with 1 when open files grow, memory passes 1 GiB, or the progress
does not add up to the plan.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from nnlab.core.outcome import RunResult
from nnlab.core.spec import make_spec
from nnlab.core.study import Listener, Outlook, Settings, prepare

MEMORY_LIMIT = 1024.0
PAGE = 4096


@dataclass
class Watch(Listener):
    """Counts what is told, and looks at this process each tenth of the way."""

    runs: int = 0
    run_steps: int = 0
    outlook: Outlook | None = None
    memory: list[float] = field(default_factory=list)
    """MiB at each look."""
    files: list[int] = field(default_factory=list)
    """Open files at each look."""
    told: bool = True
    _begun: float = field(default_factory=monotonic)

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
            self.look()

    def look(self) -> None:
        """Note memory and open files."""
        self.memory.append(memory())
        self.files.append(len(os.listdir("/proc/self/fd")))
        if self.told:
            print(
                f"{self.runs:>8,} runs {self.run_steps:>12,} steps {self.memory[-1]:>7.0f} MiB "
                f"{self.files[-1]:>4} files {monotonic() - self._begun:>6.0f} s",
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


def train(results: Path, runs: int, jobs: int, watch: Watch) -> int:
    """Train so many runs of six steps; how many rows the table has."""
    spec = make_spec(
        name="long", dataset={"name": "xor", "n": 40}, hidden_layer_sizes=[2], batch_size=16,
        activation=["relu", "tanh"], learning_rate=[0.05, 0.1], seeds=runs // 4, steps=6, records=2,
    )  # fmt: skip
    settings = Settings(results=results, jobs=jobs, draw=False)
    return prepare(spec, settings).run(watch).runs.height


def main() -> int:
    """Train, and say what grew."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    watch = Watch()
    with tempfile.TemporaryDirectory() as place:
        rows = train(Path(place), options.runs, options.jobs, watch)
    watch.look()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    grown = watch.memory[-2] - watch.memory[0]
    print(f"rows in runs.csv     {rows:,}")
    print(f"memory while training {grown:+.0f} MiB from a tenth of the way to the end")
    print(f"highest memory       {peak:.0f} MiB, tables included")
    print(f"open files           {watch.files[0]} to {watch.files[-1]}")
    print(f"progress adds up     {'yes' if watch.adds_up else 'NO'}")
    flat = max(watch.files) <= watch.files[0] + 2
    return 0 if flat and peak < MEMORY_LIMIT and watch.adds_up and rows == options.runs else 1


if __name__ == "__main__":
    sys.exit(main())
