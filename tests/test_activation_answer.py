"""The answer on activations: three parts made small, and the sentences out of the verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

import pytest

from nnlab.core.analysis.claims import Claim, Finding, Judged, judge_findings
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import Interval, geometric_interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.listener import Listener
from nnlab.core.nn.activations import ACTIVATIONS as ROWS
from nnlab.core.questions.activations import (
    convergence,
    cost,
    dying_claims,
    saturation,
    slope,
    trainability,
    trainability_claims,
    vanishing_claims,
)
from nnlab.core.questions.activations.part import Part
from nnlab.core.questions.activations.sentences import (
    ACTIVATIONS,
    CORRECTIONS,
    DEEPER,
    sentences,
    strongest,
)
from nnlab.core.questions.work import Work
from nnlab.core.report.figures import draw
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec

# ------------------------------------------------------------------ the parts

SMALL = {
    "vanishing": ["width=8", "depth=[3, 20]", "seeds=7"],
    "trainability": [
        "dataset=iris", "width=4", "depth=[2, 6]", "epochs=4", "learning_rate=[0.1, 0.5]",
        "seeds=[1000]",
    ],
    "fading": ["dataset=iris", "width=4", "depth=6", "epochs=2", "records=3", "seeds=2"],
    "saturation": ["dataset=iris", "width=4", "epochs=2", "records=3", "seeds=2"],
}  # fmt: skip
FIGURES = {
    "vanishing": {"gradient_against_theory", "measured_over_theory"},
    "trainability": {"trained_over_depth", "fading_by_layer", "fading_over_time"},
    "saturation": {"top_layer_silence", "centring"},
}


class SmallWork(Work):
    """Studies that take a second."""

    def spec(self, name: str, quick: Sequence[str] = ()) -> Spec:
        """The shipped spec with the overrides of this test."""
        del quick
        return super().spec(name, SMALL[name])


@pytest.mark.parametrize("module", list(FIGURES))
def test_a_part_is_whole(module: str, tmp_path: Path) -> None:
    """Findings for every claim, figures that claims point at, tables without holes."""
    settings = Settings(results=tmp_path, jobs=1)
    work = SmallWork(settings, tmp_path / "answer", lambda name: nullcontext(Listener()), True)
    part: Part = import_module(f"nnlab.core.questions.activations.{module}").part(work)
    judged = judge_findings(part.claims, part.findings)
    pictures = {picture.name: picture for section in part.sections for picture in section.pictures}
    assert set(pictures) == FIGURES[module]
    assert {claim.figure for claim in part.claims} <= set(pictures)
    for picture in pictures.values():
        assert not picture.is_empty
        draw(picture, 1560)
    for section in part.sections:
        assert not any("nan" in text.split() for text in section.text)
        for table in section.tables:
            assert {len(row) for row in table.rows} == {len(table.heads)}
    assert part.runs is not None
    assert part.runs["run"].is_unique().all()
    if module == "trainability":
        # nothing is tuned on the seeds that are reported
        reported = part.runs.filter(part.runs["steps"] == 12)
        assert {1000, *trainability.QUICK_SEEDS} == set(reported["seed"])
    if module == "vanishing":  # eight units are enough to tell sigmoid from the identity
        verdicts = {each.claim.id: each.verdict.verdict for each in judged}
        assert verdicts["sigmoid-vanishes"] == "supported"
        assert verdicts["relu-vanishes-less-than-sigmoid"] == "supported"


def test_a_part_has_one_finding_a_claim() -> None:
    with pytest.raises(ValueError, match="4 claims have 0 findings"):
        Part(sections=(), claims=vanishing_claims.CLAIMS)


CLAIMS = tuple(
    claim
    for module in (
        vanishing_claims, trainability_claims, saturation, dying_claims, slope, convergence, cost,
    )
    for claim in module.CLAIMS
)  # fmt: skip


def test_claims_are_of_the_question_and_of_its_activations() -> None:
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    for claim in CLAIMS:
        assert claim.question == "1.4d"
        assert claim.control
        if claim.id != "expensive-activation-slows-training":  # of all of them, on no side
            assert claim.about in ACTIVATIONS
            assert claim.side in ("advantage", "disadvantage")
    assert set(ACTIVATIONS) <= set(ROWS)
    assert {"relu-vanishes-less-than-sigmoid", "relu-trains-deeper-than-sigmoid"} <= {*ids} & set(
        DEEPER
    )


# ------------------------------------------------------------------ the sentences


def claim(id: str, about: str, side: str, text: str = "") -> Claim:
    return Claim(
        id, "1.4d", text or f"Claim {id}", Criterion.greater("number", 1.0), "x", "study", "",
        "figure", lambda found: Finding(found, "scope"), about, side,  # type: ignore[arg-type]
    )  # fmt: skip


def interval(low: float, high: float, n: int = 10) -> Interval:
    return Interval(math.sqrt(low * high), low, high, n, scale="log")


def judged_of(*rows: tuple[Claim, Finding]) -> list[Judged]:
    return judge_findings([row[0] for row in rows], [row[1] for row in rows])


def test_the_strongest_supported_claim_is_told() -> None:
    weak, strong = interval(1.5, 3.0), interval(50.0, 60.0)
    judged = judged_of(
        (claim("weak", "relu", "advantage"), Finding(weak, "scope")),
        (claim("strong", "relu", "advantage", "ReLU is strong"), Finding(strong, "scope")),
    )
    best = strongest(judged, "relu", "advantage")
    assert best is not None
    assert best.claim.id == "strong"
    told = sentences(judged)[0]
    assert told.startswith("ReLU. Advantage: ReLU is strong (number: 54.8×")
    assert told.endswith("Disadvantage: none that the evidence supports.")
    assert "weak" not in told


def test_a_condition_is_told_with_it() -> None:
    parts = {"glorot": Measured(interval(2.0, 3.0)), "he": Measured(interval(0.2, 0.3))}
    found = Finding(interval(0.7, 0.8), "scope", sub_ranges=parts)
    told = sentences(judged_of((claim("c", "tanh", "disadvantage", "Tanh vanishes"), found)))
    assert told[1].endswith(
        "Disadvantage: tanh vanishes (on a condition: so for glorot (2.45× [1.93, 3.12]), not for "
        "he (0.245× [0.188, 0.319]))."
    )


def test_a_condition_is_told_beside_what_holds_without_one() -> None:
    parts = {"glorot": Measured(interval(2.0, 3.0)), "he": Measured(interval(0.2, 0.3))}
    judged = judged_of(
        (
            claim("c", "tanh", "disadvantage", "Tanh vanishes"),
            Finding(interval(0.7, 0.8), "scope", sub_ranges=parts),
        ),
        (
            claim("d", "tanh", "disadvantage", "Tanh is dear"),
            Finding(interval(2.0, 3.0), "scope"),
        ),
    )
    told = sentences(judged)[1]
    assert "Disadvantage: tanh is dear (number: 2.45×" in told
    assert "; and tanh vanishes, on a condition: so for glorot (2.45× [" in told


def test_what_is_not_supported_is_never_told_as_a_fact() -> None:
    judged = judged_of(
        (claim("refuted", "tanh", "advantage"), Finding(interval(0.2, 0.3), "scope")),
        (claim("open", "leaky_relu", "advantage"), Finding(interval(0.9, 6.0), "scope")),
    )
    told = sentences(judged)
    assert told[1].startswith("tanh. Advantage: none that the evidence supports, though refuted")
    assert told[3].startswith("LeakyReLU. Advantage: none is settled; the estimate points to this")
    assert told[4].startswith("Claimed, and refuted here: claim refuted (refuted, 0.245×")
    assert told[5] == "Left undecided, 1 of 2 claims: claim open."


def test_few_seeds_point_to_a_verdict_and_give_none() -> None:
    """Two seeds: what each gave, never the interval of two, and no claim told as a fact."""
    glorot, he = (Measured(geometric_interval(values)) for values in ([2.0, 3.0], [0.2, 0.3]))
    judged = judged_of(
        (
            claim("up", "relu", "advantage", "ReLU is up"),
            Finding(geometric_interval([5.0, 6.0]), "scope"),
        ),
        (claim("torn", "relu", "disadvantage"), Finding(geometric_interval([0.5, 2.0]), "scope")),
        (
            claim("cond", "tanh", "disadvantage", "Tanh vanishes"),
            Finding(
                geometric_interval([0.7, 0.8]), "scope", sub_ranges={"glorot": glorot, "he": he}
            ),
        ),
    )
    told = sentences(judged)
    assert told[0].startswith(
        "ReLU. Advantage: none is settled; the seeds point to this: ReLU is up (number: 5.48× "
        "(n = 2: 5 to 6)). Disadvantage: none that the evidence supports, though torn was tested."
    )
    assert "so for glorot (2.45× (n = 2: 2 to 3)), not for he (0.245× (n = 2: 0.2 to" in told[1]
    assert told[-1] == (
        "Not judged, 3 of 3 claims: 2 seeds or fewer only explore, a verdict takes 6. Of them "
        "1 point to supported, 1 point to conditional and 1 to nothing."
    )


def test_sigmoid_has_an_advantage_by_construction() -> None:
    told = sentences([])
    assert len(told) == len(ACTIVATIONS)
    assert "its output lies in (0, 1)" in told[2]
    assert len(CORRECTIONS) == len(set(CORRECTIONS))


def test_0_1b_is_answered_from_its_claims() -> None:
    row = claim(DEEPER[0], "relu", "advantage", "ReLU vanishes less")
    told = sentences(judged_of((row, Finding(interval(20.0, 30.0), "scope"))))
    assert told[-1].startswith("0.1b, gradients and speed in a deeper net. ReLU vanishes less: ")
    assert "supported, 24.5×" in told[-1]
