"""The claims on LeakyReLU's slope: that it bends less and less, and must be tuned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.seed_findings import difference_of
from nnlab.core.analysis.slope import HURTS, USUAL, SlopeCost, slope_costs
from nnlab.core.analysis.verdicts import Criterion

SETS = {"circles": "slope", "moons": "slope_moons"}
"""The data sets and their studies."""
STEEP = 0.99
"""Near 1: the bend that is left is a hundred-thousandth of the variance."""
CLOSE = 0.1
"""A slope ten times the usual one, which must make no difference: the control."""
NONE = 0.0
"""ReLU: so near the usual slope that it must cost nothing, the control of what slopes cost."""
MODERATE = (0.03, 0.1, 0.2, 0.3)
NEAR_ONE = (0.95, 0.99)

Accuracy = dict[float, dict[int, float | None]]


@dataclass(frozen=True)
class Slopes:
    """What the studies of the slope found."""

    accuracy: dict[str, Accuracy]
    """By data set, slope and seed."""
    bent: dict[str, dict[float, list[float]]]
    """Measured non-linearity by moment and slope, one a run."""
    drawn: dict[float, float]
    """Non-linearity by slope, by Monte Carlo."""
    setting: str
    """What all runs share, in words."""

    @property
    def costs(self) -> dict[str, list[SlopeCost]]:
        """What each slope costs, by data set."""
        return {name: slope_costs(values) for name, values in self.accuracy.items()}

    @property
    def both(self) -> Accuracy:
        """The accuracy of each slope and seed, mean over the data sets; None where one is."""
        first, *others = self.accuracy.values()
        return {
            slope: {seed: _mean([value, *(o[slope][seed] for o in others)])
                    for seed, value in values.items()}
            for slope, values in first.items()
        }  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _bend_is_lost(found: Slopes) -> Finding:
    circles = found.accuracy["circles"]
    measured = difference_of(circles[STEEP], circles[USUAL])
    return Finding(
        interval=measured.interval,
        scope=f"circles, {found.setting}; slope {STEEP} against {USUAL}",
        control=difference_of(circles[CLOSE], circles[USUAL]),
        non_finite_share=measured.lost_share,
    )


def _must_be_tuned(found: Slopes) -> Finding:
    both = found.both
    costs = {
        f"slopes {slopes[0]} to {slopes[-1]}": difference_of(both[USUAL], _pooled(both, slopes))
        for slopes in (MODERATE, NEAR_ONE)
    }
    whole = difference_of(both[USUAL], _pooled(both, (*MODERATE, *NEAR_ONE)))
    return Finding(
        interval=whole.interval,
        scope=f"{' and '.join(SETS)}, {found.setting}; against a slope of {USUAL}",
        control=difference_of(both[USUAL], both[NONE]),
        non_finite_share=whole.lost_share,
        sub_ranges=costs,
    )


def _pooled(accuracy: Accuracy, slopes: Sequence[float]) -> dict[int, float | None]:
    """The mean over some slopes, by seed."""
    return {
        seed: _mean([accuracy[slope][seed] for slope in slopes]) for seed in accuracy[slopes[0]]
    }


CLAIMS = (
    Claim(
        id="leaky-relu-loses-its-bend",
        question="1.4d",
        claim="As its slope nears 1 LeakyReLU loses its non-linearity",
        criterion=Criterion.less(f"test accuracy at slope {STEEP} minus that at {USUAL}", -0.1),
        unit="",
        study="slope",
        control=f"slope {CLOSE} instead of {STEEP}",
        figure="slope",
        source="homework 1.4d",
        measure=_bend_is_lost,
        about="leaky_relu",
        side="disadvantage",
    ),
    Claim(
        id="leaky-relu-slope-must-be-tuned",
        question="1.4d",
        claim="LeakyReLU's slope must be tuned: another slope costs accuracy",
        criterion=Criterion.greater(f"test accuracy at slope {USUAL} minus another's", HURTS),
        unit="",
        study=" and ".join(SETS.values()),
        control=f"slope {NONE:g}, which is ReLU, in the place of another",
        figure="slope",
        source="homework 1.4d; He et al. 2015",
        measure=_must_be_tuned,
        about="leaky_relu",
        side="disadvantage",
    ),
)
