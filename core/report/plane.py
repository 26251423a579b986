"""What a picture of the plane shows: points, grids and figures, arrows, regions, words.

Both axes of a panel have one scale, so that a circle is round and a rotation turns. Like every
picture it is a plain frozen value; `plane_drawing` draws it and adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nnlab.core.report.panelled import Panelled
from nnlab.core.report.style import INK, Look

Coordinates = tuple[float, ...]
Side = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Dots:
    """Points of one kind."""

    x: Coordinates
    y: Coordinates
    look: Look
    size: float = 5.0
    """Diameter in page pixels."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, an arrow, or (with `fill`) a figure."""

    x: Coordinates
    y: Coordinates
    look: Look
    width: float = 1.2
    """In page pixels."""
    arrow: bool = False
    """Whether it ends in an arrow head."""
    fill: float = 0.0
    """Opacity of its inside, 0 for none."""
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """A few words at a place."""

    x: float
    y: float
    text: str
    color: str = INK
    size: float = 13.0
    """Font height in page pixels."""
    side: Side = "center"
    """Which end of the text stands at x."""
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """The plane coloured by a number in 0 to 1: `values[j][i]` in cell j from below, i from left.

    0 has the colour of the first look, 1 of the second; where it passes 1/2 a line is drawn.
    """

    values: tuple[Coordinates, ...]
    low: Look
    high: Look


@dataclass(frozen=True, slots=True)
class PlanePanel:
    """One piece of the plane."""

    title: str
    x: tuple[float, float]
    """Its limits; a region fills them."""
    y: tuple[float, float]
    strokes: tuple[Stroke, ...] = ()
    dots: tuple[Dots, ...] = ()
    words: tuple[Words, ...] = ()
    region: Region | None = None
    note: str = ""
    """One line below the panel."""
    ticks: bool = False
    """Whether the axes carry numbers; the origin's two lines are drawn otherwise."""
    origin: bool = True
    """Whether the lines x = 0 and y = 0 are drawn."""
    lead: str = ""
    """What leads here from the panel on the left, written above an arrow between the two. The
    first panel of a row has none."""


@dataclass(frozen=True, slots=True)
class PlanePicture(Panelled[PlanePanel]):
    """Panels of the plane, each row from left to right."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see in any panel."""
        return not any(p.strokes or p.dots or p.words or p.region for p in self.panels)
