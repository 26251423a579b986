"""Tables that fit the width there is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from nnlab.cli.tables import Column, column, fits, lay_out, paragraph


def lines(columns: list[Column], width: int) -> list[str]:
    return [line.plain for line in lay_out(columns, width)]


def test_titles_and_cells_are_aligned() -> None:
    table = [
        column("activation", ["relu", "sigmoid"], number=False),
        column("steps", ["7", "12,000"]),
    ]
    assert lines(table, 80) == [
        "activation   steps",
        "relu             7",
        "sigmoid     12,000",
    ]


def test_titles_break_into_as_few_lines_as_the_room_allows() -> None:
    table = [column("steps to target", ["1,346"]), column("test loss", ["0.2"])]
    assert lines(table, 26) == ["steps to target  test loss", "          1,346        0.2"]
    assert lines(table, 20) == ["steps to  test", "  target  loss", "   1,346   0.2"]


def test_spare_columns_go_first_from_the_right() -> None:
    table = [
        column("name", ["relu"], number=False),
        column("a", ["1.000000"], spare=True),
        column("b", ["2.000000"]),
        column("c", ["3.000000"], spare=True),
    ]
    assert [line.split() for line in lines(table, 30)] == [
        ["name", "a", "b"],
        ["relu", "1.000000", "2.000000"],
    ]
    assert lines(table, 16) == ["name         b", "relu  2.000000"]


def test_long_texts_are_cut_and_numbers_never() -> None:
    table = [
        column("with", ["binary_cross_entropy, sigmoid"], number=False),
        column("error", ["1.23456789"]),
    ]
    assert lines(table, 24) == ["with               error", "binary_cros…  1.23456789"]
    assert lines(table, 5)[1].endswith("1.23456789")


def test_wide_characters_take_two_columns() -> None:
    table = [column("n", ["数字", "x"], number=False), column("m", ["1", "2"])]
    assert lines(table, 80) == ["n     m", "数字  1", "x     2"]


def test_cells_are_inert() -> None:
    assert lines([column("n", ["[red]\x1b[31m\n"], number=False)], 80)[1] == r"[red]\x1b[31m\n"


def test_rows_that_stand_out_are_bold() -> None:
    drawn = lay_out([column("n", ["1", "2"])], 80, bold={1})
    assert [str(line.style) for line in drawn] == ["dim", "", "bold"]


cells = st.lists(st.text("ab1., ", max_size=12), min_size=2, max_size=2)
columns = st.builds(
    column, st.text("ab ", max_size=20), cells, number=st.booleans(), spare=st.booleans()
)


@settings(max_examples=50)
@given(st.lists(columns, min_size=1, max_size=6), st.integers(10, 120))
def test_what_fits_is_neither_cut_nor_left_out(table: list[Column], width: int) -> None:
    drawn = lines(table, width)
    if fits(table, width):
        assert max(map(cell_len, drawn)) <= width
        for i in range(2):
            row = drawn[len(drawn) - 2 + i]
            assert row.replace(" ", "") == "".join(c.cells[i] for c in table).replace(" ", "")


def test_paragraphs_keep_long_words_whole() -> None:
    assert paragraph("in results/a/very/long/path there", 12, indent=2) == [
        "in",
        "  results/a/very/long/path",
        "  there",
    ]
