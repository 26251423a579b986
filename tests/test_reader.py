"""The reader: what YAML text becomes, where it stood, and what is refused."""

from __future__ import annotations

import contextlib
import math
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.errors import SpecError
from nnlab.core.spec.file import MAX_BYTES, decode, read_file
from nnlab.core.spec.reader import AT_KEY, Document, Value, override, read, scalar
from nnlab.core.spec.tree import MAX_DEPTH, MAX_VALUES


def document(data: str | bytes) -> Document:
    return read(decode(data, "s.yaml"), "s.yaml")


def value(text: str) -> Value:
    """The one value of `x: text`, read without problems."""
    read_one = document(f"x: {text}")
    assert read_one.problems == []
    return read_one.values["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-4", 1e-4), ("1E3", 1000.0), (".5", 0.5), ("5.", 5.0), ("-1.5e+2", -150.0),
        ("1e5", 1e5), ("0", 0), ("-12", -12), ("+3", 3), ("0.10", 0.1),
        ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("no", "no"), ("off", "off"), ("yes", "yes"), ("on", "on"), ("y", "y"),
        ("010", "010"), ("0x1F", "0x1F"), ("0o17", "0o17"), ("0b11", "0b11"), ("1_000", "1_000"),
        ("1:30", "1:30"), ("2024-01-01", "2024-01-01"), ("1e", "1e"), ("e1", "e1"), (".", "."),
        ('"1"', "1"), ("'true'", "true"), ("inf", "inf"), ("leaky_relu:0.2", "leaky_relu:0.2"),
        ("[1, a, 0.5]", [1, "a", 0.5]), ("{a: 1, b: [2]}", {"a": 1, "b": [2]}), ("[]", []),
    ],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(text: str, expected: Value) -> None:
    read_value = value(text)
    assert read_value == expected
    assert type(read_value) is type(expected)


def test_infinity_and_nan_are_numbers_for_the_spec_to_refuse() -> None:
    assert value(".inf") == math.inf
    assert value("-.Inf") == -math.inf
    assert isinstance(nan := value(".nan"), float)
    assert math.isnan(nan)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_reads_back_from_its_repr(x: float) -> None:
    assert scalar(repr(x)) == x


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_every_64_bit_integer_reads_back(x: int) -> None:
    assert scalar(str(x)) == x


def test_every_value_knows_its_place() -> None:
    spec = document("a: 1\nb:\n  - x\n  - [y, z]\nc: {d: 5}\n")
    assert spec.values == {"a": 1, "b": ["x", ["y", "z"]], "c": {"d": 5}}
    places = {path: (place.line, place.column) for path, place in spec.places.items()}
    assert places == {
        ("a",): (1, 4), ("b",): (3, 3), ("b", 0): (3, 5), ("b", 1): (4, 5), ("b", 1, 0): (4, 6),
        ("b", 1, 1): (4, 9), ("c",): (5, 4), ("c", "d"): (5, 8),
    }  # fmt: skip
    keys = {path: (place.line, place.column) for path, place in spec.keys.items()}
    assert keys == {("a",): (1, 1), ("b",): (2, 1), ("c",): (5, 1), ("c", "d"): (5, 5)}


def test_a_problem_is_shown_at_the_value_or_what_holds_it() -> None:
    spec = document("a: 1\nc: {d: 5}\n")
    inner = spec.problem(("c", "d", 7), "hm")
    assert (inner.message, inner.line, inner.column, inner.source_line) == ("hm", 2, 8, "c: {d: 5}")
    assert spec.problem(("c", "d", AT_KEY), "hm").column == 5
    assert spec.problem(("nowhere",), "hm").line is None


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    spec = document(b"\xef\xbb\xbfa: 1\r\nb: [2,\r\n  x]\r\n")
    assert spec.values == {"a": 1, "b": [2, "x"]}
    place = spec.places["b", 1]
    assert (place.line, place.column, place.source_line) == (3, 3, "  x]")


def test_aliases_are_followed() -> None:
    spec = document("a: &x [1, 2]\nb: *x\n")
    assert spec.values == {"a": [1, 2], "b": [1, 2]}
    assert spec.places["b",].line == 2


