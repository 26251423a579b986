"""One writer a folder at a time: the lock waits, gives up, survives renames, and may be missing."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from nnlab.core import claim
from nnlab.core.claim import claim_folder, sole_writer
from nnlab.core.errors import StoreError


def quiet(text: str) -> None:
    raise AssertionError(f"nothing is to be said here: {text}")


def test_the_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "study", quiet):
        assert [path.name for path in tmp_path.iterdir()] == [".study.lock"]
    assert list(tmp_path.iterdir()) == []


def test_a_second_writer_is_refused_in_the_end_and_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "_SAY_AFTER", 0.0)
    said: list[str] = []
    message = r"another process is still writing .*study after 0 seconds; start the same command"
    with (
        sole_writer(tmp_path / "study", quiet),
        pytest.raises(StoreError, match=message),
        sole_writer(tmp_path / "study", said.append, patience=0.1),
    ):
        pass
    assert said == [f"waiting for another process that writes {tmp_path / 'study'}"]


def test_another_study_is_not_waited_for(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "one", quiet), sole_writer(tmp_path / "two", quiet, patience=0):
        pass


def test_the_second_writer_goes_on_when_the_first_is_done(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with sole_writer(tmp_path / "study", quiet):
            order.append("second")

    waiting = threading.Thread(target=second)
    with sole_writer(tmp_path / "study", quiet):
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_many_writers_in_turn_never_meet(tmp_path: Path) -> None:
    """The file is taken away at every release, which is where such locks go wrong."""
    inside, most = 0, 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(20):
            with sole_writer(tmp_path / "study", lambda text: None):
                inside += 1
                most = max(most, inside)
                inside -= 1

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert most == 1


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_locks_is_told_and_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    said: list[str] = []
    with sole_writer(tmp_path / "study", said.append):
        pass
    assert "file system without locks" in said[0]
    assert "let no two commands write" in said[0]
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_file_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match=r"cannot write .*\.study\.lock"),
        sole_writer(tmp_path / "file" / "study", quiet),
    ):
        pass


def test_a_spec_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(StoreError, match=r"is not a spec .* move it away"):
        claim_folder(tmp_path, "name: x\n", quiet)


def test_results_that_cannot_be_moved_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    claim_folder(folder, "name: x\n", quiet)

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StoreError, match=r"cannot keep .*study: Permission denied"):
        claim_folder(folder, "name: y\n", quiet)
