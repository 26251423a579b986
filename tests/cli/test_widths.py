"""What the commands show fits terminals of 60 to 200 columns, with every word whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nnlab.cli.answer_text import section_lines
from nnlab.core.report.fixed_print import MARK
from nnlab.core.tables import TOPICS
from tests.command_line import Nnlab, widest
from tests.saved_studies import GRID
from tests.test_answers_by_hand import asked

NARROW = (60, 72, 80, 100, 132)
WIDE = 200
ELSE = """No room for a wider terminal, --all, or --json largest error with
cross_entropy, binary_cross_entropy, mse, accuracy, loss, at, seconds steps target"""
"""What a narrow terminal is told instead of columns."""

COMMANDS = (
    *(("list", topic) for topic in ("", *TOPICS)),
    ("answer",),
    ("check", "tiny.yaml"),
    ("train", "tiny.yaml", "--dry-run"),
    ("train", "tiny.yaml"),
    ("compare", "tiny.yaml", "--tune", "--dry-run"),
    ("compare", "tiny.yaml"),
    ("scaling", "--dry-run"),
    ("results", "list"),
    ("results", "show", "small"),
    ("results", "show", GRID),
    ("results", "show", "rates", "--all"),
    ("results", "diff", "small", "small~1"),
    ("results", "diff", "small", "rates"),
    ("gradcheck", "-a", "relu", "--depth", "1"),
)


def words(text: str) -> set[str]:
    """The words; figures that a clock gives differ from one time to the next."""
    return {word.rstrip(":,") for word in re.findall(r"\S*[A-Za-z_]{3}\S*", text)}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_line_is_too_long_and_no_word_is_broken(
    nnlab: Nnlab, results: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(width: int) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        result = nnlab(*filter(None, command))
        assert result.exit_code == 0, result.output
        assert "\x1b" not in result.output
        return result.stdout

    whole = words(shown(WIDE)) | words(ELSE)
    for width in NARROW:
        text = shown(width)
        assert widest(text) <= width
        # the end of a long text is cut, and shows that it is; nothing else is new
        assert {word for word in words(text) - whole if "…" not in word} == set(), width


def test_the_name_of_a_study_is_whole_where_there_is_room_for_it(
    nnlab: Nnlab, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size and its date can be spared first: the name is what other commands are told."""
    monkeypatch.setenv("COLUMNS", "80")
    assert GRID in nnlab("results", "list").stdout


def test_the_tables_of_an_answer_break_no_word(tmp_path: Path) -> None:
    """Question 1.2 has the longest words: lines of code beside places in files."""
    sections = asked(tmp_path, "1.2").sections
    whole = words("\n".join(line.plain for line in section_lines(sections, WIDE)))
    assert "net.zero_gradients()" in whole
    for width in NARROW:
        lines = [line.plain for line in section_lines(sections, width)]
        assert max(len(line) for line in lines if not line.startswith(MARK)) <= width
        assert words("\n".join(lines)) - whole == set(), width
