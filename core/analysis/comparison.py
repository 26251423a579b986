"""Activations against the first one, within pairs of runs that share a seed.

Two runs of one seed see the same split, the same batches and the same weight draws: what differs
between them is the activation. So each activation is compared with the first (the baseline) seed
by seed: a ratio where a measure lives on a log scale, a difference where it does not. Where a
study varies more than activation and seed, pairs are made within a *block*, one combination of the
other axes, never across. An axis on which every activation has a value of its own (a tuned
learning rate) is part of what is compared and makes no blocks.

A run that diverged, failed or never reached the target has no number: its pair is left out and
counted, and with more than a fifth of its pairs gone a measure is not tested. The p-values of all
tests of a comparison are Holm-adjusted together; the intervals are plain 95 % intervals.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from nnlab.core.analysis.measures import SECONDS, Measure, measured_runs, measures_of
from nnlab.core.analysis.multiplicity import holm
from nnlab.core.analysis.pairs import (
    Pairs,
    finite_part,
    pair_by_seed,
    paired_difference,
    paired_ratio,
)
from nnlab.core.analysis.selection import (
    architecture_labels,
    own_axes,
    setting_label,
    varying_axes,
)
from nnlab.core.analysis.statistics import Interval, geometric_interval, t_interval
from nnlab.core.analysis.verdicts import FEWEST_SEEDS, MOST_NON_FINITE

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Standing:
    """One measure of one activation: its mean over the seeds that have a number."""

    measure: Measure
    interval: Interval | None
    """None where no run has a number."""
    lost: int
    """Runs without a number."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """One activation in one block: what became of its runs, and where they stand."""

    activation: str
    own: Mapping[str, Any]
    """Its values on the axes where every activation has its own: a tuned learning rate."""
    runs: int
    finished: int
    diverged: int
    failed: int
    seconds_per_step: float | None
    """Of a run's share of its stack's time; see `measures.SECONDS`."""
    standings: tuple[Standing, ...]

    def standing(self, measure: Measure) -> Standing:
        """Where it stands in one measure."""
        return next(standing for standing in self.standings if standing.measure == measure)


@dataclass(frozen=True, slots=True)
class Contrast:
    """One activation against the baseline in one measure, over pairs of equal seed."""

    activation: str
    baseline: str
    measure: Measure
    interval: Interval | None
    """Ratio (scale "log") or difference to the baseline; None where no pair has two numbers."""
    left_out: tuple[int, ...]
    """Seeds at which one of the two has no number."""
    p_value: float | None = None
    """Of no difference; None where it is not tested: one pair, too many lost, or all equal."""
    p_holm: float | None = None
    """The same, adjusted over all tests of the comparison."""

    @property
    def pairs(self) -> int:
        """Seeds at which both have a number."""
        return 0 if self.interval is None else self.interval.n

    @property
    def clear(self) -> bool:
        """Whether the difference is told from none, at 5 % over all tests together."""
        return self.p_holm is not None and self.p_holm <= ALPHA

    @property
    def equal(self) -> bool:
        """Whether the two have the same value at every seed."""
        interval = self.interval
        return interval is not None and interval.estimate == self.none and self._flat

    @property
    def too_few(self) -> bool:
        """Whether more than a fifth of the pairs are lost, so that the rest decides nothing."""
        lost = len(self.left_out)
        return lost > MOST_NON_FINITE * (self.pairs + lost)

    @property
    def none(self) -> float:
        """The ratio or difference that means no difference."""
        return 1.0 if self.measure.scale == "log" else 0.0

    @property
    def _flat(self) -> bool:
        interval = self.interval
        return interval is not None and not interval.low < interval.high


@dataclass(frozen=True, slots=True)
class Block:
    """One combination of the other axes; pairs are made within it."""

    setting: Mapping[str, Any]
    """Axis -> value, of the axes that make the blocks; empty where there is one block."""
    label: str
    """The same in words, `rate 0.1, batch 32`; empty where there is one block."""
    entrants: tuple[Entrant, ...]
    """The baseline first."""
    contrasts: tuple[Contrast, ...]
    """By measure, then activation."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All activations of a study against its first."""

    activations: tuple[str, ...]
    """The baseline first."""
    seeds: int
    measures: tuple[Measure, ...]
    target_loss: float | None
    own: tuple[str, ...]
    """Axes on which every activation has a value of its own."""
    hidden_layers: int
    """The most of any network: with one, gradients are compared with the output layer's."""
    blocks: tuple[Block, ...]

    @property
    def baseline(self) -> str:
        """What the others are compared with."""
        return self.activations[0]

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """Of all blocks."""
        return tuple(contrast for block in self.blocks for contrast in block.contrasts)

    @property
    def tests(self) -> int:
        """How many p-values were adjusted together."""
        return sum(contrast.p_value is not None for contrast in self.contrasts)

    @property
    def explores(self) -> bool:
        """Whether so few seeds can only explore: five or fewer."""
        return self.seeds < FEWEST_SEEDS


