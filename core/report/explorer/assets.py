"""The scripts and styles of the page: D3, and ours, with nothing loaded from anywhere.

D3 (Bostock, Ogievetsky, Heer 2011, D3: Data-Driven Documents) draws scales, axes and lines; it
needs no `eval`, so that the page's policy can name the very scripts that may run. It comes with
mpld3, a package of 0.2 MB. Vega-Lite would be the other choice: 34 MB to install for its
compiler, 0.9 MB on every page, and a drawing that is one opaque element to a keyboard.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

PARTS = ("numbers", "means", "marks", "lines", "map", "time", "runs", "page")
"""Our scripts (`.js`), in the order in which they are joined."""


@lru_cache(maxsize=1)
def scripts() -> tuple[str, str]:
    """D3 with its licence, and our own scripts as one.

    Raises ModuleNotFoundError where mpld3, a dependency, is not installed.
    """
    found = find_spec("mpld3")  # not imported: that would load the rest of it
    if found is None or found.origin is None:
        raise ModuleNotFoundError("mpld3 is not installed; it brings D3 for report.html")
    d3 = (Path(found.origin).parent / "js" / "d3.v5.min.js").read_text(encoding="utf-8")
    here = files(__package__)
    own = "\n".join((here / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)
    license = (here / "d3-license.txt").read_text(encoding="utf-8")
    return f"/*! {license}*/\n{d3}", f'(() => {{\n"use strict";\n{own}\n}})();\n'


@lru_cache(maxsize=1)
def style() -> str:
    """The rules of what can be explored."""
    return (files(__package__) / "explorer.css").read_text(encoding="utf-8")
