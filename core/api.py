"""nnlab from Python and from a notebook: the same studies as on the command line.

from nnlab.core import figures, load_results, load_spec, make_spec, run

results = run("configs/quickstart.yaml", overrides=["seeds=5"])
results.runs                       # a polars frame; .to_pandas(), .to_numpy() are its own
results.layers.collect()           # lazy: a large grid is not read until it is asked for
figures(results)["learning_curves"]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab.core.listener import Listener
from nnlab.core.results import Results, load_results
from nnlab.core.settings import Settings
from nnlab.core.spec import Spec, load_spec, make_spec
from nnlab.core.study import prepare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "Listener", "Results", "Settings", "Spec", "figures", "load_results", "load_spec", "make_spec",
    "run",
]  # fmt: skip

WIDTH = 1200
"""Pixels of a page that a figure in a notebook is drawn for."""


def run(
    spec: Spec | str | Path,
    settings: Settings | None = None,
    *,
    overrides: Sequence[str] = (),
    listener: Listener | None = None,
) -> Results:
    """Train what a spec says and read it back; what is stored already is not trained again.

    `spec` is a file, or a `Spec` from `load_spec` or `make_spec`; `overrides` are those of `-s`,
    for a file. `settings` say where the results go and on how many processes. A script that is
    not a notebook needs `if __name__ == "__main__":` around it where there is more than one.
    Raises `SpecError`, `DataError`, `RunsFailed`, `StoreError`, `Interrupted`.
    """
    read = spec if isinstance(spec, Spec) else load_spec(spec, overrides)
    return prepare(read, settings or Settings()).run(listener)


def figures(results: Results) -> dict[str, Figure]:
    """The pictures of a study as matplotlib figures, by the names they have under `figures/`."""
    from nnlab.core.analysis.summaries import summarize
    from nnlab.core.drawing import report_tables
    from nnlab.core.report.figures import draw, pictures_of

    pictures = pictures_of(summarize(report_tables(results)))
    return {picture.name: draw(picture, WIDTH) for picture in pictures}
