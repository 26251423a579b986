"""Questions answered into folders: whole or not there, read back, all in turn."""

from __future__ import annotations

import json
import signal
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nnlab.core.errors import DataError, Interrupted, RunsFailed, StoreError, UsageError
from nnlab.core.listener import Listener
from nnlab.core.questions import all as all_answers
from nnlab.core.questions import answering
from nnlab.core.questions.all import Failed, answer_all
from nnlab.core.questions.answer_folder import read_answer
from nnlab.core.questions.answering import Asked, answer_question, document
from nnlab.core.questions.table import QUESTIONS, find_question
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.saved import answer_names, is_answer, locate, locate_answer
from nnlab.core.settings import Settings
from tests.answers import lines_picture, page
from tests.made_up_questions import draw_nothing, plain_answer, put_questions


def asked(folder: Path, **more: Any) -> Asked:
    return Asked(Settings(folder / "results", jobs=1), lambda name: nullcontext(Listener()), **more)


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch) -> None:
    put_questions(monkeypatch, a=lambda work: plain_answer(), m=lambda work: plain_answer())


# ------------------------------------------------------------------ one answer


def test_an_answer_is_written_and_read_back(one: None, tmp_path: Path) -> None:
    answered = answer_question(QUESTIONS["a"], asked(tmp_path))
    folder = tmp_path / "results" / "answer-a"
    assert answered.folder == folder
    assert {path.name for path in folder.iterdir()} == {
        "answer.json", "claims.json", "environment.json", "report.png", "report.md", "report.html",
    }  # fmt: skip
    assert read_answer(folder) == json.loads(json.dumps(document(answered.page)))
    claims = json.loads((folder / "claims.json").read_text())
    assert [entry["id"] for entry in claims] == ["sigmoid", "relu", "tanh", "leaky"]
    facts = json.loads((folder / "environment.json").read_text())
    assert facts["started"] <= facts["finished"]
    assert facts["jobs"] == 1


def test_a_quick_answer_has_a_folder_of_its_own(one: None, tmp_path: Path) -> None:
    answer_question(QUESTIONS["a"], asked(tmp_path, quick=True))
    assert answer_names(tmp_path / "results") == ["answer-a-quick"]


def test_what_an_answer_no_longer_has_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = pl.DataFrame({"run": ["000000000000"]})
    pictured = Answer(("Yes.",), (Section("a", (), (), (lines_picture("old"),)),), runs=runs)
    put_questions(monkeypatch, a=lambda work: pictured)
    folder = answer_question(QUESTIONS["a"], asked(tmp_path)).folder
    assert (folder / "figures" / "old.png").is_file()
    assert (folder / "runs.csv").read_text() == "run\n000000000000\n"
    (folder / ".answer.json.elsewhere.1.0.tmp").write_text("")
    put_questions(monkeypatch, a=lambda work: Answer(("Yes.",), ()))
    answer_question(QUESTIONS["a"], asked(tmp_path))
    assert not list(folder.glob("figures/*"))
    assert not (folder / "runs.csv").exists()


