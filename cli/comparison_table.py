"""A comparison of activations as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnlab.cli.tables import column, lay_out, paragraph
from nnlab.core.analysis.axes import AXES, architecture_label
from nnlab.core.analysis.comparison import Block, Comparison, Contrast
from nnlab.core.analysis.measures import Measure
from nnlab.core.report.comparison import own_words
from nnlab.core.report.contrast_sentences import (
    as_sentence,
    lost_words,
    reading,
    sentences,
)
from nnlab.core.report.contrasts import contrast_text, mean_text, measure_words, p_text
from nnlab.core.report.wording import listed, plural, short

if TYPE_CHECKING:
    from rich.text import Text

    from nnlab.core.results import Results
    from nnlab.core.tuning import Tuning

MOST_BLOCKS = 4
"""Blocks that are shown; JSON has all of them, the report up to twice as many."""
MOST_TOLD = 4
"""Activations besides the first up to which each has its sentences; tables of more say enough."""
_WIDEST_TEXT = 100


def comparison_lines(
    results: Results, comparison: Comparison, tuning: Tuning | None, width: int
) -> list[Text]:
    """What a comparison came to: a table a block, what it says in words, how to read it."""
    from rich.text import Text

    prose = min(width, _WIDEST_TEXT)
    lines = [Text(_headline(results, comparison), style="bold")]
    lines += [Text(line) for line in paragraph(_terms(results, comparison, tuning), prose)]
    for block in comparison.blocks[:MOST_BLOCKS]:
        lines.append(Text())
        if block.label:
            lines += [Text(block.label, style="bold")]
        lines += _table(block, comparison, width)
        told = sentences(block, comparison) if len(comparison.activations) <= MOST_TOLD + 1 else []
        told += [f"in no mean: {text}" for text in lost_words(block, comparison)]
        if told:
            lines.append(Text())
        for text in told:
            lines += map(Text, paragraph(f"- {as_sentence(text, comparison)}", prose, indent=2))
    lines.append(Text())
    for text in _notes(comparison, tuning):
        lines += map(Text, paragraph(text, prose))
    return lines


def _headline(results: Results, comparison: Comparison) -> str:
    counts = results.counts
    lost = [f"{counts[status]:,} {status}" for status in ("diverged", "failed") if counts[status]]
    note = f" ({', '.join(lost)})" if lost else ""
    others = listed(comparison.activations[1:], 6)
    total = plural(sum(counts.values()), "run")
    seeds = plural(comparison.seeds, "seed")
    return f"{results.spec.name}: {others} against {comparison.baseline}, {seeds}, {total}{note}"


def _terms(results: Results, comparison: Comparison, tuning: Tuning | None) -> str:
    """Under which equal terms the activations met."""
    runs, varying = results.runs, comparison.blocks[0].setting
    terms = [str(runs["dataset"][0])]
    for axis in AXES:
        if axis == "activation" or axis in varying or axis in comparison.own:
            continue
        value = runs[axis][0]
        word = {"hidden_layer_sizes": "hidden layers ", "batch_size": "batch "}.get(axis, "")
        if axis == "learning_rate":
            terms.append(f"the same learning rate {value:g} for all")
        elif axis == "initialization":
            made = "each activation's own initialization"
            terms.append(made if value == "auto" else f"initialization {value}")
        else:
            terms.append(word + architecture_label(str(value)))
    steps = runs["steps"].unique().sort().to_list()
    terms.append(f"{' or '.join(f'{n:,}' for n in steps)} steps")
    own = own_words(comparison)
    if tuning is not None:
        own = [own[0].replace("own learning rate", "own best learning rate")] if own else []
        own = own or ["That rate is the best of each."]
    return f"{', '.join(terms)}. {' '.join(own)}".strip()


def _table(block: Block, comparison: Comparison, width: int) -> list[Text]:
    """The activations under each measure, with their difference to the first."""
    from rich.text import Text

    names: list[str] = []
    means: list[str] = []
    differences: list[str] = []
    p_values: list[str] = []
    for measure in comparison.measures:
        for entrant in block.entrants:
            contrast = _find(block, entrant.activation, measure)
            names.append(f"  {entrant.activation}")
            means.append(mean_text(entrant.standing(measure)))
            differences.append(contrast_text(contrast) if contrast else "")
            p_values.append(p_text(contrast.p_holm) if contrast else "")
    for entrant in block.entrants:
        names.append(f"  {entrant.activation}")
        means.append(_time_text(entrant.seconds_per_step))
        differences.append("")
        p_values.append("")
    interval = " [95\N{NO-BREAK SPACE}%]" if comparison.seeds > 1 else ""
    columns = [
        column("", names, number=False),
        column(f"mean{interval}", means),
        column(f"against {comparison.baseline}{interval}", differences),
    ]
    if any(p_values):
        columns.append(column("p", p_values, spare=True))
    laid = lay_out(columns, width)
    head, rows = laid[: len(laid) - len(names)], laid[len(laid) - len(names) :]
    titles = [measure_words(measure, comparison) for measure in comparison.measures]
    count = len(block.entrants)
    lines = list(head)
    for i, title in enumerate([*titles, "time a step"]):
        lines += [Text(title), *rows[i * count : (i + 1) * count]]
    return lines


def _find(block: Block, name: str, measure: Measure) -> Contrast | None:
    found = (c for c in block.contrasts if c.activation == name and c.measure == measure)
    return next(found, None)


def _time_text(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{short(1e3 * seconds, 2)} ms"


def _notes(comparison: Comparison, tuning: Tuning | None) -> list[str]:
    """How to read the numbers and how far they go."""
    notes = []
    if (more := len(comparison.blocks) - MOST_BLOCKS) > 0:
        notes.append(f"{plural(more, 'further block')} of equal settings: --json has all of them.")
    notes.append(" ".join(reading(comparison)))
    notes.append(
        "Time a step: a run's share of its stack's. Runs of a stack train in lock-step, so this "
        "says nothing about an activation's own cost."
    )
    if tuning is not None:
        notes.append(tuning.describe())
        notes += [
            f"The best rate of {name}, {tuning.rates.written()[name]:g}, is the last one tried: "
            "a better one may lie beyond."
            for name in tuning.at_edge
        ]
        notes.append(f"How the rates were found: {tuning.folder}")
    elif not comparison.own:
        notes.append(
            "A shared learning rate asks how they do under equal terms; --tune asks how each does "
            "at its best."
        )
    return notes


def tuning_lines(outlook_runs: int, rates: Sequence[float], seeds: Sequence[int]) -> list[Text]:
    """What --tune would do first, for --dry-run."""
    from rich.text import Text

    grid = ", ".join(f"{rate:g}" for rate in rates)
    told = ", ".join(map(str, seeds))
    return [
        Text(f"tunes first: {plural(outlook_runs, 'run')} at the rates {grid} on seeds {told};"),
        Text("more where the best rate is the last one"),
    ]
