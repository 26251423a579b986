"""The report's files: one page of pictures, Markdown, HTML; same tables, same bytes."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from functools import cache

import numpy as np
import polars as pl
import pytest
from PIL import Image

from nnlab.core.analysis.summaries import StudyTables, Summary, summarize
from nnlab.core.report.captions import made_words
from nnlab.core.report.figures import natural_height, pictures_of
from nnlab.core.report.headline import headline
from nnlab.core.report.markdown import markdown
from nnlab.core.report.markdown_parts import escape
from nnlab.core.report.page import compose_report, report_files
from nnlab.core.report.pictures import Picture
from nnlab.core.report.sheet import FULL, MARGIN, page_rows
from nnlab.core.report.style import PAGE_WIDTH
from nnlab.core.report.table import (
    environment_table,
    results_table,
    scope_table,
    settings_table,
    small_results_table,
)
from tests.frames import Grid, study
from tests.html_page import Page

GRID = Grid(activations=("relu", "tanh"), seeds=2, records=4)
NASTY = '<script>alert("1")</script> $x_1$ | `code` [a](http://b) & \x1b[31m\u202e <img src=x>'


@cache
def tables() -> StudyTables:
    return study(GRID, name="page", description="What the page shows")


@cache
def summary_of_page() -> Summary:
    return summarize(tables())


@cache
def pictures() -> tuple[Picture, ...]:
    return pictures_of(summary_of_page())


@cache
def files() -> dict[str, bytes]:
    return report_files(tables())


@cache
def nasty_files() -> dict[str, bytes]:
    runs = tables().runs.with_columns(dataset=pl.lit(NASTY))
    environment = {"versions": {"nnlab": NASTY}, "command": ["nnlab", NASTY]}
    nasty = dataclasses.replace(
        tables(), description=NASTY, runs=runs, spec_text=f"# {NASTY}", environment=environment
    )
    summary = summarize(nasty)
    return compose_report(summary, pictures_of(summary)[-1:])


def text_of(name: str, found: dict[str, bytes]) -> str:
    return found[name].decode("utf-8")


# ------------------------------------------------------------------ files


def test_the_files_of_a_report() -> None:
    names = [name for name in files() if not name.startswith("figures/")]
    assert names == ["report.png", "report.md", "report.html"]
    assert {f"figures/{picture.name}.png" for picture in pictures()} == set(files()) - set(names)


def test_the_same_tables_give_the_same_bytes() -> None:
    again = compose_report(summary_of_page(), pictures()[-1:])
    name = f"figures/{pictures()[-1].name}.png"
    assert again[name] != files()[name]  # alone on the page it is wider
    assert again == compose_report(summarize(tables()), pictures()[-1:])


def test_the_page_is_1600_wide_and_holds_every_figure() -> None:
    page = np.asarray(Image.open(io.BytesIO(files()["report.png"])))
    assert page.shape[1] == PAGE_WIDTH
    for name, data in files().items():
        if name.startswith("figures/"):
            figure = Image.open(io.BytesIO(data))
            half = np.asarray(figure.reduce(2))
            assert contains(page, half), name


def contains(page: np.ndarray, part: np.ndarray) -> bool:
    """Whether the part stands in the page, exactly, at the left or in the middle."""
    first = int(np.flatnonzero((part < 255).any(axis=(1, 2)))[0])
    for left in (MARGIN, MARGIN + FULL // 2):
        strip = page[:, left : left + part.shape[1]]
        if strip.shape[1] == part.shape[1]:
            for row in np.flatnonzero((strip == part[first]).all(axis=(1, 2))):
                if np.array_equal(strip[row - first : row - first + len(part)], part):
                    return True
    return False


def test_two_pictures_cannot_have_one_file() -> None:
    picture = pictures()[-1]
    with pytest.raises(ValueError, match=f"two pictures of a report are named {picture.name}"):
        compose_report(summary_of_page(), [picture, picture])


def test_an_odd_run_of_narrow_pictures_begins_with_one_alone() -> None:
    grid = Grid(activations=("relu", "tanh"), seeds=1, records=4)
    rows = page_rows(pictures_of(summarize(study(grid))))
    assert [[picture.name for picture in row] for row in rows][-2:] == [
        ["gradient_over_time"],
        ["dead_units", "saturation"],
    ]


# ------------------------------------------------------------------ Markdown


def test_markdown_has_tables_links_and_scope() -> None:
    text = text_of("report.md", files())
    assert text.startswith("# page\n\nWhat the page shows\n\n**relu 0.9")
    assert "4 runs: 4 finished; varies: activation (2), seed (2)." in text
    linked = re.findall(r"\]\((\S+\.png)\)", text)
    assert set(linked) == {name for name in files() if name.endswith(".png")}
    assert "| data | digits, 20 % held out for testing, standardized |" in text
    assert "```yaml\nname: page" in text
    assert "(best)" not in text
    clear = summary_with_a_clear_lead()
    assert markdown(clear, pictures_of(clear)).count("(best)") == 1


@pytest.mark.parametrize("which", [files, nasty_files])
def test_every_row_of_a_markdown_table_has_its_cells(which: object) -> None:
    text = text_of("report.md", which())  # type: ignore[operator]
    text = text.split("## Spec")[0]
    tables_found = re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE)
    assert len(tables_found) >= 3
    for table in tables_found:
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.strip().splitlines()}
        assert len(cells) == 1, table


def test_markdown_shows_nasty_text_as_it_is() -> None:
    text = text_of("report.md", nasty_files()).split("## Spec")[0]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not re.search(r"(?<!\\)<(script|img)", text)
    assert not re.search(r"(?<!\\)\]\(http", text)
    assert escape("snake_case stays, _this_ not") == r"snake_case stays, \_this\_ not"


def test_a_fence_in_the_spec_does_not_end_its_block() -> None:
    spec = "# ```\nname: a\n# ````\n"
    text = markdown(summarize(dataclasses.replace(tables(), spec_text=spec)), ())
    assert f"`````yaml\n{spec.rstrip()}\n`````" in text


# ------------------------------------------------------------------ HTML


def test_html_is_whole_and_needs_no_network() -> None:
    text = text_of("report.html", files())
    page = Page(text)
    assert not any("src" in script for script in page.all("script"))
    assert not page.all("link")
    assert "default-src 'none'" in str(page.all("meta"))
    assert "prefers-color-scheme: dark" in text
    assert page.all("html") == [{"lang": "en"}]
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)


def test_html_inlines_every_figure_with_words_for_it() -> None:
    images = Page(text_of("report.html", files())).all("img")
    inlined = {
        base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,"))
        for image in images
    }
    figures = {data for name, data in files().items() if name.startswith("figures/")}
    assert inlined == figures
    for image in images:
        assert len(str(image["alt"])) > 40
        assert int(str(image["width"])) in {1560, 3120}


def test_html_tables_have_heads_for_screen_readers() -> None:
    page = Page(text_of("report.html", files()))
    assert {head["scope"] for head in page.all("th")} == {"col", "row"}
    assert "digits, 20 % held out for testing" in page.words
    assert "name: page" in page.words


def test_html_shows_nasty_text_as_it_is() -> None:
    text = text_of("report.html", nasty_files())
    page = Page(text)
    assert text.count("alert") == page.words.count("alert") > 0  # in no script, and no data
    assert len(page.all("img")) == 1  # the picture, none from the text
    assert '<script>alert("1")</script>' in page.words
    assert {str(link["href"])[0] for link in page.all("a")} == {"#"}


# ------------------------------------------------------------------ words and tables


def test_the_headline_names_no_best_where_the_seeds_cannot_tell() -> None:
    summary = summary_of_page()
    first, second = summary.settings.to_dicts()
    assert headline(summary) == (
        f"{first['activation']} {first['mean']:.3f} and {second['activation']} "
        f"{second['mean']:.3f}: no clear difference in mean test accuracy over 2 seeds"
    )
    assert results_table(summary).best is None
    assert settings_table(summary).best is None


def summary_with_a_clear_lead() -> Summary:
    """Relu 0.2 above tanh at both seeds."""
    above = pl.when(pl.col("activation") == "relu").then(0.95).otherwise(0.75)
    runs = tables().runs.with_columns(test_accuracy=above + 0.01 * pl.col("seed"))
    return summarize(dataclasses.replace(tables(), runs=runs))


def test_the_headline_is_the_best_setting_where_it_is_told_from_all_others() -> None:
    summary = summary_with_a_clear_lead()
    row = summary.settings.row(0, named=True)
    assert row["high"] > 1.0  # no accuracy is
    assert headline(summary) == (
        f"Best: relu, mean test accuracy 0.955 [{row['low']:.3f}, 1.000]; 2 seeds only explore"
    )
    assert results_table(summary).best == 0
    assert settings_table(summary).best == 0


def test_one_seed_names_no_best() -> None:
    summary = summarize(study(Grid(activations=("relu", "tanh"), seeds=1)))
    assert headline(summary).startswith("Highest: ")
    assert headline(summary).endswith("; one seed cannot tell by how much")


def summary_without_a_finished_run() -> Summary:
    return summarize(study(dataclasses.replace(GRID, rates=(8.0, 9.0))))


def test_all_diverged_says_so_and_what_to_try() -> None:
    summary = summary_without_a_finished_run()
    first = min(summary.settings["diverged_at"])
    words = f"No run finished: 8 of 8 diverged, the first at step {first}."
    assert headline(summary) == f"{words} Try a learning rate below 8."
    found = report_files(summary.tables)
    assert set(found) == {"report.png", "report.md", "report.html"}
    assert words in text_of("report.md", found)
    assert words in Page(text_of("report.html", found)).words
    assert Image.open(io.BytesIO(found["report.png"])).width == PAGE_WIDTH
    table = results_table(summary)
    assert table.best is None
    assert table.rows[0][-1] == "0 of 2 (2 diverged)"


def test_all_failed_and_no_runs_say_so() -> None:
    failed = tables().runs.with_columns(status=pl.lit("failed"))
    summary = summarize(dataclasses.replace(tables(), runs=failed))
    assert headline(summary) == "No run finished: all failed."
    empty = dataclasses.replace(tables(), runs=failed.clear())
    assert headline(summarize(empty)) == "This study has no runs."
    assert "report.png" in report_files(empty)


def test_results_table_of_a_grid_names_the_best_rate() -> None:
    summary = summarize(study(dataclasses.replace(GRID, rates=(0.001, 0.1, 9.0))))
    table = results_table(summary)
    assert table.heads[:2] == ("activation", "best learning rate")
    assert [row[1] for row in table.rows] == ["0.1", "0.1"]
    assert table.looks[0] is not None


def test_steps_to_target_tell_how_many_reached_it() -> None:
    steps = pl.Series("steps_to_target", [100.0, None, 50.0, 50.0])
    summary = summarize(dataclasses.replace(tables(), runs=tables().runs.with_columns(steps)))
    table = results_table(summary)
    column = table.heads.index("steps to target")
    assert [row[column] for row in table.rows] == ["100 (1 of 2 runs)", "50"]


def test_a_long_table_of_results_is_short_on_the_page() -> None:
    names = ("relu", "tanh", "sigmoid", "elu", "gelu", "selu")
    grid = Grid(activations=names, sizes=((4,), (4, 4), (4, 4, 4)), seeds=1, records=2)
    summary = summarize(study(grid))
    assert len(results_table(summary).rows) == 18
    short = small_results_table(summary)
    assert [row[0] for row in short.rows] == list(names)
    assert short.best is None
    assert "each row has the best" in short.note


def test_a_long_list_of_settings_is_cut_and_counted() -> None:
    grid = Grid(activations=("relu",), rates=(0.01, 0.1, 1.0), batches=(8, 16), seeds=1, records=2)
    table = settings_table(summarize(study(grid)), most=4)
    assert len(table.rows) == 4
    assert table.note == "2 further settings in runs.csv."
    assert table.heads[:3] == ("place", "learning rate", "batch size")
    assert [row[0] for row in table.rows] == ["1", "2", "3", "4"]


def test_scope_and_environment() -> None:
    summary = summary_of_page()
    scope = {row[0]: row[1] for row in scope_table(summary).rows}
    assert scope["network"] == "64-64, softmax output, cross_entropy"
    assert scope["training"] == (
        "sgd, learning rate 0.1, batch size 32, 20 epochs, constant schedule"
    )
    assert scope["seeds"] == "2"
    environment = {row[0]: row[1] for row in environment_table(summary.tables.environment).rows}
    assert "numpy 2.4.6" in environment["versions"]
    assert environment["command"] == "nnlab train made-up.yaml"
    assert made_words({}) == "Made with nnlab"
    assert made_words(summary.tables.environment) == (
        "Made with nnlab 0.1.0, python 3.11.2, numpy 2.4.6, Linux 6.1, x86_64, "
        "finished 2026-01-02T03:04:05+00:00"
    )


def test_the_environment_is_for_a_reader() -> None:
    blas = {"internal_api": "openblas", "version": "0.3.30", "architecture": "Haswell"}
    facts = {
        "versions": {"python": "3.11.7", "nnlab": None, "numpy": "2.4.6"},
        "platform": {"system": "Linux 6.1", "machine": "x86_64", "cores": 2},
        "blas": [blas | {"num_threads": 2}, blas | {"num_threads": 1}],
        "git_commit": None,
        "command": ["nnlab", "train", "x.yaml"],
        "started": "2026-01-02T03:04:05+00:00",
        "jobs": 2,
        "standing": {"best": {"run": "a" * 12}},
        "fingerprints": ["0" * 64],
    }
    assert environment_table(facts).rows == (
        ("versions", "python 3.11.7, numpy 2.4.6"),
        ("platform", "Linux 6.1, x86_64, 2 cores"),
        ("BLAS", "openblas 0.3.30 (Haswell)"),
        ("command", "nnlab train x.yaml"),
        ("started", "2026-01-02T03:04:05+00:00"),
        ("jobs", "2"),
    )


def test_hundreds_of_settings_make_one_page() -> None:
    rates, batches = tuple(0.001 * 1.3**i for i in range(30)), tuple(range(8, 72, 8))
    grid = Grid(activations=("relu", "tanh"), rates=rates, batches=batches, seeds=1, records=2)
    summary = summarize(study(grid))
    many = pictures_of(summary)
    assert len(markdown(summary, many)) < 40_000
    heights = [natural_height(row[0], FULL / len(row)) for row in page_rows(many)]
    assert sum(heights) < 3500
