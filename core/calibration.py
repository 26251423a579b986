"""By how much the estimate of time is off here and now: a moment of the work itself is measured.

The estimate of a stack (`plan.stack_seconds`) knows an idle core of one machine. Other machines are
slower, deep nets have more small calls than it counts, and other programs take their share of the
cores. So a few steps of the longest stack are trained and thrown away before a long study begins:
their processor time against the estimate, times how many programs wait for each core meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core.batches import Examples, encode
from nnlab.core.cores import default_jobs
from nnlab.core.plan import Stack
from nnlab.core.train import train_stack
from nnlab.core.worker import one_thread

if TYPE_CHECKING:
    from nnlab.core.data import Split

WORTHWHILE = 2.0
"""Estimated seconds from which a study is worth the measuring, which takes a tenth of one."""
MOMENT = 0.04
"""Estimated seconds of the steps that are measured."""
FEWEST_STEPS, MOST_STEPS = 4, 1000
MOST_RUNS = 8
LONGEST_STEP = 0.05
"""Estimated seconds; where one step takes longer nothing is trained for the estimate's sake."""
TINY_RATE = 1e-6
"""Of the runs that are measured: their own may make them diverge, and what has ended takes no time.
A step costs the same at every rate."""
LEAST, MOST = 0.5, 20.0
"""Where a factor beyond these is measured, something else was going on."""
_RUNNING = Path("/proc/loadavg")
"""Its fourth field is `running/all` threads of the machine; only Linux has it."""


def time_of(split: Split, stacks: Sequence[Stack], workers: int) -> float:
    """Seconds that these stacks, the longest first, take on so many workers, as of now."""
    if not stacks:
        return 0.0
    estimate = makespan([stack.work for stack in stacks], workers)
    if estimate < WORTHWHILE:
        return estimate
    return estimate * slowness(split, stacks[0], workers)


def makespan(seconds: Sequence[float], workers: int) -> float:
    """When the last worker is done, each taking the next piece of work when it is free.

    >>> makespan([5.0, 3.0, 3.0], 2), makespan([5.0], 2)
    (6.0, 5.0)
    """
    busy = [0.0] * max(1, workers)
    for each in seconds:
        busy[busy.index(min(busy))] += each
    return max(busy)


def slowness(split: Split, stack: Stack, workers: int) -> float:
    """How many times as long as estimated the stack takes, on cores shared as they are now."""
    waiting = [_others_running()]
    short, long = _pieces(stack)
    factor = 1.0
    if long is not None:
        examples = encode(split, stack.recipe)
        with one_thread():
            _processor_seconds(short, examples, waiting)  # what the first step warms up
            spent = _processor_seconds(long, examples, waiting)
            spent -= _processor_seconds(short, examples, waiting)
        factor = min(max(spent / (long.work - short.work), LEAST), MOST)
    others = sum(waiting) / len(waiting)
    return factor * max(1.0, (others + workers) / default_jobs())


def _pieces(stack: Stack) -> tuple[Stack, Stack | None]:
    """A few of its runs with one step, and with as many as are measured; None: a step is too long.

    What lies between the two is steps alone: the records before and after are in both.
    """
    one, two = _with_steps(stack, 1), _with_steps(stack, 2)
    step = two.work - one.work
    if step > LONGEST_STEP:
        return one, None
    steps = min(max(round(MOMENT / step), FEWEST_STEPS), MOST_STEPS)
    return one, _with_steps(stack, 1 + steps)


def _with_steps(stack: Stack, steps: int) -> Stack:
    recipe = replace(
        stack.recipe, steps=steps, records=2, target_loss=None, stop_at_target=False,
        save_weights=False,
    )  # fmt: skip
    runs = (replace(run, recipe=recipe, learning_rate=TINY_RATE) for run in stack.runs[:MOST_RUNS])
    return Stack(recipe, tuple(runs))


def _processor_seconds(stack: Stack, examples: Examples, waiting: list[float]) -> float:
    """Of this process; meanwhile it is looked how many other threads want a core."""

    def look(_: int) -> None:
        waiting.append(_others_running())

    began = time.process_time()
    train_stack(stack, examples, look)
    return time.process_time() - began


def _others_running() -> float:
    """Threads besides this one that run or wait for a core; 0 where that is not known."""
    with suppress(OSError, ValueError, IndexError):
        running = _RUNNING.read_text(encoding="ascii").split()[3].partition("/")[0]
        return max(0.0, float(running) - 1.0)
    return 0.0
