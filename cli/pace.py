"""How far a study is, how fast it goes and how much longer it takes, in numbers and in words."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnlab.core.listener import Outlook

WINDOW = 15.0
"""Seconds over which the speed is averaged."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Pace:
    """How far, how fast, how much longer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds since whenever."""
        self._clock = clock
        self._started = clock()
        self._made: deque[tuple[float, int]] = deque([(self._started, 0)])
        self.runs = self.runs_done = self.run_steps = self.stored = 0

    def plan(self, outlook: Outlook) -> None:
        """Start: what there is to do, and what is stored already."""
        self.runs, self.runs_done, self.run_steps = outlook.runs, outlook.stored, outlook.run_steps
        self.stored = outlook.stored
        self._started = self._clock()
        self._made = deque([(self._started, 0)])

    def make(self, run_steps: int) -> None:
        """So many more steps times runs."""
        now = self._clock()
        self._made.append((now, self._made[-1][1] + run_steps))
        while len(self._made) > 2 and self._made[1][0] < now - WINDOW:
            self._made.popleft()

    def finish(self, runs: int) -> None:
        """So many more runs."""
        self.runs_done += runs

    @property
    def elapsed(self) -> float:
        """Seconds since the plan."""
        return self._clock() - self._started

    @property
    def share(self) -> float:
        """Part of the work that is behind us, 0 to 1."""
        return min(1.0, self._made[-1][1] / self.run_steps) if self.run_steps else 1.0

    @property
    def speed(self) -> float | None:
        """Run-steps a second of late; None before anything was made."""
        (began, before), (now, made) = self._made[0], self._made[-1]
        return (made - before) / (now - began) if now > began and made > before else None

    @property
    def left(self) -> float | None:
        """Seconds that remain at this speed; None where it is not known yet."""
        if self.share >= 1.0:
            return 0.0
        return (1.0 - self.share) * self.run_steps / self.speed if self.speed else None

    def words(self) -> str:
        """`12/20 runs, 412,000 steps/s, 0:07 left`."""
        text = f"{self.runs_done:,}/{self.runs:,} runs"
        if self.runs_done >= self.runs:
            return f"{text}, writing the report"
        if self.speed:
            text += f", {rounded(self.speed):,} steps/s"
        return text if self.left is None else f"{text}, {clock_words(self.left)} left"


def rounded(value: float) -> int:
    """Three significant digits: a speed that flickers in the last ones cannot be read.

    >>> rounded(412_345.6)
    412000
    """
    return int(float(f"{value:.3g}"))


def clock_words(seconds: float) -> str:
    """`0:07`, `1:02:03`, `2 d 03:00`.

    >>> clock_words(7), clock_words(3723), clock_words(2 * 86400 + 3 * 3600)
    ('0:07', '1:02:03', '2 d 03:00')
    """
    whole = round(seconds)
    days, hours = whole // _DAY, whole % _DAY // _HOUR
    minutes, rest = whole % _HOUR // _MINUTE, whole % _MINUTE
    if days:
        return f"{days} d {hours:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """A length of time in words, as exact as it is worth.

    >>> duration(0.31), duration(12.3), duration(200), duration(8000), duration(400_000)
    ('0.3 s', '12 s', '3 min 20 s', '2 h 13 min', '4 d 15 h')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole >= 2 * _DAY:
        return f"{whole // _DAY:,} d {whole % _DAY // _HOUR} h"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE} min"
