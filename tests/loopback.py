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

_SETTINGS = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2",  # the third death is the last
    "OPENBLAS_NUM_THREADS": "1",
}
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
            env={**os.environ, **_SETTINGS},
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
