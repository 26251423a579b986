"""A spec's file -> its text: what can be wrong before YAML is even looked at."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path

from nnlab.core.errors import Problem, SpecError
from nnlab.core.suggest import nearest
from nnlab.core.wording import quoted, shown

MAX_BYTES = 256 * 1024
"""A spec is a page of text. PyYAML reads this much in half a second."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters and lone surrogates: what YAML forbids."""


def read_file(path: str | Path) -> bytes:
    """The bytes of the spec at `path`, at most `MAX_BYTES + 1` of them.

    Raises `SpecError` when there is no such file (naming the nearest), when it is a folder, or
    when it may not be read.
    """
    source = shown(str(path), 4096)
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = f"there is no such file{_guess(Path(path))}"
    except IsADirectoryError:
        message = f"this is a folder; name a spec in it{_specs_in(Path(path))}"
    except PermissionError:
        # Windows says this of folders, too
        folder = Path(path).is_dir()
        message = "this is a folder" if folder else "no permission to read this file"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"the file cannot be read: {shown(reason)}"
    raise SpecError(source, [Problem(message)])


def decode(data: str | bytes, source: str) -> str:
    """`data` as text: UTF-8 (a byte-order mark is dropped), of a sane size, no control characters.

    Raises `SpecError` naming the offending byte or character and its place.
    """
    if len(data) > MAX_BYTES:
        message = f"larger than {MAX_BYTES // 1024} KiB: this is not a spec"
        raise SpecError(source, [Problem(message)])
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SpecError(source, [_undecodable(data, error.start)]) from None
    else:
        text = data
    text = text.removeprefix("\ufeff")
    if found := _FORBIDDEN.search(text):
        before = text[: found.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        name = "NUL" if found[0] == "\0" else "a control character"
        message = f"U+{ord(found[0]):04X} ({name}) is not allowed in a spec"
        raise SpecError(source, [Problem(message, line, column)])
    return text


def forbidden(text: str) -> str | None:
    """The first character of `text` that no spec may hold; None where all of it is fine."""
    found = _FORBIDDEN.search(text)
    return found[0] if found else None


def _undecodable(data: bytes, start: int) -> Problem:
    if data.startswith(_UTF16):
        return Problem("the file is UTF-16; save it as UTF-8")
    before = data[:start]
    line, column = before.count(b"\n") + 1, start - before.rfind(b"\n")
    message = f"byte 0x{data[start]:02x} at position {start} is not UTF-8; save the file as UTF-8"
    return Problem(message, line, column)


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _specs_in(folder: Path) -> str:
    names = [name for name in _names_in(folder) if name.endswith((".yaml", ".yml"))]
    return f": {', '.join(shown(name) for name in names[:10])}" if names else ""


def _guess(path: Path) -> str:
    """`; did you mean ...?`: a file of nearly that name beside it, or a spec that ships."""
    shipped = resources.files("nnlab.configs")
    specs = {file.name: file for file in shipped.iterdir() if file.name.endswith(".yaml")}
    for name in (path.name, f"{path.name}.yaml"):
        if name in specs:
            return f"; the spec of that name that ships is {shown(str(specs[name]), 300)}"
    folder = path.parent
    if not folder.is_dir():
        return f", nor a folder {quoted(str(folder))}"
    guess = nearest(path.name[:100], _names_in(folder))
    return f"; did you mean {quoted(guess)}?" if guess else ""
