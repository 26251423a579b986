"""How many seeds a decision needs, from the spread the seeds showed.

The chance that a t-interval of n seeds leaves out a threshold at `distance` from the truth is
`P(T > t_{(1 + level)/2, n - 1})`, T noncentral t with noncentrality `distance sqrt(n) / spread`.

Source: Johnson and Welch (1940), Applications of the non-central t-distribution, Biometrika 31.
"""

from __future__ import annotations

import math

from scipy import special

from nnlab.core.analysis.statistics import LEVEL, t_quantile

POWER = 0.8
# Beyond this the t and the normal distribution ask for the same number within one seed.
NORMAL_FROM = 300


def decision_power(spread: float, distance: float, n: int, level: float = LEVEL) -> float:
    """Chance that n seeds of standard deviation `spread` put the interval clear of a threshold.

    `distance` from the true number to the threshold, on the scale of `spread` (logs for ratios).
    """
    if n < 2 or distance <= 0.0:
        return 0.0
    if spread == 0.0:
        return 1.0
    shift = distance * math.sqrt(n) / spread
    return 1.0 - float(special.nctdtr(n - 1, shift, t_quantile(n, level)))


def seeds_needed(
    spread: float, distance: float, level: float = LEVEL, power: float = POWER
) -> int | None:
    """The fewest seeds (two at least) that decide with chance `power` were the estimate true.

    None when no number would: the estimate lies on the threshold, or the spread is unknown.
    """
    if not 0.0 < power < 1.0:
        raise ValueError(f"a power lies between 0 and 1, not at {power}")
    if not (math.isfinite(spread) and spread >= 0.0 and distance > 0.0):
        return None
    both_quantiles = special.ndtri(0.5 * (1.0 + level)) + special.ndtri(power)
    # The normal distribution's answer is a lower bound that the t's exceeds by a few seeds.
    from_below = (float(both_quantiles) * spread / distance) ** 2
    n = max(2, math.ceil(from_below))
    while n < NORMAL_FROM and decision_power(spread, distance, n, level) < power:
        n += 1
    return n