def test_an_answer_that_fails_on_the_way_is_not_taken_for_whole(
    one: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = answer_question(QUESTIONS["a"], asked(tmp_path)).folder
    (folder / "report.md").unlink()
    (folder / "report.md").mkdir()  # cannot be written over
    with pytest.raises(StoreError, match=r"cannot write .*report\.md"):
        answer_question(QUESTIONS["a"], asked(tmp_path))
    assert not is_answer(folder)


@pytest.mark.parametrize("when", ["between its studies", "while it is drawn"])
def test_an_answer_that_is_told_to_end_says_how_to_go_on(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM between the studies of an answer ends it like one while they train."""

    def answer(work: Work) -> Answer:
        if when == "between its studies":
            signal.raise_signal(signal.SIGTERM)
        return plain_answer()

    put_questions(monkeypatch, a=answer)
    monkeypatch.setattr(answering, "_write", lambda *_: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted, match="every run that was finished is kept; the same command"):
        answer_question(QUESTIONS["a"], asked(tmp_path))
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_report_of_all_that_is_told_to_end_says_how_to_go_on(
    one: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_answers, "_write", lambda *_: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Interrupted, match="the same command goes on"):
        answer_all(asked(tmp_path), lambda each: None)


def test_options_that_a_question_does_not_take(one: None, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="question a takes no --matrix"):
        answer_question(QUESTIONS["a"], asked(tmp_path, matrix="1 0; 0 1"))
    with pytest.raises(UsageError, match="question m takes no --input"):
        answer_question(QUESTIONS["m"], asked(tmp_path, input=Path("net.yaml")))
    assert not (tmp_path / "results").exists()


def test_a_study_of_that_name_is_left_alone(one: None, tmp_path: Path) -> None:
    spec = tmp_path / "results" / "answer-a" / "spec.yaml"
    spec.parent.mkdir(parents=True)
    spec.write_text("name: answer-a\n")
    with pytest.raises(UsageError, match="answer-a holds a study of that name, not an answer"):
        answer_question(QUESTIONS["a"], asked(tmp_path))
    assert [path.name for path in spec.parent.iterdir()] == ["spec.yaml"]


def test_every_question_is_found_whatever_its_case() -> None:
    for name, row in QUESTIONS.items():
        assert find_question(f" {name.upper()} ") is row
    with pytest.raises(UsageError, match=r"unknown question '1\.4g'.*1\.4f, all"):
        find_question("1.4g")


def test_a_number_without_its_letter_names_the_parts() -> None:
    with pytest.raises(UsageError, match=r"'1.4' has parts: 1.4a, 1.4b, 1.4c, 1.4d, 1.4e, 1.4f;"):
        find_question("1.4")


# ------------------------------------------------------------------ read back


def change(key: str, value: Any) -> str:
    return json.dumps(document(page()) | {key: value})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name"),
        ("[]", "it holds no mapping"),
        ("{}", "it has no 'question'"),
        (change("title", 3), "title is no text"),
        (change("answer", "yes"), "answer is no list of texts"),
        (change("corrections", [1]), "corrections is no list of texts"),
        (change("quick", 1), "quick is neither true nor false"),
        (change("claims", [{"verdict": "perhaps"}]), "there is no verdict 'perhaps'"),
        (change("claims", [{"verdict": "supported"}]), "it has no 'claim'"),
        (change("claims", 7), "not iterable"),
        (change("claims", [7]), "not subscriptable"),
    ],
)
def test_a_damaged_answer_says_where(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "answer.json").write_text(text)
    with pytest.raises(StoreError, match=r"answer\.json is damaged") as error:
        read_answer(tmp_path)
    assert reason in str(error.value)
    assert str(error.value).endswith("`nnlab answer` makes it again")


def test_an_answer_is_no_study(one: None, tmp_path: Path) -> None:
    results = tmp_path / "results"
    folder = answer_question(QUESTIONS["a"], asked(tmp_path, quick=True)).folder
    (folder / "studies").mkdir()
    with pytest.raises(UsageError, match="'answer-a-quick' is an answer, not a study") as error:
        locate(results, "answer-a-quick")
    assert "`nnlab answer a --quick` makes it again" in str(error.value)
    assert "its studies are in" in str(error.value)
    assert locate_answer(results, "answer-a-quick") == folder
    assert locate_answer(results, "answer-b") is None
    (results / "link").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "answer.json").write_text("{}")
    with pytest.raises(UsageError, match="leads out of"):
        locate_answer(results, "link")


# ------------------------------------------------------------------ all


def test_all_answers_make_one_report(one: None, tmp_path: Path) -> None:
    heard: list[Any] = []
    found = answer_all(asked(tmp_path, matrix="1 0; 0 1"), heard.append)
    assert [each.page.question for each in heard] == ["a", "m"]
    assert not found.failed
    results = tmp_path / "results"
    assert answer_names(results) == ["answer-a", "answer-all", "answer-m"]
    claims = json.loads((found.folder / "claims.json").read_text())
    assert len(claims) == 8
    told = read_answer(found.folder)
    assert (told["question"], len(told["claims"])) == ("all", 8)
    assert told["answer"][0].startswith("a: ReLU lets gradients pass")
    assert {path.name for path in found.folder.iterdir()} == {
        "answer.json", "claims.json", "environment.json", "report.png", "report.md", "report.html",
    }  # fmt: skip


def test_a_question_that_fails_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(work: Work) -> Answer:
        raise DataError("the data are gone")

    put_questions(monkeypatch, a=fails, b=lambda work: plain_answer())
    found = answer_all(asked(tmp_path), lambda each: None)
    assert [failed.question.id for failed in found.failed] == ["a"]
    assert [answered.page.question for answered in found.answered] == ["b"]
    told = read_answer(found.folder)
    assert told["unanswered"] == [{"question": "a", "error": "the data are gone"}]
    assert "the data are gone" in (found.folder / "answer.json").read_text()


@pytest.mark.parametrize(("error", "fast"), [(Interrupted, False), (RunsFailed, True)])
def test_what_ends_all_of_it(
    error: type[Exception], fast: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(work: Work) -> Answer:
        raise error("stop")

    put_questions(monkeypatch, a=stops, b=lambda work: plain_answer())
    how = asked(tmp_path)
    how = replace(how, settings=replace(how.settings, fail_fast=fast))
    heard: list[Any] = []
    with pytest.raises(error, match="stop"):
        answer_all(how, heard.append)
    assert heard == []
    assert not (tmp_path / "results" / "answer-b").exists()


def test_failed_runs_fail_their_question_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(work: Work) -> Answer:
        raise RunsFailed("2 of 4 runs failed")

    put_questions(monkeypatch, a=fails)
    found = answer_all(asked(tmp_path), lambda each: None)
    assert isinstance(found.failed[0], Failed)
    assert str(found.failed[0].error) == "2 of 4 runs failed"
