"""A disk that refuses: the n-th call that puts a file in place fails, once or from then on."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from unittest import mock

from nnlab.core import files

FULL, QUOTA, BROKEN, READ_ONLY = errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS


class FaultyDisk(files.Disk):
    """Counts creations, writes, flushes and renames; raises `OSError(code)` at call `fails_at`.

    With `once` the disk is well again after that, else it stays as it is. `fails_at` 0: never.
    """

    def __init__(self, fails_at: int = 0, code: int = FULL, *, once: bool = False) -> None:
        self.fails_at, self.code, self.once = fails_at, code, once
        self.calls: list[str] = []

    def asked(self, what: str) -> None:
        """Count a call, and refuse it if its turn has come."""
        self.calls.append(what)
        number = len(self.calls)
        if self.fails_at and (
            number == self.fails_at or (number > self.fails_at and not self.once)
        ):
            raise OSError(self.code, os.strerror(self.code))

    def create(self, path: Path) -> BinaryIO:
        self.asked("create")
        return io.BufferedWriter(_RawFile(path, self))

    def sync(self, file: BinaryIO) -> None:
        file.flush()
        self.asked("sync")
        os.fsync(file.fileno())

    def rename(self, path: Path, target: Path) -> None:
        self.asked("rename")
        super().rename(path, target)

    def sync_folder(self, folder: Path) -> None:
        self.calls.append("sync folder")  # never fails aloud: some file systems do not offer it
        super().sync_folder(folder)


class _RawFile(io.FileIO):
    """A file whose writes the disk is asked about, half of what was asked being written."""

    def __init__(self, path: Path, disk: FaultyDisk) -> None:
        super().__init__(path, "wb")
        self._disk = disk

    def write(self, content: object) -> int:
        """Write, or write half and refuse, as a disk does that fills up."""
        view = memoryview(content).cast("B")  # type: ignore[arg-type]
        try:
            self._disk.asked("write")
        except OSError:
            super().write(view[: len(view) // 2])
            raise
        return super().write(view)


@contextmanager
def on(disk: files.Disk) -> Iterator[files.Disk]:
    """Every file of the block is put on `disk`."""
    with mock.patch.object(files, "disk", disk):
        yield disk
