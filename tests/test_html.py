"""`report.html`: its size, its policy, and the numbers it carries for what can be explored."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import math
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nnlab.core.analysis.summaries import Summary, summarize
from nnlab.core.drawing import report_tables
from nnlab.core.report.claim_rows import claim_row
from nnlab.core.report.explorer import assets
from nnlab.core.report.explorer.payload import DARK_PAPER, on_dark, payload, to_json
from nnlab.core.report.explorer.quantize import MISSING, STEPS, quantize
from nnlab.core.report.explorer.sample import MOST_BYTES, Sample, choose_sample
from nnlab.core.report.figures import pictures_of
from nnlab.core.report.html import html
from nnlab.core.report.html_parts import fingerprint
from nnlab.core.report.png import lean, png
from nnlab.core.report.style import PALETTE, contrast
from nnlab.core.results import load_results
from tests.answers import four_claims
from tests.frames import Grid, study
from tests.html_page import Page
from tests.small import small_study

SMALL = Grid(activations=("relu", "tanh"), rates=(0.1, 9.0), batches=(16, 32), seeds=2, records=5)
FIVE_HUNDRED = Grid(rates=(0.01, 0.03, 0.1, 0.3, 3.0), batches=(8, 16, 32, 64, 128))
LARGE = 2_200_000
"""Bytes of pictures in base 64: more than any of our studies has."""


@cache
def small() -> Summary:
    return summarize(study(SMALL, name="small"))


def everything(summary: Summary) -> Sample:
    return choose_sample(summary, math.inf, 40)


def page_of(summary: Summary) -> str:
    return html(summary, (), {})


def data_of(text: str) -> dict[str, Any]:
    """The payload as a browser reads it from the page."""
    (found,) = re.findall(r'<script type="application/json" id="explore-data">(.*?)</script>', text)
    document: dict[str, Any] = json.loads(found)
    return document


def unpack(column: dict[str, Any]) -> list[float | None]:
    """What `numbers.js` does, in Python."""
    codes = np.frombuffer(base64.b64decode(column["codes"]), dtype="<u2")
    numbers: list[float | None] = []
    for code in map(int, codes):
        place = column["low"] + (code - 1) / STEPS * (column["high"] - column["low"])
        value = 10**place if column["scale"] == "log" else place
        numbers.append(None if code == MISSING else 0.0 if code == 0 else value)
    return numbers


# ------------------------------------------------------------------ numbers


def test_packed_by_hand() -> None:
    packed = quantize([1.0, 100.0, 10.0, 0.0, math.nan], "log")
    codes = np.frombuffer(base64.b64decode(packed["codes"]), dtype="<u2").tolist()
    # 10 is half way from 10^0 to 10^2: 1 + 65533 / 2, rounded to even
    assert codes == [1, 65534, 1 + 32766, 0, 65535]
    assert (packed["low"], packed["high"]) == (0.0, 2.0)


@given(st.lists(st.none() | st.just(0.0) | st.floats(1e-40, 1e8), max_size=30))
def test_what_is_packed_on_a_log_scale_comes_back(values: list[float | None]) -> None:
    found = unpack(quantize([math.nan if v is None else v for v in values], "log"))
    for value, back in zip(values, found, strict=True):
        if not value:
            assert back == value
        else:
            assert back == pytest.approx(value, rel=1e-3)  # over up to 48 powers of ten


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_what_is_packed_on_a_linear_scale_comes_back(values: list[float]) -> None:
    span = max(values) - min(values)
    for value, back in zip(values, unpack(quantize(values, "linear")), strict=True):
        assert back == pytest.approx(value, abs=max(span, 1e-9) / 60_000)


def test_nothing_measured_is_nothing_packed() -> None:
    assert unpack(quantize([math.inf, -1.0], "log")) == [None, None]
    assert unpack(quantize([], "linear")) == []


def test_the_page_carries_the_numbers_of_the_tables() -> None:
    summary = small()
    document = data_of(page_of(summary))
    curves = {column["key"]: unpack(column) for column in document["curves"]}
    layers = {column["key"]: unpack(column) for column in document["layers"]}
    schedules = [document["schedules"][i] for i in document["schedule"]]
    keys = {"run": document["runs"]["id"], "moments": [own["step"] for own in schedules]}
    stored = pl.DataFrame(keys).explode("moments").rename({"moments": "step"})
    table = summary.tables.curves.collect()
    wanted = stored.join(table, on=["run", "step"], how="left", maintain_order="left")
    assert wanted.height == table.height
    for key, numbers in curves.items():
        assert numbers == pytest.approx(wanted[key].to_list(), rel=1e-3)
    table = summary.tables.layers.collect()
    wanted = stored.join(table, on=["run", "step"], how="left", maintain_order="left")
    for key, numbers in layers.items():
        for number, value in zip(numbers, wanted[key].to_list(), strict=True):
            assert number == (None if value is None else pytest.approx(value, rel=1e-3, abs=1e-4))


def test_runs_are_told_by_line_setting_and_place() -> None:
    summary = small()
    document = payload(summary, everything(summary))
    lines = [value["label"] for value in document["line"]["values"]]
    assert lines == ["relu", "tanh"]
    assert {axis["key"]: axis["values"] for axis in document["axes"]} == {
        "learning_rate": ["0.1", "9"],
        "batch_size": ["16", "32"],
    }
    rates = document["runs"]["axes"]["learning_rate"]
    for i, row in enumerate(summary.tables.runs.iter_rows(named=True)):
        assert lines[document["runs"]["line"][i]] == row["activation"]
        assert rates[i] == [0.1, 9.0].index(row["learning_rate"])
    first = summary.settings.row(0, named=True)
    best = [i for i, place in enumerate(document["runs"]["place"]) if place == 1]
    assert {lines[document["runs"]["line"][i]] for i in best} == {first["activation"]}
    assert len(best) == first["runs"]


@pytest.mark.parametrize("color", PALETTE)
def test_every_line_can_be_seen_on_a_dark_page(color: str) -> None:
    assert contrast(DARK_PAPER) / contrast(on_dark(color)) >= 4.5


# ------------------------------------------------------------------ size


@cache
def five_hundred() -> Summary:
    return summarize(study(FIVE_HUNDRED, name="five-hundred"))


def with_pictures(summary: Summary, size: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page with pictures of so many bytes, of which `lean` leaves 40 %."""
    monkeypatch.setattr(
        "nnlab.core.report.html.lean", lambda picture: picture[: len(picture) // 5 * 2]
    )
    pictures = pictures_of(summary)
    each = png(np.zeros((4, 4, 3), dtype=np.uint8)) + b"\0" * (size * 3 // 4 // len(pictures))
    return html(summary, pictures, {picture.name: each for picture in pictures})


def test_five_hundred_runs_fit_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = with_pictures(five_hundred(), LARGE, monkeypatch)
    assert 1_500_000 < len(text.encode()) <= MOST_BYTES
    assert len(data_of(text)["runs"]["id"]) == 500
    assert "To keep this page small" not in text


def test_deep_nets_lose_moments_before_runs_and_the_page_says_so() -> None:
    deep = dataclasses.replace(SMALL, sizes=((32,) * 10,), records=40)
    summary = summarize(study(deep))
    sample = choose_sample(summary, 60_000, 40)
    assert (sample.runs.height, sample.moments) == (16, 20)
    assert sample.note == (
        "To keep this page small it holds 20 of 40 recorded moments of each run; "
        "the tables beside it hold all."
    )
    document = payload(summary, sample)
    for own in document["schedules"][1:]:
        assert len(own["step"]) <= 21
        assert own["step"][0] == 0
    finished = document["runs"]["status"].index("finished")
    last = document["schedules"][document["schedule"][finished]]["step"][-1]
    assert last == document["runs"]["steps"][finished]


def test_what_does_not_fit_loses_its_last_seeds_first() -> None:
    summary = five_hundred()
    sample = choose_sample(summary, 300_000, 40)
    assert sample.moments == 12
    kept = sample.runs
    assert 250 < kept.height < 500
    assert summary.best_run is not None
    assert summary.best_run["run"] in kept["run"].to_list()
    others = kept.filter(pl.col("run") != summary.best_run["run"])
    by_seed = others["seed"].value_counts().sort("seed")["count"].to_list()
    assert by_seed[:3] == [100, 100, 100]  # every setting
    assert sorted(by_seed, reverse=True) == by_seed
    assert sample.note.startswith(f"To keep this page small it holds {kept.height} of 500 runs")
    last = others.filter(pl.col("seed") == others["seed"].max())
    for axis, values in {"activation": 4, "batch_size": 5, "learning_rate": 5}.items():
        assert last[axis].n_unique() == values  # spread, not cut off


def test_a_page_without_room_still_has_the_best_run() -> None:
    summary = small()
    sample = choose_sample(summary, 0, 5)
    assert summary.best_run is not None
    assert sample.runs["run"].to_list() == [summary.best_run["run"]]


def test_lean_pictures_show_the_same() -> None:
    places = np.linspace(0, 1, 200)
    ramp = np.stack([places, places**2, 1 - places], axis=-1)[None].repeat(50, axis=0)
    pixels = (255 * ramp).astype(np.uint8)
    small_file = lean(png(pixels))
    back = np.asarray(Image.open(io.BytesIO(small_file)).convert("RGB")).astype(int)
    assert np.abs(back - pixels).max() <= 4
    assert lean(png(pixels)) == small_file


# ------------------------------------------------------------------ policy


def test_only_our_own_scripts_may_run_and_nothing_may_be_loaded() -> None:
    text = page_of(small())
    (policy,) = (m["content"] for m in Page(text).all("meta") if "http-equiv" in m)
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    bodies = re.findall(r"<script>(.*?)</script>", text, flags=re.S)
    assert rules["script-src"].split() == [fingerprint(body) for body in bodies]
    assert len(bodies) == 2


def test_a_fingerprint_is_the_browsers() -> None:
    digest = base64.b64encode(hashlib.sha256(b"alert(1)").digest()).decode()
    assert fingerprint("alert(1)") == f"'sha256-{digest}'"


def test_no_script_ends_early_or_reaches_out() -> None:
    d3, own = assets.scripts()
    for script in (d3, own):
        assert "</script" not in script.lower()
        assert "<!--" not in script
        assert "\r" not in script
    assert "Redistributions of source code" in d3
    assert d3.count("d3js.org") == 1  # its own first line
    for reach in (
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "import(",
        "eval(",
        "http",
    ):
        assert reach not in own


@given(st.text())
def test_no_text_ends_the_data(text: str) -> None:
    written = to_json({"x": text.encode("utf-8", "replace").decode()})
    assert not set("<>&") & set(written)
    assert written.isascii()
    assert json.loads(written)["x"] == text.encode("utf-8", "replace").decode()


def test_a_line_named_to_harm_is_a_name() -> None:
    nasty = '</script><script>alert("1")</script>\u202e\x1b'
    tables = study(dataclasses.replace(SMALL, batches=(16,)))
    renamed = pl.col("activation").replace({"tanh": nasty})
    text = page_of(summarize(dataclasses.replace(tables, runs=tables.runs.with_columns(renamed))))
    labels = [value["label"] for value in data_of(text)["line"]["values"]]
    assert labels == ["relu", '</script><script>alert("1")</script>']
    assert text.count("<script>") == 2  # both ours
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_without_mpld3_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="mpld3 is not installed; it brings D3"):
        assets.scripts.__wrapped__()


# ------------------------------------------------------------------ parts


def test_every_run_is_in_the_table_without_a_script() -> None:
    page = Page(page_of(small()))
    for run in small().tables.runs["run"]:
        assert run in page.words
    assert {"explore", "run", "runs-tools"} <= {
        str(attributes.get("id")) for _, attributes in page.tags if "hidden" in attributes
    }


def test_a_study_of_which_nothing_finished_has_its_table_and_no_script() -> None:
    summary = summarize(study(dataclasses.replace(SMALL, rates=(8.0, 9.0))))
    text = page_of(summary)
    assert "<script" not in text
    assert 'id="explore"' not in text
    assert summary.tables.runs["run"][0] in Page(text).words
    assert "script-src" not in text


def test_spec_and_environment_are_there_to_copy() -> None:
    page = Page(page_of(small()))
    assert {block.get("data-copy") for block in page.all("pre")} == {
        "spec.yaml",
        "environment.json",
    }
    assert small().tables.spec_text in page.words
    assert json.dumps(dict(small().tables.environment), indent=2) in page.words


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study on disk."""
    return small_study(tmp_path_factory.mktemp("results")).run().folder


def test_claims_stand_with_verdict_interval_and_scope(folder: Path) -> None:
    entries = [judged.as_json() for judged in four_claims()]
    (folder / "claims.json").write_text(json.dumps(entries))
    page = Page(page_of(summarize(report_tables(load_results(folder)))))
    for entry in entries:
        assert {"claim", "verdict", "scope"} <= set(entry)
        assert all(str(entry[key]) in page.words for key in ("claim", "verdict", "scope"))
        assert all(text in page.words for text in claim_row(entry).estimates)
    assert "4.24× [" in page.words


@pytest.mark.parametrize("content", ["", "{", "[1]", '[{"claim": "x"}]', '{"a": 1}', "3", "[[]]"])
def test_claims_that_are_none_are_left_out(folder: Path, content: str) -> None:
    (folder / "claims.json").write_text(content)
    assert report_tables(load_results(folder)).claims == []


def test_the_scripts_are_in_the_package() -> None:
    root = Path(__file__).resolve().parents[1]
    scripts = {path.stem for path in (root / "core" / "report" / "explorer").glob("*.js")}
    assert scripts == set(assets.PARTS)
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    data = settings["package-data"]["nnlab.core.report.explorer"]
    assert data == ["*.css", "*.js", "d3-license.txt"]
