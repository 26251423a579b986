"""`nnlab gradcheck`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from nnlab.core.nn import gradcheck
from nnlab.core.nn.gradcheck import GradientCheck
from nnlab.core.nn.losses import PAIRS
from tests.command_line import Nnlab, document


def test_a_table_of_one_activation(nnlab: Nnlab) -> None:
    result = nnlab("gradcheck", "-a", "leaky_relu:0.3", "-a", "gelu", "--depth", "2")
    assert result.exit_code == 0
    row = re.search(r"^leaky_relu:0\.3((?: +\de-\d\d){6})  ok$", result.stdout, re.M)
    assert row
    assert all(float(error) < 1e-7 for error in row[1].split())
    assert result.stdout.endswith("\n24 of 24 gradients within 1e-07\n")
    assert result.stderr == "Nets of 1 to 2 hidden layers, float64:\n"


def test_quiet_keeps_the_table_only(nnlab: Nnlab) -> None:
    result = nnlab("gradcheck", "-a", "tanh", "--depth", "1", "--quiet")
    assert result.stderr == ""
    assert "tanh" in result.stdout


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_keeps_to_the_width(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = nnlab("gradcheck", "-a", "hard_tanh", "--depth", "1").stdout.splitlines()
    assert max(map(len, lines)) <= width
    assert lines[-1] == f"{len(PAIRS)} of {len(PAIRS)} gradients within 1e-07"


def test_as_json(nnlab: Nnlab) -> None:
    told = document(nnlab("gradcheck", "-a", "relu", "--depth", "1", "--seed", "3", "--json"))
    assert told["passed"] is True
    assert len(told["checks"]) == len(PAIRS)
    assert told["checks"][0].keys() >= {"activation", "loss", "output", "depth", "error", "skipped"}


def test_an_unknown_activation(nnlab: Nnlab) -> None:
    result = nnlab("gradcheck", "-a", "rleu")
    assert result.exit_code == 2
    assert "Error: unknown activation 'rleu'; did you mean 'relu'?" in result.stderr


def _with_errors(monkeypatch: pytest.MonkeyPatch, *errors: float) -> None:
    """The checks of `tanh` come out with these errors, one a depth."""

    def check_gradients(*given: Any, **more: Any) -> Iterator[GradientCheck]:
        for loss, output in PAIRS:
            for depth, error in enumerate(errors, 1):
                yield GradientCheck("tanh", loss, output, depth, error, 0, 50)

    monkeypatch.setattr(gradcheck, "check_gradients", check_gradients)


@pytest.mark.parametrize(("error", "cell"), [(3e-2, "3e-02 !"), (float("nan"), "nan !")])
def test_a_wrong_gradient_is_code_1(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch, error: float, cell: str
) -> None:
    _with_errors(monkeypatch, 1e-9, error)
    result = nnlab("gradcheck")
    assert result.exit_code == 1
    assert "FAILED" in result.stdout
    assert result.stdout.count(cell) == len(PAIRS)
    message = "Error: 6 of 12 gradients differ from central differences by 1e-07 or more\n"
    assert result.stderr.endswith(message)


def test_a_wrong_gradient_as_json_is_one_document(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_errors(monkeypatch, float("nan"))
    result = nnlab("gradcheck", "--json")
    told = document(result)
    assert result.exit_code == told["exit_code"] == 1
    assert told["passed"] is False
    assert told["checks"][0]["error"] is None
    assert told["error"].startswith("6 of 6 gradients differ")
