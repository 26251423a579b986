"""CSV files: what is read, by which rules, and every way in which a file can be wrong."""

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnlab.core.data import csv_file, inputs, tables
from nnlab.core.data.csv_file import find_layout
from nnlab.core.data.tables import read_table
from nnlab.core.errors import DataError
from tests.csv_files import load, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.csv"


def rows(*values: Any) -> str:
    """A file of one feature, the row's number, and the given targets."""
    return "x,y\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values))


def test_numbers_and_text(file: Path) -> None:
    write(file, "size,colour,y\n1.5,red,dog\n-2e3,blue,cat\n.5,red,cat\n7,red,dog\n")
    data = load(file)
    assert data.name == "some.csv"
    assert data.features == ("size", "colour=blue", "colour=red")
    np.testing.assert_array_equal(data.X, [[1.5, 0, 1], [-2000, 1, 0], [0.5, 0, 1], [7, 0, 1]])
    assert (data.task, data.classes) == ("classification", ("cat", "dog"))
    np.testing.assert_array_equal(data.y, [1, 0, 0, 1])


@pytest.mark.parametrize(
    "content",
    [
        "a,y\n1,0.5\n2,0.25\n",
        "\ufeffa,y\n1,0.5\n2,0.25\n",
        "a;y\n1;0.5\n2;0.25\n",
        "a\ty\n1\t0.5\n2\t0.25\n",
        "a,y\r\n1,0.5\r\n2,0.25\r\n",
        "a,y\r1,0.5\r2,0.25",
        "a,y\n1,0.5\n2,0.25",
        "a , y\n 1 ,0.5 \n\n   \n,\n 2, 0.25\n\n",
        '"a","y"\n"1","0.5"\n"2","0.25"\n',
        "a,y\n+1.0,5e-1\n2.,25E-2\n",
    ],
)
def test_ways_to_write_the_same(file: Path, content: str) -> None:
    data = load(write(file, content), loss="mse")
    np.testing.assert_array_equal(data.X, [[1], [2]])
    np.testing.assert_array_equal(data.y, [[0.5], [0.25]])
    assert data.features == ("a",)


def test_separators_within_quotes_do_not_count(file: Path) -> None:
    write(file, '"a,b,c";"line\nbreak";y\n1;"x;""q""\ny";0\n2;z;1\n3;z;0\n4;z;1\n')
    data = load(file)
    assert data.features == ("a,b,c", 'line\\nbreak=x;"q"\\ny', "line\\nbreak=z")
    np.testing.assert_array_equal(data.y, [0, 1, 0, 1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    X=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    ),
    separator=st.sampled_from(",;\t"),
    names=st.lists(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=5),
        min_size=7,
        max_size=7,
        unique=True,
    ),
)
def test_what_is_written_reads_back_bit_for_bit(
    file: Path, X: np.ndarray[Any, Any], separator: str, names: list[str]
) -> None:
    width = X.shape[1] + 1
    y = np.arange(len(X)) + 0.5
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow(names[:width])
        writer.writerows([*map(repr, map(float, row)), repr(float(t))] for row, t in zip(X, y))  # noqa: B905
    data = load(file, names[width - 1], "mse")
    assert data.X.tobytes() == X.tobytes()
    assert data.y.tobytes() == y.tobytes()
    assert data.features == tuple(names[: width - 1])


