"""`--where`: what it selects equals what plain Python selects; what it refuses, it points at."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.analysis.where import columns_in, unknown_column, where
from nnlab.core.analysis.where_syntax import MAX_DEPTH, RELATIONS, parse
from nnlab.core.analysis.where_tokens import MAX_LENGTH, WhereError
from nnlab.core.errors import UsageError
from nnlab.core.folder import schema_of
from nnlab.core.quantities import CURVE_COLUMNS, RUN_COLUMNS

Row = dict[str, Any]
Test = Callable[[Row], bool]

NUMBERS = ("seed", "learning_rate", "train_loss", "test_loss")
TEXTS = ("activation", "reason")
TYPES = schema_of(RUN_COLUMNS)

counts = st.integers(-3, 3)
reals = st.sampled_from([-1.5, 0.0, 0.1, 0.5, 1.0, 1e-7, 2.0, 3e8])
words = st.sampled_from(["relu", "tanh", "it's", 'so "called"', "back\\slash", ""])


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    row = st.fixed_dictionaries(
        {
            "seed": counts | st.none(),
            "learning_rate": reals | st.none() | st.just(math.nan),
            "train_loss": reals | st.none(),
            "test_loss": reals | st.none(),
            "activation": words,
            "reason": words | st.none(),
        }
    )
    return draw(st.lists(row, min_size=1, max_size=6))


def value_of(row: Row, name: str) -> Any:
    """A cell; what is not a number is missing."""
    value = row[name]
    return None if isinstance(value, float) and math.isnan(value) else value


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def written(value: Any) -> str:
    """A value as an expression has it."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return repr(value)


def relation(left: str, sign: str, right: Any, is_column: bool) -> tuple[str, Test]:
    def test(row: Row) -> bool:
        a, b = value_of(row, left), value_of(row, right) if is_column else right
        return a is not None and b is not None and COMPARE[sign](a, b)

    return f"{left} {sign} {right if is_column else written(right)}", test


numbers = st.sampled_from(NUMBERS)
texts = st.sampled_from(TEXTS)
signs = st.sampled_from(RELATIONS)
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def turned(name: str, sign: str, value: Any) -> tuple[str, Test]:
    return f"{written(value)} {TURNED[sign]} {name}", relation(name, sign, value, False)[1]


def chain(low: float, name: str, high: float) -> tuple[str, Test]:
    first, second = relation(name, ">=", low, False)[1], relation(name, "<", high, False)[1]
    text = f"{written(low)} <= {name} < {written(high)}"
    return text, lambda row: first(row) and second(row)


def presence(name: str, form: str) -> tuple[str, Test]:
    wanted = form in ("is null", "== null")
    return f"{name} {form}", lambda row: (value_of(row, name) is None) == wanted


def membership(name: str, values: list[Any], negated: bool) -> tuple[str, Test]:
    def test(row: Row) -> bool:
        cell = value_of(row, name)
        return cell is not None and (cell in values) != negated

    return f"{name} {'not ' if negated else ''}in [{', '.join(map(written, values))}]", test


few_numbers = st.lists(counts | reals, min_size=1, max_size=3)
few_words = st.lists(words, min_size=1, max_size=3)
comparisons = (
    st.builds(relation, numbers, signs, counts | reals, st.just(False))
    | st.builds(relation, numbers, signs, numbers, st.just(True))
    | st.builds(relation, texts, st.sampled_from(["==", "!="]), words, st.just(False))
    | st.builds(turned, numbers, signs, counts | reals)
    | st.builds(chain, reals, numbers, reals)
    | st.builds(
        presence,
        numbers | texts,
        st.sampled_from(["is null", "== null", "is not null", "!= null"]),
    )
    | st.builds(membership, numbers, few_numbers, st.booleans())
    | st.builds(membership, texts, few_words, st.booleans())
)


def joined(word: str, parts: list[tuple[str, Test]]) -> tuple[str, Test]:
    together = all if word == "and" else any
    text = f" {word} ".join(f"({text})" for text, _ in parts)
    return text, lambda row: together(test(row) for _, test in parts)


