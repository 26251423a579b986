"""Question 1.4 d: an advantage and a disadvantage of ReLU, tanh, sigmoid and LeakyReLU each.

    part.py          what each of the following modules hands over: sections, claims, findings
    vanishing.py     the gradient of untrained nets by layer, beside theory
    trainability.py  the depth at which training stops working; the gradient through training
    saturation.py    where the outputs lie; the silence of sigmoid's top layer
    dying.py         dead units
    slope.py         LeakyReLU's slope
    convergence.py   steps to a target
    cost.py          nanoseconds an element
    timings.py       what is timed for it, once
    *_claims.py      the rows of the larger tables of claims
    sentences.py     the verdicts, as an advantage and a disadvantage an activation

Holm's correction is over all claims of the question, so `answer` gathers the parts first and then
gives all verdicts together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnlab.core.report.answer import Answer

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work


def answer(work: Work) -> Answer:
    """Train and measure everything, judge all claims together, and say what they add up to."""
    import polars as pl

    from nnlab.core.analysis.claims import judge_findings
    from nnlab.core.questions.activations import (
        convergence,
        cost,
        dying,
        saturation,
        slope,
        trainability,
        vanishing,
    )
    from nnlab.core.questions.activations.sentences import CORRECTIONS, sentences

    modules = (vanishing, trainability, saturation, dying, slope, convergence, cost)
    parts = [module.part(work) for module in modules]
    claims = [claim for part in parts for claim in part.claims]
    judged = judge_findings(claims, [finding for part in parts for finding in part.findings])
    trained = [part.runs for part in parts if part.runs is not None]
    return Answer(
        sentences=sentences(judged),
        sections=tuple(section for part in parts for section in part.sections),
        claims=tuple(judged),
        corrections=CORRECTIONS,
        runs=pl.concat(trained).unique("run", maintain_order=True) if trained else None,
    )
