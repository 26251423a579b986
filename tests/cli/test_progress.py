"""How a study goes: the numbers, the bar, the lines. Clocks and terminals are made up."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from nnlab.cli import console
from nnlab.cli.pace import Pace, clock_words, duration, rounded
from nnlab.cli.progress import Bar, Face, Lines, Progress, Silence, face_for_stderr
from nnlab.core.listener import Outlook
from nnlab.core.outcome import DIVERGED, FINISHED, OUTCOME_COLUMNS, RunResult, failed
from tests.small import run_of


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def outlook(runs: int = 20, stored: int = 0, run_steps: int = 2000) -> Outlook:
    return Outlook(
        runs, stored, stacks=2, run_steps=run_steps, seconds=12.4, measuring_seconds=1, bytes=1000
    )


def result(seed: int = 0, status: str = FINISHED) -> RunResult:
    return RunResult(run_of(seed), status, dict.fromkeys(OUTCOME_COLUMNS))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock)


def test_the_pace_by_hand(clock: Clock, pace: Pace) -> None:
    """500 of 2,000 steps in 5 s: 100 a second, so 15 s are left."""
    pace.plan(outlook(stored=4))
    assert (pace.share, pace.speed, pace.left) == (0.0, None, None)
    assert pace.words() == "4/20 runs"
    clock.now += 5
    pace.make(500)
    pace.finish(3)
    assert (pace.share, pace.speed, pace.left) == (0.25, 100.0, 15.0)
    assert pace.words() == "7/20 runs, 100 steps/s, 0:15 left"


def test_the_speed_is_that_of_late(clock: Clock, pace: Pace) -> None:
    pace.plan(outlook(run_steps=10_000))
    for _ in range(20):  # 20 s at 10 a second, then 40 s at 100 a second
        clock.now += 1
        pace.make(10)
    for _ in range(40):
        clock.now += 1
        pace.make(100)
    assert pace.speed == 100.0


def test_runs_that_are_made_twice_do_not_pass_the_end(clock: Clock, pace: Pace) -> None:
    pace.plan(outlook(run_steps=100))
    clock.now += 1
    pace.make(150)
    assert (pace.share, pace.left) == (1.0, 0.0)


def test_at_the_end_the_report_is_written(clock: Clock, pace: Pace) -> None:
    pace.plan(outlook(runs=2))
    pace.finish(2)
    assert pace.words() == "2/2 runs, writing the report"


def test_words_of_time() -> None:
    assert [clock_words(s) for s in (0.4, 59.6, 3599, 86400)] == [
        "0:00",
        "1:00",
        "59:59",
        "1 d 00:00",
    ]
    assert [duration(s) for s in (9.94, 9.96, 59.4, 3599, 360_000)] == [
        "9.9 s", "10 s", "59 s", "59 min 59 s", "4 d 4 h",
    ]  # fmt: skip
    assert [rounded(x) for x in (0.4, 1234.5, 1_234_567)] == [0, 1230, 1_230_000]


def bar_on(width: int, clock: Clock) -> tuple[Bar, io.StringIO]:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=width, color_system="standard")
    return Bar(terminal, clock), screen


def drawn(screen: io.StringIO) -> list[str]:
    """What stood on the lines of the screen at one time or another."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    return re.split(r"[\r\n]+", plain)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_bar_keeps_to_the_width(clock: Clock, pace: Pace, width: int) -> None:
    bar, screen = bar_on(width, clock)
    with Progress("tiny", bar, pace) as hearing:
        hearing.planned(outlook(runs=10_000, run_steps=10**9))
        for _ in range(5):
            clock.now += 10
            hearing.advanced(123_456_789)
        hearing.finished([result()])
    lines = drawn(screen)
    assert max(map(len, lines)) <= width
    assert re.search(r"━+.* {2}0/10,000 runs, 12,300,000 steps/s, 0:31 left", "\n".join(lines))


def test_the_bar_is_wiped_and_a_line_remains(clock: Clock, pace: Pace) -> None:
    bar, screen = bar_on(80, clock)
    with Progress("tiny", bar, pace) as hearing:
        hearing.planned(outlook(runs=1))
        clock.now += 3
        hearing.advanced(2000)
        hearing.finished([result()])
    assert drawn(screen)[-2:] == ["tiny: 1 run done in 3.0 s", ""]
    assert "\x1b[2K" in screen.getvalue()  # the line was erased
    assert "\x1b[?25h" in screen.getvalue()  # the cursor is back


