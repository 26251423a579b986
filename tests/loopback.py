"""A Dask cluster on the loopback interface for tests: real processes, ended whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from nnlab.core.plan import Recipe, Stack

_BLAS = "OPENBLAS_NUM_THREADS"
"""Not handed on: a worker has to see to it by itself."""
_PATIENCE = 60.0


class Loopback:
    """A scheduler and worker processes; as a context manager it leaves none behind."""

    def __init__(self, workers: int) -> None:
        """Nothing is started until the block is entered."""
        self._wanted = workers
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Start the scheduler, then the workers."""
        self._folder = tempfile.TemporaryDirectory(prefix="nnlab-cluster-")
        self._file = Path(self._folder.name) / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--host", "127.0.0.1")
        until = time.monotonic() + _PATIENCE
        while not self._known() and time.monotonic() < until:
            time.sleep(0.05)
        self.address: str = json.loads(self._file.read_text())["address"]
        for _ in range(self._wanted):
            self.add_worker()
        return self

    def _known(self) -> bool:
        try:
            return "address" in json.loads(self._file.read_text())
        except (OSError, ValueError):
            return False

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                sys.executable, "-m", f"distributed.cli.dask_{what}",
                "--scheduler-file", str(self._file), "--no-dashboard", *words,
            ],
            env={name: value for name, value in os.environ.items() if name != _BLAS},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def add_worker(self) -> subprocess.Popen[bytes]:
        """One more worker process with one thread."""
        worker = self._start(
            "worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--memory-limit", "0"
        )
        self.workers.append(worker)
        return worker

    def kill_worker(self, place: int = 0) -> None:
        """SIGKILL a worker."""
        worker = self.workers.pop(place)
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def kill_scheduler(self) -> None:
        """SIGKILL the scheduler."""
        self.scheduler.send_signal(signal.SIGKILL)
        self.scheduler.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """End every process."""
        processes = [*self.workers, self.scheduler]
        for process in processes:
            with suppress(OSError):
                process.kill()
        for process in processes:
            process.wait(timeout=_PATIENCE)
        self._folder.cleanup()


class Deadly:
    """A stack that kills the worker which trains it, as one does for which memory is too small."""

    def __init__(self, stack: Stack) -> None:
        """Of `stack`, the runs and the work."""
        self._recipe, self.runs, self.work = stack.recipe, stack.runs, stack.work

    @property
    def recipe(self) -> Recipe:
        """The first that a worker looks at; the driver never does, as the stack never ends."""
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
        return self._recipe


def others_in(session: int) -> list[str]:
    """The command lines of the processes that are in a session of the system."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = _stat(folder)
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found


def processor_seconds(process: int) -> float:
    """What a process has taken of the processor's time so far."""
    ticks = _stat(Path(f"/proc/{process}"))[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _stat(folder: Path) -> list[str]:
    """The fields of `/proc/PID/stat` behind the name: state, parent, group, session, ..."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
