"""Two studies side by side, as tables and sentences."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nnlab.cli.tables import GAP, Column, column, lay_out
from nnlab.core.analysis.axes import AXES, Outcome, architecture_label
from nnlab.core.analysis.statistics import LEVEL
from nnlab.core.report.wording import fixed, plural, short
from nnlab.core.spec.writer import flow
from nnlab.core.wording import shown

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.analysis.differences import Difference
    from nnlab.core.results import Results

MOST_ROWS = 20
"""Settings that are all shown, in the order of the first study."""
LARGEST_ROWS = 10
"""How many of more settings are shown: those with the largest differences."""
_LONG_NAME = 14
_MOST_LINES = 6
"""Lines that a value of the spec may take; a grid of a thousand numbers is cut."""
_MANY = 20
"""From so many intervals on, some exclude no difference by chance alone, which is said."""


def diff_lines(a: Results, b: Results, difference: Difference, width: int) -> list[Text]:
    """What differs: in the spec, in the runs, in the outcome."""
    from rich.text import Text

    names = shown(a.folder.name, None), shown(b.folder.name, None)
    lines = [Text(f"{names[0]} and {names[1]}", style="bold")]
    if max(map(len, names)) > _LONG_NAME or names[0] == names[1]:
        lines = [Text(f"A: {names[0]}", style="bold"), Text(f"B: {names[1]}", style="bold")]
        names = "A", "B"
    lines += [Text(), *lay_out(_facts(a, b, names, difference, width), width)]
    lines += [Text(), Text(_runs_told(names, difference))]
    if difference.outcome is None:
        return [*lines, Text("They have no outcome in common that could be compared.")]
    outcomes = _Outcomes(difference.settings.to_dicts(), names, difference.outcome)
    if outcomes.changed:
        rows = outcomes.to_show()
        lines += [Text(), Text(f"{outcomes.outcome.words} in the settings that both trained")]
        lines += [*lay_out(outcomes.columns(rows), width), Text()]
        if more := len(outcomes.changed) - len(rows):
            lines.append(Text(f"The {len(rows)} largest differences; {more:,} more with --json."))
    return lines + [Text(sentence) for sentence in outcomes.sentences()]


def _facts(
    a: Results, b: Results, names: tuple[str, str], difference: Difference, width: int
) -> list[Column]:
    """The keys of the spec that differ, and the runs by status; long values over several lines."""
    rows = [(key, flow(x), flow(y)) for key, (x, y) in difference.keys.items()]
    rows.append(("runs", _counts(a), _counts(b)))
    room = (width - max(len(key) for key, _, _ in rows) - 2 * GAP) // 2
    cells: list[tuple[str, str, str]] = []
    for key, *values in rows:
        wrapped = [textwrap.wrap(text, room, max_lines=_MOST_LINES) for text in values]
        for i in range(max(map(len, wrapped))):
            x, y = (lines[i] if i < len(lines) else "" for lines in wrapped)
            cells.append(("" if i else key, x, y))
    return [
        column(title, [row[i] for row in cells], number=False)
        for i, title in enumerate(("", *names))
    ]


def _counts(study: Results) -> str:
    return ", ".join(f"{n:,} {status}" for status, n in study.counts.items() if n) or "none"


def _runs_told(names: tuple[str, str], difference: Difference) -> str:
    alone = difference.only_first, difference.only_second
    if not any(alone):
        return f"Both hold the same {plural(difference.in_both, 'run')}."
    only = [f"{n:,} only in {name}" for n, name in zip(alone, names, strict=True) if n]
    both = (
        f"{plural(difference.in_both, 'run')} in both" if difference.in_both else "No run in both"
    )
    return f"{both}, {', '.join(only)}."


@dataclass(frozen=True)
class _Outcomes:
    """The settings that both trained, in a table and in words."""

    rows: list[dict[str, Any]]
    names: tuple[str, str]
    outcome: Outcome

    @property
    def changed(self) -> list[dict[str, Any]]:
        """Settings that do not have the very same runs in both."""
        return [row for row in self.rows if not row["same"]]

    @property
    def log(self) -> bool:
        """Whether changes are ratios."""
        return self.outcome.scale == "log"

    @property
    def varying(self) -> list[str]:
        """The axes that tell the changed settings apart."""
        changed = self.changed
        return [axis for axis in AXES if len({row[axis] for row in changed}) > 1]

    def value(self, number: float | None) -> str:
        """A mean."""
        return short(number) if self.log else fixed(number)

    def size(self, row: dict[str, Any]) -> float:
        """How far the two are apart; a setting without a difference comes last."""
        if row["change"] is None:
            return -1.0
        return abs(math.log(row["change"])) if self.log else abs(row["change"])

    def to_show(self) -> list[dict[str, Any]]:
        """All that changed, or the largest changes."""
        rows = self.changed
        if len(rows) <= MOST_ROWS:
            return rows
        return sorted(rows, key=self.size, reverse=True)[:LARGEST_ROWS]

    def columns(self, rows: Sequence[dict[str, Any]]) -> list[Column]:
        """One row a setting: its axes, the two means, the change, what was lost."""
        columns = [
            column(
                axis.replace("_", " "),
                [_axis(axis, row[axis]) for row in rows],
                number=axis in ("learning_rate", "batch_size"),
            )
            for axis in self.varying or ["activation"]
        ]
        for name, key in zip(self.names, ("first", "second"), strict=True):
            columns.append(column(name, [self.value(row[key]) for row in rows]))
        title = "ratio" if self.log else "difference"
        columns.append(column(title, [self.change(row) for row in rows]))
        columns.append(column("seeds", [str(row["pairs"] or "–") for row in rows], spare=True))
        for name, key in zip(self.names, ("lost_first", "lost_second"), strict=True):
            if any(row[key] for row in rows):
                columns.append(column(f"lost {name}", [str(row[key] or "") for row in rows]))
        return columns

    def change(self, row: dict[str, Any]) -> str:
        """`+0.004 ± 0.002`, or a ratio with both ends of its interval."""
        change, low, high = row["change"], row["low"], row["high"]
        if change is None:
            return "–"
        if self.log:
            return short(change) + ("" if low is None else f" [{short(low)}, {short(high)}]")
        sign = "+" if change >= 0 else ""
        return sign + fixed(change) + ("" if low is None else f" ± {fixed((high - low) / 2)}")

    def sentences(self) -> list[str]:
        """The table in plain words."""
        same = len(self.rows) - len(self.changed)
        told = [row for row in self.changed if row["change"] is not None]
        if not self.rows:
            return ["No setting was trained in both."]
        if not self.changed:
            return ["Every setting that both trained has the same runs in both."]
        if not told:
            return [f"In no setting do both have a run with a {self.outcome.words}."]
        sentences = [self._directions(told)]
        if same:
            sentences.append(f"{plural(same, 'setting')} more: the same runs in both.")
        if any(row["low"] is not None for row in told):
            sentences.append(self._certainty(told))
        if len(told) > 1 and self.size(largest := max(told, key=self.size)) > 0:
            where = ", ".join(_named(axis, largest[axis]) for axis in self.varying)
            sentences.append(
                f"Largest difference: {where}: {self.value(largest['first'])} in {self.names[0]}, "
                f"{self.value(largest['second'])} in {self.names[1]}."
            )
        return sentences

    def _directions(self, told: Sequence[dict[str, Any]]) -> str:
        still = 1.0 if self.log else 0.0
        counts = {
            "higher": sum(row["change"] > still for row in told),
            "lower": sum(row["change"] < still for row in told),
            "the same": sum(row["change"] == still for row in told),
        }
        words, name = self.outcome.words, self.names[1]
        if len(told) == 1:
            way = next(way for way, n in counts.items() if n)
            return f"The {words} of {name} is {way}."
        ways = [f"{way} in {n:,}" for way, n in counts.items() if n]
        return f"Of {len(told):,} settings, the {words} of {name} is {', '.join(ways)}."

    def _certainty(self, told: Sequence[dict[str, Any]]) -> str:
        still = 1.0 if self.log else 0.0
        intervals = [row for row in told if row["low"] is not None]
        clear = sum(not row["low"] <= still <= row["high"] for row in intervals)
        point = "1" if self.log else "0"
        if not clear:
            return f"No 95 % interval over common seeds excludes {point}: chance may be all it is."
        chance = len(intervals) * (1 - LEVEL)
        by_chance = f"; chance alone gives about {chance:.0f}" if len(intervals) >= _MANY else ""
        many = f"{clear:,} of {plural(len(intervals), 'interval')}"
        exclude = "excludes" if clear == 1 else "exclude"
        return f"{many} (95 %, over common seeds) {exclude} {point}{by_chance}."


def _axis(axis: str, value: object) -> str:
    if axis == "hidden_layer_sizes":
        return architecture_label(str(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _named(axis: str, value: object) -> str:
    """A value that says by itself what it is."""
    text = _axis(axis, value)
    return text if axis == "activation" else f"{axis.replace('_', ' ')} {text}"