def combined(inner: st.SearchStrategy[tuple[str, Test]]) -> st.SearchStrategy[tuple[str, Test]]:
    several = st.lists(inner, min_size=2, max_size=3)
    negated = inner.map(lambda part: (f"not ({part[0]})", lambda row: not part[1](row)))
    return (
        several.map(lambda parts: joined("and", parts))
        | several.map(lambda parts: joined("or", parts))
        | negated
    )


expressions = st.recursive(comparisons, combined, max_leaves=6)


def select(text: str, table: list[Row]) -> list[bool]:
    schema = {name: TYPES[name] for name in table[0]}
    frame = pl.DataFrame(table, schema=schema, strict=False)
    return frame.select(told=where(text, RUN_COLUMNS))["told"].to_list()


@given(expressions, rows())
def test_an_expression_selects_what_python_selects(
    expression: tuple[str, Test], table: list[Row]
) -> None:
    text, test = expression
    assert select(text, table) == [test(row) for row in table]


def test_a_column_of_nothing_but_nan_is_missing_row_by_row() -> None:
    table = [{"learning_rate": float("nan")}] * 3
    assert select("not (2.0 <= learning_rate)", table) == [True, True, True]
    assert select("learning_rate in [1, 2]", table) == [False, False, False]


def test_and_binds_tighter_than_or_and_not_tighter_than_both() -> None:
    table = [{"seed": n} for n in range(4)]
    assert select("seed == 0 or seed > 0 and seed > 2", table) == [True, False, False, True]
    assert select("(seed == 0 or seed > 0) and seed > 2", table) == [False, False, False, True]
    assert select("not seed == 0 and seed < 2", table) == [False, True, False, False]
    assert select("not (seed == 0 and seed < 2)", table) == [False, True, True, True]


def test_a_comparison_with_a_missing_value_is_false_whichever_it_is() -> None:
    table: list[Row] = [{"train_loss": None}, {"train_loss": math.nan}, {"train_loss": 1.0}]
    for text in ("train_loss == 1", "train_loss != 2", "train_loss < 9", "train_loss not in [2]"):
        assert select(text, table) == [False, False, True], text
        assert select(f"not {text}", table) == [True, True, False], text
    assert select("train_loss is null", table) == [True, True, False]
    assert select("train_loss IS NOT NULL", table) == [False, False, True]


def test_whole_numbers_are_compared_exactly() -> None:
    table = [{"seed": 2**53}, {"seed": 2**53 + 1}]
    assert select(f"seed == {2**53 + 1}", table) == [False, True]
    assert select(f"seed < {10**30}", table) == [True, True]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, "expected a comparison, such as depth > 2; it ends here"),
        ("  ", 0, "it ends here"),
        ("seed", 4, "expected a comparison .*; it ends here"),
        ("seed >", 6, "expected a value or a column after '>'; it ends here"),
        ("seed > > 1", 7, "expected a value or a column after '>', not '>'"),
        ("seed > 1 seed < 2", 9, "expected 'and' or 'or', not 'seed'"),
        ("seed > 1 and", 12, "expected a comparison"),
        ("(seed > 1", 9, r"expected a closing '\)'; it ends here"),
        ("seed > 1)", 8, r"expected 'and' or 'or', not '\)'"),
        ("seed in 1", 8, r"expected a list such as \['relu', 'tanh'\] after 'in', not '1'"),
        ("seed in [1, 2", 13, r"expected ',' or a closing '\]'"),
        ("seed in []", 9, "expected a value, not"),
        ("seed in [seed]", 9, "expected a value, not 'seed'"),
        ("seed not 1", 9, "expected 'in' after 'not', not '1'"),
        ("seed is 1", 8, "expected 'null', not '1'"),
        ("activation = 'relu'", 11, "'==' compares; a single '=' says nothing here"),
        ("seed <> 1", 5, "'!=' means unequal here"),
        ("seed > 1 && seed < 3", 9, "'and' joins two comparisons here"),
        ("seed > 1 || seed < 3", 9, "'or' joins two comparisons here"),
        ("!(seed > 1)", 0, "'not' negates here"),
        ("activation == 'relu", 14, "this quote is not closed"),
        ("seed == 1_000", 8, "'1_000' is not a number"),
        ("seed == 0x1F", 8, "'0x1F' is not a number"),
        ("train_loss < 1e999", 13, "the number '1e999' is too large"),
        ("seed + 1 > 2", 5, r"the character '\+' means nothing here"),
        ("s\x1b[31meed > 1", 1, r"the character '\\x1b' means nothing here"),
        ("activaton == 'relu'", 0, "unknown column 'activaton'; did you mean 'activation'?"),
        ("lr > 0.1", 0, "unknown column 'lr'; did you mean 'learning_rate'?"),
        ("seed > 1 and zzzz < 3", 13, "unknown column 'zzzz'. Allowed: run, status"),
        ("activation == relu", 14, "'relu' is no column; a text stands in quotes: 'relu'"),
        ("relu == activation", 0, "'relu' is no column; a text stands in quotes: 'relu'"),
        ("activation == 1", 14, "activation is a text, '1' is a number"),
        ("seed == 'one'", 8, "seed is a number, 'one' is a text"),
        ("seed in [1, 'one']", 12, "seed is a number, 'one' is a text"),
        ("seed == activation", 8, "seed is a number, activation is a text"),
        ("activation > 'relu'", 11, "activation is a text, which '>' does not compare"),
        ("1 == 1", 0, "this compares two values; name a column: run, status"),
        ("1 in [1]", 0, "a column stands before 'in'"),
        ("seed < null", 7, "null is compared with '==', '!=' or 'is' only"),
        ("1 is null", 0, "only a column may be compared with null"),
        ("zzzz is null", 0, "unknown column 'zzzz'"),
        ("__import__('os').system('ls')", 16, r"the character '\.' means nothing here"),
        ("abs(seed) > 1", 3, r"expected a comparison .*, not '\('"),
        ("seed.__class__ == 1", 4, r"the character '\.' means nothing here"),
    ],
)
def test_a_mistake_is_named_and_pointed_at(text: str, at: int, message: str) -> None:
    with pytest.raises(WhereError, match=message) as caught:
        where(text, RUN_COLUMNS)
    assert caught.value.at == at
    assert isinstance(caught.value, UsageError)
    assert "\x1b" not in str(caught.value)


