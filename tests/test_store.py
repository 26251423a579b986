"""Finished runs by content hash: whole, found again, damage noticed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core import members
from nnlab.core.errors import StoreError
from nnlab.core.outcome import OUTCOME_COLUMNS, RunResult
from nnlab.core.quantities import CURVE_VALUES, LAYER_VALUES
from nnlab.core.segments import read_member, read_places
from nnlab.core.store import RunStore
from tests.small import run_of


def result_of(seed: int, *, weights: bool = False) -> RunResult:
    rng = np.random.default_rng(seed)
    outcome = dict.fromkeys(OUTCOME_COLUMNS) | {"train_loss": float(rng.random()), "seconds": 0.5}
    layers = rng.random((3, 2, len(LAYER_VALUES)))
    layers[0, 0, 0] = np.nan
    return RunResult(
        run_of(seed), "finished", outcome, np.array([0, 6, 12]),
        rng.random((3, len(CURVE_VALUES))), layers,
        {"initial_W1": rng.random((2, 4)).astype(np.float32)} if weights else {},
    )  # fmt: skip


def same(a: RunResult, b: RunResult) -> bool:
    return (
        (a.run, a.status, a.outcome) == (b.run, b.status, b.outcome)
        and a.weights.keys() == b.weights.keys()
        and all(
            np.array_equal(x, y, equal_nan=True) and x.dtype == y.dtype
            for x, y in [
                (a.steps, b.steps), (a.curves, b.curves), (a.layers, b.layers),
                *((a.weights[name], b.weights[name]) for name in a.weights),
            ]
        )
    )  # fmt: skip


def saved(array: np.ndarray[Any, Any], *, allow_pickle: bool = False) -> bytes:
    """As `numpy.save` writes it."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def reopened(folder: Path, notes: list[str] | None = None) -> RunStore:
    store = RunStore(folder, (notes if notes is not None else []).append)
    store.refresh()
    return store


@given(
    seeds=st.lists(st.integers(0, 50), min_size=1, max_size=6, unique=True), weights=st.booleans()
)
def test_what_is_stored_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, seeds: list[int], weights: bool
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    results = [result_of(seed, weights=weights) for seed in seeds]
    RunStore(folder).keep(results)
    store = reopened(folder)
    assert store.intact(result.run for result in results) == {r.run.id for r in results}
    for result in results:
        found = store.load(result.run)
        assert found is not None
        assert same(found, result)
    store.close()


def test_a_missing_run_is_none(tmp_path: Path) -> None:
    store = reopened(tmp_path / "none yet")
    assert store.load(run_of(7)) is None
    assert store.intact([run_of(7)]) == set()


def test_runs_stored_meanwhile_by_another_process_are_found(tmp_path: Path) -> None:
    mine = reopened(tmp_path)
    RunStore(tmp_path).keep([result_of(1)])
    assert mine.load(run_of(1)) is None
    mine.refresh()
    assert mine.load(run_of(1)) is not None
    mine.close()


def test_every_flipped_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    results = [result_of(seed) for seed in range(3)]
    RunStore(tmp_path).keep(results)
    (path,) = tmp_path.glob("*.zip")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    noticed = 0
    for position in rng.choice(len(whole), 150, replace=False).tolist():
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        notes: list[str] = []
        store = reopened(tmp_path, notes)
        for result in results:
            found = store.load(result.run)
            assert found is None or same(found, result)
        noticed += any(store.load(result.run) is None for result in results)
        store.close()
        for aside in tmp_path.glob("*.damaged"):
            aside.unlink()
    assert noticed > 100


