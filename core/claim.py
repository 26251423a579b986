"""Who may write a results folder: one process at a time, and never over another spec's results.

`sole_writer` is a lock that the operating system takes back when its holder dies, so that no
crash leaves a folder locked. Where a file system has no locks, that is said and the work goes on:
what then guards the folder is that its spec is claimed again before the tables are written.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nnlab.core.errors import StoreError
from nnlab.core.files import write_file
from nnlab.core.folder import SPEC
from nnlab.core.wording import told

PATIENCE = 300.0
"""Seconds to wait for another process that writes the same folder."""
_SAY_AFTER = 2.0
_POLL = 0.05
Said = Callable[[str], None]


@contextmanager
def sole_writer(folder: Path, said: Said, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of `folder` while the block runs; it may be renamed or made anew meanwhile.

    Raises `StoreError` when another process has not let go of it within `patience` seconds.
    """
    path = folder.with_name(f".{folder.name}.lock")
    lock = _acquire(path, folder, said, patience)
    try:
        yield
    finally:
        if lock is not None:
            # Taken away while held: who waits for it finds that out and makes a new one.
            with suppress(OSError):
                path.unlink()
            os.close(lock)


def _acquire(path: Path, folder: Path, said: Said, patience: float) -> int | None:
    """The descriptor of the locked file; None where there are no locks to be had."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return None
    start, waited_for = time.monotonic(), False
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, lock):
                return lock
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                os.close(lock)
                with suppress(OSError):
                    path.unlink()
                said(
                    f"{told(folder.parent)} is on a file system without locks "
                    f"({error.strerror or error}): let no two commands write {told(folder)} at once"
                )
                return None
        os.close(lock)
        waited = time.monotonic() - start
        if waited > patience:
            raise StoreError(
                f"another process is still writing {told(folder)} after {waited:,.0f} seconds; "
                "start the same command again when it is done, or choose another name"
            )
        if waited > _SAY_AFTER and not waited_for:
            waited_for = True
            said(f"waiting for another process that writes {told(folder)}")
        time.sleep(_POLL)


def _is_still(path: Path, lock: int) -> bool:
    """Whether the file that was locked is the one that others will find under its name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(lock))
    except FileNotFoundError:
        return False


def claim_folder(folder: Path, spec_text: str, said: Said) -> None:
    """Make `folder` hold this spec; one that holds another is kept as `<name>~1`, `~2`, ...

    Raises `StoreError` where a link, `folder` itself or one in it, would have the results written
    outside of the folder that it is in.
    """
    _refuse_links_out(folder)
    path = folder / SPEC
    with suppress(FileNotFoundError):
        try:
            if path.read_text(encoding="utf-8") == spec_text:
                return
            kept = _free_name(folder)
            folder.rename(kept)
            said(f"{folder} held the results of another spec; they are kept as {kept}")
        except UnicodeDecodeError as error:
            raise StoreError(f"{path} is not a spec ({error}); move it away") from error
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(f"cannot keep {folder}: {error.strerror or error}") from error
    write_file(path, spec_text)


def leads_out(path: Path, results: Path) -> bool:
    """Whether `path`, with every link followed, is no longer inside the folder `results`."""
    try:
        return not path.resolve().is_relative_to(results.resolve())
    except (OSError, RuntimeError):  # a loop of links leads nowhere
        return True


def _refuse_links_out(folder: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        links = [folder] if folder.is_symlink() else [p for p in folder.iterdir() if p.is_symlink()]
        for path in links:
            if leads_out(path, folder.parent):
                raise StoreError(
                    f"{told(path)} is a link out of {told(folder.parent)}; nothing is written "
                    "there: take the link away, or choose another name"
                )


def would_keep(folder: Path, spec_text: str) -> Path | None:
    """Where `claim_folder` would move what is in `folder` now; None where it would not."""
    try:
        same = (folder / SPEC).read_bytes() == spec_text.encode()
    except OSError:
        return None
    return None if same else _free_name(folder)


def _free_name(folder: Path) -> Path:
    number = 1
    while (kept := folder.with_name(f"{folder.name}~{number}")).exists():
        number += 1
    return kept
