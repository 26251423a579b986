"""The report of all answers: a cover as a picture, one text and one HTML page with everything."""

from __future__ import annotations

import io
from html import escape

import numpy as np
from PIL import Image

from nnlab.core.report.all_page import AllPage, Member, Unanswered
from nnlab.core.report.answer import ORIGIN, AnswerPage
from nnlab.core.report.answer_html import answer_body, answer_head, answer_style
from nnlab.core.report.answer_markdown import answer_parts
from nnlab.core.report.cover import draw_cover
from nnlab.core.report.html_parts import html_page, html_paragraph, html_table
from nnlab.core.report.markdown_parts import escape as marked
from nnlab.core.report.markdown_parts import markdown_table
from nnlab.core.report.png import png
from nnlab.core.report.style import halved, one_line
from nnlab.core.report.table import Table, environment_table


def all_files(page: AllPage) -> dict[str, bytes]:
    """Every file of the report, by its name relative to its folder."""
    return {
        "report.png": png(draw_cover(page)),
        "report.md": all_markdown(page).encode(),
        "report.html": all_html(page).encode(),
    }


def all_markdown(page: AllPage) -> str:
    """The whole of `report.md`; the figures are those of the answers' own folders."""
    parts = [f"# {marked(page.title[:1].upper() + page.title[1:])}", marked(page.counts)]
    parts.append(f"*{marked(ORIGIN)}*")
    parts += ["![All answers on one page](report.png)", markdown_table(_contents(page))]
    for member in page.members:
        parts += answer_parts(member.page, 2, f"../{member.folder}/figures")
    if page.environment:
        parts += ["## Environment", markdown_table(environment_table(page.environment))]
    return "\n\n".join(parts) + "\n"


def all_html(page: AllPage) -> str:
    """The whole of `report.html`: every answer with all its pictures, at the page's resolution."""
    title = page.title[:1].upper() + page.title[1:]
    body = [
        f"<header><h1>{escape(one_line(title))}</h1>",
        f"{html_paragraph(page.counts)}",
        f'<p class="quiet asks">{escape(ORIGIN)}</p></header>',
        f'<nav aria-label="Questions"><ul>{"".join(map(_link, page.members))}</ul></nav>',
        "<main>",
        *(html_paragraph(_lost(each)) for each in page.unanswered),
        *(_article(member) for member in page.members),
    ]
    if page.environment:
        table = html_table(environment_table(page.environment), "Environment")
        body.append(f"<details><summary>Environment</summary>{table}</details>")
    return html_page(title, [*body, "</main>"], answer_style())


def _contents(page: AllPage) -> Table:
    rows = [(m.page.question, m.page.title, m.verdicts) for m in page.members]
    rows += [(each.question, each.title, f"unanswered: {each.reason}") for each in page.unanswered]
    return Table(("question", "about", "verdicts"), tuple(sorted(rows)))


def _lost(each: Unanswered) -> str:
    return f"{each.question}, {each.title}, is unanswered: {each.reason}"


def _link(member: Member) -> str:
    page = member.page
    text = escape(one_line(f"{page.question}: {page.title}"))
    return f'<li><a href="#{_id(page)}">{text}</a></li>'


def _id(page: AnswerPage) -> str:
    return escape(f"q{page.question}")


def _article(member: Member) -> str:
    page = member.page
    images = {name: _halved(image) for name, image in member.images.items()}
    parts = [
        f'<article id="{_id(page)}"><h2>{escape(one_line(f"{page.question}: {page.title}"))}</h2>',
        answer_head(page, noted=False),
        *answer_body(page.answer, images, f"q{page.question}-", level=3),
        "</article>",
    ]
    return "\n".join(parts)


def _halved(image: bytes) -> bytes:
    """A picture file at the page's resolution: eight answers at twice it would be ten megabytes."""
    return png(halved(np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))))
