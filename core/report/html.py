"""`report.html`: the report as one file that needs no network, for a screen, a phone or paper.

Tables and pictures are complete without a script; what can be explored comes on top.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape

import polars as pl

from nnlab.core.analysis.summaries import StudyTables, Summary
from nnlab.core.report.answer_html import answer_style, claims_table
from nnlab.core.report.captions import counts_words, varies_words
from nnlab.core.report.claim_rows import claim_row
from nnlab.core.report.comparison import Section, comparison_sections
from nnlab.core.report.explorer.assets import scripts, style
from nnlab.core.report.explorer.markup import explorer_section, runs_section
from nnlab.core.report.explorer.payload import payload, to_json
from nnlab.core.report.explorer.sample import MOST_BYTES, Sample, choose_sample
from nnlab.core.report.headline import headline
from nnlab.core.report.html_parts import html_figure, html_page, html_paragraph, html_table
from nnlab.core.report.pictures import Picture
from nnlab.core.report.png import lean
from nnlab.core.report.style import one_line
from nnlab.core.report.table import (
    best_run_words,
    environment_table,
    results_table,
    scope_table,
    settings_table,
)

_LEAST_ROOM = 400_000
"""Bytes that runs get even beside pictures that fill the page."""
_MARKUP = 30_000
"""Bytes of a page besides its pictures, tables, scripts and runs; rounded up."""


def html(summary: Summary, pictures: Sequence[Picture], images: Mapping[str, bytes]) -> str:
    """The whole of `report.html`; `images` holds each picture's PNG file by its name."""
    tables, explored = summary.tables, summary.counts.finished > 0
    before, after, end = _results(summary), _pictures(summary, pictures, images), _end(summary)
    others = sum(map(len, (*before, *end, style(), *(scripts() if explored else ())))) + _MARKUP
    recorded = _recorded(tables)
    sample = _sample(summary, others + sum(map(len, after)), recorded)
    if sample.note:  # runs before colours
        after = _pictures(summary, pictures, {name: lean(png) for name, png in images.items()})
        sample = _sample(summary, others + sum(map(len, after)), recorded)
    body = [
        *_head(summary, explored, bool(pictures)),
        "<main>",
        *before,
        _explorer(summary, sample) if explored else "",
        *after,
        runs_section(summary, sample) if tables.runs.height else "",
        *end,
        "</main>",
    ]
    rules = style() + (answer_style() if tables.claims else "")
    return html_page(tables.name, body, rules, scripts() if explored else ())


def _head(summary: Summary, explored: bool, pictured: bool) -> list[str]:
    tables = summary.tables
    links = [("explore", "Explore", " hidden")] if explored else []
    links += [("pictures", "Pictures", "")] if pictured else []
    links += [("runs", "Runs", "")] if tables.runs.height else []
    links += [("scope", "Scope", ""), ("source", "Spec and environment", "")]
    listed = "".join(f'<a href="#{key}"{more}>{words}</a>' for key, words, more in links)
    return [
        f"<header><h1>{escape(one_line(tables.name))}</h1>",
        html_paragraph(tables.description) if tables.description.strip() else "",
        f'<p class="answer">{escape(one_line(headline(summary)))}</p>',
        f'<p class="quiet">{escape(counts_words(summary.counts))}; '
        f"{escape(one_line(varies_words(summary)))}.</p>"
        f'<nav aria-label="On this page">{listed}</nav></header>',
    ]


def _results(summary: Summary) -> list[str]:
    rows = [claim_row(entry) for entry in summary.tables.claims]
    return [
        f"<h2>Claims</h2>{claims_table(rows, {})}" if rows else "",
        f"<h2>Results</h2>{html_table(results_table(summary), 'Results')}",
        html_paragraph(best_run_words(summary).replace("`", "")) if summary.best_run else "",
        *(_section(section) for section in comparison_sections(summary)),
    ]


def _sample(summary: Summary, taken: int, recorded: int) -> Sample:
    """The runs that fit beside what has taken so many bytes."""
    return choose_sample(summary, max(MOST_BYTES - taken, _LEAST_ROOM), recorded)


def _recorded(tables: StudyTables) -> int:
    """How many moments the run with the most of them has."""
    counts = tables.curves.group_by("run").len().select(pl.col("len").max()).collect()
    return int(counts.item() or 1)


def _explorer(summary: Summary, sample: Sample) -> str:
    document = payload(summary, sample)
    return explorer_section(document, sample, to_json(document))


def _pictures(
    summary: Summary, pictures: Sequence[Picture], images: Mapping[str, bytes]
) -> list[str]:
    parts = ['<h2 id="pictures">Pictures</h2>' if pictures else ""]
    parts += [html_figure(picture, images[picture.name]) for picture in pictures]
    if len(summary.settings) > len(summary.shown.rows):
        settings = settings_table(summary)
        parts.append(f"<h2>All settings, the best first</h2>{html_table(settings, 'All settings')}")
    return parts


def _end(summary: Summary) -> list[str]:
    tables = summary.tables
    facts = json.dumps(dict(tables.environment), indent=2)  # ASCII: no character can misdirect
    return [
        f'<h2 id="scope">Scope</h2>{html_table(scope_table(summary), "Scope")}',
        '<h2 id="source">Spec and environment</h2>',
        "<details><summary>Spec</summary>"
        f'<pre tabindex="0" data-copy="spec.yaml">{escape(tables.spec_text)}</pre></details>',
        "<details><summary>Environment</summary>"
        f'<pre hidden data-copy="environment.json">{escape(facts)}</pre>'
        f"{html_table(environment_table(tables.environment), 'Environment')}</details>",
    ]


def _section(section: Section) -> str:
    items = "".join(f"<li>{escape(one_line(text))}</li>" for text in section.sentences)
    table = html_table(section.table, section.heading)
    return f"<h2>{escape(one_line(section.heading))}</h2>{table}<ul>{items}</ul>"
