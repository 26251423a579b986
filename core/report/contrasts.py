"""The numbers of a comparison as people read them: means, differences, p-values."""

from __future__ import annotations

import math
from collections.abc import Callable

from nnlab.core.analysis.comparison import Comparison, Contrast, Standing
from nnlab.core.analysis.measures import Measure
from nnlab.core.analysis.statistics import Interval
from nnlab.core.report.wording import fixed, percent, power_of_ten, short

_WRITTEN_OUT = (-3, 6)
"""Powers of ten from here to below there need no exponent."""


def measure_words(measure: Measure, comparison: Comparison) -> str:
    """The name of a measure: `steps to loss 0.1`."""
    if measure.column == "steps_to_target" and comparison.target_loss is not None:
        return f"steps to loss {comparison.target_loss:g}"
    return measure.words


def mean_text(standing: Standing) -> str:
    """A mean with its interval, as a table shows it: `0.968 [0.961, 0.975]`."""
    interval = standing.interval
    if interval is None:
        return "not reached" if standing.measure.column == "steps_to_target" else "–"
    if standing.measure.column == "dead_fraction":
        return bracketed(_share(interval), percent).replace(" %,", ",").replace(" %]", "]")
    if standing.measure.share:
        return bracketed(_share(interval), fixed)
    return three_digits(interval)


def contrast_text(contrast: Contrast) -> str:
    """A ratio or difference with its interval: `0.78 [0.71, 0.86] times`, `+0.7 [0.2, 1.2] points`.

    Empty where no pair has two numbers.
    """
    interval = contrast.interval
    if interval is None:
        return ""
    if interval.scale == "log":
        return f"{ratio_text(interval)} times"
    if contrast.measure.share:
        return f"{bracketed(in_points(interval), lambda value: signed(value, 2))} points"
    return bracketed(interval, signed)


def p_text(p: float | None) -> str:
    """A p-value as a table shows it.

    >>> p_text(0.0302), p_text(0.00001), p_text(0.35), p_text(1.0), p_text(None)
    ('0.030', '<0.001', '0.35', '1', '')
    """
    if p is None:
        return ""
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}".replace("1.00", "1")


def bracketed(interval: Interval, word: Callable[[float], str]) -> str:
    """Estimate and ends; the estimate alone for one seed, or the same value at every seed."""
    if not interval.low < interval.high:
        return word(interval.estimate)
    return f"{word(interval.estimate)} [{word(interval.low)}, {word(interval.high)}]"


def three_digits(interval: Interval) -> str:
    """Three digits each; a power of ten that all three would have stands once behind them.

    >>> three_digits(Interval(3.121e-4, 2.133e-4, 4.563e-4, 5))
    '3.12 [2.13, 4.56]·10⁻⁴'
    """
    size = abs(interval.estimate)
    exponent = math.floor(math.log10(size)) if size > 0.0 else 0
    unit = 10.0**exponent
    apart = not unit / 100 < interval.low < interval.high < unit * 1000
    if apart or _WRITTEN_OUT[0] <= exponent < _WRITTEN_OUT[1]:
        return bracketed(interval, short)
    return f"{bracketed(interval, lambda value: short(value / unit))}·{power_of_ten(exponent)}"


def ratio_text(interval: Interval) -> str:
    """A ratio with its interval; near 1 with a digit more, where three would hide the difference.

    >>> [ratio_text(Interval(*ends, 5)) for ends in ((0.784, 0.71, 0.86), (1.0063, 1.004, 1.009))]
    ['0.784 [0.71, 0.86]', '1.006 [1.004, 1.009]']
    """
    if abs(interval.estimate - 1.0) < 0.05:
        return bracketed(interval, lambda value: short(value, 4))
    return three_digits(interval)


def in_points(interval: Interval) -> Interval:
    """A difference of shares in percentage points."""
    ends = (100.0 * interval.estimate, 100.0 * interval.low, 100.0 * interval.high)
    return Interval(*ends, interval.n, interval.level)


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign.

    >>> signed(0.6944, 2), signed(-1.25), signed(0.0)
    ('+0.69', '−1.25', '0')
    """
    return ("+" if value > 0.0 else "") + short(value, digits)


def _share(interval: Interval) -> Interval:
    """The interval of a share without the part that no share can have."""
    low, high = max(interval.low, 0.0), min(interval.high, 1.0)
    return Interval(interval.estimate, low, high, interval.n, interval.level)
