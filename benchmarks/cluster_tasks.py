"""What a task costs the scheduler and the driver, and what follows for a million runs.

    python benchmarks/cluster_tasks.py [--tasks 1000]

Measures a real scheduler with two workers on loopback, on real stacks that end after one step: the
processor time of the scheduler and of the driver (which stores the results) for each task. On a
cluster these are two processes beside the workers, and the slower of them hands out the work. With
that as the bottleneck a plan of a million runs on a thousand workers is simulated.
"""

from __future__ import annotations

import argparse
import heapq
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nnlab.core.cluster import reach
from nnlab.core.cluster_crew import ClusterCrew
from nnlab.core.plan import Stack
from nnlab.core.settings import Settings
from nnlab.core.spec import parse_spec
from nnlab.core.store import RunStore
from nnlab.core.study import prepare
from tests.loopback import Loopback, processor_seconds

SPEC = """\
name: tasks
dataset: iris
hidden_layer_sizes: [64, 64]
learning_rate: 0.01
steps: 1
seeds: {runs}
records: 2
"""
RUNS, WORKERS = 1_000_000, 1_000
RUN_SECONDS = (0.07, 0.7, 7.0)
"""One core's time for a run; the first is 2 x 64 at batch 32, 20 epochs of digits, in a stack."""


@dataclass(frozen=True)
class Cost:
    """Processor seconds for each task."""

    scheduler: float
    driver: float

    @property
    def bottleneck(self) -> float:
        """Seconds between two tasks at best."""
        return max(self.scheduler, self.driver)


def measure(tasks: int, runs_a_stack: int) -> Cost:
    """What a task of so many runs costs."""
    spec = parse_spec(SPEC.format(runs=tasks * runs_a_stack), "tasks")
    with tempfile.TemporaryDirectory() as place, Loopback(workers=2) as running:
        plan = prepare(spec, Settings(results=Path(place))).plan
        stacks = [
            Stack(plan.runs[0].recipe, plan.runs[i : i + runs_a_stack])
            for i in range(0, len(plan.runs), runs_a_stack)
        ]
        crew = ClusterCrew(reach(running.address), plan.split)
        store = RunStore(Path(place) / ".runs", print)
        scheduler = running.scheduler.pid
        crew.submit(stacks[0]).result()  # the data travel with the first
        before = processor_seconds(scheduler), time.process_time()
        flying = [crew.submit(stack) for stack in stacks[1:5]]
        waiting = iter(stacks[5:])
        for future in flying:
            store.keep(future.result())
            following = next(waiting, None)
            if following is not None:
                flying.append(crew.submit(following))
        done = len(stacks) - 1
        after = processor_seconds(scheduler), time.process_time()
        store.close()
    return Cost((after[0] - before[0]) / done, (after[1] - before[1]) / done)


def simulate(seconds_a_task: float, runs_a_stack: int, run_seconds: float) -> tuple[float, float]:
    """Hours of a million runs on a thousand workers, and the share of them that is waiting.

    One queue: a task is handed out every `seconds_a_task`; a worker that is free takes it.
    """
    training = runs_a_stack * run_seconds
    free = [0.0] * WORKERS
    handed_out = 0.0
    for _ in range(RUNS // runs_a_stack):
        handed_out = max(handed_out + seconds_a_task, free[0])
        heapq.heapreplace(free, handed_out + training)
    total = max(free)
    return total / 3600, 1 - RUNS * run_seconds / WORKERS / total


def main() -> None:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000)
    given = parser.parse_args()
    print("| runs a stack | scheduler, ms a task | driver, ms a task | tasks a second at most |")
    print("| --- | --- | --- | --- |")
    cost = {runs: measure(max(60, given.tasks // runs), runs) for runs in (1, 8, 64)}
    for runs, its in cost.items():
        rate = 1 / its.bottleneck
        print(f"| {runs} | {1e3 * its.scheduler:.2f} | {1e3 * its.driver:.2f} | {rate:.0f} |")
    each = max(0.0, (cost[64].bottleneck - cost[1].bottleneck) / 63)
    print("\nA million runs on a thousand workers, hours (share of them waiting):\n")
    print("| runs a stack | " + " | ".join(f"runs of {s:g} s" for s in RUN_SECONDS) + " |")
    print("| --- |" + " --- |" * len(RUN_SECONDS))
    for runs in (1, 4, 8, 16, 32, 64, 128):
        found = [simulate(cost[1].bottleneck + each * (runs - 1), runs, s) for s in RUN_SECONDS]
        cells = " | ".join(f"{hours:.2f} ({100 * waiting:.0f} %)" for hours, waiting in found)
        print(f"| {runs} | {cells} |")


if __name__ == "__main__":
    main()
