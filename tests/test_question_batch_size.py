"""Question 1.4 f: its claims on searches whose truth is known, its sentences and sections."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from nnlab.core.analysis.claims import judge_findings
from nnlab.core.analysis.noise_scale import NoiseScale
from nnlab.core.analysis.quadratic_model import QuadraticModel, StepsToTarget, model_steps
from nnlab.core.analysis.scaling import Optimum, Scaling, read_search
from nnlab.core.analysis.scaling_search import Protocol, Search, rounded, run_searches
from nnlab.core.listener import Listener
from nnlab.core.questions.batch_size.claims import CLAIMS
from nnlab.core.questions.batch_size.sections import sections
from nnlab.core.questions.batch_size.sentences import sentences
from nnlab.core.questions.batch_size.studies import MAIN, SMALL, STUDY, SWEEPS, Found
from nnlab.core.questions.work import Work
from nnlab.core.scaling.noise import NoisePoint
from nnlab.core.scaling.sweeps import Swept
from nnlab.core.settings import Settings

BATCHES = (8, 16, 32, 64, 128, 256, 512)


def searched(model: QuadraticModel, batches: tuple[int, ...]) -> Search:
    limit = model_steps(batches)
    rates = tuple(rounded(0.002 * 2.0**i) for i in range(11))
    protocol = Protocol(batches, rates, (1000,), tuple(range(6)), limit, limit)
    return run_searches({"it": protocol}, StepsToTarget(model))["it"]


@pytest.fixture(scope="module")
def found() -> Found:
    """As if every network were the noisy quadratic model of 100 dimensions."""
    noisy = QuadraticModel(100, spread=True)
    search = searched(noisy, (*SMALL[:-1], *BATCHES))
    reading = read_search(search)
    short = reading.over(BATCHES)
    free = read_search(searched(QuadraticModel(100, 0.0, spread=True), BATCHES))
    work = Work(Settings(), Path("nowhere"), lambda name: nullcontext(Listener()))
    return Found(
        spec=work.spec(STUDY),
        swept=Swept(SWEEPS, dict.fromkeys(SWEEPS, search), ()),
        readings={name: reading if name == "SGD, ReLU" else short for name in SWEEPS},
        models={"noisy": short, "small": reading.over(SMALL), "noise-free": free,
                "epochs": short, "steps": short},
        noise=[],
        single=[],
        examples=1536,
    )  # fmt: skip


def verdicts(found: Found) -> dict[str, str]:
    judged = judge_findings(CLAIMS, [claim.measure(found) for claim in CLAIMS])
    return {each.claim.id: each.verdict.verdict for each in judged}


def test_a_problem_in_proportion_is_found_in_proportion(found: Found) -> None:
    told = verdicts(found)
    assert told["larger-batch-larger-rate"] == "supported"
    assert told["in-proportion"] == "supported"
    assert told["corrected-momentum-in-proportion"] == "supported"


def test_a_control_that_behaves_like_the_claim_decides_nothing(found: Found) -> None:
    """Adam's control must not go as a square root; here the controls are what is judged."""
    told = verdicts(replace(found, models={**found.models, "noise-free": found.models["noisy"]}))
    assert told["larger-batch-larger-rate"] == "inconclusive"
    assert told["in-proportion"] == "inconclusive"


def test_short_runs_flag_heavy_ball_momentum_only(found: Found) -> None:
    def brief(reading: Scaling) -> Scaling:
        optima = tuple(replace(o, cost=o.cost / 1e4) for o in reading.optima)
        return replace(reading, optima=optima)

    short = replace(found, readings={k: brief(v) for k, v in found.readings.items()})
    told = verdicts(short)
    assert told["momentum-in-proportion"] == "inconclusive"
    assert told["corrected-momentum-in-proportion"] == "supported"
    judged = judge_findings(CLAIMS, [claim.measure(short) for claim in CLAIMS])
    assert any("an artefact: start-up of the momentum" in s for s in sentences(short, judged))


def test_without_gradients_the_noise_scale_says_nothing(found: Found) -> None:
    assert verdicts(found)["noise-scale-predicts-where"] == "inconclusive"


def test_everything_that_claims_point_to_is_drawn(found: Found) -> None:
    pictures = {p.name for section in sections(found) for p in section.pictures}
    evidence = {claim.figure for claim in CLAIMS} - {"noise_scale"}
    assert evidence <= pictures
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)


def test_a_reader_is_told_what_to_do(found: Found) -> None:
    judged = judge_findings(CLAIMS, [claim.measure(found) for claim in CLAIMS])
    told = sentences(found, judged)
    assert "Measured here, for this net on digits with SGD and ReLU." in told[1]
    assert "over batch sizes 1 to 8" in told[0]


def test_saturation_is_judged_only_beyond_the_critical_batch_size(found: Found) -> None:
    """The noisy model bends far beyond 512: over 128 to 512 it says nothing of what is beyond."""
    claim = next(each for each in CLAIMS if each.id == "saturates")
    faults = claim.measure(found).faults
    assert faults == ("batch sizes 128 to 512 are not known to lie beyond the critical one",)

    def bent(optimum: Optimum) -> Optimum:
        """Steps 10 (1 + 64/B): critical at 64."""
        return replace(optimum, cost=10 * (1 + 64 / optimum.batch_size))

    main = found.readings[MAIN]
    reading = replace(main, optima=tuple(bent(o) for o in main.optima))
    beyond = replace(found, readings={**found.readings, MAIN: reading})
    assert claim.measure(beyond).faults == ()


def with_critical(scaling: Scaling, critical: float) -> Scaling:
    """A search whose steps have this critical batch size, for every seed."""
    return replace(
        scaling,
        optima=tuple(
            replace(
                o,
                by_seed={
                    seed: (1.0, (20.0 + 0.1 * seed) * (1.0 + critical / o.batch_size))
                    for seed in scaling.seeds
                },
            )
            for o in scaling.optima
        ),
    )


@pytest.mark.parametrize(
    ("noise", "other", "verdict"),
    [
        (100.0, 3000.0, "supported"),
        (3000.0, 100.0, "refuted"),
        # whatever the problem, the noise predicts it: then it predicts nothing
        (100.0, 120.0, "inconclusive"),
    ],
)
def test_the_noise_scale_must_not_predict_another_problem(
    found: Found, noise: float, other: float, verdict: str
) -> None:
    main = with_critical(found.readings["SGD, ReLU"], 100.0)
    scale = NoiseScale(signal=1.0, noise=noise, signal_error=0.0, examples=1536)
    made = replace(
        found,
        readings={**found.readings, "SGD, ReLU": main},
        models={**found.models, "noisy": with_critical(found.models["noisy"], other)},
        noise=[NoisePoint(seed, 1, 1.0, scale, scale) for seed in main.seeds],
    )
    claim = next(claim for claim in CLAIMS if claim.id == "noise-scale-predicts-where")
    assert claim.control
    finding = claim.measure(made)
    assert finding.control is not None
    assert finding.control.interval.estimate == pytest.approx(other / noise, rel=0.05)
    (judged,) = judge_findings([claim], [finding])
    assert judged.verdict.verdict == verdict
