"""CSV files read in blocks: the same table whatever the size, little memory for a large file."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnlab.core.data import csv_file, tables
from nnlab.core.data.csv_file import find_layout
from nnlab.core.data.tables import read_table
from nnlab.core.errors import DataError
from tests.csv_files import load, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.csv"


FAULTS_AT_THE_END = {
    "digits": ("1,2,3,4,5,6,7,8,9,0,1,2,3\n", "oops,2,3,4,5,6,7,8,9,0,1,2,3\n", "'oops'"),
    "texts": ("red,blue green,dark yellow,0\n", "red,,yellow,0\n", "the value is missing"),
    "quotes": ('"red","blue, green","a ""b""",0\n', '"red","x","x",\n', "the value is missing"),
    "short row": ("1.25000001,2.5000000002,red,0\n", "1.25,2.5,red\n", "has 3 values"),
    "long texts": (f"{'x' * 5000},1,2,3\n", "x,1,2,\n", "the value is missing"),
    "wide": (",".join(["0"] * 500) + "\n", ",".join(["0"] * 499) + ",\n", "the value is missing"),
}
# VmHWM, not getrusage: that counts what the parent took before it forked, too.
READER = """
import sys
from pathlib import Path
from nnlab.core.data import load_dataset
from nnlab.core.errors import DataError
from nnlab.core.spec.dataset import DatasetSpec
try:
    load_dataset(DatasetSpec(csv=Path(sys.argv[1]), target="c0"), None)
except DataError as error:
    print(error)
status = Path("/proc/self/status").read_text()
print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.machine
@pytest.mark.parametrize("name", FAULTS_AT_THE_END)
def test_a_hundred_megabytes_with_a_fault_at_the_end_take_little_memory(
    file: Path, name: str
) -> None:
    """In a process of its own, everything that Python and polars take for themselves included."""
    row, last, message = FAULTS_AT_THE_END[name]
    columns = len(next(csv.reader([row])))
    with file.open("w") as stream:
        stream.write(",".join(f"c{i}" for i in range(columns)) + "\n")
        for _ in range(100 * 2**20 // len(row) // 1000):
            stream.write(row * 1000)
        stream.write(last)
    done = subprocess.run(
        [sys.executable, "-c", READER, str(file)], capture_output=True, text=True, check=True
    )
    told, kilobytes = done.stdout.splitlines()
    assert message in told
    assert int(kilobytes) < 300 * 1024


@given(
    cells=st.lists(
        st.tuples(st.text('ab,;"\n\r é', max_size=5), st.floats(-10, 10)), min_size=1, max_size=12
    ),
    size=st.integers(1, 60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_table_is_the_same_in_blocks_of_any_size(
    file: Path, cells: list[tuple[str, float]], size: int
) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["label", "number"])
        writer.writerows([f"x{text}y", repr(number)] for text, number in cells)
    whole = read_table(find_layout(file))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "_ROWS_BYTES", size)
        pieces = read_table(find_layout(file))
    for one, other in zip(whole, pieces, strict=True):
        assert (one.name, one.categories) == (other.name, other.categories)
        np.testing.assert_array_equal(one.values, other.values)


def test_a_fault_at_the_end_of_many_blocks_costs_one_of_them(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's slow reader sees the last block, not the file: that is what bounds the time."""
    monkeypatch.setattr(csv_file, "_ROWS_BYTES", 1000)
    seen: list[int] = []
    records = csv_file.Block.records

    def counted(self: csv_file.Block) -> Any:
        seen.append(len(self.content))
        return records(self)

    monkeypatch.setattr(csv_file.Block, "records", counted)
    write(file, "a,y\n" + "1.5,2.5\n" * 10_000 + "oops,1\n")
    with pytest.raises(DataError, match="line 10002, column 'a': 'oops' is not a number"):
        load(file)
    assert sum(seen) <= 3 * 1000  # the first, for a sample of its rows, and the last


def test_a_byte_order_mark_is_part_of_the_value_that_begins_a_block(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "_ROWS_BYTES", 1)  # a row a block
    write(file, "a,y\n\ufeffu,1\nu,2\n\ufeffu,3\n")
    assert load(file).features == ("a=u", r"a=\ufeffu")


def test_a_column_that_turns_to_text_in_a_later_block(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "_ROWS_BYTES", 100)
    texts = ["1"] * 150 + ["one"] * 160
    write(file, "a,y\n" + "".join(f"{text},{i % 2}\n" for i, text in enumerate(texts)))
    assert load(file).features == ("a=1", "a=one")
    write(file, "a,y\n" + "".join(f"{text},{i % 2}\n" for i, text in enumerate(texts[:299])))
    with pytest.raises(DataError, match=r"line 152, column 'a': 'one' is not a number, though"):
        load(file)


def test_a_column_of_text_is_no_search_for_faults(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which takes a pass of Python's own reader; only a text among numbers is worth it."""
    monkeypatch.setattr(tables, "fault_in", mock.Mock(side_effect=AssertionError))
    write(file, "x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(50)))
    assert [column.name for column in tables.read_table(find_layout(file))] == ["x", "y"]
