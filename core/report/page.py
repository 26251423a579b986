"""The report of a study: `report.png`, `report.md`, `report.html` and `figures/*.png`.

    files = report_files(StudyTables(...))      # {"report.png": b"...", ...}

Names and bytes only; the store writes them. The same tables give the same bytes: nothing here
reads a clock, a disk or a display.
"""

from __future__ import annotations

from collections.abc import Sequence

from nnlab.core.analysis.summaries import StudyTables, Summary, summarize
from nnlab.core.report.figures import pictures_of
from nnlab.core.report.html import html
from nnlab.core.report.markdown import markdown
from nnlab.core.report.pictures import Picture
from nnlab.core.report.png import png
from nnlab.core.report.poster import draw_page


def report_files(tables: StudyTables) -> dict[str, bytes]:
    """Every file of the report, by its name relative to the results folder."""
    summary = summarize(tables)
    return compose_report(summary, pictures_of(summary))


def compose_report(summary: Summary, pictures: Sequence[Picture]) -> dict[str, bytes]:
    """The report with these pictures, in this order; studies of a question bring their own.

    Raises ValueError where two pictures have one name, which is their file's.
    """
    page, own = draw_page(summary, pictures)
    images = {name: png(pixels) for name, pixels in own.items()}
    return {
        "report.png": png(page),
        "report.md": markdown(summary, pictures).encode(),
        "report.html": html(summary, pictures, images).encode(),
        **{f"figures/{name}.png": image for name, image in images.items()},
    }
