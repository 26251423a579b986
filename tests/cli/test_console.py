"""The two ways out, and what may be wrong with them."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path

import pytest
import typer
from rich.text import Text

from nnlab.cli import console
from nnlab.core.errors import StoreError


class Broken(io.StringIO):
    """A stream that refuses."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


def test_everything_unprintable_is_escaped_but_line_ends() -> None:
    assert console.inert("a\x1b]0;t\x07\nb\r\u202e[bold]") == "a\\x1b]0;t\\x07\nb\\r\\u202e[bold]"


def test_a_reader_that_went_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(BrokenPipeError()))
    with pytest.raises(typer.Exit) as ended:
        console.write("x")
    assert ended.value.exit_code == 0


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match="standard output cannot be written: No space left"):
        console.write("x")


def test_talk_never_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (Broken(BrokenPipeError()), Broken(OSError(5, "gone")), None):
        monkeypatch.setattr(sys, "stderr", stream)
        console.say("x")
        console.talk_console().print("x")


def test_a_closed_standard_output_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    console.write("x")
    console.show(Text("x"))


def test_json_knows_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    console.write_json(
        {"a": math.nan, "b": [math.inf, 1.5], "c": (Path("p"), {"d": -math.inf}), "e": "é"}
    )
    out = capsys.readouterr().out
    assert json.loads(out) == {"a": None, "b": [None, 1.5], "c": ["p", {"d": None}], "e": "é"}


def encoded(encoding: str, monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Standard output as a terminal of that encoding would have it."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, newline="\n"))
    console.spell_out()
    return raw


def test_a_poor_encoding_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = encoded("ascii", monkeypatch)
    console.write("0.974 ± 0.004, R², 20 × 64, …, ä, \udcff, 1.5·10⁻¹² ∞")
    assert (
        raw.getvalue()
        == rb"0.974 +- 0.004, R^2, 20 x 64, ..., \xe4, \udcff, 1.5*10^-12 inf" + b"\n"
    )


def test_json_in_a_poor_encoding_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = encoded("ascii", monkeypatch)
    console.write_json({"text": "± ä \udcff"})
    assert json.loads(raw.getvalue()) == {"text": "± ä \udcff"}


def test_markup_is_not_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    console.show(Text("[bold red]x[/] :smile: 12"))
    assert capsys.readouterr().out == "[bold red]x[/] :smile: 12\n"


def test_a_pipe_is_wide_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    assert console.width() == 77
    monkeypatch.delenv("COLUMNS")
    assert console.width() == console.PIPE_WIDTH


def test_talk_breaks_between_words_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = "one two three four five\n    4 | a long line of a spec stays\n"
    console.say(text)
    assert capsys.readouterr().err == text + "\n"
    monkeypatch.setattr(console.Talk, "isatty", lambda talk: True)
    console.say(text)
    broken = "one two three four\nfive\n    4 | a long line of a spec stays\n\n"
    assert capsys.readouterr().err == broken