def test_a_damaged_run_is_named_and_the_others_kept(tmp_path: Path) -> None:
    results = [result_of(seed) for seed in range(3)]
    RunStore(tmp_path).keep(results)
    (path,) = tmp_path.glob("*.zip")
    content = bytearray(path.read_bytes())
    place = bytes(content).index(results[1].curves.tobytes())
    content[place + 3] ^= 1
    path.write_bytes(bytes(content))
    notes: list[str] = []
    store = reopened(tmp_path, notes)
    assert store.intact(r.run for r in results) == {results[0].run.id, results[2].run.id}
    assert results[1].run.id in notes[0]
    assert "is trained again" in notes[0]
    store.close()


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ({"run": "0123456789abcdef"}, "it holds run '?0123456789abcdef'?"),
        ({"engine": -1}, "it is of engine version '?-1'?"),
        ([], "its head is no mapping"),
    ],
)
def test_a_member_that_is_not_what_its_name_says_is_trained_again(
    tmp_path: Path, head: dict[str, Any] | list[Any], why: str
) -> None:
    RunStore(tmp_path).keep([result_of(0)])
    (path,) = tmp_path.glob("*.zip")
    with zipfile.ZipFile(path) as segment:
        rest = io.BytesIO(segment.read(run_of(0).id))
    old = json.loads(np.load(rest).tobytes())
    new = io.BytesIO()
    text = json.dumps(old | head if isinstance(head, dict) else head)
    np.save(new, np.frombuffer(text.encode(), np.uint8))
    with zipfile.ZipFile(path, "w") as segment:
        segment.writestr(run_of(0).id, new.getvalue() + rest.read())
    notes: list[str] = []
    store = reopened(tmp_path, notes)
    assert store.load(run_of(0)) is None
    assert re.search(rf"is damaged \({why}\); it is trained again", notes[0])
    store.close()


