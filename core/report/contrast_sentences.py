"""A comparison in plain words: a sentence for each contrast, what is left open, how to read it."""

from __future__ import annotations

from nnlab.core.analysis.comparison import Block, Comparison, Contrast
from nnlab.core.analysis.statistics import Interval
from nnlab.core.report.contrasts import bracketed, in_points, measure_words, p_text, ratio_text
from nnlab.core.report.wording import listed, plural, short

_SCALES = {"log": "ratios (geometric means)", "linear": "differences (arithmetic means)"}


def sentence(contrast: Contrast, block: Block, comparison: Comparison) -> str:
    """One contrast in plain words, with what keeps it from being the whole truth.

    `tanh reaches loss 0.1 in 0.78 [0.71, 0.86] times relu's steps`
    """
    interval = contrast.interval
    what = measure_words(contrast.measure, comparison)
    if interval is None or contrast.too_few:
        return f"{_why_not(contrast, block)}: {what} not compared"
    if contrast.equal:
        return _equal_words(contrast, block, what)
    notes = []
    if contrast.left_out:
        notes.append(f"over the {_pairs_of(contrast)} seeds with a number for both")
    if contrast.pairs == 1:
        notes.append("one pair, so no interval")
    elif not contrast.clear:
        notes.append(f"not told from no difference, p = {p_text(contrast.p_holm)}")
    note = f" ({'; '.join(notes)})" if notes else ""
    return _relation(contrast, interval, comparison) + note


def sentences(block: Block, comparison: Comparison) -> list[str]:
    """What a block says, by activation: its clear contrasts, a sentence each; what is left open."""
    baseline = comparison.baseline
    if not block.entrants[0].finished:
        return [f"{baseline} finished at no seed: there is nothing to compare with"]
    told = []
    for name in comparison.activations[1:]:
        still = f"left open between {name} and {baseline}"
        by_reason: dict[str, list[str]] = {}
        for contrast in block.contrasts:
            if contrast.activation != name:
                continue
            if contrast.clear or _is_alone(contrast):
                told.append(sentence(contrast, block, comparison))
            elif not contrast.equal:
                reason = still if contrast.p_value is not None else _why_not(contrast, block)
                what = measure_words(contrast.measure, comparison)
                by_reason.setdefault(reason, []).append(what)
        for reason, measures in by_reason.items():
            end = "" if reason == still else " not compared"
            told.append(f"{reason}: {listed(measures)}{end}")
    return told


def lost_words(block: Block, comparison: Comparison) -> list[str]:
    """What became of the runs that have no number and are in no mean."""
    told = []
    for entrant in block.entrants:
        fates = [(entrant.diverged, "diverged"), (entrant.failed, "failed")]
        for standing in entrant.standings:
            late = standing.lost - entrant.runs + entrant.finished
            if standing.measure.column == "steps_to_target" and standing.interval:
                fates.append((late, f"never reached loss {comparison.target_loss:g}"))
        where = f" ({block.label})" if block.label else ""
        runs = f"{plural(entrant.runs, 'run')} with {entrant.activation}"
        told += [f"{count} of {runs} {fate}{where}" for count, fate in fates if count > 0]
    return told


def reading(comparison: Comparison) -> list[str]:
    """How to read the numbers: means, intervals, p-values, and how far they go."""
    if comparison.seeds < 2:
        return [
            "One seed: no intervals, and a single pair is an anecdote; take five seeds to "
            "explore, ten for a verdict."
        ]
    kinds = []
    for scale, words in _SCALES.items():
        of = [measure_words(m, comparison) for m in comparison.measures if m.scale == scale]
        kinds += [f"{words} for {listed(of)}"] if of else []
    told = [
        f"Compared seed by seed: {', '.join(kinds)}; [ ] 95 % t-interval over "
        f"{comparison.seeds} seeds."
    ]
    if comparison.tests:
        many = f" over the {comparison.tests} tests" if comparison.tests > 1 else ""
        told.append(f"p: of no difference, paired t, Holm-adjusted{many} (intervals are not).")
    if comparison.explores:
        told.append(f"{comparison.seeds} seeds only explore; take ten for a verdict.")
    return told


def as_sentence(text: str, comparison: Comparison) -> str:
    """With a full stop, and a capital letter unless it begins with the name of an activation."""
    named = text.startswith(comparison.activations)
    return f"{text if named else text[:1].upper() + text[1:]}."


def _relation(contrast: Contrast, interval: Interval, comparison: Comparison) -> str:
    a, b, measure = contrast.activation, contrast.baseline, contrast.measure
    what = measure_words(measure, comparison)
    if interval.scale == "log":
        ratio = ratio_text(interval)
        if measure.column == "steps_to_target":
            return f"{a} reaches {what.removeprefix('steps to ')} in {ratio} times {b}'s steps"
        if measure.column == "gradient_ratio":
            share = f"{b}'s share of the gradient"
            return f"before training {a} lets {ratio} times {share} reach layer 1"
        return f"{a} ends with {ratio} times {b}'s {what}"
    more = interval.estimate > 0.0
    size = interval if more else _mirrored(interval)
    if measure.column == "dead_fraction":
        return f"{a} has {_points(size)} {'more' if more else 'fewer'} dead units than {b}"
    amount = _points(size) if measure.share else bracketed(size, short)
    return f"{a}'s {what} is {amount} {'higher' if more else 'lower'} than {b}'s"


def _points(interval: Interval) -> str:
    amount = bracketed(in_points(interval), lambda value: short(value, 2))
    return f"{amount} percentage points"


def _mirrored(interval: Interval) -> Interval:
    ends = (-interval.estimate, -interval.high, -interval.low)
    return Interval(*ends, interval.n, interval.level)


def _equal_words(contrast: Contrast, block: Block, what: str) -> str:
    a, b = contrast.activation, contrast.baseline
    if contrast.measure.column == "dead_fraction":
        standing = block.entrants[0].standing(contrast.measure).interval
        if standing is not None and standing.estimate == 0.0:
            return f"neither {a} nor {b} has a dead unit at the end"
    where = "every seed" if contrast.pairs > 1 else "the one seed tried"
    return f"{a} and {b} have the same {what} at {where}"


def _why_not(contrast: Contrast, block: Block) -> str:
    """Why there is no test: which of the two has no number, or how few seeds have both."""
    a, b = contrast.activation, contrast.baseline
    if contrast.interval is not None:
        return f"{a} and {b} both have a number at {_pairs_of(contrast)} seeds only"
    two = [entrant for entrant in block.entrants if entrant.activation in (a, b)]
    gone = [entrant.activation for entrant in two if not entrant.finished]
    if gone:
        return f"{listed(gone)} finished at no seed"
    without = [e.activation for e in two if e.standing(contrast.measure).interval is None]
    if without and contrast.measure.column == "steps_to_target":
        return f"{listed(without)} got to the target at no seed"
    return f"{a} and {b} have no seed with a number for both"


def _is_alone(contrast: Contrast) -> bool:
    """Whether one pair is all that was trained: told as it is, without an interval."""
    return contrast.pairs == 1 and not contrast.left_out


def _pairs_of(contrast: Contrast) -> str:
    return f"{contrast.pairs} of {contrast.pairs + len(contrast.left_out)}"
