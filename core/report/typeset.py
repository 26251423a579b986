"""Running text on a page of pixels: paragraphs broken into lines, lines put under each other.

A `Run` is one line with its print; `set_text` makes a strip of them. Heights follow from the text
alone, so that a strip is laid out and drawn once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from nnlab.core.report.canvas import PAD, write
from nnlab.core.report.fixed_print import fixed_lines, is_fixed
from nnlab.core.report.sheet import FULL
from nnlab.core.report.style import (
    FIXED_FONT,
    FONT,
    INK,
    LABEL,
    drawing,
    inert,
    new_figure,
    wrap,
)

LEADING = 1.4
"""Distance of two lines, in font heights."""
AIR = 8.0
"""Above and below the text of a strip."""
_LONGEST = 4000
"""Characters of a paragraph; more would be no text for a picture."""


@dataclass(frozen=True, slots=True)
class Print:
    """How text is printed."""

    size: float = LABEL
    color: str = INK
    bold: bool = False
    fixed: bool = False
    """In fixed-width letters."""

    @property
    def step(self) -> float:
        """The height of a line."""
        return self.size * LEADING


@dataclass(frozen=True, slots=True)
class Run:
    """One line of text, `gap` pixels below what stands above it."""

    text: str
    print: Print
    gap: float = 0.0
    indent: float = 0.0
    lead: str = ""
    """Stands before the indented text, in a print of its own."""
    lead_print: Print = field(default_factory=Print)

    @property
    def height(self) -> float:
        """What it takes, the gap above included."""
        return self.gap + self.print.step


def lines_of(text: str, kind: Print, width: float, gap: float = 0.0) -> list[Run]:
    """A paragraph in lines at most `width` wide, the first `gap` below what stands above.

    Text that stands as it is (see `fixed_print`) keeps its lines, smaller where they are too wide.
    """
    if is_fixed(text):
        lines = [inert_fixed(line) for line in fixed_lines(text)]
        # every letter of the fixed font is 0.602 font heights wide
        widest = max((len(line) for line in lines), default=0) * 0.602 * kind.size
        size = kind.size * min(1.0, (width - 24) / widest) if widest else kind.size
        kind = Print(size, kind.color, kind.bold, fixed=True)
        return [Run(line, kind, 0.0 if i else gap, 24) for i, line in enumerate(lines)]
    lines = wrap(inert(text, _LONGEST), kind.size, width, kind.bold)
    return [Run(line, kind, 0.0 if i else gap) for i, line in enumerate(lines)]


def inert_fixed(line: str) -> str:
    """`inert`, but runs of blanks stay."""
    return " ".join(inert(part) for part in line.split(" "))


def height_of(runs: Iterable[Run]) -> float:
    """The height of lines under each other."""
    return sum(run.height for run in runs)


def put(figure: Figure, place: tuple[float, float], runs: Iterable[Run]) -> float:
    """Write lines under each other from the upper left corner `place`; where they end."""
    left, y = place
    for run in runs:
        y -= run.height
        kind = run.print
        at = (left + run.indent, y + 0.3 * kind.step)
        family = FIXED_FONT if kind.fixed else FONT
        if run.lead:
            lead = run.lead_print
            write(figure, (left, at[1]), run.lead, lead.size, color=lead.color, bold=lead.bold)
        write(figure, at, run.text, kind.size, color=kind.color, bold=kind.bold, family=family)
    return y


def set_text(columns: Sequence[Sequence[Run]], width: float = FULL) -> Figure:
    """A strip with columns of text beside each other, equally wide, a little air around them."""
    height = max(height_of(column) for column in columns) + 2 * AIR
    step = (width - 2 * PAD) / len(columns)
    with drawing():
        figure = new_figure(width, height)
        for i, column in enumerate(columns):
            put(figure, (PAD + i * step, height - AIR), column)
    return figure


def in_columns(paragraphs: Sequence[Sequence[Run]]) -> tuple[list[Run], list[Run]]:
    """Paragraphs in two columns of nearly equal height, none broken."""
    best = min(
        range(1, len(paragraphs) + 1),
        key=lambda n: max(
            sum(height_of(p) for p in paragraphs[:n]), sum(height_of(p) for p in paragraphs[n:])
        ),
    )
    left = [run for paragraph in paragraphs[:best] for run in paragraph]
    return left, [run for paragraph in paragraphs[best:] for run in paragraph]
