"""Every input that is known to be interesting keeps the promises of `tests/fuzz/targets.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import BETWEEN, TARGETS

CORPUS = Path(__file__).parent / "fuzz" / "corpus"
INPUTS = [(name, path) for name in TARGETS for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize(("name", "path"), INPUTS, ids=[f"{n}/{p.name}" for n, p in INPUTS])
def test_an_input_of_the_corpus_is_read_or_refused(
    name: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert TARGETS[name].read(path.read_bytes()) in (True, False)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
@settings(max_examples=40)
def test_pieces_of_the_corpus_put_together_are_read_or_refused(
    name: str, data: st.DataObject
) -> None:
    """What the fuzzer does, in small: two inputs cut and joined, with a few bytes between."""
    inputs = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    first, second = (data.draw(st.sampled_from(inputs)) for _ in range(2))
    start, stop = (data.draw(st.integers(0, len(part))) for part in (first, second))
    mixed = first[:start] + data.draw(st.binary(max_size=8)) + second[stop:]
    assert TARGETS[name].read(mixed) in (True, False)


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_knows_both_ways(name: str) -> None:
    """A target that refused, or took, everything would find nothing."""
    told = {TARGETS[name].read(path.read_bytes()) for path in (CORPUS / name).iterdir()}
    assert told == {True, False}


def test_a_broken_promise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The targets see what they are for: a traceback, and a message that is not inert."""
    from nnlab.core import spec
    from nnlab.core.errors import Problem, SpecError

    def broken(*_: object, **__: object) -> None:
        raise IndexError("a bug")

    monkeypatch.setattr(spec, "parse_spec", broken)
    with pytest.raises(IndexError):
        TARGETS["spec"].read(b"name: x")

    def loud(*_: object, **__: object) -> None:
        raise SpecError("x", [Problem("\x1b[31m")])

    monkeypatch.setattr(spec, "parse_spec", loud)
    with pytest.raises(AssertionError, match=r"U\+001B in a message"):
        TARGETS["spec"].read(b"name: x" + BETWEEN)
