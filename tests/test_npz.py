"""NPZ files: what is read, what is refused, and that nothing in them is run or unpacked blindly."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnlab.core.data import Dataset, archives, load_dataset
from nnlab.core.errors import DataError
from nnlab.core.spec.dataset import DatasetSpec

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 0, 1])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.npz"


def load(file: Path, loss: str | None = None, **arrays: Any) -> Dataset:
    if arrays:
        np.savez(file, **arrays)
    return load_dataset(DatasetSpec(npz=file), loss)


def test_numbers_and_classes(file: Path) -> None:
    data = load(file, X=X, y=Y, other=np.zeros(3))
    assert data.name == "some.npz"
    assert data.features == ("x1", "x2")
    assert data.classes == ("0", "1")
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.y, Y)


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", ">f8", "g"])
def test_kinds_of_numbers(file: Path, dtype: str) -> None:
    array = np.asfortranarray((X % 2).astype(dtype))
    data = load(file, X=array, y=Y.astype(dtype))
    assert data.X.dtype == np.float64
    np.testing.assert_array_equal(data.X, X % 2)
    assert data.classes == ("0", "1")


def test_compressed_archives_and_text_labels(file: Path) -> None:
    np.savez_compressed(file, X=X, y=np.array(["b", "a ", "b", "é\x1b", "a", "é\x1b"]))
    data = load(file)
    assert data.classes == ("a", "b", "é\\x1b")
    np.testing.assert_array_equal(data.y, [1, 0, 1, 2, 0, 2])


@pytest.mark.parametrize("order", "<>")
def test_text_that_is_not_unicode(file: Path, order: str) -> None:
    """NumPy keeps four bytes a character, any bytes; Python ends in a SystemError for some."""
    good = np.array(["a", "b"] * 3, f"{order}U1")
    np.testing.assert_array_equal(load(file, X=X, y=good).y, [0, 1] * 3)
    bad = np.frombuffer(good.tobytes()[:-4] + b"\xff\xff\xff\xff", f"{order}U1")
    with pytest.raises(DataError, match="is damaged: 'y' holds text that is not Unicode"):
        load(file, X=X, y=bad)


def test_targets_that_are_numbers(file: Path) -> None:
    assert load(file, "mse", X=X, y=Y).task == "regression"
    np.testing.assert_array_equal(load(file, X=X, y=Y / 2).y, Y[:, None] / 2)
    assert load(file, X=X, y=Y[:, None]).task == "classification"
    two = np.arange(12.0).reshape(6, 2)
    np.testing.assert_array_equal(load(file, X=X, y=two).y, two)


def nan_at(array: Any, *index: int, value: float = np.nan) -> Any:
    changed = np.array(array, dtype=np.float64)
    changed[index] = value
    return changed


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no y": ({"X": X, "Y": Y}, "has no array 'y'; it needs 'X' and 'y' and has X, Y$"),
    "names": ({"a\x1b": X}, r"has no array 'X'; it needs 'X' and 'y' and has a\\x1b$"),
    "1-D": ({"X": X[:, 0], "y": Y}, r"'X' has shape \(6,\); it needs one row an example and"),
    "images": ({"X": np.zeros((6, 2, 2)), "y": Y}, r"\(6, 2, 2\).* as X.reshape\(len\(X\), -1\)"),
    "number": ({"X": X, "y": np.array(3)}, r"'y' has shape \(\); it needs one value an example"),
    "lengths": ({"X": X, "y": Y[:5]}, "'X' has 6 rows, but 'y' has 5$"),
    "no rows": ({"X": X[:0], "y": Y[:0]}, r"is empty: 'X' has shape \(0, 2\), 'y' has shape \(0,"),
    "no columns": ({"X": X[:, :0], "y": Y}, r"is empty: 'X' has shape \(6, 0\)"),
    "one row": ({"X": X[:1], "y": Y[:1]}, "one example is not enough; at least 2 are needed"),
    "one row of two": ({"X": X[:1], "y": X[:1]}, "one example is not enough"),
    "nan": ({"X": nan_at(X, 4, 1), "y": Y}, r"X\[4, 1\] is nan; every value must be a finite"),
    "infinite": ({"X": X, "y": nan_at(Y, 2, value=-np.inf)}, r"y\[2\] is -inf; every value"),
    "overflow": ({"X": X, "y": np.array([np.finfo("g").max] * 6)}, r"y\[0\] is inf"),
    "objects": ({"X": X.astype(object), "y": Y}, "'X' holds Python objects, .*unpickled and could"),
    "object y": ({"X": X, "y": np.array([None] * 6)}, "'y' holds Python objects"),
    "hidden": ({"X": np.zeros(6, "i4,O"), "y": Y}, "'X' holds Python objects"),
    "text": ({"X": X.astype(str), "y": Y}, "'X' holds text; save it as an array of numbers$"),
    "bytes": ({"X": X, "y": Y.astype("S1")}, "'y' holds bytes; save it as an array of numbers or "),
    "complex": ({"X": X + 1j, "y": Y}, "'X' holds complex numbers"),
    "dates": ({"X": X.astype("M8[s]"), "y": Y}, "'X' holds dates"),
    "durations": ({"X": X.astype("m8[s]"), "y": Y}, "'X' holds time differences"),
    "records": ({"X": np.zeros(6, "i4,f8"), "y": Y}, "'X' holds records"),
    "text rows": ({"X": X, "y": X.astype(str)}, r"'y' is text of shape \(6, 2\); it needs one"),
    "empty text": ({"X": X, "y": np.array(list("ab  ab"))}, r"y\[2\] is an empty text; every row"),
    "constant": ({"X": X, "y": Y * 0 + 2.5}, "the target 'y' is '2.5' in every row"),
    "constant of two": (
        {"X": X, "y": np.stack([Y, Y * 0 + 3], axis=1)},
        r"number 1 of the target \(counting from 0\) is 3 in every row",
    ),
    "columns": ({"X": np.zeros((2, 10_001), "?"), "y": Y[:2]}, r"too large with the shape \(2, 10"),
    "rows": (
        {"X": np.zeros((2**22 + 1, 1), "?"), "y": Y},
        "at most 4,194,304 rows, 10,000 columns",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_says_what_is_wrong_with_it(file: Path, name: str) -> None:
    arrays, message = BAD[name]
    with pytest.raises(DataError, match=message) as caught:
        load(file, **arrays)
    assert str(caught.value).startswith(str(file))
    assert str(caught.value).isprintable()


def test_several_targets_with_a_loss_for_classes(file: Path) -> None:
    message = "the target has 2 numbers an example; 'cross_entropy' needs one class each"
    with pytest.raises(DataError, match=message):
        load(file, "cross_entropy", X=X, y=X)


def test_other_files(file: Path, tmp_path: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, X)
    with pytest.raises(DataError, match=r"is a single array, not an NPZ file; save both with np.s"):
        load(file)
    file.write_text("a,y\n1,2\n")
    with pytest.raises(DataError, match=r"is not an NPZ file$"):
        load(file)
    file.write_bytes(b"")
    with pytest.raises(DataError, match="the file is empty"):
        load(file)
    with pytest.raises(DataError, match="is a folder; name the NPZ file in it"):
        load(tmp_path)
    with zipfile.ZipFile(file, "w"):
        pass
    with pytest.raises(DataError, match="has no array 'X'; it needs 'X' and 'y' and has nothing"):
        load(file)


def header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header("(1000000, 1000000)"), r"too large with the shape \(1000000, 1000000\)"),
        (header("(4194304, 17)", "?"), "67,108,864 values are read"),
        (header("(5000000, 5)", ">f4"), "at most 4,194,304 rows"),
        (header(f"({'9' * 4000},)"), r"too large with the shape \(9999999"),
        (header("(6, 2)") + bytes(95), r"'X' has the shape \(6, 2\) of 96 bytes, but holds 95"),
        (header("(-3, -4)") + bytes(96), "is damaged and cannot be read"),
        (header("(6, 2)")[:30], "is damaged and cannot be read"),
        (header("(6, 2), 'more': 1") + bytes(96), "is damaged and cannot be read"),
        (header("((6, 2)") + bytes(96), "is damaged and cannot be read"),
        (b"no array", "is damaged and cannot be read: the magic string is not correct"),
    ],
)
def test_a_header_that_lies_is_found_before_anything_is_unpacked(
    file: Path, content: bytes, message: str
) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", content)
        archive.writestr("y.npy", content)
    with pytest.raises(DataError, match=message):
        load(file)


def test_texts_of_gigabytes_are_not_unpacked(file: Path) -> None:
    arrays = io.BytesIO()
    np.save(arrays, X)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", arrays.getvalue())
        archive.writestr("y.npy", header("(6,)", "<U100000000"))
    with pytest.raises(DataError, match=r"'y' is too large with the shape \(6,\)"):
        load(file)


def test_a_flipped_bit_is_found_by_the_checksum(file: Path) -> None:
    np.savez(file, X=X, y=Y)
    content = bytearray(file.read_bytes())
    position = content.index(np.float64(7).tobytes())
    content[position] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataError, match="is damaged and cannot be read: Bad CRC-32"):
        load(file)


def test_the_member_that_was_checked_is_the_one_that_is_read(file: Path) -> None:
    """`X` beside `X.npy` could pass the check with one and smuggle in the other."""
    arrays = io.BytesIO()
    np.save(arrays, X)
    objects = io.BytesIO()
    np.save(objects, np.array([print] * 6, dtype=object), allow_pickle=True)
    labels = io.BytesIO()
    np.save(labels, Y)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", arrays.getvalue())
        archive.writestr("X", objects.getvalue())
        archive.writestr("y.npy", labels.getvalue())
    np.testing.assert_array_equal(load(file).X, X)


def test_old_headers_are_read_without_a_remark(file: Path) -> None:
    """Python 2 wrote `6L`; NumPy reads it with a warning, which would be noise here."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", header("(6L, 2L)") + X.tobytes())
        archive.writestr("y.npy", header("(6L,)", "<i8") + Y.astype("<i8").tobytes())
    np.testing.assert_array_equal(load(file).X, X)


def archive_bytes() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, X=X, y=Y)
    return stream.getvalue()


@given(
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, 2000),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_no_damage_makes_anything_but_a_data_error(
    file: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(archive_bytes())
    for position, value in changes:
        content[position % len(content)] = value
    file.write_bytes(content[: cut or None])
    try:
        features, target = archives.read_npz(file, None)
    except DataError as error:
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert len(features) == len(target.y)


def test_zlib_errors_do_not_escape(file: Path) -> None:
    content = bytearray(archive_bytes())
    start = content.index(b"X.npy") + 40  # within the compressed data
    content[start : start + 20] = b"\xff" * 20
    file.write_bytes(content)
    with pytest.raises(DataError, match="is damaged and cannot be read"):
        load(file)
