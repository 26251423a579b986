"""One file of the store: a zip whose members are the runs of one stack, named by their hashes.

Members are not compressed, so that where one lies is three numbers. The store of a long study knows
them for every run and reads any of them, in any order, at the cost of one seek; nothing of a zip's
directory is read twice. Zip's own checksums find a damaged member when it is read.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from nnlab.core.members import to_bytes
from nnlab.core.outcome import RunResult

DAMAGE = (zipfile.BadZipFile, EOFError, ValueError, KeyError, NotImplementedError)
"""What zipfile, NumPy and json raise on a truncated or altered file."""

_LOCAL = struct.Struct("<4s22xHH")
"""What stands before a member: a signature, ..., the lengths of its name and of what is extra."""
_SIGNATURE = b"PK\x03\x04"


class Place(NamedTuple):
    """Where a member is, as its segment's directory says."""

    path: Path
    start: int
    """The byte at which what stands before it begins."""
    size: int
    crc: int


def segment_name(runs: Sequence[str]) -> str:
    """The file of a segment: a hash of the runs it holds, in their order."""
    return f"{hashlib.sha256(','.join(runs).encode()).hexdigest()[:16]}.zip"


def write_segment(path: Path, file: BinaryIO, results: Sequence[RunResult]) -> dict[str, Place]:
    """Write a segment to `file`, which will be called `path`; the places of its runs."""
    with zipfile.ZipFile(file, "w") as segment:
        for result in results:
            # With zip's first date, for a clock may be set before it, which zip refuses.
            segment.writestr(zipfile.ZipInfo(result.run.id), to_bytes(result))
    return _places(path, segment)


def read_places(path: Path) -> dict[str, Place]:
    """The runs of a segment and where they are.

    Raises `OSError` when it cannot be opened, one of `DAMAGE` when its directory is not what was
    written.
    """
    with zipfile.ZipFile(path) as segment:
        if segment_name(segment.namelist()) != path.name:
            raise zipfile.BadZipFile("its list of runs is not what was written")
        return _places(path, segment)


def _places(path: Path, segment: zipfile.ZipFile) -> dict[str, Place]:
    return {
        info.filename: Place(path, info.header_offset, info.file_size, info.CRC)
        for info in segment.infolist()
    }


def read_member(file: BinaryIO, name: str, place: Place) -> bytes:
    """The bytes of the member `name`. Raises one of `DAMAGE` where they are not what was written.

    `file` is the segment, unbuffered.
    """
    end = os.fstat(file.fileno()).st_size
    if not 0 <= place.start <= place.start + place.size <= end:
        raise zipfile.BadZipFile("it lies outside of its file")
    title = name.encode()
    file.seek(place.start)
    before = file.read(_LOCAL.size + len(title))
    if len(before) < _LOCAL.size:
        raise EOFError("it is cut short")
    signature, name_length, extra = _LOCAL.unpack(before[: _LOCAL.size])
    if (signature, name_length) != (_SIGNATURE, len(title)) or not before.endswith(title):
        raise zipfile.BadZipFile("another run lies in its place")
    if extra:
        file.seek(extra, os.SEEK_CUR)
    content = file.read(place.size)
    if zlib.crc32(content) != place.crc:
        raise zipfile.BadZipFile("its checksum is another")
    return content
