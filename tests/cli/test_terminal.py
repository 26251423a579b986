"""The real program, on a pseudo terminal and in pipes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import TINY
from tests.terminal import Terminal, clean_environment

EXPLODES = "-s dataset=sine -s batch_size=100 -s activation=relu -s learning_rate=1e+6 -s steps=40"
"""Every run diverges: a study with hardly anything to draw."""
COLOUR = re.compile(r"\x1b\[[0-9;]*(?<![0-9])(3[0-7]|4[0-7]|9[0-7]|38|48)[;m]")


pytestmark = pytest.mark.machine


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command line of bash in which `nnlab` is the program."""
    script = f'nnlab() {{ "{sys.executable}" -m nnlab.cli "$@"; }}\n{command}'
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_study_on_a_terminal_of_80_columns(folder: Path) -> None:
    """The bar moves and is wiped; table and path remain; no line is longer than the terminal."""
    terminal = Terminal("train", "tiny.yaml", "--jobs", "2", folder=folder)
    assert terminal.end() == 0
    assert max(map(len, terminal.lines)) <= 80
    text = "\n".join(terminal.lines)
    assert re.search(r"━+ +0/4 runs\n", text)
    assert "4/4 runs, writing the report" in text
    assert "\x1b[?25h" in terminal.text  # the cursor is back
    assert COLOUR.search(terminal.text)
    assert re.search(r"\*  (relu|tanh) +\d\.\d{3} ± ", text)
    assert terminal.lines[-2:] == ["Report: results/tiny/report.png", ""]
    assert (folder / "results" / "tiny" / "report.png").stat().st_size > 10_000


def test_ctrl_c_on_a_terminal_without_colours(folder: Path) -> None:
    """It ends at once, says what is kept and how to go on, and gives the cursor back."""
    (folder / "long.yaml").write_text(TINY.replace("steps: 12", "steps: 100000000"))
    words = ("train", "long.yaml", "--jobs", "2")
    terminal = Terminal(*words, folder=folder, columns=60, environment={"NO_COLOR": "1"})
    terminal.wait_for(r"steps/s")
    terminal.type("\x03")
    assert terminal.end(seconds=10) == 130
    text = "\n".join(terminal.lines)
    assert re.search(r"interrupted: none of 4\s+runs was finished\s+yet", text)
    assert re.search(r"0/4 runs, [\d,]+ steps/s, .* left", text)
    assert not COLOUR.search(terminal.text)
    assert "Traceback" not in text
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")
    assert max(map(len, terminal.lines)) <= 60


def test_a_dumb_terminal_gets_plain_lines(folder: Path) -> None:
    terminal = Terminal("gradcheck", "-a", "tanh", folder=folder, environment={"TERM": "dumb"})
    assert terminal.end() == 0
    assert "\x1b" not in terminal.text
    assert "tanh" in terminal.text


def test_pipes_of_a_poor_encoding(folder: Path) -> None:
    """Plain lines, the streams apart, and what ASCII lacks is spelled out."""
    command = f"PYTHONIOENCODING=ascii nnlab train tiny.yaml {EXPLODES} > out.txt 2> talk.txt"
    assert shell(command, folder).returncode == 0
    talk = (folder / "talk.txt").read_text("ascii")
    assert "\x1b" not in talk
    assert "\r" not in talk
    assert talk.startswith("tiny: 2 runs; about ")
    out = (folder / "out.txt").read_text("ascii")
    assert "tiny: 1 setting, 2 runs (2 diverged)" in out
    assert out.endswith("No run finished.\n\nReport: results/tiny/report.png\n")
    assert re.search(r"^relu +- +2 of 2 ", out, re.M)


@pytest.mark.parametrize("command", ["schema", "--help"])
def test_a_reader_that_leaves_early_is_no_error(folder: Path, command: str) -> None:
    done = shell(f"nnlab {command} | true", folder)
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_under_standard_output(folder: Path) -> None:
    done = shell("nnlab schema > /dev/full", folder)
    assert done.returncode == 1
    assert done.stderr == "Error: standard output cannot be written: No space left on device\n"


def test_nobody_listening_to_the_talk_stops_nothing(folder: Path) -> None:
    done = shell("nnlab gradcheck -a relu --depth 1 2> >(true)", folder)
    assert done.returncode == 0
    assert done.stdout.endswith("6 of 6 gradients within 1e-07\n")
