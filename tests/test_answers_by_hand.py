"""The answers to 1.2, 1.3 and 1.4 a, b, c, e, whole, on studies cut short."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from nnlab.core.errors import UsageError
from nnlab.core.listener import Listener
from nnlab.core.questions.table import find_question
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer
from nnlab.core.report.figures import draw
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec

SHORT: dict[str, dict[str, Any]] = {
    "large_logits": {"seeds": (0, 1, 2), "epochs": 4},
    "spiral_plane": {"seeds": (0, 1, 2), "steps": 400, "epochs": None},
    "linear_circles": {"seeds": (0, 1, 2), "epochs": 10},
    "linear_spirals": {"seeds": (0, 1, 2), "epochs": 10},
    "linear_middle": {"seeds": (0, 1, 2), "epochs": 3},
    "linear_depth": {"seeds": (0, 1, 2)},
    "sigmoid_output": {
        "seeds": (0, 1, 2, 1000), "epochs": 8, "depth": (1, 2, 8),
        "learning_rate": (0.1, 0.3, 1.0),
    },
    "confident_cross_entropy": {
        "seeds": (0, 1, 2, 1000), "epochs": 5, "learning_rate": (0.3, 1.0, 3.0),
    },
    "confident_squared": {
        "seeds": (0, 1, 2, 1000), "epochs": 5, "learning_rate": (0.3, 1.0, 3.0),
    },
}  # fmt: skip


class ShortWork(Work):
    """The shipped studies, a tenth of them."""

    def spec(self, name: str, quick: Sequence[str] = ()) -> Spec:
        return super().spec(name).model_copy(update=SHORT[name])


def asked(folder: Path, question: str, **options: Any) -> Answer:
    work = ShortWork(
        Settings(results=folder, jobs=1), folder / "answer", lambda _: nullcontext(Listener()),
        **options,
    )  # fmt: skip
    return find_question(question).answer(work)


def text_of(answer: Answer) -> str:
    texts = [*answer.sentences, *answer.corrections]
    for section in answer.sections:
        texts += section.text
        texts += [cell for table in section.tables for row in table.rows for cell in row]
    return "\n".join(texts)


def verdicts(answer: Answer) -> dict[str, str]:
    return {judged.claim.id: judged.verdict.verdict for judged in answer.claims}


def check(answer: Answer) -> None:
    """What every answer must have."""
    assert answer.sentences
    assert answer.corrections
    names = [picture.name for picture in answer.pictures]
    assert len(set(names)) == len(names)
    for judged in answer.claims:
        assert judged.claim.figure in names
        assert judged.control is not None
        assert judged.finding.scope
    for picture in answer.pictures:
        assert not picture.is_empty
        assert draw(picture, 800).axes


def test_two_layers(tmp_path: Path) -> None:
    found = asked(tmp_path, "1.2")
    check(found)
    assert verdicts(found) == {"gradients-agree": "supported"}
    text = text_of(found)
    assert "z1 = (2, −2, 1)" in text
    assert "net.zero_gradients()" in text
    assert "output 1 is 2; read unit by unit it would be 3" in text
    assert "dl/dW1[3,2]\n−12\n−12\n−12" in text


def test_two_layers_with_the_users_numbers(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("x: [3]\ny: [-1]\nW1: [[2]]\nb1: [0]\nW2: [[1]]\nb2: [0.5]\n")
    found = asked(tmp_path, "1.2", input=file)
    # z1 = 6, yhat = 6.5, l = 7.5^2, dl/dW1 = 2 7.5 3
    assert "z1 = (6)" in found.sentences[0]
    assert "l = 56.25" in found.sentences[0]
    assert "dl/dW1[1,1]\n45\n45\n45" in text_of(found)
    with pytest.raises(UsageError, match=r"y is \(−1\), .* every target lies between 0 and 1"):
        asked(tmp_path, "1.3", input=file)


def test_a_net_too_large_to_draw_is_told_all_the_same(tmp_path: Path) -> None:
    row = f"[{', '.join(['0.5'] * 10)}]"
    file = tmp_path / "net.yaml"
    rows = f"[{', '.join([row] * 10)}]"
    file.write_text(f"x: {row}\ny: {row}\nW1: {rows}\nb1: {row}\nW2: {rows}\nb2: {row}\n")
    found = asked(tmp_path, "1.2", input=file)
    assert not found.pictures
    notes = [table.note for section in found.sections for table in section.tables]
    assert any("160 further elements are compared" in note for note in notes)


def test_sigmoid_net(tmp_path: Path) -> None:
    found = asked(tmp_path, "1.3")
    check(found)
    found_verdicts = verdicts(found)
    assert found_verdicts["gradients-agree-squared"] == "supported"
    assert found_verdicts["gradients-agree-cross-entropy"] == "supported"
    reasons = {judged.claim.id: judged.verdict.reason for judged in found.claims}
    assert "3 seeds only explore" in reasons["sigmoid-inside-fades"]
    fades = next(j for j in found.claims if j.claim.id == "sigmoid-inside-fades")
    assert fades.interval.estimate > 1000
    assert fades.finding.control is not None
    assert 1.0 < fades.finding.control.interval.estimate < 10.0
    assert "σ(W1 x + b1), not σ(W1 + b1)" in text_of(found)
    assert found.runs is not None
    assert set(found.runs["seed"].unique()) == {0, 1, 2, 1000}


def test_soft_argmax(tmp_path: Path) -> None:
    found = asked(tmp_path, "1.4a")
    check(found)
    assert set(verdicts(found).values()) == {"supported"}
    assert "adding 1,000 to all of them changes p by 0." in text_of(found)


def test_stability(tmp_path: Path) -> None:
    found = asked(tmp_path, "1.4b")
    check(found)
    assert verdicts(found)["naive-softmax-breaks-up"] == "supported"
    assert verdicts(found)["naive-softmax-breaks-down"] == "supported"
    text = text_of(found)
    assert "88.72283, then NaN" in text
    assert "16.63553, then 1" in text
    dies = next(j for j in found.claims if j.claim.id == "naive-training-dies")
    assert dies.interval.estimate < 1
    assert dies.finding.control is not None
    assert dies.finding.control.interval.estimate == 1.0


def test_linear_layers(tmp_path: Path) -> None:
    found = asked(tmp_path, "1.4c")
    check(found)
    by = {judged.claim.id: judged for judged in found.claims}
    assert by["two-linear-are-one"].interval.estimate < 1e-14
    assert by["relu-between-circles"].interval.estimate > 0.1
    assert by["learns-differently"].interval.estimate > 1.5
    assert {j.control.verdict for j in by.values() if j.control} <= {"refuted", "inconclusive"}


def test_transformations(tmp_path: Path) -> None:
    found = asked(tmp_path, "1.4e", matrix="0 1; 1 0")
    check(found)
    assert verdicts(found)["translation-is-not-linear"] == "supported"
    assert "[0 1; 1 0] is turn 0°, then stretch 1 and 1, then mirror, turn 90°" in text_of(found)
    bends = next(j for j in found.claims if j.claim.id == "non-linear-steps-untangle")
    assert bends.finding.control is not None
    assert bends.finding.control.interval.estimate == 0.0
