"""Columns of a CSV file that are left out: not looked at, and nothing else is lost."""

from pathlib import Path

import pytest

from nnlab.core.data import csv_file, tables
from nnlab.core.errors import DataError
from tests.csv_files import load, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.csv"


HOUSES = "id,rooms,note,y\n" + "".join(
    f"h{i},{i % 5},{'' if i % 2 else i},{i}\n" for i in range(80)
)
"""Eighty different texts, and a column with holes: neither is of any use."""


def test_a_column_that_is_left_out_is_not_looked_at(file: Path) -> None:
    write(file, HOUSES)
    loaded = load(file, leave_out=("id", "note"))
    assert loaded.features == ("rooms",)
    assert loaded.X[:6, 0].tolist() == [0, 1, 2, 3, 4, 0]
    assert loaded.y[:3].tolist() == [[0], [1], [2]]
    with pytest.raises(DataError, match="column 'note': the value is missing"):
        load(file, leave_out=("id",))
    with pytest.raises(DataError, match=r"'id' is text with 80 different .* under 'leave_out'"):
        load(file, leave_out=("note",))


def test_a_row_of_nothing_but_what_is_left_out_lacks_its_values(file: Path) -> None:
    with pytest.raises(DataError, match="line 4, column 'x': the value is missing"):
        load(write(file, "id,x,y\na,1,2\nb,3,4\nc,,\n"), leave_out=("id",))


@pytest.mark.parametrize(
    ("leave_out", "message"),
    [
        (("romms",), "no column 'romms' to leave out; did you mean 'rooms'"),
        (("note", "y"), "'y' is to be predicted and left out, too"),
        (("id", "rooms", "note"), "every column but the target is left out"),
    ],
)
def test_what_cannot_be_left_out(file: Path, leave_out: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(write(file, HOUSES), leave_out=leave_out)


def test_a_large_file_is_read_without_what_is_left_out(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_KEPT_UNSEEN", 100)
    monkeypatch.setattr(csv_file, "_ROWS_BYTES", 64)
    assert load(write(file, HOUSES), leave_out=("id", "note")).features == ("rooms",)
