"""`nnlab answer`: the list of questions, one answer, all of them; what is read back of it."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from nnlab.cli.answer import complete_questions
from nnlab.cli.saved import complete_shown
from nnlab.core.errors import DataError
from nnlab.core.questions.table import QUESTIONS
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import QUICK, Answer
from nnlab.core.spec import parse_spec
from tests.command_line import TINY, Nnlab, document, widest
from tests.made_up_questions import draw_nothing, plain_answer, put_questions


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    put_questions(monkeypatch, a=lambda work: plain_answer(), m=lambda work: plain_answer())


def trains(work: Work) -> Answer:
    """An answer that trains four tiny runs."""
    results = work.train(parse_spec(TINY.encode(), "tiny"))
    return Answer((f"{results.runs.height} runs are trained.",), (), runs=results.runs)


# ------------------------------------------------------------------ the list


def test_without_a_question_all_are_listed(nnlab: Nnlab) -> None:
    result = nnlab("answer")
    assert (result.exit_code, result.stderr) == (0, "")
    assert widest(result.stdout) <= 80
    for name, row in QUESTIONS.items():
        line = next(line for line in result.stdout.split("\n") if line.startswith(f"{name} "))
        assert row.title.split()[0] in line
        assert all(f"--{option}" in line for option in row.options)
    assert "`nnlab answer all` answers all" in result.stdout


def test_the_list_as_json(nnlab: Nnlab) -> None:
    listed = document(nnlab("answer", "--json"))["questions"]
    assert [row["id"] for row in listed] == list(QUESTIONS)
    assert listed[0]["options"] == ["--input"]


def test_questions_are_completed() -> None:
    assert complete_questions("1.4") == [name for name in QUESTIONS if name.startswith("1.4")]
    assert complete_questions("a") == ["all"]


# ------------------------------------------------------------------ one answer


def test_an_answer_in_80_columns(made_up: None, nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("answer", "a")
    assert (result.exit_code, result.stderr) == (0, "")
    text = result.stdout
    assert widest(text) <= 80
    assert "\x1b" not in text
    assert text.startswith("a: about a\nWhat is a?\nThe questions are exercises on neural networks")
    assert "\n\nReLU lets gradients pass" in text
    assert re.search(
        r"^Sigmoid suffers from +✓ supported +4\.24× \[\d.\d+, \d.\d+\] +10\n"
        r"vanishing gradients\.\n  Claimed: above 1\.1\. How much the gradient shrinks",
        text,
        re.M,
    )
    assert "\n    W = [  1  2 ]\n        [ −1  0 ]\n" in text
    assert "In the report." not in text
    assert "small" not in text
    assert "best: a name of several words" in text
    assert "Where the text slips\n- 1.4d: a unit is dead" in text
    assert text.endswith(
        "\nReport: results/answer-a/report.png\n"
        "The tables behind the claims are in report.html; --tables prints them.\n"
    )
    assert QUICK not in text
    assert (folder / "results" / "answer-a" / "report.png").is_file()


def test_the_tables_behind_an_answer_when_they_are_asked_for(made_up: None, nnlab: Nnlab) -> None:
    text = nnlab("answer", "a", "--tables").stdout
    assert "\nBehind it\nIn the report.\n\nnet    loss\nsmall  0.25\n" in text
    assert text.endswith("\nReport: results/answer-a/report.png\n")


def test_an_answer_whose_tables_are_all_printed_says_so(nnlab: Nnlab) -> None:
    text = nnlab("answer", "1.4b", "--quick", "--tables").stdout
    assert text.endswith("It prints all of its tables without --tables, too.\n")


def test_all_answers_are_too_many_for_their_tables(made_up: None, nnlab: Nnlab) -> None:
    result = nnlab("answer", "all", "--tables")
    assert result.exit_code == 2
    assert "--tables prints those of one question" in result.stderr


def test_a_quick_answer_says_so(made_up: None, nnlab: Nnlab) -> None:
    result = nnlab("answer", "a", "--quick")
    assert QUICK in " ".join(result.stdout.split())
    assert "Report: results/answer-a-quick/report.png\n" in result.stdout


def test_an_answer_as_json(made_up: None, nnlab: Nnlab) -> None:
    told = document(nnlab("answer", "A", "--json"))
    assert [entry["verdict"] for entry in told["claims"]] == [
        "supported", "refuted", "conditional", "inconclusive",
    ]  # fmt: skip
    assert told["answer"] == list(plain_answer().sentences)
    assert told["sections"][0]["tables"][0]["heads"] == ["what", "first", "second", "where"]
    assert (told["folder"], told["report"]) == ("results/answer-a", "results/answer-a/report.png")
    assert told["notes"] == []


def test_studies_are_followed_on_standard_error(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_questions(monkeypatch, a=trains)
    result = nnlab("answer", "a", "--jobs", "1")
    assert "4 runs are trained." in result.stdout
    assert result.stderr.startswith("tiny: 4 runs; about")
    again = nnlab("answer", "a", "--jobs", "1", "--quiet")
    assert (again.exit_code, again.stderr) == (0, "")
    assert again.stdout == result.stdout
    told = document(nnlab("answer", "a", "--jobs", "1", "--json"))
    assert any("is complete: nothing to train" in note for note in told["notes"])
    assert Path("results/answer-a/studies/tiny/runs.csv").is_file()
    assert not Path("results/tiny").exists()


def test_ctrl_c_says_how_to_go_on(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(work: Work) -> Answer:
        raise KeyboardInterrupt

    put_questions(monkeypatch, a=stops)
    for words in (["a"], ["all"]):
        result = nnlab("answer", *words)
        assert (result.exit_code, result.stdout) == (130, "")
        assert result.stderr == (
            "interrupted: every run that was finished is kept; the same command goes on\n"
        )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["1.9"], "unknown question '1.9'. Allowed: a, m, all"),
        (["a", "--dry-run"], "No such option: --dry-run"),
        (["a", "--matrix", "1"], "question a takes no --matrix"),
        (["m", "--input", "net.yaml"], "question m takes no --input"),
    ],
)
def test_wrong_usage(made_up: None, nnlab: Nnlab, words: list[str], message: str) -> None:
    result = nnlab("answer", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert message in document(nnlab("answer", *words, "--json"))["error"]


# ------------------------------------------------------------------ all


def test_all_questions_in_turn(made_up: None, nnlab: Nnlab) -> None:
    result = nnlab("answer", "all", "--matrix", "1 0; 0 1")
    told = "1 of 2 questions done\n2 of 2 questions done\n"
    assert (result.exit_code, result.stderr) == (0, told)
    assert widest(result.stdout) <= 80
    assert re.findall(r"^[am]: about", result.stdout, re.M) == ["a: about", "m: about"]
    assert "Small enough to follow." not in result.stdout  # sections are in the report
    assert result.stdout.endswith("\n\nReport: results/answer-all/report.png\n")


def test_a_question_that_fails_makes_exit_code_1(
    nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(work: Work) -> Answer:
        raise DataError("the data are gone")

    put_questions(monkeypatch, a=fails, b=lambda work: plain_answer())
    result = nnlab("answer", "all", "--quick")
    assert result.exit_code == 1
    assert result.stderr == (
        "a is unanswered: the data are gone\n1 of 2 questions done\n2 of 2 questions done\n"
        "Error: 1 of 2 questions are unanswered: a\n"
    )
    assert "b: about b" in result.stdout
    told = document(nnlab("answer", "all", "--quick", "--json"))
    assert told["unanswered"] == [{"question": "a", "error": "the data are gone"}]
    assert [answer["question"] for answer in told["answers"]] == ["b"]
    assert told["report"] == "results/answer-all-quick/report.png"
    assert told["exit_code"] == 1


# ------------------------------------------------------------------ what is there


@pytest.fixture
def answered(made_up: None, nnlab: Nnlab, results: Path) -> Path:
    """The results folder with studies and an answer."""
    assert nnlab("answer", "a").exit_code == 0
    return results


def test_answers_are_listed_below_the_studies(answered: Path, nnlab: Nnlab) -> None:
    (answered / "answer-m" / "studies").mkdir(parents=True)
    (answered / "answer-c").mkdir()
    (answered / "answer-c" / "answer.json").write_text("{}")
    (answered / "answer-p").mkdir()  # as the reference results that are shipped
    (answered / "answer-p" / "claims.json").write_text("[]")
    result = nnlab("results", "list")
    assert result.exit_code == 0
    assert widest(result.stdout) <= 80
    studies, answers, odd, _ = result.stdout.split("\n\n")
    assert "answer-a" not in studies
    assert re.search(r"^answer-a +20\d\d-\S+ \S+ +4 claims: 1 supported, 1", answers, re.M)
    assert "1 inconclusive" in " ".join(answers.split())
    assert "answer-m: an answer that is not finished; `nnlab answer` goes on with it" in odd
    assert "answer.json is damaged: it has no 'question'" in " ".join(odd.split())
    assert "answer-p: part of an answer: claims.json without answer.json" in " ".join(odd.split())
    told = document(nnlab("results", "list", "--json"))
    (row,) = told["answers"]
    assert (row["question"], row["folder"]) == ("a", "results/answer-a")
    assert row["verdicts"] == {
        "supported": 1, "refuted": 1, "conditional": 1, "inconclusive": 1,
    }  # fmt: skip
    assert {"verdicts", "question"} & set(told["studies"][0]) == set()


def test_show_has_the_sentences_and_claims_of_an_answer(answered: Path, nnlab: Nnlab) -> None:
    result = nnlab("results", "show", "answer-a")
    assert (result.exit_code, result.stderr) == (0, "")
    first = nnlab("answer", "a").stdout
    assert result.stdout.split("Where the text")[0].strip() == first.split("The net\n")[0].strip()
    assert result.stdout.endswith("Report: results/answer-a/report.png\n")
    told = document(nnlab("results", "show", "answer-a", "--json"))
    assert told["answer"] == list(plain_answer().sentences)
    context = SimpleNamespace(params={})
    assert complete_shown(context, "answer") == ["answer-a"]  # type: ignore[arg-type]


def test_what_is_for_studies_says_so_of_an_answer(answered: Path, nnlab: Nnlab) -> None:
    for words in (["report", "answer-a"], ["results", "export", "answer-a"]):
        result = nnlab(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "'answer-a' is an answer, not a study" in result.stderr
        assert "`nnlab answer a` makes it again" in " ".join(result.stderr.split())
    result = nnlab("results", "show", "answer-a", "--limit", "3")
    assert result.exit_code == 2
    assert "answer-a is an answer and has no runs of its own to choose from" in result.stderr
