"""Numbers as people read them: in pictures, tables and sentences."""

from __future__ import annotations

import math

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def power_of_ten(exponent: int) -> str:
    """`10⁻³`, in plain characters: pictures have no mathtext.

    >>> power_of_ten(-12)
    '10⁻¹²'
    """
    return "10" + str(exponent).translate(_RAISED)


def short(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits; powers of ten where zeros would crowd.

    >>> short(0.97443), short(1.5e-7), short(-0.0), short(64.0), short(None)
    ('0.974', '1.5·10⁻⁷', '0', '64', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if value == 0 or math.isinf(value):
        # + 0.0 makes a zero of minus zero
        return f"{value + 0.0:g}".replace("inf", "∞").replace("-", "−")
    exponent = math.floor(math.log10(abs(value)))
    if -3 <= exponent < 6:
        text = f"{value:.{max(0, digits - 1 - exponent)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa = f"{value / 10.0**exponent:.{digits - 1}f}".rstrip("0").rstrip(".")
        text = power_of_ten(exponent) if mantissa == "1" else f"{mantissa}·{power_of_ten(exponent)}"
    return text.replace("-", "−")


def fixed(value: float | None, decimals: int = 3) -> str:
    """A number with so many decimals, for columns; `–` where there is none.

    >>> fixed(0.9), fixed(None), fixed(-0.0002)
    ('0.900', '–', '0.000')
    """
    if value is None or math.isnan(value):
        return "–"
    return f"{value:z.{decimals}f}".replace("-", "−")


def ratio(value: float | None) -> str:
    """A ratio: two decimals near 1, two digits far from it.

    >>> ratio(1.0), ratio(0.244), ratio(1.5e-12), ratio(None)
    ('1.00', '0.24', '1.5·10⁻¹²', '–')
    """
    if value is not None and 0.095 <= value < 10:
        return fixed(value, 2)
    return short(value, 2)


def percent(fraction: float | None) -> str:
    """A fraction as per cent; what is above 0 never reads as 0.

    >>> percent(0.256), percent(0.0), percent(0.0002), percent(0.031)
    ('26 %', '0 %', '< 0.1 %', '3.1 %')
    """
    if fraction is None or math.isnan(fraction):
        return "–"
    if 0 < fraction < 0.001:
        return "< 0.1 %"
    value = 100 * fraction
    return f"{value:z.0f} %" if value == 0 or value >= 9.95 else f"{value:.1f} %"


def with_interval(
    mean: float | None, low: float | None, high: float | None, decimals: int = 3
) -> str:
    """`0.974 [0.969, 0.979]`; the mean alone where one seed gives no interval.

    So too where both ends print alike: `[0.974, 0.974]` would read as certainty.

    >>> with_interval(0.974, 0.969, 0.979), with_interval(0.974, None, None)
    ('0.974 [0.969, 0.979]', '0.974')
    >>> with_interval(0.974, 0.974, 0.974)
    '0.974'
    """
    ends = fixed(low, decimals), fixed(high, decimals)
    if mean is None or low is None or high is None or ends[0] == ends[1]:
        return fixed(mean, decimals)
    return f"{fixed(mean, decimals)} [{ends[0]}, {ends[1]}]"


def plural(count: int, noun: str) -> str:
    """`1 run`, `5 runs`.

    >>> plural(1, "run"), plural(5, "run")
    ('1 run', '5 runs')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listed(words: list[str] | tuple[str, ...], most: int = 8) -> str:
    """`relu, tanh and sigmoid`; a long list is cut and counted.

    >>> listed(["relu", "tanh", "sigmoid"]), listed(["a", "b", "c"], most=2)
    ('relu, tanh and sigmoid', 'a, b and 1 more')
    """
    words = list(words)
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
