"""`--input FILE`: what it reads, and every message about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnlab.core.errors import UsageError
from nnlab.core.questions.net_file import read_net

GOOD = {
    "x": "[1, 2]", "y": "[0.5]", "W1": "[[1, 1e-1], [1, -2], [-1, 1]]", "b1": "[-1, 1, 0]",
    "W2": "[[1, 2, -1]]", "b2": "[1]",
}  # fmt: skip


def written(folder: Path, **changes: str | None) -> Path:
    path = folder / "net.yaml"
    lines = {**GOOD, **changes}
    path.write_text("".join(f"{k}: {v}\n" for k, v in lines.items() if v is not None))
    return path


def test_reads_the_numbers(tmp_path: Path) -> None:
    net = read_net(written(tmp_path))
    assert net.sizes == (2, 3, 1)
    assert net.W1.tolist() == [[1, 0.1], [1, -2], [-1, 1]]
    assert net.y.tolist() == [0.5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"b2": None}, r"the key b2 is missing; the file needs x, y, W1, b1, W2, b2"),
        ({"x": None, "y": None}, r"the keys x, y are missing"),
        ({"w3": "[1]"}, r"unknown key 'w3'; did you mean 'W1'\?|unknown key 'w3'"),
        ({"x": "5"}, r"net.yaml:1:4: x is a list of numbers such as \[1, 2\], not 5"),
        ({"x": "[]"}, r"x is a list of numbers"),
        ({"x": "[1, two]"}, r"number 2 of x is 'two' \(text\); write a number"),
        ({"x": "[1, true]"}, r"number 2 of x is true; write a number"),
        ({"b1": "[1, .nan, 2]"}, r"number 2 of b1 is \.nan; write one within ±1e\+06"),
        ({"b1": "[1, 1e9, 2]"}, r"number 2 of b1 is 1000000000.0; write one within"),
        ({"W1": "[1, 2]"}, r"row 1 of W1 is a list of numbers such as \[1, 2\], not 1"),
        ({"W1": "7"}, r"W1 is a matrix, a list of rows such as \[\[1, 2\], \[3, 4\]\], not 7"),
        ({"W1": "[[1, 2], [3]]"}, r"row 1 has 2 numbers, row 2 has 1; give every row as many"),
        (
            {"W1": "[[1, 1, -1], [1, -2, 1]]"},
            r"W1 is 2 x 3 and x has 2 numbers: W1 is hidden units x inputs, so it needs 2 columns; "
            r"turned round it fits: write its columns as rows, 3 x 2",
        ),
        ({"x": "[1, 2, 3]"}, r"W1 is 3 x 2 and x has 3 numbers: .* so it needs 3 columns"),
        ({"b1": "[1, 2]"}, r"b1 has 2 numbers and W1 is 3 x 2: b1 needs one a row of W1, 3"),
        ({"W2": "[[1, 2]]"}, r"W2 is 1 x 2 and the net has 3 hidden units: .* 3 columns"),
        ({"W2": "[[1], [2], [3]]"}, r"W2 is 3 x 1 .* turned round it fits: .* 1 x 3"),
        ({"b2": "[1, 2]"}, r"b2 has 2 numbers and W2 is 1 x 3: b2 needs one a row of W2, 1"),
        ({"y": "[1, 2]"}, r"y has 2 numbers and b2 has 1 number: both need one an output"),
        ({"x": f"[{', '.join(['1'] * 33)}]"}, r"x has 33 numbers; at most 32"),
        ({"W1": f"[{', '.join(['[1, 2]'] * 33)}]"}, r"W1 has 33 rows; at most 32"),
        ({"x": "[1, 2"}, r"not valid YAML"),
        ({"x": "!!python/object:os.system [1]"}, r"the tag .* is not allowed"),
        ({"b2": "[1]\nx: [1]"}, r"the key 'x' is given twice"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, changes: dict[str, str | None], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        read_net(written(tmp_path, **changes))


def test_files_that_are_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text(" \n")
    with pytest.raises(UsageError, match="empty; it needs the keys x, y, W1, b1, W2, b2"):
        read_net(empty)
    with pytest.raises(UsageError, match="there is no such file"):
        read_net(tmp_path / "nowhere.yaml")
    with pytest.raises(UsageError, match="this is a folder"):
        read_net(tmp_path)
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(UsageError, match="expected lines of 'key: value', found a list"):
        read_net(tmp_path / "list.yaml")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_net(written(tmp_path, x="[a]", b1="3", b2=None))
    text = str(caught.value)
    assert "number 1 of x" in text
    assert "b1 is a list" in text
    assert "b2 is missing" in text
