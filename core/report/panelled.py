"""What pictures made of panels have in common: words, panels in rows, a name for the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Panels = TypeVar("Panels")


@dataclass(frozen=True, slots=True)
class Panelled(Generic[Panels]):
    """Panels of one kind in rows from left to right, between a title and a caption."""

    name: str
    """File name under `figures/`, without suffix."""
    title: str
    """What is seen."""
    caption: str
    """How to read it."""
    panels: tuple[Panels, ...]
    columns: int

    @property
    def rows(self) -> int:
        """Rows of panels."""
        return -(-len(self.panels) // self.columns)