def test_the_caret_stands_under_the_mistake_also_in_long_and_wide_texts() -> None:
    for text in ("seed > 1 and sed == 2", " or ".join(["seed == 1"] * 99) + " or sed == 2"):
        with pytest.raises(WhereError) as caught:
            where(text, RUN_COLUMNS)
        _, shown, caret = str(caught.value).split("\n")
        assert shown[caret.index("^") :].startswith("sed == 2")
        assert len(shown) < 80
    with pytest.raises(WhereError) as caught:
        where("activation == '漢字' or sed == 2", RUN_COLUMNS)
    _, shown, caret = str(caught.value).split("\n")
    assert caret.index("^") == shown.index("sed") + 2  # each of the two takes two columns


def test_length_and_depth_are_limited() -> None:
    assert parse("(" * MAX_DEPTH + "seed > 1" + ")" * MAX_DEPTH)
    for text in ("(" * (MAX_DEPTH + 1) + "seed > 1", "not " * (MAX_DEPTH + 1) + "seed > 1"):
        with pytest.raises(WhereError, match=f"more than {MAX_DEPTH} parentheses"):
            parse(text)
    with pytest.raises(WhereError, match="2,001 characters are too many, the most is 2,000"):
        parse("x" * (MAX_LENGTH + 1))
    widest = " or ".join(["seed==1"] * (MAX_LENGTH // 12))
    assert select(widest, [{"seed": 1}]) == [True]


@given(
    st.text(alphabet=st.sampled_from("se d><=!()[],'\"\\.1e-nulotridaf\x00\x1bé漢\n"), max_size=40)
)
def test_any_text_is_an_expression_or_a_where_error(text: str) -> None:
    with suppress(WhereError):
        assert isinstance(where(text, RUN_COLUMNS), pl.Expr)


def test_columns_in_names_each_column_once_in_order() -> None:
    text = "not (seed in [1] or train_loss < test_loss) and reason is null and 1 < seed"
    assert columns_in(text) == ["seed", "train_loss", "test_loss", "reason"]


def test_an_unknown_column_suggests_only_what_the_table_has() -> None:
    assert "did you mean 'epoch'" in unknown_column("epochs", CURVE_COLUMNS)
    assert "learning_rate" not in unknown_column("lr", CURVE_COLUMNS)
    assert len(unknown_column("x" * 10_000, CURVE_COLUMNS)) < 300
