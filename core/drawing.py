"""The report of a study, drawn from the tables in its folder."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnlab.core.files import remove_file, write_file
from nnlab.core.folder import CLAIMS
from nnlab.core.results import Results

if TYPE_CHECKING:
    from nnlab.core.analysis.summaries import StudyTables


def write_report(results: Results) -> None:
    """Draw `report.png`, its figures and pages from the stored tables."""
    from nnlab.core.report.page import report_files

    drawn = report_files(report_tables(results))
    for name, content in drawn.items():
        write_file(results.folder / name, content)
    for old in results.folder.glob("figures/*.png"):
        if old.relative_to(results.folder).as_posix() not in drawn:
            remove_file(old)  # a figure this report no longer has


def load_drawing() -> None:
    """Import what drawing takes, for a moment when others work: about a second less at the end."""
    importlib.import_module("nnlab.core.report.page")


def report_tables(results: Results) -> StudyTables:
    """The content of a results folder as a report takes it."""
    from nnlab.core.analysis.summaries import StudyTables

    return StudyTables(
        name=results.spec.name,
        description=results.spec.description,
        spec_text=results.spec.to_yaml(),
        runs=results.runs,
        layers=results.layers,
        curves=results.curves,
        environment=results.environment,
        claims=_claims(results.folder),
    )


def _claims(folder: Path) -> list[dict[str, Any]]:
    """The entries of `claims.json`; none where there is no such file, or it holds something else.

    A study has one only where somebody asked it a question; the rest of its report needs none.
    """
    from nnlab.core.report.claim_rows import claim_row

    try:
        entries = json.loads((folder / CLAIMS).read_text(encoding="utf-8"))
        for entry in entries:
            claim_row(entry)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return list(entries)
