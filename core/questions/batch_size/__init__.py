"""Question 1.4 f: how the learning rate should change with the batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnlab.core.analysis.claims import judge_findings
from nnlab.core.questions.batch_size.claims import CLAIMS
from nnlab.core.questions.batch_size.sections import sections
from nnlab.core.questions.batch_size.sentences import sentences
from nnlab.core.questions.batch_size.studies import find
from nnlab.core.report.answer import Answer

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

CORRECTIONS = (
    "1.4f says that the learning rate goes in proportion to the batch size, and names no range. In "
    "theory (McCandlish et al. 2018) that is the law of plain SGD while the noise of a batch's "
    "gradient is larger than the gradient; far beyond, the best rate stays as it is.",
)


def answer(work: Work) -> Answer:
    """Search the best rates, read the exponents, judge the claims."""
    found = find(work)
    claims = judge_findings(CLAIMS, [claim.measure(found) for claim in CLAIMS])
    return Answer(
        sentences=sentences(found, claims),
        sections=sections(found),
        claims=tuple(claims),
        corrections=CORRECTIONS,
        runs=found.runs,
    )
