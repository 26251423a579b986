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
    estimates: tuple[str, ...]
    """`4.24× [4.21, 4.26]`; of a conditional claim that of each sub-range that is decided,
    `supported for glorot: 0.28 [0.26, 0.31]`; of seeds too few for a verdict what they gave,
    `4.24× (n = 2: 4.21 to 4.26)`."""
    metric: str
    claimed: str
    """`above 1.1`"""
    seeds: str
    control: str
    """What the control is and how it came out; empty where there is none."""
    reason: str
    scope: str
    evidence: str
    lead: str = ""
    """The verdict that seeds too few for one point to; empty where there is none."""

    @property
    def estimate(self) -> str:
        """All estimates in a line."""
        return "; ".join(self.estimates)

    @property
    def verdict_words(self) -> str:
        """`supported`; `points to supported` where the seeds are too few for a verdict."""
        return f"points to {self.lead}" if self.lead else self.verdict

    @property
    def signed(self) -> str:
        """`✓ supported`"""
        return f"{SIGNS[self.verdict]} {self.verdict_words}"

    @property
    def basis(self) -> str:
        """Beneath the claim: what was measured, or why nothing was decided; the scope.

        >>> words = ("It grows.", "supported", ("2",), "growth", "above 1", "9", "", "", "xor", "")
        >>> ClaimRow(*words).basis
        'Growth. Scope: xor.'
        """
        undecided = self.verdict == "inconclusive" and not self.lead
        measured = self.reason if undecided else self.metric
        return f"{measured[:1].upper()}{measured[1:]}. Scope: {self.scope}."


def claim_row(entry: Mapping[str, Any]) -> ClaimRow:
    """The row of an entry of `claims.json`.

    Raises KeyError, TypeError or ValueError where it is no such entry.
    """
    verdict = entry["verdict"]
    if verdict not in SIGNS:
        raise ValueError(f"there is no verdict {verdict!r}")
    control = str(entry.get("control") or "")
    towards = entry.get("control_points_to")
    outcome = f"points to {towards}" if towards else entry.get("control_verdict")
    return ClaimRow(
        claim=str(entry["claim"]),
        verdict=verdict,
        estimates=_estimates(entry),
        metric=str(entry["metric"]),
        claimed=_claimed(entry),
        seeds=str(entry["seeds"]),
        control=f"{control}: {outcome}" if control and outcome else control,
        reason=str(entry.get("reason") or ""),
        scope=str(entry.get("scope") or ""),
        evidence=str(entry.get("evidence") or ""),
        lead=str(entry.get("points_to") or ""),
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


def _estimates(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The number with its interval, or those that stand in its place."""
    if "conditional" in (entry["verdict"], entry.get("points_to")):
        sides: tuple[VerdictName, VerdictName] = ("supported", "refuted")
        return tuple(
            f"{side} for {name}: {number}"
            for side in sides
            for name, number in numbers_of_sub_ranges(entry, side).items()
        )
    return (_number(entry, str(entry.get("unit") or "")),)


def numbers_of_sub_ranges(entry: Mapping[str, Any], verdict: VerdictName) -> dict[str, str]:
    """The numbers of the sub-ranges with this verdict, or whose few seeds point to it, by name.

    `entry` is one of `claims.json`; `{"glorot": "0.0141 [0.0125, 0.0159]"}`.
    """
    unit = str(entry.get("unit") or "")
    return {
        name: _number(part, unit)
        for name, part in entry["sub_ranges"].items()
        if verdict in (part["verdict"], part.get("points_to"))
    }


def _number(entry: Mapping[str, Any], unit: str) -> str:
    """`4.24× [4.21, 4.26]` of a claim or of a sub-range.

    The interval of seeds too few for a verdict is so wide that it is of no use; what each of them
    gave is told instead.
    """
    value, low, high = (entry[key] for key in ("estimate", "ci_low", "ci_high"))
    number = short(value) + ("×" if unit == "x" else f" {unit}" if unit else "")
    seen, seeds = entry.get("seen"), entry["seeds"]
    if seen is not None:
        return number if seeds < 2 else f"{number} (n = {seeds}: {_to(*seen)})"
    return number if low is None or high is None else f"{number} [{short(low)}, {short(high)}]"


def _to(low: float, high: float) -> str:
    """`0.52 to 0.55`, or the one number where both print alike."""
    ends = short(low), short(high)
    return f"all {ends[0]}" if ends[0] == ends[1] else " to ".join(ends)


def _claimed(entry: Mapping[str, Any]) -> str:
    threshold, direction = entry["threshold"], entry["direction"]
    if direction == "inside":
        low, high = threshold
        return f"{short(low)} to {short(high)}"
    side = {"greater": "above", "less": "below"}[direction]
    return f"{side} {short(threshold)}"
