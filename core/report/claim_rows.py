"""A claim and its verdict as the words that a page, a text and a terminal show.

Made from the entries of `claims.json`, so that an answer that was just computed and one that is
read back are shown by the same code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nnlab.core.report.wording import plural, short

if TYPE_CHECKING:
    from nnlab.core.analysis.verdicts import VerdictName


SIGNS: dict[VerdictName, str] = {
    "supported": "✓",
    "refuted": "✗",
    "conditional": "◐",
    "inconclusive": "?",
}
"""A sign for each verdict, in the order in which they are counted."""


HEADS = (
    "claim",
    "verdict",
    "estimate [95 %, Holm]",
    "claimed",
    "seeds",
    "control (must be refuted)",
)
"""Of the table of claims, on every kind of page."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim in words."""

    claim: str
    verdict: VerdictName
    estimate: str
    """`4.24× [4.21, 4.26]`"""
    metric: str
    claimed: str
    """`above 1.1`"""
    seeds: str
    control: str
    """What the control is and how it came out; empty where there is none."""
    reason: str
    scope: str
    evidence: str

    @property
    def signed(self) -> str:
        """`✓ supported`"""
        return f"{SIGNS[self.verdict]} {self.verdict}"

    @property
    def basis(self) -> str:
        """Beneath the claim: what was measured, or the reason where that is not plain; the scope.

        >>> words = ("It grows.", "supported", "2", "growth", "above 1", "9", "", "", "xor", "")
        >>> ClaimRow(*words).basis
        'Growth. Scope: xor.'
        """
        measured = self.metric if self.verdict in ("supported", "refuted") else self.reason
        return f"{measured[:1].upper()}{measured[1:]}. Scope: {self.scope}."


def claim_row(entry: Mapping[str, Any]) -> ClaimRow:
    """The row of an entry of `claims.json`.

    Raises KeyError, TypeError or ValueError where it is no such entry.
    """
    verdict = entry["verdict"]
    if verdict not in SIGNS:
        raise ValueError(f"there is no verdict {verdict!r}")
    control = str(entry.get("control") or "")
    outcome = entry.get("control_verdict")
    return ClaimRow(
        claim=str(entry["claim"]),
        verdict=verdict,
        estimate=_estimate(entry),
        metric=str(entry["metric"]),
        claimed=_claimed(entry),
        seeds=str(entry["seeds"]),
        control=f"{control}: {outcome}" if control and outcome else control,
        reason=str(entry.get("reason") or ""),
        scope=str(entry.get("scope") or ""),
        evidence=str(entry.get("evidence") or ""),
    )


def count_verdicts(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How often each verdict was reached, in the order of the table, without those that were not.

    Raises KeyError or TypeError where one is no entry of `claims.json`.
    """
    counts = Counter(str(entry["verdict"]) for entry in entries)
    return {verdict: counts[verdict] for verdict in SIGNS if counts[verdict]}


def verdicts_words(counts: Mapping[str, int]) -> str:
    """The counts in words.

    >>> verdicts_words({"supported": 2, "conditional": 1}), verdicts_words({})
    ('3 claims: 2 supported, 1 conditional', 'no claims')
    """
    if not counts:
        return "no claims"
    parts = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
    return f"{plural(sum(counts.values()), 'claim')}: {parts}"


def _estimate(entry: Mapping[str, Any]) -> str:
    value, low, high = (entry[key] for key in ("estimate", "ci_low", "ci_high"))
    unit = str(entry.get("unit") or "")
    number = short(value) + ("×" if unit == "x" else f" {unit}" if unit else "")
    return number if low is None or high is None else f"{number} [{short(low)}, {short(high)}]"


def _claimed(entry: Mapping[str, Any]) -> str:
    threshold, direction = entry["threshold"], entry["direction"]
    if direction == "inside":
        low, high = threshold
        return f"{short(low)} to {short(high)}"
    side = {"greater": "above", "less": "below"}[direction]
    return f"{side} {short(threshold)}"
