"""`report.html`: the report as one file that needs no network, for a screen, a phone or paper."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.captions import counts_words, headline, varies_words
from nnlab.core.report.comparison import Section, comparison_sections
from nnlab.core.report.pictures import Picture
from nnlab.core.report.style import one_line
from nnlab.core.report.table import (
    Table,
    best_run_words,
    environment_table,
    results_table,
    scope_table,
    settings_table,
)

# Nothing may be loaded and no script may run, whatever a spec's text tries.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --quiet: #555; --paper: #fff; --line: #dcdcdc;
  --band: #f1f4f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --quiet: #b4b4b4; --paper: #16181b;
  --line: #3a3d42; --band: #23272d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 100rem; padding: 1.5rem clamp(1rem, 3vw, 3rem); color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
.answer { font-size: 1.25rem; font-weight: 600; margin: .5rem 0; }
.quiet, figcaption, caption { color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; padding-top: .5rem; }
th, td { text-align: left; padding: .35rem 1.2rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
thead th { color: var(--quiet); font-weight: 500; vertical-align: bottom; }
tr.best { background: var(--band); font-weight: 700; }
.mark { font-weight: 400; color: var(--quiet); }
.swatch { display: inline-block; width: 1.6rem; height: .25rem; margin-right: .5rem;
  vertical-align: middle; border-radius: 2px; outline: 1px solid var(--paper); }
figure { margin: 1.5rem 0; }
figcaption { display: none; font-size: .9rem; }
@media (max-width: 60rem) { figcaption { display: block; } }
figure img { display: block; width: 100%; min-width: 44rem; height: auto; background: #fff; }
figure.half { max-width: 60rem; }
figure.half img { min-width: 24rem; }
.scroll:focus-visible { outline: 2px solid #0072b2; }
pre { overflow-x: auto; padding: 1rem; background: var(--band); border-radius: .4rem; }
summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
@media print { body { max-width: none; } figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; } }
"""


def html(summary: Summary, pictures: Sequence[Picture], images: Mapping[str, bytes]) -> str:
    """The whole of `report.html`; `images` holds each picture's PNG file by its name."""
    tables = summary.tables
    title = escape(one_line(tables.name))
    body = [
        f"<header><h1>{title}</h1>",
        _paragraph(tables.description) if tables.description.strip() else "",
        f'<p class="answer">{escape(headline(summary))}</p>',
        f'<p class="quiet">{escape(counts_words(summary.counts))}; '
        f"{escape(varies_words(summary))}.</p></header>",
        "<main>",
        f"<h2>Results</h2>{_table(results_table(summary), 'Results')}",
        _paragraph(best_run_words(summary).replace("`", "")) if summary.best_run else "",
        *(_section(section) for section in comparison_sections(summary)),
        "<h2>Pictures</h2>" if pictures else "",
        *(_figure(picture, images[picture.name]) for picture in pictures),
    ]
    if len(summary.settings) > len(summary.shown.rows):
        settings = settings_table(summary)
        body.append(f"<h2>All settings, the best first</h2>{_table(settings, 'All settings')}")
    body += [
        f"<h2>Scope</h2>{_table(scope_table(summary), 'Scope')}",
        f"<details><summary>Spec</summary><pre>{escape(tables.spec_text)}</pre></details>",
        "<details><summary>Environment</summary>"
        f"{_table(environment_table(summary), 'Environment')}</details>",
        "</main>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · nnlab</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(one_line(text))}</p>"


def _section(section: Section) -> str:
    items = "".join(f"<li>{escape(one_line(text))}</li>" for text in section.sentences)
    table = _table(section.table, section.heading)
    return f"<h2>{escape(section.heading)}</h2>{table}<ul>{items}</ul>"


def _figure(picture: Picture, png: bytes) -> str:
    """A picture with its caption; the words in it are also its text for a screen reader."""
    wide, high = _size(png)
    title, caption = escape(one_line(picture.title)), escape(one_line(picture.caption))
    data = base64.b64encode(png).decode("ascii")
    half = ' class="half"' if wide < 2000 else ""
    return (
        f'<figure id="{escape(picture.name)}"{half}>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="{title}">'
        f'<img src="data:image/png;base64,{data}" width="{wide}" height="{high}" alt="{title}. '
        f'{caption}"></div><figcaption aria-hidden="true">{title}. {caption}</figcaption></figure>'
    )


def _size(png: bytes) -> tuple[int, int]:
    """Width and height from the PNG header."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def _table(table: Table, name: str) -> str:
    head = "".join(f'<th scope="col">{escape(one_line(cell))}</th>' for cell in table.heads)
    rows = []
    for i, row in enumerate(table.rows):
        best = i == table.best
        look = table.looks[i] if table.looks else None
        swatch = ""
        if look is not None:
            swatch = f'<span class="swatch" style="background:{look.color}"></span>'
        row_class = ' class="best"' if best else ""
        mark = ' <span class="mark">best</span>' if best else ""
        cells = [f'<th scope="row">{swatch}{escape(one_line(row[0]))}{mark}</th>']
        cells += [f"<td>{escape(one_line(cell))}</td>" for cell in row[1:]]
        rows.append(f"<tr{row_class}>{''.join(cells)}</tr>")
    caption = f"<caption>{escape(table.note)}</caption>" if table.note else ""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(name)}"><table>'
        f"{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
