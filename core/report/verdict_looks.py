"""The colours of the verdicts; their sign and their word say the same to those who see none."""

from __future__ import annotations

from dataclasses import dataclass

from nnlab.core.analysis.verdicts import VerdictName
from nnlab.core.report.style import Look


@dataclass(frozen=True, slots=True)
class VerdictLook:
    """A colour on white and one on black, both readable as text."""

    light: str
    dark: str


VERDICT_LOOKS: dict[VerdictName, VerdictLook] = {
    "supported": VerdictLook(Look("#0072b2").ink, "#6cb8ee"),
    "refuted": VerdictLook(Look("#d55e00").ink, "#ff9a52"),
    "conditional": VerdictLook(Look("#882255").ink, "#e59ac4"),
    "inconclusive": VerdictLook(Look("#555555").ink, "#b4b4b4"),
}
"""Blue, vermillion, wine and grey stay apart whatever colours a reader sees."""
