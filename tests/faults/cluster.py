"""The cluster against one machine: the same tables, in what time, whatever dies.

    python tests/faults/cluster.py [--runs 512] [--kills 5] [--many 20000]

Starts its own scheduler and two worker processes on loopback, prints a table, exits with 1 where
tables differ or a run is lost.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from nnlab.core.errors import ClusterError
from nnlab.core.spec import Spec, parse_spec
from nnlab.core.study import Listener, Results, Settings, prepare
from tests.faults.tally import tables_of
from tests.loopback import Loopback

SPEC = """\
name: grid
dataset: digits
hidden_layer_sizes: [64, 64]
activation: [relu, tanh]
batch_size: [16, 32]
learning_rate: {{from: 0.01, to: 0.3, num: 4}}
epochs: {epochs}
seeds: {seeds}
records: 5
"""
MANY = """\
name: many
dataset: iris
hidden_layer_sizes: [16, 16]
learning_rate: {{from: 0.01, to: 0.3, num: 10}}
steps: 60
seeds: {seeds}
records: 2
"""


@dataclass
class Killer(Listener):
    """Does something after so many stacks have come home."""

    after: list[int]
    deed: Callable[[], None]
    stacks: int = 0

    def finished(self, results: Any) -> None:
        """Count, and kill when it is time."""
        self.stacks += 1
        if self.after and self.stacks >= self.after[0]:
            self.after.pop(0)
            self.deed()


def train(
    spec: Spec, results: Path, cluster: str | None, listener: Listener | None = None
) -> tuple[Results, float]:
    """Train from nothing; the results and the seconds it took."""
    start = time.perf_counter()
    jobs = None if cluster else 2
    study = prepare(spec, Settings(results=results, cluster=cluster, jobs=jobs, draw=False))
    return study.run(listener), time.perf_counter() - start


def row(what: str, found: str, good: bool) -> bool:
    """One row of the table."""
    print(f"| {what} | {found} | {'yes' if good else 'NO'} |", flush=True)
    return good


def compare_times(spec: Spec, place: Path, address: str, repeats: int) -> bool:
    """The grid on the cluster and on two processes of this machine, in turn."""
    here, there, same = [], [], True
    for i in range(repeats):
        one, seconds = train(spec, place / f"here{i}", None)
        here.append(seconds)
        two, seconds = train(spec, place / f"there{i}", address)
        there.append(seconds)
        same = same and tables_of(one.folder) == tables_of(two.folder)
    ratio = median(there) / median(here)
    runs = len(one.runs)
    told = f"{median(there):.1f} s against {median(here):.1f} s: {ratio:.2f} times; tables equal"
    return row(f"{runs} runs, two workers, against --jobs 2", told, same)


def workers_killed(spec: Spec, place: Path, running: Loopback, kills: int, seed: int) -> bool:
    """The grid while workers die at random moments; a new one comes for each."""

    def deed() -> None:
        running.add_worker()
        running.kill_worker(chance.randrange(2))

    chance = random.Random(seed)
    stacks = prepare(spec, Settings(results=place / "none", jobs=2)).outlook().stacks
    killer = Killer(sorted(chance.sample(range(1, stacks), kills)), deed)
    one, _ = train(spec, place / "calm", None)
    two, _ = train(spec, place / "killed", running.address, killer)
    equal = tables_of(one.folder) == tables_of(two.folder) and not killer.after
    return row(f"{kills} workers killed with SIGKILL", "complete, tables equal", equal)


def scheduler_killed(spec: Spec, place: Path) -> bool:
    """The scheduler dies in the middle; going on completes the grid."""
    one, _ = train(spec, place / "calm", None)
    with Loopback(workers=2) as running:
        killer = Killer([2], running.kill_scheduler)
        try:
            train(spec, place / "lost", running.address, killer)
        except ClusterError as error:
            told = str(error)
        else:
            return row("the scheduler killed", "nothing was said", False)
    stored = prepare(spec, Settings(results=place / "lost")).outlook().stored
    two, _ = train(spec, place / "lost", None)
    good = stored > 0 and tables_of(one.folder) == tables_of(two.folder)
    return row("the scheduler killed", f"'{told}'; {stored} runs kept, going on completes", good)


def many_runs(count: int, place: Path, address: str) -> bool:
    """A large grid of tiny runs: the driver's memory, and what a run costs."""
    spec = parse_spec(MANY.format(seeds=count // 10), "many")
    results, seconds = train(spec, place / "many", address)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    training = float(results.runs["seconds"].sum())
    overhead = (2 * seconds - training) / len(results.runs)
    told = f"{seconds:.0f} s, driver at most {peak:.2f} GiB, {1e3 * overhead:.2f} ms a run besides "
    return row(f"{len(results.runs)} tiny runs", told + "its training", peak < 1)


def main() -> int:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--many", type=int, default=20000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    spec = parse_spec(SPEC.format(seeds=given.runs // 16, epochs=given.epochs), "grid")
    print("| what | found | as it must be |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name, Loopback(workers=2) as running:
        place = Path(name)
        good = [
            compare_times(spec, place, running.address, given.repeats),
            scheduler_killed(spec, place / "s"),
            many_runs(given.many, place, running.address),
            workers_killed(spec, place / "w", running, given.kills, given.seed),
        ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