FATAL = [
    ("", "the spec is empty"),
    ("# only a comment\n", "the spec is empty"),
    ("--- \n...\n", "found a single text"),
    ("just text", "expected lines of 'key: value', found a single text"),
    ("- a\n- b\n", "found a list"),
    ("!!map {a: 1}", "found a tagged value"),
    ("a: 1\n---\nb: 2\n", r"s.yaml:2:1: a second document begins here"),
    ("a: [1, 2", r"s.yaml:1:9: not valid YAML: .*bracket is opened and never closed"),
    ('a: "x', "a quote is opened and never closed"),
    ("a: 1\n\tb: 2", "s.yaml:2:1: .*indent with spaces"),
    ("a: b: c", "s.yaml:1:5: .*put a text that contains ': ' in quotes"),
    ("a: 1\nb\n", "every line is 'key: value'"),
    ("a: @x", "put the text in quotes"),
    ('a: "\\q"', "use single quotes"),
    ("a: 1 # x\n  c: 2", "all keys start in the same column"),
    ("%YAML 2.0\n---\na: 1", "incompatible YAML document"),
    ('a: "\\UFFFFFFFF"', "s.yaml:1:.*not valid YAML"),
    ("%YAML 1." + "1" * 5000 + "\n---\na: 1", "s.yaml:1:.*not valid YAML"),
    ("a: *b", r"the alias \*b repeats a value that was never marked &b"),
    ("a: &b [*b]", r"the alias \*b stands inside the value it repeats"),
    ("a: &b {c: {d: *b}}", "stands inside the value it repeats"),
    ("a: " + "[" * 100_000, f"s.yaml:1:{4 + MAX_DEPTH - 1}: more than {MAX_DEPTH} lists"),
    ("a: " + "{b: " * 50, f"more than {MAX_DEPTH} lists or mappings inside one another"),
    ("a: [" + "1," * 60_000 + "]", f"more than {MAX_VALUES} values"),
    ("? " * 60_000, f"more than {MAX_DEPTH} lists or mappings"),
    ("a: \x00", r"s.yaml:1:4: U\+0000 \(NUL\) is not allowed"),
    ("a: 1\nb: x\x1b[31m", r"s.yaml:2:5: U\+001B \(a control character\) is not allowed"),
    ("a: \ud800", r"U\+D800"),
    (b"a: 1\nb: \xff", "s.yaml:2:4: byte 0xff at position 8 is not UTF-8"),
    ("a: ä".encode("latin-1"), "byte 0xe4 at position 3 is not UTF-8"),
    ("a: 1".encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
    (b"#" * (MAX_BYTES + 1), "larger than 256 KiB"),
]


@pytest.mark.parametrize(("data", "message"), FATAL, ids=range(len(FATAL)))
def test_what_cannot_be_read_says_why_and_where(data: str | bytes, message: str) -> None:
    start = time.process_time()
    with pytest.raises(SpecError, match=message) as caught:
        document(data)
    assert time.process_time() - start < 2
    assert str(caught.value).replace("\n", "").isprintable()


LESSER = [
    ("a: 1\nb: 2\na: 3\n", "the key 'a' is given twice: it stands on line 1 already", (3, 1)),
    ("a: {n: 1, n: 2}\n", "the key 'n' is given twice: it stands on line 1 already", (1, 11)),
    ("a: !!python/object:os.system {}", "the tag 'tag:yaml.org,2002:python/object:os.s", (1, 4)),
    ("a: !!int '3'", "the tag 'tag:yaml.org,2002:int' is not allowed", (1, 4)),
    ("a: ! x", "the tag '!' is not allowed", (1, 4)),
    ("!x a: 1", "the tag '!x' is not allowed", (1, 1)),
    ("[a, b]: 1", "a key is a word, not a list", (1, 1)),
    ("? {a: 1}\n: 1", "a key is a word, not a mapping", (1, 3)),
    ("a: {[b]: 1}", "a key is a word, not a list", (1, 5)),
    ('"": 1', "a key is missing in front of ':'", (1, 1)),
    ("<<: {a: 1}", "merge keys ('<<') are not supported", (1, 1)),
    ("a: " + "9" * 5000, "a whole number of 5000 digits is too large", (1, 4)),
    ("a: 9223372036854775808", "too large: at most 9223372036854775807", (1, 4)),
]


@pytest.mark.parametrize(("text", "message", "place"), LESSER, ids=range(len(LESSER)))
def test_lesser_problems_are_gathered(text: str, message: str, place: tuple[int, int]) -> None:
    spec = document(text + "\nfine: 1\n")
    (problem,) = spec.problems
    assert message in problem.message
    assert (problem.line, problem.column) == place
    assert spec.values["fine"] == 1
    assert "fine" not in spec.damaged


def test_several_problems_come_together() -> None:
    spec = document("a: !x 1\nb: [!y 2]\nb: 3\n")
    assert [problem.line for problem in spec.problems] == [1, 2, 3]
    assert spec.damaged == {"a", "b"}


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    start = time.process_time()
    with pytest.raises(SpecError, match=f"aliases unfold to more than {MAX_VALUES} values"):
        document("\n".join(lines))
    assert time.process_time() - start < 2


def test_aliases_cannot_nest_deeper_than_anything_else() -> None:
    lines = ["a0: &a0 [1]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 3000))]
    with pytest.raises(SpecError, match=f"or {MAX_DEPTH} levels"):
        document("\n".join(lines))


def test_the_line_shown_is_inert_and_the_caret_stays_below_its_column() -> None:
    # U+202E turns the direction of the text, U+FEFF has no width: neither may reach a terminal
    spec = document("a: {b: '\tx\u202e\ufeff', b: 2}")
    (problem,) = spec.problems
    assert problem.source_line == "a: {b: ' x\ufffd', b: 2}"
    assert problem.source_line[(problem.column or 0) - 1 :] == "b: 2}"


def test_a_very_long_line_is_not_shown() -> None:
    spec = document("a: {b: " + "x" * 500 + ", b: 2}")
    assert spec.problems[0].source_line is None


def test_overrides_replace_values_and_say_where_they_stood() -> None:
    spec = document("a: 1\nb: {c: 1}\n")
    assert override(spec, ["b=[1e-3, x]", "new = 5", "a=1", "a=2"]) == ["b", "new", "a", "a"]
    assert spec.values == {"a": 2, "b": [1e-3, "x"], "new": 5}
    assert ("b", "c") not in spec.places
    assert spec.problem(("b", 1), "hm").message == "-s b=[1e-3, x]: hm"
    assert spec.overridden("b")
    assert not document("b: 1").overridden("b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "-s a: expected key=value, such as -s learning_rate=0.01"),
        ("=3", "-s =3: expected key=value"),
        ("a=[1", "-s a=[1: not valid YAML"),
        ("a=!!x 3", "-s a=!!x 3: the tag 'tag:yaml.org,2002:x' is not allowed"),
        ("a=\x1b[2J", r"-s a=\x1b[2J: the character U+001B is not allowed"),
        ("a={b: 1, b: 2}", "-s a={b: 1, b: 2}: the key 'b' is given twice"),
    ],
)
def test_a_bad_override_is_a_problem_of_its_own(text: str, message: str) -> None:
    spec = document("a: 1\n")
    override(spec, [text])
    (problem,) = spec.problems
    assert problem.message.startswith(message)
    assert problem.message.isprintable()
    assert problem.line is None


def test_an_override_heals_what_the_file_has_wrong() -> None:
    spec = document("a: !x 1\n")
    override(spec, ["a=2"])
    assert "a" not in spec.damaged


@given(st.text(st.sampled_from("ab:-[]{},&*!|>'\"%@`#? \n\t0.1~<\\\x00é"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SpecError):
        assert all(isinstance(key, str) for key in document(text).values)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(SpecError):
        assert document(data).source == "s.yaml"


def _refuse(*args: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_missing_file_names_its_nearest_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path
    (folder / "study.yaml").write_text("name: x", encoding="utf-8")
    with pytest.raises(SpecError, match=r"no such file; did you mean 'study\.yaml'\?"):
        read_file(folder / "sutdy.yaml")
    with pytest.raises(SpecError, match=r"there is no such file$"):
        read_file(folder / "quite_different")
    with pytest.raises(SpecError, match="there is no such file, nor a folder"):
        read_file(folder / "nowhere" / "s.yaml")
    with pytest.raises(SpecError, match=r"this is a folder; name a spec in it: study\.yaml"):
        read_file(folder)
    with pytest.raises(SpecError, match="cannot be read: "):
        read_file("a\0b")
    with pytest.raises(SpecError, match="cannot be read: File name too long"):
        read_file("a" * 300)
    monkeypatch.setattr("os.listdir", _refuse)
    with pytest.raises(SpecError, match=r"this is a folder; name a spec in it$"):
        read_file(folder)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.open", _refuse)
    with pytest.raises(SpecError, match="no permission to read this file"):
        read_file(f"{tmp_path}/x.yaml")


def test_names_of_files_are_inert(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_file(f"{tmp_path}/\x1b[31mred.yaml")
    assert re.search(r"\\x1b\[31mred\.yaml: there is no such file", str(caught.value))