def block_axes(runs: pl.DataFrame) -> tuple[str, ...]:
    """The axes that make the blocks of a study."""
    own = own_axes(runs)
    return tuple(axis for axis in varying_axes(runs) if axis != "activation" and axis not in own)


def count_blocks(runs: pl.DataFrame) -> int:
    """How many blocks `compare_activations` would make."""
    axes = block_axes(runs)
    return runs.select(axes).n_unique() if axes else min(1, len(runs))


def compare_activations(
    runs: pl.DataFrame, layers: pl.LazyFrame, target_loss: float | None = None
) -> Comparison | None:
    """Compare the activations of a study with its first one; None where it has fewer than two.

    `runs` and `layers` are the tables of a results folder, in the order of the grid: the first
    activation in `runs` is the baseline. `layers` is streamed.
    """
    activations = tuple(runs["activation"].unique(maintain_order=True))
    if len(activations) < 2:
        return None
    measured = measured_runs(runs, layers)
    measures = measures_of(measured)
    axes, own = block_axes(runs), own_axes(runs)
    names = architecture_labels(runs)
    blocks = []
    parts = measured.partition_by(axes, maintain_order=True) if axes else [measured]
    for part in parts:
        setting = {axis: part[axis][0] for axis in axes}
        words = [
            names[str(value)] if axis == "hidden_layer_sizes" else setting_label(axis, value)
            for axis, value in setting.items()
        ]
        entrants = tuple(_entrant(part, name, measures, own) for name in activations)
        contrasts = tuple(_contrasts(part, activations, measures))
        blocks.append(Block(setting, ", ".join(words), entrants, contrasts))
    return Comparison(
        activations=activations,
        seeds=runs["seed"].n_unique(),
        measures=measures,
        target_loss=target_loss,
        own=own,
        hidden_layers=int(runs["depth"].to_numpy().max()),
        blocks=_adjusted(blocks),
    )


def _entrant(
    part: pl.DataFrame, activation: str, measures: Sequence[Measure], own: Sequence[str]
) -> Entrant:
    rows = part.filter(pl.col("activation") == activation)
    status = rows["status"].to_list()
    seconds, _ = finite_part(rows[SECONDS].to_list())
    return Entrant(
        activation=activation,
        own={axis: rows[axis][0] for axis in own},
        runs=len(rows),
        finished=status.count("finished"),
        diverged=status.count("diverged"),
        failed=status.count("failed"),
        seconds_per_step=float(seconds.mean()) if seconds.size else None,
        standings=tuple(_standing(rows[m.column].to_list(), m) for m in measures),
    )


def _standing(values: Sequence[float | None], measure: Measure) -> Standing:
    numbers, lost = finite_part(values)
    if not numbers.size:
        return Standing(measure, None, lost)
    mean = geometric_interval if measure.scale == "log" else t_interval
    return Standing(measure, mean(numbers), lost)


def _contrasts(
    part: pl.DataFrame, activations: Sequence[str], measures: Sequence[Measure]
) -> Iterable[Contrast]:
    baseline, *others = activations
    nothing: dict[int, float | None] = dict.fromkeys(part["seed"])
    for measure in measures:
        by_seed = {
            name: nothing | dict(
                part.filter(pl.col("activation") == name).select("seed", measure.column).rows()
            )
            for name in activations
        }  # fmt: skip
        for name in others:
            pairs = pair_by_seed(by_seed[name], by_seed[baseline])
            yield _contrast(pairs, Contrast(name, baseline, measure, None, pairs.left_out))


def _contrast(pairs: Pairs, empty: Contrast) -> Contrast:
    if not pairs.seeds:
        return empty
    paired = paired_ratio if empty.measure.scale == "log" else paired_difference
    contrast = replace(empty, interval=paired(pairs))
    return replace(contrast, p_value=_p_value(contrast))


def _p_value(contrast: Contrast) -> float | None:
    interval = contrast.interval
    if interval is None or interval.n < 2 or contrast.too_few or contrast.equal:
        return None
    if interval.low == interval.high:
        # Counts of few examples can differ by the same number at every seed, and Student's p is
        # then 0. What n equal signs can say is the sign test's smallest p.
        return math.ldexp(2.0, -interval.n)
    return interval.p_value(contrast.none)


def _adjusted(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks with the p-values of all of them adjusted together."""
    raw = [c.p_value for block in blocks for c in block.contrasts if c.p_value is not None]
    adjusted = iter(holm(raw).tolist())
    return tuple(
        replace(
            block,
            contrasts=tuple(
                c if c.p_value is None else replace(c, p_holm=next(adjusted))
                for c in block.contrasts
            ),
        )
        for block in blocks
    )
