"""The report of an answer, and of all of them: one page as a picture, Markdown, HTML."""

from __future__ import annotations

import dataclasses
import io
import re
from functools import cache

import numpy as np
import pytest
from PIL import Image

from nnlab.core.report.all_answers import all_files, all_html, all_markdown
from nnlab.core.report.all_page import AllPage, Member, Unanswered
from nnlab.core.report.answer import QUICK, Answer, Section
from nnlab.core.report.answer_html import answer_html
from nnlab.core.report.answer_markdown import answer_markdown
from nnlab.core.report.answer_page import answer_files
from nnlab.core.report.answer_poster import answer_heading, answer_sentences, on_the_page
from nnlab.core.report.claim_rows import claim_row
from nnlab.core.report.claims_strip import claims_strip
from nnlab.core.report.cover import cover_heading, cover_picture, cover_text
from nnlab.core.report.fixed_print import fixed_lines, is_fixed
from nnlab.core.report.page_table import page_table
from nnlab.core.report.png import png
from nnlab.core.report.style import PAGE_WIDTH
from nnlab.core.report.table import Table
from nnlab.core.report.typeset import Print, height_of, in_columns, lines_of
from nnlab.core.report.verdict_looks import VERDICT_LOOKS
from tests.answers import answer, four_claims, heat_picture, large_page, lines_picture, page
from tests.html_page import Page

NASTY = '<script>alert("1")</script> $x_1$ | `code` [a](http://b) & \x1b[31m\u202e <img src=x>'


@cache
def files() -> dict[str, bytes]:
    """Of an answer with something of everything but many pictures."""
    made = answer()
    first = dataclasses.replace(made.sections[0], pictures=made.sections[0].pictures[:2])
    sections = (first, dataclasses.replace(made.sections[1], pictures=()), made.sections[2])
    return answer_files(page(dataclasses.replace(made, sections=sections)))


def images(made: Answer) -> dict[str, bytes]:
    """Small pictures in place of the drawn ones."""
    white = png(np.full((4, 6, 3), 255, dtype=np.uint8))
    return {picture.name: white for picture in made.pictures}


def nasty() -> Answer:
    made = answer()
    claims = [
        dataclasses.replace(
            judged,
            claim=dataclasses.replace(judged.claim, claim=NASTY, control=NASTY),
            finding=dataclasses.replace(judged.finding, scope=NASTY),
        )
        for judged in made.claims
    ]
    table = Table((NASTY, "b"), ((NASTY, NASTY),), note=NASTY)
    section = Section(NASTY, (NASTY, f"    {NASTY}"), (table,))
    return dataclasses.replace(
        made, sentences=(NASTY,), claims=tuple(claims), corrections=(NASTY,), sections=(section,)
    )


def texts(figure: object) -> list[str]:
    return [text.get_text() for text in figure.texts]  # type: ignore[attr-defined]


# ------------------------------------------------------------------ files


def test_the_files_of_an_answer() -> None:
    assert list(files()) == [
        "report.png", "report.md", "report.html", "figures/lines_0.png", "figures/lines_1.png",
    ]  # fmt: skip
    poster = Image.open(io.BytesIO(files()["report.png"]))
    assert poster.width == PAGE_WIDTH
    figure = np.asarray(Image.open(io.BytesIO(files()["figures/lines_0.png"])).reduce(2))
    pixels = np.asarray(poster)
    start = int(np.flatnonzero((figure < 255).any(axis=(1, 2)))[0])
    strip = pixels[:, 20 : 20 + figure.shape[1]]
    rows = np.flatnonzero((strip == figure[start]).all(axis=(1, 2)))
    assert any(np.array_equal(strip[r - start : r - start + len(figure)], figure) for r in rows)


def test_two_pictures_cannot_have_one_file() -> None:
    shown = (lines_picture("twice"),)
    apart = (Section("a", (), pictures=shown), Section("b", ("text",)), Section("c", (), (), shown))
    for sections in ((Section("a", (), (), shown * 2),), apart):
        with pytest.raises(ValueError, match="two pictures of a report are named twice"):
            answer_files(page(Answer(("Yes.",), sections)))