@given(
    texts=st.lists(
        st.text("ab,;\t\"' é\n1", min_size=1, max_size=4)
        .map(str.strip)
        .filter(lambda text: text and not text.isdigit()),
        min_size=2,
        max_size=12,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_text_reads_back(file: Path, texts: list[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["label", "number"])
        writer.writerows([text, 1] for text in texts)
    label, number = read_table(find_layout(file))
    assert [label.categories[int(code)] for code in label.values] == texts
    assert list(label.categories) == sorted(set(texts))
    assert number.values.tolist() == [1.0] * len(texts)


@pytest.mark.parametrize(
    ("values", "loss", "classes"),
    [
        (("b", "a", "b", "a"), None, ("a", "b")),
        (("b", "a", "b", "a"), "mse", ("a", "b")),
        (("b", "a", "b", "a"), "cross_entropy", ("a", "b")),
        ((10, 9, 10, 9), None, ("9", "10")),
        (("1", "1.0", "2", "02"), None, ("1", "2")),
        ((10, 9, 10, 9), "mse", ()),
        ((0.5, 1.5, 0.5, 1.5), None, ()),
        ((0.5, 1.5, 0.5, 1.5), "binary_cross_entropy", ("0.5", "1.5")),
        ((1, 2, 3, 3), None, ()),
        (tuple(range(20)) * 2, None, tuple(map(str, range(20)))),
        (tuple(range(21)) * 2, None, ()),
        (tuple(range(21)) * 2, "cross_entropy", tuple(map(str, range(21)))),
    ],
)
def test_when_a_target_is_a_class(file: Path, values: Any, loss: str, classes: Any) -> None:
    data = load(write(file, rows(*values)), loss=loss)
    assert data.classes == classes
    if classes:
        assert data.task == "classification"
        assert [data.classes[code] for code in data.y] == [
            value if isinstance(value, str) and not classes[0].isdigit() else f"{float(value):g}"
            for value in values
        ]
    else:
        assert data.task == "regression"
        np.testing.assert_array_equal(data.y[:, 0], values)


def test_a_column_that_turns_to_text_late(file: Path) -> None:
    """The first hundred rows guess its type; a text after them must not be lost."""
    texts = ["1"] * 150 + ["one"] * 160
    write(file, "a,y\n" + "".join(f"{text},{i % 2}\n" for i, text in enumerate(texts)))
    assert load(file).features == ("a=1", "a=one")


def test_constant_columns_are_fine(file: Path) -> None:
    data = load(write(file, "a,b,y\n1,u,0\n1,u,1\n1,u,0\n1,u,1\n"))
    np.testing.assert_array_equal(data.X, np.ones((4, 2)))


def test_control_characters_in_names_are_escaped(file: Path) -> None:
    data = load(write(file, "a\x1b[31m,y\n1,p\x07\n2,q\n3,p\x07\n4,q\n"))
    assert data.features == ("a\\x1b[31m",)
    assert data.classes == ("p\\x07", "q")


CELL = "line {}, column '{}': "
MISSING = "; fill it in or leave the row out"

BAD: dict[str, tuple[str | bytes, str]] = {
    "empty": (b"", "the file is empty$"),
    "blank": ("\n\n", "line 1: is blank; the first line names the columns"),
    "blank first": ("\na,y\n1,2\n", "line 1: is blank"),
    "no rows": ("a,y\n", "there is a header but no row below it"),
    "blank rows": ("a,y\n\n,\n", "there is a header but no row below it"),
    "one column": ("y\n1\n", "line 1: the header has a single column, 'y'; at least one feature"),
    "no name": ("a,,y\n1,2,3\n", "line 1: column 2 has no name"),
    "double": ("a,y, a\n1,2,3\n", "line 1: column names given twice: a$"),
    "header quote": ('a,"y\n1,2\n', r"line 1: the header cannot be read \(unexpected end"),
    "empty value": ("a,y\n1,2\n,3\n", CELL.format(3, "a") + "the value is missing" + MISSING),
    "empty text": ('a,y\nu,2\n"",3\n', CELL.format(3, "a") + "the value is missing"),
    "last": ("a,y\n1,2\n3,\n", CELL.format(3, "y") + "the value is missing"),
    "NA": ("a,y\n1,2\n\n2,NA\n", CELL.format(4, "y") + "'NA' stands for a missing value" + MISSING),
    "nan": ("a,y\n1,2\nNaN,2\n", CELL.format(3, "a") + "'NaN' stands for a missing value"),
    "?": ("a,y\nu,2\n?,2\n", CELL.format(3, "a") + r"'\?' stands for a missing value"),
    "infinite": ("a,y\n1,2\n2,-inf\n", CELL.format(3, "y") + "'-inf' is not a finite number"),
    "overflow": ("a,y\n1,2\n2,1e999\n", CELL.format(3, "y") + "'1e999' is not a finite number"),
    "stray": (
        "a,y\n1,2\n2,2\n3o,1\n",
        CELL.format(4, "a") + "'3o' is not a number, though most values of the column are",
    ),
    "mark below the header": (
        "a,y\n\ufeff1,2\n2,2\n3,1\n",
        CELL.format(2, "a") + r"'\\ufeff1' is not a number, though most",
    ),
    "nothing but a mark": ("a,y\n\ufeff,\n", CELL.format(2, "y") + "the value is missing"),
    "after a line break": ('a,y\n"u\nv",1\nw,2\nw,\n', CELL.format(5, "y") + "the value is"),
    "late": ("a,y\n" + "1,2\n" * 150 + "2,x\n", CELL.format(152, "y") + "'x' is not a number"),
    "late gap": ("a,y\n" + "1,2\n" * 150 + ",1\n", CELL.format(152, "a") + "the value is missing"),
    "long row": ("a,y\n1,2\n1,2,3\n", "line 3: has 3 values where the header has 2 columns"),
    "short row": ("a,b,y\n1,2,3\n1,2\n", "line 3: has 2 values where the header has 3 columns"),
    "late short": ("a,y\n" + "1,2\n" * 150 + "1\n", "line 152: has 1 values"),
    "late long": ("a,y\n" + "1,2\n" * 150 + "1,2,3\n", "line 152: has 3 values"),
    "open quote": ('a,y\n1,2\n1,"u\n', r"line 3: cannot be read as CSV \(unexpected end of data\)"),
    "quote": ('a,y\n"u"v,2\n', r"line 2: cannot .* \(',' expected after '\"'\); check the quot"),
    "lone quote": ('a,y\nu"v,2\nw,3\n', "a value with a quotation mark in it must stand in"),
    "line ends": ("a,y\n1,2\r3,4\n", "and all lines must end alike"),
    "long text": (f"a,y\n1,{'u' * 140_000}\n", "line 2: cannot .*field larger than field limit"),
    "long line": (f"a,y\n{'u' * 2_200_000}\n", "line 2: is longer than 1,048,576 bytes"),
    "NUL": (b"a,y\n1,2\n1,\0\n", "line 3: holds a NUL byte; this is not a text file"),
    "Latin-1": ("a,y\n1,é\n".encode("latin-1"), "line 2: is not UTF-8 text; save the file as"),
    "cut UTF-8": ("a,y\n1,é".encode()[:-1], "line 2: is not UTF-8 text"),
    "UTF-16": ("a,y\n1,2\n".encode("utf-16"), "is not a CSV file but text in UTF-16"),
    "Excel": (b"PK\x03\x04", "is not a CSV file but a ZIP archive"),
    "gzip": (b"\x1f\x8b\x08", "is not a CSV file but compressed with gzip"),
    "Parquet": (b"PAR1", "is not a CSV file but a Parquet file"),
    "NumPy": (b"\x93NUMPY", "is not a CSV file but a NumPy array"),
    "decimal comma": (
        "a;y\n1,5;2\n2,5;3\n",
        "line 2: column 'a' writes its numbers with a decimal comma",
    ),
    "names": (
        rows(1, 2) + "".join(f"id{i},{i}\n" for i in range(51)),
        "column 'x' is text with 53 different values, and at most 50 are turned into features",
    ),
    "one row": (rows(1), "one example is not enough; at least 2 are needed"),
    "constant": (rows(3, 3.0), "the target 'y' is '3' in every row: there is nothing to learn"),
    "one class": (rows("u", "u"), "the target 'y' is 'u' in every row"),
    "one each": (
        rows("u", "v", "w", "z"),
        "the target 'y' has 4 different values in 4 rows, too many for classes .*; if it names",
    ),
    "other target": ("a,goal\n1,2\n", r"has no column 'y' to predict\. Columns: a, goal$"),
    "near target": ("a,yy\n1,2\n", "has no column 'y' to predict; did you mean 'yy'"),
    "many columns": (
        ",".join(f"c{i}" for i in range(10_001)) + "\n",
        "has 10,001 columns, more than the 10,000 that are read",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_says_what_is_wrong_with_it(file: Path, name: str) -> None:
    content, message = BAD[name]
    with pytest.raises(DataError, match=message) as caught:
        load(write(file, content))
    assert str(caught.value).startswith(str(file))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("size", [1, 7, 64])
@pytest.mark.parametrize("name", BAD)
def test_blocks_of_any_size_tell_the_same(
    file: Path, name: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault is found in its block of rows, and told with its line in the whole file."""
    content, message = BAD[name]
    monkeypatch.setattr(csv_file, "_ROWS_BYTES", size)
    if len(content) > 10_000 and size < 64:
        return  # a byte at a time would take minutes
    with pytest.raises(DataError) as caught:
        load(write(file, content))
    # a quotation mark that is never closed ends with its block or with the file
    if "quote" not in name:
        caught.match(message)


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_looked_through_first_tells_the_same(
    file: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, message = BAD[name]
    monkeypatch.setattr(tables, "_KEPT_UNSEEN", 0)
    with pytest.raises(DataError, match=message):
        load(write(file, content))


def test_a_file_that_is_looked_through_first_is_read_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["1"] * 150 + ["one"] * 160
    write(file, "a,b,y\n" + "".join(f"{text},0.{i},{i % 2}\n" for i, text in enumerate(texts)))
    once = load(file)
    monkeypatch.setattr(tables, "_KEPT_UNSEEN", 0)
    monkeypatch.setattr(csv_file, "_ROWS_BYTES", 500)
    twice = load(file)
    assert once.features == twice.features == ("a=1", "a=one", "b")
    np.testing.assert_array_equal(once.X, twice.X)
    np.testing.assert_array_equal(once.y, twice.y)


def test_several_faults_are_told_at_once(file: Path) -> None:
    write(file, "a,b,y\n1,2,0\n,2,1\n1,2,1\n3,NA,\n1,2,1\n")
    with pytest.raises(DataError) as caught:
        load(file)
    assert str(caught.value) == (
        f"{file}, line 3, column 'a': the value is missing; fill it in or leave the row out; "
        "further faults: line 5, column 'b'; line 5, column 'y'"
    )
    write(file, "a,b,y\n1,2,0\n1,2\n1,2,1,3\n")
    with pytest.raises(DataError, match=r"line 3: has 2 values .*; further faults: line 4$"):
        load(file)
    write(file, "a,b,y\n" + "1,2,0\n" * 200 + "1,,0\n1,2\n")
    with pytest.raises(DataError, match=r"line 202, column 'b': .*; further faults: line 203$"):
        load(file)
    write(file, "a,y\n1,2\n2,2\n3o,1\n4,1\ninf,1\n5,2\n4o,2\n")
    with pytest.raises(DataError, match=r"line 4, column 'a': '3o' is not a number, though .*; "
                       r"further faults: line 8, column 'a'$"):  # fmt: skip
        load(file)


def test_ten_faults_are_enough(file: Path) -> None:
    write(file, "a,y\n" + "1,2\n" * 3 + ",2\n" * 30)
    with pytest.raises(DataError) as caught:
        load(file)
    lines = [f"line {line}" for line in range(5, 15)]
    assert [part for part in lines if part in str(caught.value)] == lines
    assert "line 15" not in str(caught.value)


def test_numbers_with_a_loss_for_classes(file: Path) -> None:
    with pytest.raises(DataError, match=r"too many for classes .*; use 'loss: mse' to predict it"):
        load(write(file, rows(0.5, 1.5, 2.5)), loss="cross_entropy")


def test_thousands_of_classes(file: Path) -> None:
    write(file, rows(*(f"u{i // 2}" for i in range(2002))))
    with pytest.raises(DataError, match="has 1,001 different values in 2,002 rows, too many"):
        load(file)


def test_limits_on_what_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, "a,b,y\n" + "1,u,0\n2,v,1\n" * 4)
    monkeypatch.setattr("nnlab.core.data.encoding.MAX_VALUES", 23)
    with pytest.raises(DataError, match=r"8 rows of 3 features .* more than the 23 values"):
        load(file)
    monkeypatch.setattr(csv_file, "MAX_ROWS", 7)
    with pytest.raises(DataError, match="has 9 lines of 3 columns, and at most 7 lines and"):
        load(file)
    monkeypatch.setattr(inputs, "MAX_BYTES", 50)
    with pytest.raises(DataError, match="the file has 54 bytes, more than the 50 that are read"):
        load(file)


def test_paths_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "iris.csv", "a,y\n1,2\n")
    with pytest.raises(DataError, match=r"there is no such file; did you mean 'iris.csv'\?$"):
        load(tmp_path / "irs.csv")
    with pytest.raises(DataError, match=r"nowhere/x: there is no such file$"):
        load(tmp_path / "nowhere" / "x")
    with pytest.raises(DataError, match="is a folder; name the CSV file in it"):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is not a regular file but a device, pipe or socket"):
        load(tmp_path / "pipe")
    with pytest.raises(DataError, match="cannot be opened: file name too long"):
        load(tmp_path / ("x" * 300))
    with pytest.raises(DataError, match=r"\\x00y: cannot be opened: embedded null"):
        find_layout(Path("x\0y"))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"iris.csv: cannot be opened: permission denied"):
        load(tmp_path / "iris.csv")


@given(content=st.binary(max_size=80) | st.text('a,;\t\n\r" 1.é', max_size=40).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_no_bytes_make_anything_but_a_table_or_a_data_error(file: Path, content: bytes) -> None:
    file.write_bytes(b"a,b\n" + content)
    try:
        columns = read_table(find_layout(file))
    except DataError as error:
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert len({len(column.values) for column in columns}) == 1
        assert all(np.isfinite(column.values).all() for column in columns)
