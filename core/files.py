"""Files that are whole or not there: written beside their place, flushed to disk, then renamed."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO

from nnlab.core.errors import StoreError


class Disk:
    """The calls that put a file in place; a test makes each of them fail in turn."""

    def create(self, path: Path) -> BinaryIO:
        """A new file to write to."""
        return path.open("wb")

    def sync(self, file: BinaryIO) -> None:
        """Everything written to `file` is on the disk when this returns."""
        file.flush()
        os.fsync(file.fileno())

    def rename(self, path: Path, target: Path) -> None:
        """`path` is now called `target`, in one step; what was there is gone."""
        path.replace(target)

    def sync_folder(self, folder: Path) -> None:
        """The names in `folder` are on the disk, where its file system offers that."""
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


disk = Disk()
_numbers = count()
_STALE_SECONDS = 24 * 3600


def _host() -> str:
    return socket.gethostname().replace(".", "-")


def _temporary(path: Path) -> Path:
    """A name in the same folder that tells which process of which machine is writing."""
    writer = f"{_host()}.{os.getpid()}.{next(_numbers)}"
    return path.with_name(f".{path.name}.{writer}.tmp")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file that appears under `path` when the block ends without an error.

    Raises `StoreError` naming the file and the reason when the disk refuses.
    """
    temporary = _temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with disk.create(temporary) as file:
            yield file
            disk.sync(file)
        disk.rename(temporary, path)
        disk.sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file(path: Path, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all."""
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def remove_file(path: Path) -> None:
    """Take `path` away if it is there. Raises `StoreError` naming it when the disk refuses."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"cannot remove {path}: {error.strerror or error}") from error


def remove_stale(folder: Path) -> None:
    """Delete what writers that were killed left in `folder`: theirs on this machine, old ones."""
    for path in folder.glob(".*.tmp"):
        with suppress(OSError, ValueError):
            host, pid, _ = path.name.removesuffix(".tmp").rsplit(".", 3)[1:]
            dead = host == _host() and not _is_running(int(pid))
            if dead or time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def check_writable(folder: Path) -> None:
    """Raise `StoreError` now, rather than after the training, when `folder` cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StoreError(f"cannot write to {folder}: {error.strerror or error}") from error
