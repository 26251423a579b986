"""Tables for other programs: the same numbers, no formulas, null for what is missing."""

from __future__ import annotations

import csv
import io
import json
import math
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core import export
from nnlab.core.errors import StoreError
from nnlab.core.export import FORMATS, TABLES, Format, texts, write_table
from nnlab.core.folder import RUNS, schema_of
from nnlab.core.quantities import RUN_COLUMNS
from nnlab.core.results import Results
from nnlab.core.saved import open_study
from tests.saved_studies import make_studies


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return open_study(make_studies(tmp_path_factory.mktemp("trained")), "small")


def table_of(study: Results, table: str) -> pl.DataFrame:
    return {"runs": study.runs.lazy(), "layers": study.layers, "curves": study.curves}[
        table
    ].collect()


@pytest.mark.parametrize("table", TABLES)
def test_every_format_holds_the_same_numbers(small: Results, table: str, tmp_path: Path) -> None:
    expected, schema = table_of(small, table), schema_of(TABLES[table][1])
    assert len(expected) > 3
    files = {form: tmp_path / f"table.{form}" for form in FORMATS}
    for form, file in files.items():
        write_table(small, table, form, file)
    assert pl.read_parquet(files["parquet"]).equals(expected)
    assert pl.read_csv(files["csv"], schema=schema).equals(expected)
    rows = json.loads(files["json"].read_text(), parse_constant=pytest.fail)
    assert pl.DataFrame(rows, schema=schema).equals(expected)


def test_an_exported_runs_table_is_that_of_the_folder(small: Results) -> None:
    assert "".join(texts(small, "runs", "csv")) == (small.folder / RUNS).read_text()


@pytest.mark.parametrize("form", ["csv", "json"])
def test_pieces_join_seamlessly(
    small: Results, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert form != "parquet"
    whole = "".join(texts(small, "layers", form))
    monkeypatch.setattr(export, "_PIECE", 1)
    pieces = list(texts(small, "layers", form))
    assert len(pieces) > 3
    assert "".join(pieces) == whole


def with_runs(study: Results, **cells: object) -> Results:
    """The study with these cells in its first run."""
    rows = study.runs.to_dicts()
    rows[0] |= cells
    return replace(study, runs=pl.DataFrame(rows, schema=schema_of(RUN_COLUMNS)))


cells = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@\t\r\n＝＋－＠,\"'"),
    max_size=12,
)


@given(cells)
def test_no_text_cell_begins_like_a_formula(small: Results, cell: str) -> None:
    study = with_runs(small, reason=cell, dataset="xor")
    text = "".join(texts(study, "runs", "csv"))
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    if cell and cell[0] in "=+-@\t\r\n＝＋－＠":
        assert row["reason"] == "'" + cell
    else:
        assert row["reason"] == cell


def test_a_formula_stays_as_it_is_where_it_is_harmless(small: Results) -> None:
    study = with_runs(small, dataset='=HYPERLINK("x")', train_loss=-1.5, seed=-3)
    (first, *_) = json.loads("".join(texts(study, "runs", "json")))
    assert first["dataset"] == '=HYPERLINK("x")'
    row = next(csv.DictReader(io.StringIO("".join(texts(study, "runs", "csv")))))
    assert row["dataset"] == '\'=HYPERLINK("x")'
    assert (row["train_loss"], row["seed"]) == ("-1.5", "-3")  # numbers are no formulas


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, None])
def test_what_is_not_a_number_is_missing(small: Results, odd: float | None, tmp_path: Path) -> None:
    study = with_runs(small, train_loss=odd)
    rows = json.loads("".join(texts(study, "runs", "json")), parse_constant=pytest.fail)
    assert rows[0]["train_loss"] is None
    assert rows[1]["train_loss"] is not None
    row = next(csv.DictReader(io.StringIO("".join(texts(study, "runs", "csv")))))
    assert row["train_loss"] == ""
    write_table(study, "runs", "parquet", tmp_path / "t.parquet")
    assert pl.read_parquet(tmp_path / "t.parquet")["train_loss"][0] is None


def test_no_rows_make_an_empty_table(small: Results, tmp_path: Path) -> None:
    empty = replace(small, runs=small.runs.head(0))
    assert "".join(texts(empty, "runs", "csv")) == ",".join(RUN_COLUMNS) + "\n"
    assert json.loads("".join(texts(empty, "runs", "json"))) == []
    write_table(empty, "runs", "parquet", tmp_path / "t.parquet")
    assert pl.read_parquet(tmp_path / "t.parquet").schema == schema_of(RUN_COLUMNS)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing beyond this size fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_is_told_as_such_and_leaves_nothing(
    small: Results, form: Format, tmp_path: Path
) -> None:
    file = tmp_path / f"table.{form}"
    with pytest.raises(StoreError, match=rf"cannot write .*table.{form}: "), files_of_at_most(100):
        write_table(small, "layers", form, file)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_table_damaged_within_is_told_as_such(
    small: Results, form: Format, tmp_path: Path
) -> None:
    content = bytearray((small.folder / "layers.parquet").read_bytes())
    content[10:60] = bytes(50)
    (tmp_path / "layers.parquet").write_bytes(content)
    study = replace(small, folder=tmp_path, layers=pl.scan_parquet(tmp_path / "layers.parquet"))
    with pytest.raises(StoreError, match=r"layers.parquet is damaged"):
        write_table(study, "layers", form, tmp_path / "out")
    assert not (tmp_path / "out").exists()
