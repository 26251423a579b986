"""A program on a pseudo terminal: what it draws, what it answers to keys, how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

NNLAB = (sys.executable, "-m", "nnlab.cli")


class Terminal:
    """`python -m nnlab.cli WORDS` with all three streams on a terminal of so many columns."""

    def __init__(
        self,
        *words: str,
        folder: Path,
        columns: int = 80,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = NNLAB,
    ) -> None:
        self.text = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._process = subprocess.Popen(
            [*program, *words],
            cwd=folder,
            env=clean_environment() | {"TERM": "xterm-256color"} | dict(environment or {}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # the terminal is the program's own, so that Ctrl-C reaches it
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)

    def wait_for(self, pattern: str, seconds: float = 60.0) -> None:
        """Read until the text so far has the pattern."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, f"no {pattern!r} in {self.text!r}"
            assert self._read(0.1) or self._process.poll() is None, self.text

    def type(self, keys: str) -> None:
        r"""Press keys; `\x03` is Ctrl-C."""
        os.write(self._master, keys.encode())

    def end(self, seconds: float = 60.0) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while self._process.poll() is None or self._read(0.0):
            assert time.monotonic() < end, self.text
            self._read(0.1)
        os.close(self._master)
        return self._process.returncode

    @property
    def lines(self) -> list[str]:
        """What stood on a line of the terminal at one time or another."""
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text)
        return re.split(r"[\r\n]+", plain)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says so when the last program has left the terminal
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)


def clean_environment() -> dict[str, str]:
    """The environment without what tells a program how to draw."""
    drawing = {"COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
    return {name: value for name, value in os.environ.items() if name not in drawing}
