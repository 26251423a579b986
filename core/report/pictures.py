"""What a picture shows, as plain frozen values: made from numbers, drawn by modules of their own.

`LinesPicture`, `HeatPicture` and `ForestPicture` are here, `PlanePicture` is in `plane`.

A picture is a title that states what is seen, panels, and a caption that says how to read it.
Everything a test wants to know stands here by value; drawing adds nothing but pixels. A missing
number is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nnlab.core.report.panelled import Panelled
from nnlab.core.report.plane import PlanePicture
from nnlab.core.report.style import Look

Numbers = tuple[float, ...]
Gaps = tuple[float | None, ...]

AxisKind = Literal["linear", "log", "percent", "category", "layer"]
"""`percent` shows a fraction as per cent; `category` has evenly spaced named places 0, 1, ...;
`layer` ticks whole numbers only."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: what is measured, in which unit, on which scale."""

    label: str
    kind: AxisKind = "linear"
    names: tuple[str, ...] = ()
    """Of the places of a `category` axis."""
    limits: tuple[float, float] | None = None
    """None: the range of the data, shared by all panels of `group`."""
    within: tuple[float, float] | None = None
    """What the quantity cannot leave, whatever its interval does: 0 to 1 for an accuracy."""
    places: Numbers = ()
    """Where to put ticks: the values that were tried. Empty: round numbers."""
    group: str = ""
    """Panels whose axes carry the same group have the same limits."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a mean at each place, with its interval where there is one."""

    label: str
    look: Look
    x: Numbers
    y: Numbers
    low: Gaps = ()
    high: Gaps = ()
    marks: bool = False
    """Whether each point is marked: for few points, and places that are not a continuum."""
    value: str = ""
    """Its last value in words, written behind the label at the line's end."""
    joined: bool = True
    """Whether its points are joined; not for measured points beside the line of a theory."""

    @property
    def end(self) -> str:
        """What is written at the line's end."""
        return f"{self.label}  {self.value}" if self.value else self.label


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes with its lines."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    labelled: bool = False
    """Whether the lines are named at their right ends."""
    bars: bool = False
    """Intervals as bars at the points instead of bands."""
    joined: bool = True
    """Whether points are joined to lines; not for places that have no order."""
    note: str = ""
    """A few words inside the panel, where there is nothing else to see."""
    lost: tuple[tuple[float, Look], ...] = ()
    """Places (x, look of the line) at which every run diverged: a cross at the lower edge."""


@dataclass(frozen=True, slots=True)
class LinesPicture(Panelled[Panel]):
    """Panels of lines."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see: no line and no cross in any panel."""
        return not any(panel.lines or panel.lost for panel in self.panels)


@dataclass(frozen=True, slots=True)
class HeatPanel:
    """One matrix of numbers: `values[j][i]` at `y[j]`, `x[i]`, from the bottom left up."""

    title: str
    x: Numbers
    y: Numbers
    values: tuple[Gaps, ...]
    best: tuple[int, int] | None = None
    """(row, column) of the cell to outline."""
    lost: tuple[tuple[int, int], ...] = ()
    """(row, column) of cells in which every run diverged: drawn as a cross."""
    partly_lost: tuple[tuple[int, int], ...] = ()
    """Cells in which some did: their number gets an asterisk."""


@dataclass(frozen=True, slots=True)
class HeatPicture(Panelled[HeatPanel]):
    """Panels of coloured cells with one colour scale.

    The kinds of `x` and `y` are `category` (cells of one size, named by `names`), `layer` (cells
    around whole numbers) or `linear` (cells between the midpoints of neighbours).
    """

    x: Axis
    y: Axis
    color: Axis
    """Label and kind (`linear`, `log`, `percent`) of the colour scale."""
    written: bool = False
    """Whether each cell carries its number."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see: no number and no cross in any panel."""
        numbers = (value for panel in self.panels for row in panel.values for value in row)
        crosses = any(panel.lost for panel in self.panels)
        return not crosses and all(number is None for number in numbers)


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One row of a forest: what its estimates are of. Without a look it is a heading."""

    name: str
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate with its interval."""

    value: float
    low: float | None = None
    high: float | None = None
    clear: bool = False
    """Whether it is told from no effect: a filled mark."""
    words: str = ""
    """Written above the mark."""


@dataclass(frozen=True, slots=True)
class ForestPanel:
    """The estimates of one quantity, one a row; None where a row has none."""

    title: str
    x: Axis
    none: float
    """The value that means no effect, drawn as a line from top to bottom."""
    estimates: tuple[Estimate | None, ...]
    missing: str = ""
    """What stands where a row has none."""


@dataclass(frozen=True, slots=True)
class ForestPicture:
    """Panels beside each other that share their rows."""

    name: str
    title: str
    caption: str
    lines: tuple[ForestRow, ...]
    panels: tuple[ForestPanel, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is no estimate in any panel."""
        return not any(estimate for panel in self.panels for estimate in panel.estimates)

    @property
    def columns(self) -> int:
        """Panels stand in one row."""
        return len(self.panels)

    @property
    def rows(self) -> int:
        """Rows of panels."""
        return 1


Picture = LinesPicture | HeatPicture | ForestPicture | PlanePicture
