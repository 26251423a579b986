"""The cluster against one machine: the same tables, in what time, whatever dies.

    python -m tests.faults.cluster [--only equal workers scheduler driver many]

Starts its own schedulers and workers on loopback, prints a table, exits with 1 where tables differ,
a run is lost or something takes more than it may. Times are those of a quiet machine only; the
processor's time says more where others work on it, too.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from nnlab.core.listener import Listener
from nnlab.core.results import Results
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec, parse_spec
from nnlab.core.study import prepare
from tests.faults.tally import stored_runs, tables_of
from tests.loopback import Loopback, processor_seconds

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
MOST_TIMES = 1.15
"""What the cluster may take of the time of `--jobs 2`."""
MOST_GIB = 1.0


@dataclass(frozen=True)
class Given:
    """The sizes asked for, and where to work."""

    runs: int
    epochs: int
    repeats: int
    kills: int
    many: int
    seed: int
    place: Path

    @property
    def grid(self) -> Spec:
        """The grid that is compared."""
        return parse_spec(SPEC.format(seeds=self.runs // 16, epochs=self.epochs), "grid")


@dataclass(frozen=True)
class Cost:
    """What a training took; in seconds, the processor's those of all processes together."""

    wall: float
    processor: float


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
) -> Results:
    """Train from nothing."""
    jobs = None if cluster else 2
    settings = Settings(results=results, cluster=cluster, jobs=jobs, draw=False)
    return prepare(spec, settings).run(listener)


def processor(running: Loopback) -> float:
    """Seconds of this process, of children that have ended, and of a cluster's processes."""
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in own)
    return seconds + sum(processor_seconds(p.pid) for p in (running.scheduler, *running.workers))


def timed(
    spec: Spec, results: Path, cluster: str | None, running: Loopback
) -> tuple[Results, Cost]:
    """The same, and what it took."""
    wall, used = time.perf_counter(), processor(running)
    done = train(spec, results, cluster)
    return done, Cost(time.perf_counter() - wall, processor(running) - used)


def row(what: str, found: str, good: bool) -> bool:
    """One row of the table."""
    print(f"| {what} | {found} | {'yes' if good else 'NO'} |", flush=True)
    return good


def equal(given: Given) -> bool:
    """The grid on the cluster and on two processes of this machine, in turn."""
    here: list[Cost] = []
    there: list[Cost] = []
    same = True
    with Loopback(workers=2) as running:
        for i in range(given.repeats):
            turns = [(None, here, "here"), (running.address, there, "there")]
            folders = []
            for address, costs, name in turns if i % 2 else reversed(turns):
                done, cost = timed(given.grid, given.place / f"{name}{i}", address, running)
                costs.append(cost)
                folders.append(done.folder)
            same = same and tables_of(folders[0]) == tables_of(folders[1])
    pairs = list(zip(here, there, strict=True))
    times = sorted(b.wall / a.wall for a, b in pairs)
    work = median(b.processor / a.processor for a, b in pairs)
    told = (
        f"tables {'' if same else 'not '}equal; {median(times):.2f} times the time (pairs "
        f"{times[0]:.2f} to {times[-1]:.2f}, {median(c.wall for c in here):.0f} s each), "
        f"{work:.2f} times the processor's"
    )
    good = same and median(times) <= MOST_TIMES
    return row(f"{given.runs} runs, two workers, against `--jobs 2`", told, good)


def workers(given: Given) -> bool:
    """The grid while workers die at random moments; a new one comes for each."""
    chance = random.Random(given.seed)
    calm = train(given.grid, given.place / "calm", None)
    stacks = len(list((given.place / "calm" / ".runs").glob("*.zip")))
    with Loopback(workers=2) as running:

        def deed() -> None:
            running.add_worker()
            time.sleep(chance.random())
            running.kill_worker(chance.randrange(2))

        killer = Killer(sorted(chance.sample(range(1, stacks), given.kills)), deed)
        done = train(given.grid, given.place / "killed", running.address, killer)
    same = tables_of(calm.folder) == tables_of(done.folder)
    told = f"{done.counts['finished']} of {given.runs} runs, tables {'' if same else 'not '}equal"
    return row(f"{given.kills} workers SIGKILLed in the middle", told, same and not killer.after)