def test_of_very_many_pictures_the_page_has_those_that_the_claims_rest_on() -> None:
    made = answer()
    names = [judged.claim.figure for judged in made.claims]
    drawn = tuple(lines_picture(name) for name in dict.fromkeys([*names, *"abcdefghi"]))
    section = dataclasses.replace(made.sections[0], pictures=drawn)
    many = dataclasses.replace(made, sections=(section,))
    assert len(drawn) > 8
    assert [picture.name for picture in on_the_page(many)] == list(dict.fromkeys(names))
    bare = dataclasses.replace(many, claims=())
    assert on_the_page(bare) == drawn[:8]
    assert on_the_page(made) == made.pictures


def test_an_answer_without_pictures_claims_and_sections() -> None:
    found = answer_files(page(Answer(("Yes.",), ())))
    assert list(found) == ["report.png", "report.md", "report.html"]
    assert "Claims" not in found["report.md"].decode()
    again = answer_files(page(Answer(("Yes.",), ())))
    assert found == again


# ------------------------------------------------------------------ the page


def test_the_heading_says_what_is_asked_and_that_quick_only_explores() -> None:
    assert texts(answer_heading(page()))[-1] == page().asks
    quick = texts(answer_heading(page(quick=True)))
    assert quick[0].startswith("1.4d: ReLU, tanh")
    assert quick[-1] == QUICK


def test_a_quick_answer_whose_claims_are_judged_does_not_only_explore() -> None:
    """A study of a second is trained in full whatever was asked for."""
    judged = page(dataclasses.replace(answer(), claims=tuple(four_claims()[:3])), quick=True)
    assert not judged.explores
    assert QUICK not in texts(answer_heading(judged))
    assert QUICK not in answer_markdown(judged)
    assert page(Answer(("Yes.",), ()), quick=True).explores


def test_a_long_answer_stands_in_two_columns() -> None:
    few, many = page().answer, large_page().answer
    left = {text.get_position()[0] for text in answer_sentences(few).texts}
    assert len(left) == 1
    left = {text.get_position()[0] for text in answer_sentences(many).texts}
    assert len(left) == 2
    paragraphs = [lines_of(text, Print(), 700) for text in many.sentences]
    one, two = in_columns(paragraphs)
    assert [*one, *two] == [run for paragraph in paragraphs for run in paragraph]
    assert abs(height_of(one) - height_of(two)) <= height_of(paragraphs[0])


def test_the_strip_of_claims_has_a_word_with_a_sign_in_its_colour() -> None:
    figure = claims_strip([claim_row(judged.as_json()) for judged in four_claims()])
    shown = {text.get_text(): text.get_color() for text in figure.texts}
    for signed in ("✓ supported", "✗ refuted", "◐ conditional", "? inconclusive"):
        assert shown[signed] == VERDICT_LOOKS[signed.split()[1]].light  # type: ignore[index]
    assert any(text.startswith("How much the gradient shrinks") for text in shown)
    assert "above 1.1" in shown


def test_text_that_stands_as_it_is() -> None:
    text = "    z1 = W x\n      + b\n    \x1b[31mend"
    assert is_fixed(text)
    assert not is_fixed("   z")
    assert fixed_lines(text) == ["z1 = W x", "  + b", "[31mend"]
    runs = lines_of(text, Print(), 600)
    assert [run.text for run in runs] == ["z1 = W x", "  + b", "[31mend"]
    assert all(run.print.fixed and run.print.size == Print().size for run in runs)
    assert lines_of("    " + "x" * 200, Print(), 600)[0].print.size < Print().size


def test_long_cells_of_a_table_go_over_several_lines() -> None:
    table = Table(("a", "b"), (("short", "word " * 40), ("second", "x")), best=1)
    shown = texts(page_table(table))
    assert sum(text.startswith("word word") for text in shown) >= 2
    assert "best" in shown
    assert not any("…" in text for text in shown)


# ------------------------------------------------------------------ Markdown


def test_markdown_has_everything() -> None:
    text = files()["report.md"].decode()
    assert text.startswith("# 1.4d: ReLU, tanh, sigmoid, LeakyReLU")
    assert "| Sigmoid suffers from vanishing gradients. | ✓ supported | 4.24× [" in text
    assert "## Where the text slips\n\n- 1.4d: a unit is dead" in text
    assert "```text\ndelta^l = f'(z^l) * (W^T delta)\n```" in text
    assert re.findall(r"\]\((\S+)\)", text) == ["figures/lines_0.png", "figures/lines_1.png"]
    assert "| versions | nnlab 0.1.0 |" in text
    assert QUICK not in text
    assert QUICK in answer_markdown(page(quick=True))


