"""Files are whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nnlab.core.errors import StoreError
from nnlab.core.files import check_writable, remove_file, remove_stale, whole_file, write_file


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "new" / "a.txt", "grün\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "grün\n".encode()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_an_error_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_file(path, "old")

    def fail() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_refusing_disk_is_an_error_that_names_file_and_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*a\.txt: Not a directory|File exists"):
        write_file(tmp_path / "file" / "a.txt", "x")
    with pytest.raises(StoreError, match=r"cannot write to .*file"):
        check_writable(tmp_path / "file")


def test_what_cannot_be_removed_is_named(tmp_path: Path) -> None:
    remove_file(tmp_path / "not there")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"cannot remove .*folder: "):
        remove_file(tmp_path / "folder")


def test_the_folder_is_checked_without_a_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "results")
    assert list((tmp_path / "results").iterdir()) == []


def test_only_stale_temporary_files_are_removed(tmp_path: Path) -> None:
    import socket

    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    dead, here = int(ended.stdout), socket.gethostname()
    left = {
        "dead": tmp_path / f".a.csv.{here}.{dead}.0.tmp",
        "alive": tmp_path / f".a.csv.{here}.{os.getpid()}.0.tmp",
        "elsewhere": tmp_path / f".a.csv.another-machine.{dead}.0.tmp",
        "old": tmp_path / ".a.csv.another-machine.1.0.tmp",
        "foreign": tmp_path / ".something.tmp",
        "real": tmp_path / "a.csv",
    }
    for path in left.values():
        path.write_text("")
    yesterday = time.time() - 2 * 24 * 3600
    os.utime(left["old"], (yesterday, yesterday))
    remove_stale(tmp_path)
    assert {name for name, path in left.items() if path.exists()} == {
        "alive", "elsewhere", "foreign", "real",
    }  # fmt: skip