class Command:
    """`nnlab train` in a process of its own."""

    def __init__(self, spec: Spec, results: Path, address: str) -> None:
        """Start it; what it says goes to a file."""
        results.mkdir(parents=True, exist_ok=True)
        self.results, file = results, results / "spec.yaml"
        file.write_text(spec.to_yaml())
        words = ["train", str(file), "--cluster", address, "--results", str(results), "--json"]
        with (results / "said.txt").open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nnlab.cli", *words], stdout=subprocess.DEVNULL, stderr=said
            )

    @property
    def said(self) -> str:
        """Everything on standard error."""
        return (self.results / "said.txt").read_text()

    def wait_for(self, segments: int) -> None:
        """Until so many stacks are stored, or it has ended."""
        while self.process.poll() is None and (
            len(list(self.results.glob(".runs/*.zip"))) < segments
        ):
            time.sleep(0.05)

    def end(self) -> tuple[int, resource.struct_rusage]:
        """Wait; the exit code, and what it used."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode, usage


def gone_on(given: Given, results: Path) -> tuple[bool, str]:
    """The same command again, on a new cluster: nothing stored is lost, the tables are right."""
    before = stored_runs(results)
    with Loopback(workers=2) as running:
        code, _ = Command(given.grid, results, running.address).end()
    calm = train(given.grid, given.place / "calm", None)
    lost = before - stored_runs(results)
    good = code == 0 and not lost and tables_of(calm.folder) == tables_of(results / "grid")
    return good and len(before) > 0, (
        f"{len(before)} runs kept, {len(lost)} lost; the same command again: exit code {code}, "
        f"tables {'' if good else 'not '}equal"
    )


def scheduler(given: Given) -> bool:
    """The scheduler dies in the middle; going on completes the grid."""
    with Loopback(workers=2) as running:
        command = Command(given.grid, given.place / "scheduler", running.address)
        command.wait_for(3)
        running.kill_scheduler()
        start = time.monotonic()
        code, _ = command.end()
        took = time.monotonic() - start
    clear = code == 1 and "same command goes on" in command.said and "Trace" not in command.said
    good, told = gone_on(given, command.results)
    told = f"exit code {code} after {took:.1f} s; {told}"
    return row("the scheduler SIGKILLed in the middle", told, clear and good)


def driver(given: Given) -> bool:
    """The driver dies in the middle; starting it again completes the grid."""
    with Loopback(workers=2) as running:
        command = Command(given.grid, given.place / "driver", running.address)
        command.wait_for(3)
        command.process.send_signal(signal.SIGKILL)
        command.end()
    good, told = gone_on(given, command.results)
    return row("`nnlab` SIGKILLed in the middle", told, good)


def many(given: Given) -> bool:
    """A large grid of tiny runs: the driver's memory, and what a run costs."""
    spec = parse_spec(MANY.format(seeds=given.many // 10), "many")
    with Loopback(workers=2) as running:
        start = time.perf_counter()
        command = Command(spec, given.place / "many", running.address)
        code, usage = command.end()
        seconds = time.perf_counter() - start
        others = [processor_seconds(p.pid) for p in (running.scheduler, *running.workers)]
    peak = usage.ru_maxrss / 2**20
    used = [usage.ru_utime + usage.ru_stime, *others]
    own, passing, training = (1e3 * s / given.many for s in (used[0], used[1], sum(used[2:])))
    told = (
        f"{seconds:.0f} s, `nnlab` at most {peak:.2f} GiB; of the processor's time a run took "
        f"{own:.2f} ms in `nnlab` (storing, tables and report too), {passing:.2f} ms in the "
        f"scheduler, {training:.2f} ms in the workers"
    )
    return row(f"{given.many} tiny runs", told, code == 0 and peak < MOST_GIB)


CHECKS = {check.__name__: check for check in (equal, workers, scheduler, driver, many)}


def main() -> int:
    """Run what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", choices=CHECKS, default=list(CHECKS))
    parser.add_argument("--runs", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--many", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    asked = vars(parser.parse_args())
    chosen = asked.pop("only")
    print("| what | found | as it must be |\n| --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        given = Given(**asked, place=Path(name))
        good = [CHECKS[check](given) for check in chosen]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
