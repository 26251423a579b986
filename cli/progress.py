"""How a study goes while it goes: a bar on a terminal, plain lines anywhere else.

`Progress` hears the study and counts; a `Face` shows. Nothing here can stop the training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from nnlab.cli import console
from nnlab.cli.pace import Pace, duration
from nnlab.core.listener import Listener, Outlook
from nnlab.core.outcome import DIVERGED, FAILED, RunResult
from nnlab.core.report.wording import plural

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

_MOST_FAILURES = 5


class Face(Protocol):
    """What shows the pace."""

    def start(self, pace: Pace) -> None:
        """The plan is known."""

    def update(self, pace: Pace) -> None:
        """Something was made."""

    def note(self, text: str) -> None:
        """A line of its own."""

    def warn(self, text: str) -> None:
        """A line of its own that must not be missed."""

    def stop(self) -> None:
        """No more will come."""


class Bar:
    """One line at the foot of the terminal that is drawn again, ten times a second at most."""

    def __init__(self, terminal: Console, clock: Callable[[], float] = time.monotonic) -> None:
        """`terminal` is where standard error goes."""
        self._console, self._clock = terminal, clock
        self._live: Live | None = None
        self._drawn = 0.0

    def start(self, pace: Pace) -> None:
        """Draw the empty bar."""
        from rich.live import Live

        # No thread draws on its own: the processor is the training's.
        self._live = Live(
            self._line(pace),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def update(self, pace: Pace) -> None:
        """Draw it again if it is time."""
        now = self._clock()
        if self._live is not None and (now - self._drawn > 0.1 or pace.runs_done >= pace.runs):
            self._live.update(self._line(pace), refresh=True)
            self._drawn = now

    def note(self, text: str) -> None:
        """Write above the bar."""
        from rich.text import Text

        self._console.print(Text(console.inert(text)))

    def warn(self, text: str) -> None:
        """The same."""
        self.note(text)

    def stop(self) -> None:
        """Wipe the bar."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _line(self, pace: Pace) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2, 0, 0))
        # A terminal echoes Ctrl-C as ^C: with room for it the line does not wrap.
        grid.width = self._console.width - 3
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True)
        grid.add_row(ProgressBar(total=1.0, completed=pace.share), Text(pace.words()))
        return grid


class Lines:
    """A line each tenth of the way, and each ten seconds at first, then ever more rarely."""

    def __init__(self) -> None:
        """Nothing is written before the start."""
        self._told_share = self._told_time = 0.0

    def start(self, pace: Pace) -> None:
        """The plan's own line has been said."""

    def update(self, pace: Pace) -> None:
        """A line, if there is news."""
        since = pace.elapsed - self._told_time
        tenth = int(pace.share * 10) > int(self._told_share * 10) and since > 1.0
        if pace.runs_done < pace.runs and (tenth or since >= max(10.0, pace.elapsed / 20)):
            self._told_share, self._told_time = pace.share, pace.elapsed
            self.note(f"{int(100 * pace.share):3} %  {pace.words()}")

    def note(self, text: str) -> None:
        """A line."""
        console.say(text)

    def warn(self, text: str) -> None:
        """A line."""
        console.say(text)

    def stop(self) -> None:
        """Nothing to wipe."""


class Silence:
    """For `--quiet`: nothing but warnings."""

    def start(self, pace: Pace) -> None:
        """Nothing."""

    def update(self, pace: Pace) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """A line: what became of the user's files."""
        console.say(text)

    def stop(self) -> None:
        """Nothing."""


def face_for_stderr(quiet: bool) -> Face:
    """A bar where standard error is a terminal that can draw one, else lines, or silence."""
    if quiet:
        return Silence()
    if not console.Talk().isatty():
        return Lines()
    terminal = console.talk_console()
    return Lines() if terminal.is_dumb_terminal else Bar(terminal)


class Progress(Listener):
    """Follows a study by name; as a context manager it clears up whatever happens."""

    def __init__(self, name: str, face: Face, pace: Pace | None = None) -> None:
        """`face` shows what `pace` counts."""
        self.name, self.face, self.pace = name, face, pace or Pace()
        self.notes: list[str] = []
        """What was said, for the JSON document."""
        self._lost = {DIVERGED: 0, FAILED: 0}

    def __enter__(self) -> Self:
        """Nothing is shown before the plan is known."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wipe the bar; when all went well say how it went."""
        self.face.stop()
        if kind is None and self.pace.run_steps:
            lost = [f"{count:,} {status}" for status, count in self._lost.items() if count]
            note = f" ({', '.join(lost)})" if lost else ""
            took = duration(self.pace.elapsed)
            runs = plural(self.pace.runs_done - self.pace.stored, "run")
            more = f", {self.pace.stored:,} stored before" if self.pace.stored else ""
            self.face.note(f"{self.name}: {runs} done in {took}{note}{more}")

    def planned(self, outlook: Outlook) -> None:
        """Say what will be done."""
        self.pace.plan(outlook)
        runs = f"{self.name}: {plural(outlook.runs, 'run')}"
        if not outlook.run_steps:
            self.face.note(f"{runs}, all stored already")
            return
        stored = f", {outlook.stored:,} of them stored already" if outlook.stored else ""
        self.face.note(f"{runs}{stored}; about {duration(outlook.seconds)}")
        self.face.start(self.pace)

    def advanced(self, run_steps: int) -> None:
        """Count and show."""
        self.pace.make(run_steps)
        self.face.update(self.pace)

    def finished(self, results: Sequence[RunResult]) -> None:
        """Count; a run that failed is told at once."""
        for result in results:
            if result.status in self._lost:
                self._lost[result.status] += 1
            if result.status == FAILED:
                self._tell_failure(result)
        self.pace.finish(len(results))
        self.face.update(self.pace)

    def said(self, text: str) -> None:
        """Pass it on."""
        self.notes.append(text)
        self.face.note(text)

    def warned(self, text: str) -> None:
        """Pass it on, `--quiet` or not."""
        self.notes.append(text)
        self.face.warn(text)

    def _tell_failure(self, result: RunResult) -> None:
        if self._lost[FAILED] <= _MOST_FAILURES:
            run = result.run
            which = f"{run.activation}, learning rate {run.learning_rate:g}, seed {run.seed}"
            self.face.note(f"run {run.id} ({which}) failed: {result.outcome['reason']}")
        elif self._lost[FAILED] == _MOST_FAILURES + 1:
            self.face.note("more runs fail; runs.csv will have the reasons")
