"""`report.html` of an answer: one file that needs no network and runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from nnlab.core.report.answer import ORIGIN, QUICK, Answer, AnswerPage, Section
from nnlab.core.report.claim_rows import HEADS, SIGNS, ClaimRow, claim_row
from nnlab.core.report.fixed_print import fixed_lines, is_fixed
from nnlab.core.report.html_parts import html_figure, html_page, html_paragraph, html_table
from nnlab.core.report.style import one_line
from nnlab.core.report.table import environment_table
from nnlab.core.report.verdict_looks import VERDICT_LOOKS

_SHARES = (30, 14, 20, 9, 6, 21)
"""Per cent of the width for each column of `HEADS`: as text needs it, on a page of 1280 px."""


def answer_style() -> str:
    """The rules of an answer's page: the verdicts' colours, on white and on black."""
    light = "".join(f".{name} {{ color: {v.light}; }}\n" for name, v in VERDICT_LOOKS.items())
    dark = "".join(f".{name} {{ color: {v.dark}; }}\n" for name, v in VERDICT_LOOKS.items())
    widths = "".join(
        f"table.claims thead th:nth-child({i}) {{ width: {share}%; }}\n"
        for i, share in enumerate(_SHARES, start=1)
    )
    return f"""
.sentence {{ font-size: 1.2rem; max-width: 70ch; margin: .7rem 0; }}
.asks, .text {{ max-width: 80ch; }}
.quick {{ border-left: .3rem solid #d55e00; padding: .5rem 1rem; background: var(--band);
  font-weight: 600; }}
.verdict {{ font-weight: 700; white-space: nowrap; }}
table.claims {{ table-layout: fixed; width: 100%; }}
@media screen {{ table.claims {{ min-width: 60rem; }} }}
{widths}table.claims tr.numbers > * {{ border-bottom: 0; padding-bottom: 0; }}
table.claims tr.numbers th {{ font-weight: 600; }}
table.claims td.basis {{ color: var(--quiet); font-size: .9rem; padding-top: 0; }}
table.claims th, table.claims td {{ overflow-wrap: break-word; white-space: normal; }}
{light}@media (prefers-color-scheme: dark) {{
{dark}}}
"""


def answer_html(page: AnswerPage, images: Mapping[str, bytes]) -> str:
    """The whole of `report.html`; `images` holds each picture's PNG file by its name."""
    body = [
        f"<header><h1>{_title(page)}</h1>",
        answer_head(page),
        "</header>",
        "<main>",
        *answer_body(page.answer, images),
    ]
    if page.environment:
        table = html_table(environment_table(page.environment), "Environment")
        body.append(f"<details><summary>Environment</summary>{table}</details>")
    body.append("</main>")
    return html_page(f"{page.question} {page.title}", body, answer_style())


def _title(page: AnswerPage) -> str:
    return escape(one_line(f"{page.question}: {page.title}"))


def answer_head(page: AnswerPage, noted: bool = True) -> str:
    """What is asked, and the answer.

    `noted`: whether it says itself where questions come from.
    """
    quick = f'<p class="quick">{escape(QUICK)}</p>' if page.explores else ""
    origin = f"<br>{escape(ORIGIN)}" if noted else ""
    asks = f'<p class="quiet asks">{escape(one_line(page.asks))}{origin}</p>'
    sentences = (
        f'<p class="sentence">{escape(one_line(text))}</p>' for text in page.answer.sentences
    )
    return "\n".join([quick, asks, *sentences])


def answer_body(
    answer: Answer, images: Mapping[str, bytes], place: str = "", level: int = 2
) -> list[str]:
    """Claims, corrections and sections, under headings of `level`; ids begin with `place`."""
    parts = []
    if answer.claims:
        rows = [claim_row(judged.as_json()) for judged in answer.claims]
        seen = {f"figures/{picture.name}.png": place + picture.name for picture in answer.pictures}
        parts.append(f"<h{level}>Claims</h{level}>{claims_table(rows, seen)}")
    if answer.corrections:
        items = "".join(f"<li>{escape(one_line(text))}</li>" for text in answer.corrections)
        parts.append(f'<h{level}>Where the text slips</h{level}><ul class="text">{items}</ul>')
    for section in answer.sections:
        parts += _section(section, images, place, level)
    return parts


def claims_table(rows: Sequence[ClaimRow], seen: Mapping[str, str]) -> str:
    """The table of claims; `seen` has the id of each piece of evidence that is on the page."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in HEADS)
    body = "".join(_claim(row, seen.get(row.evidence)) for row in rows)
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="Claims">'
        f'<table class="claims"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _claim(row: ClaimRow, figure: str | None) -> str:
    sign = SIGNS[row.verdict]
    seen = "" if figure is None else f' <a href="#{escape(figure)}">Seen here</a>.'
    basis = f"{escape(one_line(row.basis))}{seen}"
    estimates = "<br>".join(escape(one_line(text)) for text in row.estimates)
    return (
        f'<tr class="numbers"><th scope="row">{escape(one_line(row.claim))}</th>'
        f'<td class="verdict {row.verdict}"><span aria-hidden="true">{sign}</span> '
        f"{row.verdict_words}</td>"
        f'<td class="number">{estimates}</td><td>{escape(row.claimed)}</td>'
        f"<td>{escape(row.seeds)}</td><td>{escape(one_line(row.control)) or '–'}</td></tr>"
        f'<tr><td class="basis" colspan="{len(HEADS)}">{basis}</td></tr>'
    )


def _section(section: Section, images: Mapping[str, bytes], place: str, level: int) -> list[str]:
    heading = escape(one_line(section.heading))
    parts = [f"<h{level}>{heading}</h{level}>"]
    for text in section.text:
        if is_fixed(text):
            parts.append(f"<pre>{escape(chr(10).join(fixed_lines(text)))}</pre>")
        else:
            parts.append(html_paragraph(text))
    parts += [html_table(table, section.heading) for table in section.tables]
    parts += [html_figure(picture, images[picture.name], place) for picture in section.pictures]
    return parts
