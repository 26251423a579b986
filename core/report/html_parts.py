"""The parts of an HTML page that needs no network: its frame, paragraphs, figures, tables.

All text is escaped here, none before.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from nnlab.core.report.pictures import Picture
from nnlab.core.report.style import one_line
from nnlab.core.report.table import Table

# Nothing may be loaded, sent or framed, and no script may run but those named by their hash,
# whatever a spec's text tries.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --quiet: #555; --paper: #fff; --line: #dcdcdc;
  --band: #f1f4f8; --link: #005a8c; --focus: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --quiet: #b4b4b4; --paper: #16181b;
  --line: #3a3d42; --band: #23272d; --link: #7cc4f2; --focus: #7cc4f2; } }
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
caption span { display: inline-block; position: sticky; left: 0; max-width: min(100%, 92vw); }
th:has(.swatch) { white-space: nowrap; }
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
.scroll:focus-visible { outline: 2px solid var(--focus); }
pre { overflow-x: auto; padding: 1rem; background: var(--band); border-radius: .4rem; }
summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
@media print { body { max-width: none; padding: 0; } figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; } figure img, figure.half img { min-width: 0; }
  table { font-size: .75rem; } th, td { padding-right: .6rem; overflow-wrap: anywhere; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; } }
"""


def html_page(title: str, body: Sequence[str], style: str = "", scripts: Sequence[str] = ()) -> str:
    """The whole file; `title` is text, `body` markup, `style` rules beyond those of every page.

    `scripts` run at its end, and no others; each is allowed by its hash.
    """
    allowed = " ".join(map(fingerprint, scripts))
    policy = f"{_POLICY}; script-src {allowed}" if scripts else _POLICY
    content = "\n".join(part for part in body if part)
    run = "".join(f"<script>{script}</script>\n" for script in scripts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(one_line(title))} · nnlab</title>\n<style>{_STYLE}{style}</style>\n"
        f"</head>\n<body>\n{content}\n{run}</body>\n</html>\n"
    )


def fingerprint(script: str) -> str:
    """The source expression by which a policy allows this very script: `'sha256-...'`."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def html_paragraph(text: str) -> str:
    """A paragraph of text."""
    return f"<p>{escape(one_line(text))}</p>"


def html_figure(picture: Picture, png: bytes, place: str = "") -> str:
    """A picture with its caption; the words in it are also its text for a screen reader.

    Its id is its name with `place` before it, which must make it unique on the page.
    """
    wide, high = _size(png)
    title, caption = escape(one_line(picture.title)), escape(one_line(picture.caption))
    data = base64.b64encode(png).decode("ascii")
    half = ' class="half"' if wide < 2000 else ""
    return (
        f'<figure id="{escape(place + picture.name)}"{half}>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="{title}">'
        f'<img src="data:image/png;base64,{data}" width="{wide}" height="{high}" alt="{title}. '
        f'{caption}"></div><figcaption aria-hidden="true">{title}. {caption}</figcaption></figure>'
    )


def _size(png: bytes) -> tuple[int, int]:
    """Width and height from the PNG header."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def html_table(table: Table, name: str) -> str:
    """A table that scrolls where it is too wide; a screen reader calls it `name`."""
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
    note = escape(one_line(table.note))
    caption = f"<caption><span>{note}</span></caption>" if note else ""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(name)}"><table>'
        f"{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
