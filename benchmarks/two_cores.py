"""What a second worker buys: one grid with --jobs 1 and with --jobs 2, in turn, in one run.

    python benchmarks/two_cores.py [--repeats 3] [--steps 1500] [--json FILE]

256 runs of two hidden layers of 64 at batch 32 on digits, each time into a fresh results folder and
in a process of its own. Timed is the training, from the first stack to the last run stored: worker
processes are started, runs come back, are checked and flushed to disk. The whole job adds to both
alike what is not training: Python's start, the data, the tables, the pictures. Medians over the
repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from kernels import settle

RUNS = 256


def measure(jobs: int, steps: int) -> dict[str, float]:
    """Train the grid here; the seconds it took."""
    begun = perf_counter()
    from nnlab.core.cores import default_jobs
    from nnlab.core.listener import Listener, Outlook
    from nnlab.core.outcome import RunResult
    from nnlab.core.settings import Settings
    from nnlab.core.spec import make_spec
    from nnlab.core.study import prepare

    class Clock(Listener):
        first = last = 0.0
        runs = 0

        def planned(self, outlook: Outlook) -> None:
            self.first = perf_counter()

        def finished(self, results: Sequence[RunResult]) -> None:
            self.runs, self.last = self.runs + len(results), perf_counter()

    spec = make_spec(
        name="cores", hidden_layer_sizes=[64, 64], batch_size=32, steps=steps, seeds=RUNS // 4,
        activation=["relu", "tanh"], learning_rate=[0.05, 0.1], records=10,
    )  # fmt: skip
    clock = Clock()
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(results=Path(place), jobs=jobs)
        prepare(spec, settings).run(clock)
    if clock.runs != RUNS:
        raise RuntimeError(f"{clock.runs} of {RUNS} runs were trained")
    training = clock.last - clock.first
    return {"training": training, "whole": perf_counter() - begun, "cores": default_jobs()}


def apart(jobs: int, steps: int) -> dict[str, float]:
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--one", str(jobs), "--steps", str(steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    settle()
    if options.one is not None:
        print(json.dumps(measure(options.one, options.steps)))
        return
    seconds: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(options.repeats):
        for jobs, found in seconds.items():
            found.append(apart(jobs, options.steps))
    told = {
        what: {jobs: statistics.median(f[what] for f in found) for jobs, found in seconds.items()}
        for what in ("training", "whole")
    }
    cores = int(seconds[1][0]["cores"])
    print(
        f"{RUNS} runs, 2 x 64, batch 32, {options.steps} steps; {platform.machine()}, {cores} cores"
    )
    print(f"{'':<10}{'--jobs 1':>10}{'--jobs 2':>10}{'ratio':>8}{'each repeat':>24}")
    for what, medians in told.items():
        each = [a[what] / b[what] for a, b in zip(seconds[1], seconds[2], strict=True)]
        ratios = " ".join(f"{ratio:.2f}" for ratio in each)
        ratio = medians[1] / medians[2]
        print(f"{what:<10}{medians[1]:>8.1f} s{medians[2]:>8.1f} s{ratio:>8.2f}{ratios:>24}")
    print(f"load when done: {os.getloadavg()[0]:.1f}")
    if options.json:
        options.json.write_text(json.dumps({"seconds": seconds, "medians": told}, indent=2) + "\n")


if __name__ == "__main__":
    main()
