"""`nnlab report`: draws the report again from the stored numbers."""

from __future__ import annotations

from nnlab.cli import console
from nnlab.cli.options import OutputOptions
from nnlab.cli.saved import DEFAULT, ResultsFolder, StudyArgument


def report(name: StudyArgument, *, results: ResultsFolder = DEFAULT, output: OutputOptions) -> None:
    """Draw the report of a study again from its stored numbers.

    Writes report.png, report.html, report.md and the figures in the folder of the study anew;
    nothing is trained. The same numbers give the same files.
    """
    from nnlab.core.drawing import write_report
    from nnlab.core.reading import damage_told
    from nnlab.core.saved import open_study

    study = open_study(results, name)
    with damage_told(study.folder):
        write_report(study)
    if output.as_json:
        files = {"png": study.report, "html": study.folder / "report.html"}
        told = {form: str(path) for form, path in files.items()}
        console.write_json({"name": study.folder.name, "folder": str(study.folder), **told})
    else:
        console.write(f"Report: {console.inert(str(study.report))}")
