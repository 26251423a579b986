"""Every broken spec of `tests/bad_specs/` is refused with exactly the messages written there."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from nnlab.cli.main import app
from nnlab.core.errors import SpecError
from nnlab.core.spec import parse_spec
from tests.bad_specs import TABLES, Case, cases, told

CASES = list(cases())


def test_there_are_enough_and_each_has_its_message() -> None:
    assert len(CASES) >= 200
    assert all(case.expected for case in CASES)
    assert len({(case.file, case.title) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.title}")
def test_a_broken_spec_is_told_in_plain_words_and_in_place(case: Case) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(case.spec, overrides=case.overrides)
    assert caught.value.exit_code == 2
    assert tuple(told(problem) for problem in caught.value.problems) == case.expected
    assert str(caught.value).replace("\n", "").isprintable()


def test_the_command_line_tells_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One file after the other through `nnlab check`, one of every seventh case."""
    folder = tmp_path_factory.mktemp("bad")
    for number, case in enumerate(CASES[::7]):
        path = folder / f"{number}.yaml"
        path.write_bytes(case.spec)
        overrides = [word for text in case.overrides for word in ("-s", text)]
        result = CliRunner().invoke(app, ["check", str(path), *overrides])
        assert (result.exit_code, result.stdout) == (2, ""), case.title
        assert "Traceback" not in result.stderr
        # of a flood of names only the sentence before it is compared
        first = case.expected[0].split("{")[0].split(" ", 1)[-1]
        assert first in result.stderr.replace("\n", " "), case.title


def test_the_marks_of_tables_stand_for_what_is_there() -> None:
    assert all(names.count(", ") >= 2 for names in TABLES.values())
