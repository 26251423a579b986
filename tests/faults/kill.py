"""Stop a training at random moments and take it up again, many times; then compare the tables.

    python -m tests.faults.kill [--kills 100] [--signal KILL|TERM|INT|WORKER] [--commands]

KILL, TERM and INT go to the training, WORKER kills one of its worker processes. Prints what was
lost (nothing), and exits with 1 if anything was.

Most of a short command's time is Python's own start. So the trainings are forked from a process
that has everything imported, and every kill hits one that reads, trains or writes; with
`--commands` each is the whole command, two workers and all.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tests.faults.tally import Tally, half_files, stored_runs, tables_of

SPEC = """\
name: killed
dataset: {{name: xor, n: 200}}
hidden_layer_sizes: [16]
activation: [relu, tanh]
learning_rate: [0.05, 0.1, 0.2]
batch_size: [8, 16]
steps: {steps}
seeds: {seeds}
records: 5
save_weights: true
"""
STEPS = 300

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (
    "import nnlab.core.study as study; study.write_report = lambda results: None\n"
    "from nnlab.cli.main import app; app()"
)
"""The command line but for the pictures, which are most of a short training's time."""


class Training(Protocol):
    """A training that runs in a process of its own."""

    pid: int

    def ended(self, seconds: float | None) -> bool:
        """Wait so long, or to the end; whether it has ended."""

    def result(self) -> tuple[int, str]:
        """Wait for the end: its exit code, and what it said on standard error."""


class Command:
    """The whole command as a user types it."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.pid = self._process.pid

    def ended(self, seconds: float | None) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.poll() is not None

    def result(self) -> tuple[int, str]:
        said = self._process.communicate()[1]
        return self._process.returncode, said


class Nursery:
    """A process with everything imported, from which trainings are forked one at a time."""

    def __init__(self, place: Path) -> None:
        """Start it; `place` is for what the trainings say."""
        self._said = place / "said.txt"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True, cwd=ROOT, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        assert self._line() == "ready"

    def start(self, arguments: Sequence[str]) -> Forked:
        """Fork a training."""
        self._said.write_text("")
        assert self._process.stdin is not None
        self._process.stdin.write("\t".join([str(self._said), *arguments]) + "\n")
        self._process.stdin.flush()
        return Forked(int(self._line()), self)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def has_news(self, seconds: float | None) -> bool:
        """Whether a line comes within so many seconds."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def ending(self) -> tuple[int, str]:
        """The exit code of the training, and what it said."""
        return int(self._line()), self._said.read_text()


class Forked:
    """A training in the nursery."""

    def __init__(self, pid: int, nursery: Nursery) -> None:
        """Running as `pid`."""
        self.pid, self._nursery = pid, nursery

    def ended(self, seconds: float | None) -> bool:
        return self._nursery.has_news(seconds)

    def result(self) -> tuple[int, str]:
        return self._nursery.ending()


Stop = Callable[[Training], bool]
"""Does harm to a running training; whether there was anything left to do harm to."""


