"""`nnlab results list`: which studies and answers there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.cli import console
from nnlab.cli.options import OutputOptions
from nnlab.cli.saved import DEFAULT, ResultsFolder, size_told, when_told
from nnlab.core.wording import shown

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.catalogue import Entry


def list_studies(*, results: ResultsFolder = DEFAULT, output: OutputOptions) -> None:
    """List the studies and the answers there are.

    For each: when it finished (UTC), its runs by status and the best outcome of a run, or the
    verdicts on its claims, its size on disk. What else lies in the folder, or is not whole, is
    named with the reason.
    """
    from nnlab.core.catalogue import catalogue, stored_bytes

    entries = catalogue(results)
    if output.as_json:
        console.write_json(_document(results, entries, stored_bytes(results)))
    elif entries:
        console.show(*_lines(entries, console.width()), *_footer(results, entries))
    elif not output.quiet:
        there = "holds no study yet" if results.is_dir() else "is not there yet"
        console.say(f"{results} {there}; `nnlab train quickstart` makes one")


def _document(results: Path, entries: Sequence[Entry], stored: int) -> dict[str, Any]:
    def rows(answers: bool, *others: str) -> list[dict[str, Any]]:
        """The entries of one kind, without what only the other kind has."""
        found = [asdict(entry) for entry in entries if (entry.question is not None) == answers]
        kept = [{key: row[key] for key in row if key not in others} for row in found]
        return [row | {"folder": str(results / row["name"])} for row in kept]

    return {
        "results": str(results),
        "studies": rows(False, "question", "verdicts"),
        "answers": rows(True, "counts", "outcome", "best", "best_run"),
        "stored_bytes": stored,
    }


def _lines(entries: Sequence[Entry], width: int) -> list[Text]:
    """The table of the studies, that of the answers, then what is wrong with any."""
    from rich.text import Text

    odd = [entry for entry in entries if entry.problem is not None]
    blocks = [
        _studies([entry for entry in entries if entry.counts is not None], width),
        _answers([entry for entry in entries if entry.question is not None], width),
        [Text(shown(f"{entry.name}: {entry.problem}", None)) for entry in odd],
    ]
    lines: list[Text] = []
    for block in filter(None, blocks):
        lines += [*([Text()] if lines else []), *block]
    return lines


def _studies(studies: Sequence[Entry], width: int) -> list[Text]:
    from nnlab.cli.tables import column, lay_out

    if not studies:
        return []
    columns = [
        column("name", [entry.name for entry in studies], number=False),
        column("finished (UTC)", [when_told(e.finished) for e in studies], spare=True),
        column("runs", [f"{sum((e.counts or {}).values()):,}" for e in studies]),
    ]
    for status in ("diverged", "failed"):
        counts = [(entry.counts or {})[status] for entry in studies]
        if any(counts):
            columns.append(column(status, [f"{n:,}" if n else "" for n in counts]))
    columns.append(column("best", [_best(entry) for entry in studies]))
    columns.append(column("size", [size_told(entry.bytes) for entry in studies], spare=True))
    return lay_out(columns, width)


def _answers(answers: Sequence[Entry], width: int) -> list[Text]:
    from nnlab.cli.tables import column
    from nnlab.cli.wrapped_table import wrap_table
    from nnlab.core.report.claim_rows import verdicts_words

    if not answers:
        return []
    table = wrap_table(
        [
            column("answer", [entry.name for entry in answers], number=False),
            column("finished (UTC)", [when_told(entry.finished) for entry in answers]),
            column("verdicts", [verdicts_words(e.verdicts or {}) for e in answers], number=False),
            column("size", [size_told(entry.bytes) for entry in answers]),
        ],
        width,
    )
    return table.lines


def _best(entry: Entry) -> str:
    from nnlab.core.analysis.axes import OUTCOMES
    from nnlab.core.report.wording import fixed, short

    outcome = next((row for row in OUTCOMES if row.column == entry.outcome), None)
    if outcome is None or entry.best is None:
        return "–"
    value = short(entry.best) if outcome.scale == "log" else fixed(entry.best)
    return f"{outcome.words} {value}"


def _footer(results: Path, entries: Sequence[Entry]) -> list[Text]:
    from rich.text import Text

    from nnlab.core.catalogue import stored_bytes

    stored = stored_bytes(results)
    if not stored:
        return []
    total = size_told(sum(entry.bytes for entry in entries))
    where = console.inert(str(results / ".runs"))
    return [Text(), Text(f"{total} in all, and {size_told(stored)} of finished runs in {where}")]