def test_a_truncated_segment_is_set_aside_not_deleted(tmp_path: Path) -> None:
    RunStore(tmp_path).keep([result_of(0)])
    (path,) = tmp_path.glob("*.zip")
    path.write_bytes(path.read_bytes()[:-40])
    notes: list[str] = []
    store = reopened(tmp_path, notes)
    assert store.load(run_of(0)) is None
    assert path.with_suffix(".damaged").is_file()
    assert f"{path} is damaged" in notes[0]
    assert "its runs are trained again" in notes[0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write .*file"):
        RunStore(tmp_path / "file").keep([result_of(0)])


def test_nothing_is_pickled(tmp_path: Path) -> None:
    RunStore(tmp_path).keep([result_of(0)])
    (path,) = tmp_path.glob("*.zip")
    assert b"csetuptools" not in path.read_bytes()
    assert b"numpy.core.multiarray" not in path.read_bytes()


def test_a_whole_copy_stands_in_for_a_damaged_one_at_every_start(tmp_path: Path) -> None:
    """Two processes may have stored a run each in another segment."""
    RunStore(tmp_path).keep([result_of(0), result_of(1)])
    RunStore(tmp_path).keep([result_of(0)])
    for damaged in sorted(tmp_path.glob("*.zip")):
        whole = damaged.read_bytes()
        place = whole.index(result_of(0).curves.tobytes())
        damaged.write_bytes(whole[:place] + b"?" + whole[place + 1 :])
        for _ in range(2):
            store = reopened(tmp_path)
            assert store.load(run_of(0)) is not None
            store.close()
        damaged.write_bytes(whole)


def test_a_look_at_the_plan_changes_nothing_on_disk(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    store = RunStore(tmp_path)
    store.refresh(mend=False)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.zip"]


def test_damage_set_aside_twice_keeps_both(tmp_path: Path) -> None:
    for _ in range(2):
        (tmp_path / "broken.zip").write_bytes(b"no zip")
        reopened(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "broken.1.damaged",
        "broken.damaged",
    ]


def test_a_free_name_is_found_among_those_that_are_taken(tmp_path: Path) -> None:
    """The first was thrown away since: the second must not be written over."""
    (tmp_path / "broken.1.damaged").write_bytes(b"kept since last time")
    (tmp_path / "broken.damaged").write_bytes(b"kept, too")
    (tmp_path / "broken.damaged").unlink()
    notes: list[str] = []
    for content in (b"one", b"two"):
        (tmp_path / "broken.zip").write_bytes(content)
        reopened(tmp_path, notes)
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {
        "broken.1.damaged": b"kept since last time",
        "broken.damaged": b"one",
        "broken.2.damaged": b"two",
    }
    assert "kept as broken.2.damaged, its runs are trained again" in notes[1]


def test_what_cannot_be_set_aside_is_not_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure: OSError = PermissionError(13, "Permission denied")

    def rename(self: Path, target: Path) -> Path:
        raise failure

    (tmp_path / "broken.zip").write_bytes(b"no zip")
    monkeypatch.setattr(Path, "rename", rename)
    notes: list[str] = []
    reopened(tmp_path, notes)
    assert "cannot be set aside (Permission denied), its runs are trained again" in notes[0]
    assert "kept as" not in notes[0]
    failure = FileNotFoundError(2, "No such file or directory")
    reopened(tmp_path, notes)  # another process was quicker, and says so itself
    assert len(notes) == 1


def test_a_run_whose_segment_is_gone_is_not_called_damaged(tmp_path: Path) -> None:
    RunStore(tmp_path).keep([result_of(0)])
    notes: list[str] = []
    store = reopened(tmp_path, notes)
    (path,) = tmp_path.glob("*.zip")
    path.rename(path.with_suffix(".damaged"))
    assert store.load(run_of(0)) is None
    assert notes == [f"stored run {run_of(0).id} in {path} is gone; it is trained again"]


def test_a_segment_that_another_process_wrote_anew_is_read_anew(tmp_path: Path) -> None:
    """Of the same runs, so of the same name, but with other lengths: nothing in it is damaged."""
    results = [result_of(seed) for seed in range(3)]
    RunStore(tmp_path).keep(results)
    notes: list[str] = []
    store = reopened(tmp_path, notes)
    assert store.load(results[0].run) is not None
    slower = [replace(r, outcome=r.outcome | {"seconds": 0.123456789}) for r in results]
    RunStore(tmp_path).keep(slower)
    store.close()  # as when other segments were opened meanwhile
    for result in slower:
        found = store.load(result.run)
        assert found is not None
        assert same(found, result)
    assert notes == []
    store.close()


def test_runs_are_read_in_any_order_with_few_files_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [result_of(seed) for seed in range(12)]
    for result in results:
        RunStore(tmp_path).keep([result])
    monkeypatch.setattr("nnlab.core.store._OPEN_SEGMENTS", 3)
    store = reopened(tmp_path)
    for result in [*results, *reversed(results), *results[::5]]:
        found = store.load(result.run)
        assert found is not None
        assert same(found, result)
        assert len(store._open) <= 3
    store.close()


def test_a_directory_is_read_once_however_often_its_runs_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes tables of 100,000 runs a matter of a minute."""
    results = [result_of(seed) for seed in range(4)]
    RunStore(tmp_path).keep(results)
    store = reopened(tmp_path)

    def refuse(*_: object) -> None:
        raise AssertionError("a zip's directory is parsed once")

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    for result in results * 3:
        assert store.load(result.run) is not None
    store.close()


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ({"start": -1}, "it lies outside of its file"),
        ({"size": 10**9}, "it lies outside of its file"),
        ({"start": 3}, "another run lies in its place"),
        ({"crc": 0}, "its checksum is another"),
    ],
)
def test_a_place_that_is_not_a_members_is_an_error(
    tmp_path: Path, place: dict[str, Any], why: str
) -> None:
    RunStore(tmp_path).keep([result_of(0)])
    (path,) = tmp_path.glob("*.zip")
    name = run_of(0).id
    right = read_places(path)[name]
    with path.open("rb", buffering=0) as file:
        assert len(read_member(file, name, right)) == right.size
        with pytest.raises(zipfile.BadZipFile, match=why):
            read_member(file, name, right._replace(**place))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"\x93NUMPY\x02\x00" + bytes(20), "another version of NumPy's format"),
        (b"PK\x03\x04" + bytes(20), "magic string is not correct"),
        (saved(np.array([None]), allow_pickle=True), "a kind that is never stored"),
        (saved(np.frombuffer(b"{}", np.uint8)), "an array is missing"),
    ],
)
def test_bytes_that_are_no_run_are_an_error(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        members.from_bytes(run_of(0), content)


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3).T, np.zeros((0, 4)), np.array(3)])
def test_an_array_is_read_as_numpy_reads_it(array: np.ndarray[Any, Any]) -> None:
    """Column by column, empty, without a dimension: a run may keep any as a weight."""
    result = replace(result_of(0), weights={"W": array})
    found = members.from_bytes(result.run, members.to_bytes(result)).weights["W"]
    expected = np.load(io.BytesIO(saved(array)))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found, expected)