def test_the_bar_is_not_drawn_for_every_step(clock: Clock, pace: Pace) -> None:
    bar, screen = bar_on(80, clock)
    with Progress("tiny", bar, pace) as hearing:
        hearing.planned(outlook())
        before = len(screen.getvalue())
        clock.now += 1
        hearing.advanced(1)
        once = len(screen.getvalue()) - before
        for _ in range(1000):
            hearing.advanced(1)
        assert len(screen.getvalue()) - before == once > 0


class Board(Silence):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.notes.append(f"warning: {text}")


def test_what_is_said_of_a_study(clock: Clock, pace: Pace) -> None:
    board = Board()
    with Progress("tiny", board, pace) as hearing:
        hearing.planned(outlook(runs=4, stored=1))
        hearing.said("something happened")
        clock.now += 61
        hearing.finished([result(0, DIVERGED), result(1), result(2)])
    assert board.notes == [
        "tiny: 4 runs, 1 of them stored already; about 12 s",
        "something happened",
        "tiny: 3 runs done in 1 min 1 s (1 diverged), 1 stored before",
    ]
    assert hearing.notes == ["something happened"]


def test_nothing_is_said_to_be_done_after_an_error(pace: Pace) -> None:
    board = Board()
    hearing = Progress("tiny", board, pace)
    hearing.planned(outlook())
    error = ZeroDivisionError()
    hearing.__exit__(type(error), error, None)
    assert len(board.notes) == 1


def test_failures_are_told_at_once_but_not_by_the_hundred(pace: Pace) -> None:
    board = Board()
    hearing = Progress("tiny", board, pace)
    hearing.planned(outlook())
    hearing.finished([failed(run_of(seed), "no luck") for seed in range(100)])
    first, *_, last = board.notes[1:]
    assert re.fullmatch(
        r"run [0-9a-f]{12} \(relu, learning rate 0\.1, seed 0\) failed: no luck", first
    )
    assert last == "more runs fail; runs.csv will have the reasons"
    assert len(board.notes) == 1 + 5 + 1


def lines_of(clock: Clock, seconds: int, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of a study that takes so long."""
    with Progress("tiny", Lines(), Pace(clock)) as hearing:
        hearing.planned(outlook(run_steps=seconds * 100))
        for _ in range(seconds):
            clock.now += 1
            hearing.advanced(100)
        hearing.finished([result(seed) for seed in range(20)])
    return capsys.readouterr().err.splitlines()


def test_lines_come_each_tenth_of_the_way(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(clock, 50, capsys)
    assert lines[0] == "tiny: 20 runs; about 12 s"
    assert [line[:5] for line in lines[1:-1]] == [f"{10 * i:3} %" for i in range(1, 11)]
    assert lines[1] == " 10 %  0/20 runs, 100 steps/s, 0:45 left"
    assert lines[-1] == "tiny: 20 runs done in 50 s"


def test_lines_do_not_flood_a_log(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    assert 3 <= len(lines_of(clock, 3, capsys)) <= 5
    lines = lines_of(clock, 20_000, capsys)
    assert 50 < len(lines) < 150  # 2,000 would be one each ten seconds


def test_silence_is_silent(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    with Progress("tiny", Silence(), Pace(clock)) as hearing:
        hearing.planned(outlook())
        hearing.advanced(10)
        hearing.said("something")
        hearing.finished([failed(run_of(), "no luck")])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("quiet", "terminal", "dumb", "expected"),
    [
        (True, True, False, Silence),
        (False, False, False, Lines),
        (False, True, True, Lines),
        (False, True, False, Bar),
    ],
)
def test_the_face_fits_where_standard_error_goes(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool, dumb: bool, expected: type[Face]
) -> None:
    monkeypatch.setenv("TERM", "dumb" if dumb else "xterm")
    monkeypatch.setattr(console.Talk, "isatty", lambda talk: terminal)
    assert type(face_for_stderr(quiet)) is expected
