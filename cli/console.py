"""The two ways out: data to standard output, talk to standard error.

Everything that a command shows goes through here, so that these hold for all of it: text from a
spec or a data file is inert (control characters are shown escaped, markup is not read), a reader
that has gone away (`| head`) is no error, and a pipe gets no control codes. This module is
imported by `nnlab --help`: rich is loaded only where something is drawn.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

import typer

from nnlab.core.errors import NnlabError, StoreError
from nnlab.core.wording import json_ready, shown

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH = 200
"""Columns that a table may take where there is no terminal to be too narrow."""

_SPELLED = {
    "±": "+-", "…": "...", "−": "-", "–": "-", "—": "-", "×": "x", "·": "*", "•": "*",
    "∞": "inf", "≤": "<=", "≥": ">=", "≈": "~", "→": "->", "✓": "yes", "✗": "no", "◐": "partly",
}  # fmt: skip
"""Characters that the commands write, for streams that have none of them."""
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))


class Shortfall(NnlabError):
    """A command that fell short (exit code 1), but found out something all the same."""

    def __init__(self, message: str, document: Mapping[str, Any]) -> None:
        """`document` goes out with the error where JSON was asked for."""
        super().__init__(message)
        self.document = dict(document)


def inert(text: str) -> str:
    r"""`text` with everything unprintable but line ends escaped.

    >>> print(inert("\x1b[31mred\x07"))
    \x1b[31mred\x07
    """
    return "\n".join(shown(line, None) for line in text.split("\n"))


def write(text: str) -> None:
    """Data: `text` and a line end to standard output.

    Raises `StoreError` when it cannot be written. A reader that has gone away ends the command
    quietly: it got what it wanted.
    """
    if sys.stdout is None:  # closed before the start
        return
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
        raise typer.Exit(0) from None
    except OSError as error:
        _silence(sys.stdout)
        raise StoreError(f"standard output cannot be written: {error.strerror}") from None


def write_json(document: Mapping[str, Any]) -> None:
    """Data: one JSON document. NaN and infinities, which JSON does not know, become null."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    ascii_only = not encoding.lower().startswith("utf")
    write(json.dumps(json_ready(document), indent=2, allow_nan=False, ensure_ascii=ascii_only))


def show(*parts: RenderableType) -> None:
    """Data: texts and tables of rich, each on lines of its own."""
    console = _console(sys.stdout)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    write(capture.get().removesuffix("\n"))


def say(text: str) -> None:
    """Talk: to standard error. Whatever becomes of it, the command goes on.

    On a terminal long lines break between words; indented ones, the places in a spec, do not.
    """
    talk = Talk()
    lines = inert(text).split("\n")
    if talk.isatty():
        lines = [part for line in lines for part in _broken(line, talk.width())]
    talk.write("\n".join(lines) + "\n")
    talk.flush()


def ask(question: str) -> None:
    """Talk: a question, the answer to be typed behind it."""
    talk = Talk()
    talk.write(inert(question))
    talk.flush()


def answer() -> str:
    """The line that was typed; empty where there will be none."""
    try:
        return sys.stdin.readline()
    except (OSError, ValueError):
        return ""


def width() -> int:
    """The columns that a table on standard output may take."""
    return _console(sys.stdout).width


def talk_console() -> Console:
    """A console of rich on standard error, for what moves."""
    return _console(Talk())


def spell_out() -> None:
    """Let a stream whose encoding lacks a character spell it (`±` as `+-`) instead of failing."""
    codecs.register_error("nnlab.spelled", _spelled)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nnlab.spelled")


class Talk:
    """Standard error as a file that cannot fail: nobody listening is no reason to stop."""

    def __init__(self) -> None:
        self._file: TextIO | None = sys.stderr

    @property
    def encoding(self) -> str:
        """The encoding of standard error."""
        return getattr(self._file, "encoding", None) or "ascii"

    def write(self, text: str) -> int:
        """Write what can be written."""
        if self._file is not None:
            try:
                self._file.write(text)
            except OSError:
                self._give_up()
        return len(text)

    def flush(self) -> None:
        """Pass on what is buffered."""
        if self._file is not None:
            try:
                self._file.flush()
            except OSError:
                self._give_up()

    def isatty(self) -> bool:
        """Whether a terminal listens."""
        return self._file is not None and self._file.isatty()

    def fileno(self) -> int:
        """The descriptor of standard error; raises OSError where it has none."""
        if self._file is None:
            raise OSError("standard error is closed")
        return self._file.fileno()

    def width(self) -> int:
        """Columns of the terminal; 80 where it does not say."""
        try:
            return int(os.environ.get("COLUMNS", "")) or 80
        except ValueError:
            pass
        try:
            return os.get_terminal_size(self.fileno()).columns or 80
        except OSError:
            return 80

    def _give_up(self) -> None:
        if self._file is not None:
            _silence(self._file)
        self._file = None


def _console(file: Any) -> Console:
    """A console that reads no markup; as wide as its terminal, or as `COLUMNS` says."""
    from rich.console import Console

    class Reader(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True

    console = Reader(file=file, markup=False, emoji=False, highlight=False, soft_wrap=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = PIPE_WIDTH
    return console


def _silence(stream: TextIO) -> None:
    """Send what is left in the buffer of a broken stream nowhere, or Python trips over it."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _broken(line: str, columns: int) -> list[str]:
    if len(line) <= columns or line.startswith(" "):
        return [line]
    return textwrap.wrap(line, columns, break_long_words=False, break_on_hyphens=False)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    spelled = []
    for at in range(error.start, error.end):
        c = error.object[at]
        if c in _RAISED:  # 10⁻⁴ is 10^-4, whether or not the encoding has some of the figures
            first = at == 0 or error.object[at - 1] not in _RAISED
            spelled.append("^" * first + _RAISED[c])
        else:
            spelled.append(_SPELLED.get(c) or c.encode("ascii", "backslashreplace").decode())
    return "".join(spelled), error.end
