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
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file(path: Path, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all."""
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself durable; some file systems do not offer that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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
