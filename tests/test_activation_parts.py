"""Four parts of the answer on activations, from their studies to their findings, made small."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

import pytest

from nnlab.core.analysis.claims import judge_findings
from nnlab.core.listener import Listener
from nnlab.core.questions.work import Work
from nnlab.core.report.figures import draw
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec

SMALL = {
    "dying": ["hidden_layer_sizes=[8, 8]", "epochs=1"],
    "dying_shape": ["width=[4, 8]", "depth=[1, 2]", "epochs=1"],
    "slope": ["epochs=2"],
    "slope_moons": ["epochs=2"],
    "convergence": ["steps=100", "target_loss=2.2", "hidden_layer_sizes=[8]"],
    "convergence_tuned": ["steps=30", "target_loss=2.2", "hidden_layer_sizes=[8]"],
}
FIGURES = {
    "dying": {
        "dead_over_learning_rate", "silent_over_training", "dead_at_birth", "dead_by_shape",
    },
    "slope": {"slope"},
    "convergence": {"steps_to_target"},
    "cost": {"cost"},
}  # fmt: skip


class SmallWork(Work):
    """The quick studies, smaller still."""

    def spec(self, name: str, quick: Sequence[str] = ()) -> Spec:
        """The shipped spec with the overrides of this test."""
        keys = {text.partition("=")[0] for text in SMALL[name]}
        kept = [text for text in quick if text.partition("=")[0] not in keys]
        return super().spec(name, [*kept, *SMALL[name]])


@pytest.mark.parametrize("module", list(FIGURES))
def test_a_part_is_whole(module: str, tmp_path: Path) -> None:
    """Findings for every claim, figures that claims point at, tables without holes."""
    settings = Settings(results=tmp_path, jobs=1)
    work = SmallWork(settings, tmp_path / "answer", lambda name: nullcontext(Listener()), True)
    part = import_module(f"nnlab.core.questions.activations.{module}").part(work)
    judged = judge_findings(part.claims, part.findings)
    assert {each.claim.id for each in judged} == {claim.id for claim in part.claims}
    # Two seeds or a few rounds only explore.
    assert {each.verdict.verdict for each in judged} == {"inconclusive"}
    pictures = {picture.name: picture for section in part.sections for picture in section.pictures}
    assert set(pictures) == FIGURES[module]
    assert {claim.figure for claim in part.claims} <= set(pictures)
    for picture in pictures.values():
        draw(picture, 1600)
    for section in part.sections:
        assert not any("nan" in text.split() for text in section.text)
        for table in section.tables:
            assert {len(row) for row in table.rows} == {len(table.heads)}
    assert (part.runs is None) == (module == "cost")