def write_spec(place: Path, runs: int = 60, steps: int = STEPS) -> Path:
    """The spec of a grid of so many runs, in the folder `place`."""
    spec = place / "killed.yaml"
    spec.write_text(SPEC.format(seeds=max(1, runs // 12), steps=steps))
    return spec


def arguments(spec: Path, results: Path, jobs: int) -> list[str]:
    """Those of the command."""
    return ["train", str(spec), "--results", str(results), "--jobs", str(jobs), "--quiet"]


def send(number: int) -> Stop:
    """Send a signal to the training."""

    def stop(training: Training) -> bool:
        if training.ended(0):
            return False
        os.kill(training.pid, number)
        return True

    return stop


def kill_worker(training: Training) -> bool:
    """SIGKILL one of its workers, as soon as it has any."""
    while not training.ended(0.02):
        workers = workers_of(training.pid)
        if workers:
            with suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)
            return True
    return False


def workers_of(parent: int) -> list[int]:
    """The worker processes of a training (Linux)."""
    found = []
    with suppress(OSError):
        for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found


STOPS: dict[str, tuple[Stop, set[int]]] = {
    "KILL": (send(signal.SIGKILL), {-signal.SIGKILL, 0}),
    # -TERM and -INT: before Python has come as far as our own first line
    "TERM": (send(signal.SIGTERM), {130, 0, -signal.SIGTERM}),
    "INT": (send(signal.SIGINT), {130, 0, -signal.SIGINT}),
    "WORKER": (kill_worker, {0}),
}
"""How to stop a training, and how it may end then; 0 where it was done just before."""


class Disturber:
    """Disturbs trainings of one spec, each at a random moment, until so many faults are done."""

    def __init__(self, spec: Path, place: Path, seed: int = 0, *, commands: bool = False) -> None:
        """An undisturbed training in `place` is what the disturbed ones are compared with.

        `commands`: whole commands with two workers, not trainings out of the nursery.
        """
        self.spec, self.place, self.chance = spec, place, random.Random(seed)
        self.nursery = None if commands else Nursery(place)
        self._rounds = 0
        if self.nursery is not None:
            self.run(place / "warm")
        begun = time.monotonic()
        self.run(place / "reference")
        self.span = time.monotonic() - begun
        self.expected = tables_of(place / "reference" / "killed")

    def close(self) -> None:
        """End the nursery."""
        if self.nursery is not None:
            self.nursery.close()

    def start(self, results: Path) -> Training:
        """A training into `results`."""
        if self.nursery is None:
            return Command(arguments(self.spec, results, 2))
        return self.nursery.start(arguments(self.spec, results, 1))

    def run(self, results: Path) -> None:
        """A training that nobody disturbs. RuntimeError where it does not end well."""
        code, said = self.start(results).result()
        if code != 0:
            raise RuntimeError(f"an undisturbed training ended with {code}: {said}")

    def disturb(self, how: str, faults: int) -> Tally:
        """Start, disturb, start again; into a fresh folder when a grid is done."""
        tally = Tally()
        while tally.faults < faults:
            self._rounds += 1
            tally += self._round(how, self.place / f"round{self._rounds}", faults - tally.faults)
        return tally

    def _round(self, how: str, results: Path, most: int) -> Tally:
        """Until the grid is done; at most so many faults."""
        stop, endings = STOPS[how]
        tally, known = Tally(), set[str]()
        while True:
            training = self.start(results)
            stopped = False
            if tally.faults < most:
                training.ended(self.chance.uniform(0, self.span))
                stopped = stop(training)
            code, said = training.result()
            now = stored_runs(results)
            tally.faults += stopped
            if "Traceback" in said:
                print(said, file=sys.stderr)
                tally.tracebacks += 1
            tally.lost += len(known - now)
            tally.endings += code not in (endings if stopped else {0})
            tally.half_files += half_files(results / "killed")
            known |= now
            if code == 0:
                break
        tally.different += tables_of(results / "killed") != self.expected
        shutil.rmtree(results)
        return tally


def together(disturber: Disturber, processes: int) -> Tally:
    """So many commands on one folder at once: all end well, and nothing is torn."""
    results = disturber.place / "shared"
    started = [Command(arguments(disturber.spec, results, 1)) for _ in range(processes)]
    endings = [training.result() for training in started]
    return Tally(
        faults=processes,
        lost=len(stored_runs(disturber.place / "reference") - stored_runs(results)),
        half_files=half_files(results / "killed"),
        different=int(tables_of(results / "killed") != disturber.expected),
        tracebacks=sum("Traceback" in said for _, said in endings),
        endings=sum(code != 0 for code, _ in endings),
    )


def main() -> int:
    """Run the harness and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--signal", choices=STOPS, default="KILL")
    parser.add_argument("--commands", action="store_true", help="whole commands, with workers")
    options = parser.parse_args()
    commands = options.commands or options.signal == "WORKER"
    with tempfile.TemporaryDirectory() as name:
        spec = write_spec(Path(name), options.runs, options.steps)
        disturber = Disturber(spec, Path(name), options.seed, commands=commands)
        tally = disturber.disturb(options.signal, options.kills)
        disturber.close()
    print(f"times stopped             {tally.faults}")
    print(f"finished runs lost        {tally.lost}")
    print(f"half-written files        {tally.half_files}")
    print(f"tables that differ        {tally.different}")
    print(f"tracebacks                {tally.tracebacks}")
    print(f"unexpected endings        {tally.endings}")
    return 1 if tally.harm else 0


if __name__ == "__main__":
    sys.exit(main())