def test_markdown_marks_up_nothing_of_a_text() -> None:
    text = answer_markdown(page(nasty()))
    outside = re.sub(r"```.*?```", "", text, flags=re.S)
    assert "<script>" not in outside.replace("\\<script\\>", "")
    assert "\x1b" not in text
    assert "\u202e" not in text


# ------------------------------------------------------------------ HTML


def test_html_is_whole_runs_nothing_and_needs_no_network() -> None:
    text = files()["report.html"].decode()
    shown = Page(text)
    assert not shown.all("script")
    assert "default-src 'none'" in str(shown.all("meta"))
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"src=\"(?!data:)", text)
    assert len(shown.all("img")) == 2
    assert all(len(str(image["alt"])) > 40 for image in shown.all("img"))
    assert {head.get("scope") for head in shown.all("th")} == {"col", "row"}
    assert "Claims" in shown.words
    assert "z^l" in shown.words
    for name in VERDICT_LOOKS:
        assert f'class="verdict {name}"' in text
    assert QUICK not in shown.words
    assert QUICK in Page(answer_html(page(quick=True), images(answer()))).words


def test_every_claim_links_to_its_picture() -> None:
    text = answer_html(page(), images(answer()))
    wanted = [judged.claim.figure for judged in answer().claims]
    assert re.findall(r'href="#([^"]+)"', text) == wanted
    assert set(wanted) <= set(re.findall(r'<figure id="([^"]+)"', text))


def test_html_shows_nasty_text_as_it_is() -> None:
    shown = Page(answer_html(page(nasty()), {}))
    assert not shown.all("script")
    assert not shown.all("img")
    assert shown.words.count('<script>alert("1")</script>') >= 9
    assert "\x1b" not in shown.words


# ------------------------------------------------------------------ all answers


def everything(quick: bool = False) -> AllPage:
    made = answer()
    member = Member(page(made, quick), "answer-1.4d", images(made))
    bare = dataclasses.replace(page(Answer(("Yes.",), ())), question="1.4a", title="softmax")
    lost = Unanswered("1.4f", "rates", "no such file")
    return AllPage("all questions", (Member(bare, "answer-1.4a", {}), member), (lost,), quick)


def test_the_report_of_all_counts_and_names_what_is_unanswered() -> None:
    text = all_markdown(everything(quick=True))
    assert text.startswith(
        "# All questions\n\n3 questions, 1 of them unanswered; 4 claims: 1 supported, 1 refuted, "
        "1 conditional, 1 inconclusive"
    )
    assert "| 1.4f | rates | unanswered: no such file |" in text
    assert "(../answer-1.4d/figures/lines_0.png)" in text
    assert QUICK in text
    shown = texts(cover_heading(everything(quick=True)))
    assert "1.4f is unanswered: no such file" in shown
    assert QUICK in shown


def test_only_the_answers_that_explore_say_so_in_the_report_of_all() -> None:
    """A quick answer whose claims have all their seeds is judged like any other."""
    for quick, told in ((False, 0), (True, 1)):
        assert all_markdown(everything(quick)).count(QUICK) == told
        assert Page(all_html(everything(quick))).words.count(QUICK) == told
        assert (QUICK in texts(cover_heading(everything(quick)))) == bool(told)


def test_the_html_of_all_has_each_answer_once_with_ids_of_its_own() -> None:
    text = all_html(everything())
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)
    assert "1.4f, rates, is unanswered: no such file" in Page(text).words
    assert not Page(text).all("script")


def test_the_cover_shows_the_first_picture_that_half_a_page_can_show() -> None:
    wide, narrow = heat_picture("wide"), lines_picture("narrow")
    assert cover_picture([wide, narrow]) == narrow
    assert cover_picture([wide]) == wide
    assert cover_picture([]) is None
    lines = cover_text(everything().members[1], 780)
    assert [run.lead for run in lines if run.lead] == [
        "✓ supported", "✗ refuted", "◐ conditional", "? inconclusive",
    ]  # fmt: skip


def test_the_files_of_all() -> None:
    small = dataclasses.replace(answer(), sections=(Section("a", (), (), (lines_picture("a"),)),))
    member = Member(page(small), "answer-1.4d", images(small))
    found = all_files(AllPage("all", (member,)))
    assert list(found) == ["report.png", "report.md", "report.html"]
    assert Image.open(io.BytesIO(found["report.png"])).width == PAGE_WIDTH
