"""Specs written in tests: read, or refused with their problems."""

from __future__ import annotations

from typing import Any

import pytest

from nnlab.core.errors import Problem, SpecError
from nnlab.core.spec import Spec, parse_spec


def spec_of(text: str, **options: Any) -> Spec:
    return parse_spec("name: x\n" + text, **options)


def refused(text: str, **options: Any) -> list[Problem]:
    """The problems of the spec `name: x` with the lines of `text` (from line 2 on)."""
    with pytest.raises(SpecError) as caught:
        spec_of(text, **options)
    assert caught.value.exit_code == 2
    return list(caught.value.problems)
