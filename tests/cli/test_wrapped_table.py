"""Tables that lose nothing: wrapped texts, columns below each other."""

from __future__ import annotations

import pytest
from rich.text import Text

from nnlab.cli.tables import column
from nnlab.cli.wrapped_table import table_lines, wrap_table
from nnlab.core.report.table import Table


def plain(lines: list[Text]) -> list[str]:
    return [line.plain for line in lines]


def test_a_table_with_room_is_one_line_a_row() -> None:
    columns = [column("name", ["relu", "tanh"], number=False), column("loss", ["0.1", "12"])]
    table = wrap_table(columns, 80)
    assert plain(table.lines) == ["name  loss", "relu   0.1", "tanh    12"]
    assert [len(row) for row in table.rows] == [1, 1]


def test_long_texts_are_wrapped_and_numbers_are_not() -> None:
    columns = [
        column("claim", ["it grows with every layer", "no"], number=False),
        column("estimate", ["1.25", "2"]),
    ]
    table = wrap_table(columns, 24, hang=2)
    assert plain(table.lines) == [
        "claim          estimate",
        "it grows with      1.25",
        "  every layer",
        "no                    2",
    ]
    assert [len(row) for row in table.rows] == [2, 1]


def test_the_room_goes_to_the_texts_that_want_it() -> None:
    columns = [
        column("a", ["short"], number=False),
        column("b", ["a text of many words " * 4], number=False),
    ]
    lines = plain(wrap_table(columns, 40).lines)
    assert max(map(len, lines)) <= 40
    assert lines[1].startswith("short  a text of many words a text of")


@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_no_word_of_a_table_is_lost(width: int) -> None:
    heads = tuple(f"head{i}" for i in range(9))
    rows = tuple(
        (f"row{j} of them", *(f"{j}.{i}" if i % 2 else f"word{i}{j}" for i in range(1, 9)))
        for j in range(3)
    )
    lines = plain(table_lines(Table(heads, rows, best=1), width))
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    assert set(words) >= {*heads, *(word for row in rows for cell in row for word in cell.split())}
    assert lines[-1] == "best: row1 of them"


def test_columns_without_room_stand_below_with_the_first_again() -> None:
    table = Table(("name", "first", "second"), (("relu", "1" * 12, "2" * 12),))
    assert plain(table_lines(table, 24)) == [
        "name         first",
        f"relu  {'1' * 12}",
        "",
        "name        second",
        f"relu  {'2' * 12}",
    ]
