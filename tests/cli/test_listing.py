"""`nnlab list`: everything that can be chosen is listed, at any width."""

from __future__ import annotations

import pytest

from nnlab.configs import shipped
from nnlab.core.data.datasets import DATASETS
from nnlab.core.errors import UsageError
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.optimizers import OPTIMIZERS
from nnlab.core.questions.table import QUESTIONS
from nnlab.core.tables import TOPICS, find_topic
from tests.command_line import Nnlab, document, widest


def test_every_topic_lists_its_whole_table(nnlab: Nnlab) -> None:
    told = document(nnlab("list", "--json"))
    assert list(told) == list(TOPICS)
    for topic, table in (
        ("activations", ACTIVATIONS),
        ("optimizers", OPTIMIZERS),
        ("datasets", DATASETS),
        ("questions", QUESTIONS),
        ("specs", shipped()),
    ):
        assert [row["name"] for row in told[topic]] == list(table)
        assert all(row["what"] and row["source"] for row in told[topic])


def test_a_row_tells_formula_paper_and_parameter(nnlab: Nnlab) -> None:
    row = document(nnlab("list", "activations", "--json"))["activations"][1]
    assert row["what"] == ACTIVATIONS["leaky_relu"].formula
    assert row["source"] == ACTIVATIONS["leaky_relu"].paper
    assert "leaky_relu:0.01 is the default; 0 to 1" in row["details"]


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("topic", [[], *([name] for name in TOPICS)])
def test_lines_fit_the_terminal(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch, topic: list[str], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = nnlab("list", *topic)
    assert result.exit_code == 0
    assert widest(result.stdout) <= width


def test_the_key_of_a_spec_names_its_topic() -> None:
    for topic in TOPICS.values():
        assert find_topic(topic.name) is topic
        assert not topic.key or find_topic(topic.key) is topic
    assert find_topic("Question") is TOPICS["questions"]


def test_an_unknown_topic_is_told() -> None:
    with pytest.raises(UsageError, match="unknown topic 'optimisers'; did you mean 'optimizers'"):
        find_topic("optimisers")


def test_columns_are_told_file_by_file(nnlab: Nnlab) -> None:
    short = nnlab("list").stdout
    for file in ("runs.csv", "curves.parquet", "layers.parquet"):
        assert f"  {file}: run, st" in short
    long = nnlab("list", "quantities").stdout.splitlines()
    heads = [line for line in long if line.endswith((".csv", ".parquet"))]
    assert heads == ["runs.csv", "curves.parquet", "layers.parquet"]
    assert sum(line.startswith("step ") for line in long) == 2
