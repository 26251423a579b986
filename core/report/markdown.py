"""`report.md`: the report as text with tables and links to the figures."""

from __future__ import annotations

from collections.abc import Sequence

from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import counts_words, varies_words
from nnlab.core.report.comparison import comparison_sections
from nnlab.core.report.headline import headline
from nnlab.core.report.markdown_parts import escape, fenced, markdown_picture, markdown_table
from nnlab.core.report.pictures import Picture
from nnlab.core.report.table import (
    best_run_words,
    environment_table,
    results_table,
    scope_table,
    settings_table,
)


def markdown(summary: Summary, pictures: Sequence[Picture]) -> str:
    """The whole of `report.md`."""
    tables = summary.tables
    parts = [f"# {escape(tables.name)}"]
    if tables.description.strip():
        parts.append(escape(tables.description))
    parts.append(f"**{escape(headline(summary))}**")
    parts.append(f"{escape(counts_words(summary.counts))}; {escape(varies_words(summary))}.")
    if pictures:
        parts.append("![All pictures on one page](report.png)")
    parts += ["## Results", markdown_table(results_table(summary))]
    best = best_run_words(summary)
    if best:
        parts.append(best)
    if len(summary.settings) > len(summary.shown.rows):
        parts += ["## All settings, the best first", markdown_table(settings_table(summary))]
    for section in comparison_sections(summary):
        parts += [f"## {escape(section.heading)}", markdown_table(section.table)]
        parts.append("\n".join(f"- {escape(text)}" for text in section.sentences))
    if pictures:
        parts.append("## Pictures")
    parts += [markdown_picture(picture) for picture in pictures]
    parts += ["## Scope", markdown_table(scope_table(summary))]
    parts += ["## Environment", markdown_table(environment_table(tables.environment))]
    parts += [
        "## Spec",
        f"`nnlab train spec.yaml` reproduces this.\n\n{fenced(tables.spec_text, 'yaml')}",
    ]
    return "\n\n".join(parts) + "\n"
