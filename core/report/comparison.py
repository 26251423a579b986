"""The comparison of activations with the first one: its picture, its table, its sentences."""

from __future__ import annotations

from dataclasses import dataclass

from nnlab.core.analysis.comparison import Block, Comparison, Contrast
from nnlab.core.analysis.measures import Measure
from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import AXIS_WORDS, joined
from nnlab.core.report.contrast_sentences import (
    as_sentence,
    lost_words,
    reading,
    sentence,
    sentences,
)
from nnlab.core.report.contrasts import contrast_text, mean_text, measure_words, p_text, signed
from nnlab.core.report.pictures import Axis, Estimate, ForestPanel, ForestPicture, ForestRow
from nnlab.core.report.style import looks
from nnlab.core.report.table import Table
from nnlab.core.report.wording import listed, plural, short

_TITLE_ORDER = ("steps_to_target", "test_accuracy", "test_r2", "train_accuracy", "train_loss")


def comparison_picture(summary: Summary) -> ForestPicture:
    """Each activation against the first, a panel a measure.

    How to read it: the line from top to bottom is the first activation. A bar that crosses it
    leaves open whether there is a difference at all; a filled mark is a difference that stands
    after adjusting for all the tests made here. Steps and losses are ratios on a log scale: 0.5
    and 2 are equally far from the line.
    """
    comparison = summary.comparison
    if comparison is None:
        raise ValueError("this study compares nothing: one activation, one seed or many blocks")
    rows: list[ForestRow] = []
    contrasts: list[tuple[Block, str] | None] = []
    family = looks("activation", comparison.activations)
    for block in comparison.blocks:
        if block.label:
            rows.append(ForestRow(block.label))
            contrasts.append(None)
        for name in comparison.activations[1:]:
            rows.append(ForestRow(name, family[name]))
            contrasts.append((block, name))
    panels = tuple(
        ForestPanel(
            title=_capital(measure_words(measure, comparison)),
            x=_axis(measure, comparison.baseline),
            none=1.0 if measure.scale == "log" else 0.0,
            estimates=tuple(
                None if row is None else _estimate(_find(*row, measure)) for row in contrasts
            ),
            missing="not reached" if measure.column == "steps_to_target" else "no pair",
        )
        for measure in comparison.measures
        if measure not in _alike(comparison)
    )
    return ForestPicture(
        name="comparison",
        title=_title(comparison),
        caption=_caption(comparison),
        lines=tuple(rows),
        panels=panels,
    )


@dataclass(frozen=True, slots=True)
class Section:
    """The comparison within one block, as text."""

    heading: str
    table: Table
    sentences: tuple[str, ...]


def comparison_sections(summary: Summary) -> tuple[Section, ...]:
    """A section a block; none where the study compares nothing."""
    comparison = summary.comparison
    if comparison is None:
        return ()
    note = " ".join([*own_words(comparison), *reading(comparison)])
    return tuple(
        Section(
            heading=_heading(block, comparison),
            table=_table(block, comparison, note),
            sentences=tuple(
                as_sentence(text, comparison)
                for text in (
                    *sentences(block, comparison),
                    *(f"in no mean: {text}" for text in lost_words(block, comparison)),
                )
            ),
        )
        for block in comparison.blocks
    )


def own_words(comparison: Comparison) -> list[str]:
    """What each activation has for itself: `Each at its own learning rate: relu 0.1, tanh 0.2.`"""
    told = []
    for axis in comparison.own:
        entrants = comparison.blocks[0].entrants
        values = [f"{e.activation} {_plain(e.own[axis])}" for e in entrants]
        told.append(f"Each at its own {AXIS_WORDS[axis]}: {', '.join(values)}.")
    return told


def _heading(block: Block, comparison: Comparison) -> str:
    head = f"Against {comparison.baseline}"
    return f"{head}, {block.label}" if block.label else head


def _table(block: Block, comparison: Comparison, note: str) -> Table:
    rows = []
    for measure in comparison.measures:
        for i, name in enumerate(comparison.activations):
            mean = mean_text(block.entrants[i].standing(measure))
            cells = ("", "")
            if i:
                contrast = _find(block, name, measure)
                cells = (contrast_text(contrast), p_text(contrast.p_holm))
            rows.append((measure_words(measure, comparison) if i == 0 else "", name, mean, *cells))
    heads = ("measure", "activation", "mean", f"against {comparison.baseline}", "p")
    return Table(heads=heads, rows=tuple(rows), note=note)


def _find(block: Block, name: str, measure: Measure) -> Contrast:
    return next(c for c in block.contrasts if c.activation == name and c.measure == measure)


def _estimate(contrast: Contrast) -> Estimate | None:
    interval = contrast.interval
    if interval is None:
        return None
    factor = 100.0 if contrast.measure.share and interval.scale == "linear" else 1.0
    one = interval.n < 2
    value = interval.estimate * factor
    words = f"{short(value)} ×" if interval.scale == "log" else signed(value, 2)
    if contrast.left_out:
        words += f" ({contrast.pairs} of {contrast.pairs + len(contrast.left_out)})"
    return Estimate(
        value=value,
        low=None if one else interval.low * factor,
        high=None if one else interval.high * factor,
        clear=contrast.clear,
        words=words,
    )


def _axis(measure: Measure, baseline: str) -> Axis:
    better = f"; {measure.better} is better" if measure.better else ""
    if measure.scale == "log":
        return Axis(f"times {baseline}'s{better}", "log")
    unit = "percentage points" if measure.share else "difference"
    return Axis(f"{unit}{better}")


def _title(comparison: Comparison) -> str:
    """The clearest difference in the measure that matters most."""
    for column in (*_TITLE_ORDER, *(m.column for m in comparison.measures)):
        clear = [
            (contrast.p_holm or 0.0, block, contrast)
            for block in comparison.blocks
            for contrast in block.contrasts
            if contrast.clear and contrast.measure.column == column
        ]
        if clear:
            _, block, contrast = min(clear, key=lambda row: row[0])
            where = f" ({block.label})" if block.label else ""
            return as_sentence(sentence(contrast, block, comparison), comparison)[:-1] + where
    who = listed(comparison.activations[1:], 4)
    seeds = plural(comparison.seeds, "seed")
    return f"{seeds} tell no difference between {who} and {comparison.baseline}"


def _caption(comparison: Comparison) -> str:
    lost = [text for block in comparison.blocks for text in lost_words(block, comparison)]
    alike = [measure_words(measure, comparison) for measure in _alike(comparison)]
    return joined(
        f"Mark: ratio or difference to {comparison.baseline} (the line), mean over "
        f"{comparison.seeds} pairs of equal seed; bar: 95 % interval. Filled: told from no "
        f"difference (Holm-adjusted p of at most 0.05 over {plural(comparison.tests, 'test')}).",
        f"No difference at any seed in {listed(alike)}." if alike else "",
        *own_words(comparison),
        f"In no mean: {listed(lost, 3)}." if lost else "",
        f"{comparison.seeds} seeds only explore." if comparison.explores else "",
    )


def _alike(comparison: Comparison) -> list[Measure]:
    """The measures in which no activation differs from the first at any seed."""
    return [
        measure
        for measure in comparison.measures
        if all(c.equal for c in comparison.contrasts if c.measure == measure)
    ]


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
