"""`nnlab results diff`: what two studies do differently, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnlab.cli import console
from nnlab.cli.options import OutputOptions
from nnlab.cli.saved import DEFAULT, FirstStudyArgument, ResultsFolder, SecondStudyArgument

if TYPE_CHECKING:
    from nnlab.core.analysis.differences import Difference
    from nnlab.core.results import Results


def diff(
    first: FirstStudyArgument,
    second: SecondStudyArgument,
    *,
    results: ResultsFolder = DEFAULT,
    output: OutputOptions,
) -> None:
    """Compare two studies, A with B: their specs and their outcomes.

    The outcomes are compared setting by setting (activation, architecture, learning rate and so
    on), as far as both studies trained them: means over the seeds that both have, and the
    difference with its 95 % interval.
    """
    from nnlab.core.analysis.differences import compare_studies
    from nnlab.core.saved import open_study

    a, b = open_study(results, first), open_study(results, second)
    difference = compare_studies(a.spec, a.runs, b.spec, b.runs)
    if output.as_json:
        console.write_json(_document(a, b, difference))
    else:
        from nnlab.cli.diff_table import diff_lines

        console.show(*diff_lines(a, b, difference, console.width()))


def _document(first: Results, second: Results, difference: Difference) -> dict[str, Any]:
    outcome = difference.outcome
    return {
        "first": {"name": first.folder.name, "counts": first.counts},
        "second": {"name": second.folder.name, "counts": second.counts},
        "spec": {key: {"first": a, "second": b} for key, (a, b) in difference.keys.items()},
        "runs": {
            "in_both": difference.in_both,
            "only_first": difference.only_first,
            "only_second": difference.only_second,
        },
        "outcome": None if outcome is None else outcome.column,
        "change": None
        if outcome is None
        else ("ratio" if outcome.scale == "log" else "difference"),
        "settings": difference.settings.to_dicts(),
    }
