"""Studies on disk: found by name inside the results folder only, listed in whatever state."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from nnlab.core import folder as files
from nnlab.core.catalogue import Entry, catalogue, stored_bytes
from nnlab.core.errors import NnlabError, SpecError, StoreError, UsageError
from nnlab.core.reading import damage_told, read_runs
from nnlab.core.saved import locate, open_study, study_names
from tests.saved_studies import make_studies


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_studies(tmp_path_factory.mktemp("trained") / "results")


@pytest.fixture
def results(studies: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(studies, tmp_path / "results"))


def entry(results: Path, name: str) -> Entry:
    return next(entry for entry in catalogue(results) if entry.name == name)


def test_whole_studies_have_all_their_facts(studies: Path) -> None:
    entries = catalogue(studies)
    assert [entry.name for entry in entries] == ["rates", "sine", "small", "small~1"]
    assert all(entry.problem is None for entry in entries)
    rates, sine, small = entries[:3]
    assert rates.counts is not None
    assert rates.counts["finished"] + rates.counts["diverged"] == 12
    assert rates.counts["diverged"] >= 3
    assert small.counts == {"finished": 4, "diverged": 0, "failed": 0}
    assert (small.outcome, sine.outcome) == ("test_accuracy", "test_r2")
    runs = read_runs(studies / "small")
    best = runs.filter(pl.col("test_accuracy") == pl.col("test_accuracy").max())
    assert small.best == best["test_accuracy"][0]
    assert small.best_run in best["run"].to_list()
    environment = json.loads((studies / "small" / "environment.json").read_text())
    assert small.finished == environment["finished"]
    assert small.bytes == sum(path.stat().st_size for path in (studies / "small").iterdir())
    assert stored_bytes(studies) == sum(p.stat().st_size for p in (studies / ".runs").iterdir())


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert catalogue(tmp_path / "none") == []
    assert study_names(tmp_path / "none") == []
    assert stored_bytes(tmp_path / "none") == 0
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot read .*file: Not a directory"):
        catalogue(tmp_path / "file")


def damage_runs(change: Callable[[str], str]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / files.RUNS
        path.write_text(change(path.read_text()))

    return damage


def turn_into_a_folder(study: Path) -> None:
    (study / files.RUNS).unlink()
    (study / files.RUNS).mkdir()


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no runs yet": (lambda f: (f / files.RUNS).unlink(), "not finished: no runs.csv yet"),
    "cut": (damage_runs(lambda text: text[:-20]), "runs.csv is damaged: its last line is cut"),
    "empty": (damage_runs(lambda text: ""), "runs.csv is damaged: it has no column run"),
    "binary": (lambda f: (f / files.RUNS).write_bytes(bytes(range(256)) * 9), "is damaged"),
    "turned": (
        damage_runs(lambda text: text.replace("run,status", "status,run", 1)),
        "its columns are in another order",
    ),
    "status": (
        damage_runs(lambda text: text.replace("finished", "fin\x1b[31m", 1)),
        r"a run has the status 'fin\\x1b\[31m'",
    ),
    "text for a number": (damage_runs(lambda text: text.replace("0.1", "x", 1)), "could not parse"),
    "more cells": (damage_runs(lambda text: text + "a," * 40 + "\n"), "is damaged"),
    "extra": (
        damage_runs(lambda text: text.replace("reason", "reason,more", 1)),
        "it has a column 'more' that belongs to no table",
    ),
    "no curves": (lambda f: (f / files.CURVES).unlink(), "curves.parquet is missing"),
    "half a record": (
        lambda f: (f / files.ENVIRONMENT).write_text("{"),
        "not finished: no readable environment.json",
    ),
    "no spec": (lambda f: (f / files.SPEC).unlink(), "no study: it has no spec.yaml"),
    "a folder for a table": (turn_into_a_folder, "not finished: no runs.csv yet"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_what_is_damaged_is_a_row_that_says_so(results: Path, kind: str) -> None:
    damage, message = DAMAGES[kind]
    damage(results / "small")
    problem = entry(results, "small").problem
    assert problem is not None
    assert re.search(message, problem), problem
    assert [e.name for e in catalogue(results) if e.problem is None] == ["rates", "sine", "small~1"]


def test_what_is_no_study_is_a_row_that_says_so(results: Path, tmp_path: Path) -> None:
    (results / "notes.txt").write_text("hello")
    (results / "empty").mkdir()
    shutil.copytree(results / "small", results / "group" / "inner")
    (tmp_path / "elsewhere").mkdir()
    (results / "out").symlink_to(tmp_path / "elsewhere")
    (results / "loop").symlink_to("loop")
    (results / "latest").symlink_to("small")
    told = {entry.name: entry for entry in catalogue(results)}
    assert told["notes.txt"].problem == "a file, not a study"
    assert told["notes.txt"].bytes == 5
    assert told["empty"].problem == "no study: it has no spec.yaml"
    assert str(told["group"].problem).startswith("holds a study; see `nnlab results list")
    assert told["out"].problem == f"a link out of {results}; not followed"
    assert str(told["loop"].problem).startswith("a link out of")
    assert told["latest"].problem is None  # a link to a study beside it is as good as that
    assert (told["latest"].bytes, told["latest"].best) == (0, told["small"].best)


def test_a_time_that_cannot_be_read_falls_back_to_that_of_the_table(results: Path) -> None:
    os.utime(results / "small" / files.RUNS, (86_400, 86_400))
    path = results / "small" / files.ENVIRONMENT
    for recorded in ("yesterday", 5, None, ["x"], "9" * 400):
        path.write_text(json.dumps({"finished": recorded}))
        assert entry(results, "small").finished == "1970-01-02T00:00:00+00:00"
    path.write_text(json.dumps({"finished": "2026-01-01T02:00:00+02:00"}))
    assert entry(results, "small").finished == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "name", ["..", ".", "", "../results", "/etc", ".runs", "small/../small", "a\\b", "a\0b", "a/b"]
)
def test_a_name_is_no_path(results: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"is not the name of a study.* A name is no path"):
        locate(results, name)


def test_a_path_to_a_study_is_told_its_name(results: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'small'"):
        locate(results, "results/small/")


def test_an_unknown_name_suggests_the_nearest_and_lists_all(results: Path) -> None:
    with pytest.raises(UsageError) as caught:
        locate(results, "smal")
    assert str(caught.value) == (
        f"there is no study 'smal' in {results}; did you mean 'small'? "
        "There are: rates, sine, small, small~1"
    )
    for number in range(30):
        copy = results / f"copy{number:02}"
        copy.mkdir()
        shutil.copy(results / "small" / files.SPEC, copy)
    with pytest.raises(UsageError, match=r"copy19 and 14 more$"):
        locate(results, "x" * 5000)


def test_an_empty_and_a_missing_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no study 'a': .* holds none yet"):
        locate(tmp_path, "a")
    with pytest.raises(UsageError, match=r"there is no folder .*none; --results DIR says where"):
        locate(tmp_path / "none", "a")


def test_links_that_lead_out_are_not_followed(results: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(results / "small", outside)
    (results / "linked").symlink_to(outside)
    with pytest.raises(UsageError, match=r"linked leads out of .*; it is not followed"):
        locate(results, "linked")
    (results / "small" / files.RUNS).unlink()
    (results / "small" / files.RUNS).symlink_to(outside / files.RUNS)
    with pytest.raises(UsageError, match=r"runs.csv leads out of"):
        open_study(results, "small")
    assert entry(results, "small").problem == f"runs.csv is a link out of {results}; not followed"
    (results / "rates" / "figures").symlink_to(outside)  # a report would be drawn there
    with pytest.raises(UsageError, match="figures leads out of"):
        locate(results, "rates")


def test_a_results_folder_may_itself_be_a_link(results: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(results)
    assert open_study(tmp_path / "short", "small").runs.height == 4
    assert [entry.problem for entry in catalogue(tmp_path / "short")] == [None] * 4


def test_kept_folders_open_by_their_names(results: Path) -> None:
    assert open_study(results, "small~1").spec.steps == 40
    assert open_study(results, "small").spec.steps == 12


def test_damage_names_the_file_and_the_remedy(results: Path) -> None:
    layers = results / "small" / files.LAYERS
    layers.write_bytes(layers.read_bytes()[:-100])
    with pytest.raises(
        StoreError, match=r"layers.parquet is damaged: .*; delete it and `nnlab train"
    ):
        open_study(results, "small")
    (results / "small~1" / files.RUNS).write_text("x\n")  # its spec would train `small`
    with pytest.raises(StoreError) as caught:
        open_study(results, "small~1")
    assert "nnlab train" not in str(caught.value)
    pl.DataFrame({"run": ["a"]}).write_parquet(results / "rates" / files.CURVES)
    with pytest.raises(StoreError, match=r"curves.parquet is damaged: it has no column step"):
        open_study(results, "rates")
    curves = pl.read_parquet(results / "sine" / files.CURVES)
    curves.with_columns(pl.col("step").cast(pl.String)).write_parquet(
        results / "sine" / files.CURVES
    )
    with pytest.raises(StoreError, match="its column step is of the type String"):
        open_study(results, "sine")


def test_a_damaged_spec_or_record_is_told(results: Path) -> None:
    (results / "small" / files.SPEC).write_text("name: [\n")
    with pytest.raises(SpecError, match=r"spec.yaml:2:1: not valid YAML"):
        open_study(results, "small")
    for text in ("[" * 100_000, f'{{"a": {"1" * 5000}}}'):
        (results / "rates" / files.ENVIRONMENT).write_text(text)
        with pytest.raises(StoreError, match=r"environment.json is damaged"):
            open_study(results, "rates")


def test_damage_found_late_names_the_table(results: Path) -> None:
    layers = results / "small" / files.LAYERS
    content = bytearray(layers.read_bytes())
    content[10:60] = bytes(50)
    layers.write_bytes(content)
    study = open_study(results, "small")  # the footer is whole
    with (
        pytest.raises(StoreError, match=r"layers.parquet is damaged"),
        damage_told(results / "small"),
    ):
        study.layers.collect()


def test_an_error_of_polars_that_is_no_damage_goes_on(results: Path) -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError), damage_told(results / "small"):
        pl.DataFrame({"a": [1]}).select("b")


def test_random_damage_never_comes_as_a_surprise(results: Path) -> None:
    dice = random.Random(8)
    whole = {path: path.read_bytes() for path in (results / "small").iterdir()}
    for _ in range(60):
        path = dice.choice(sorted(whole))
        content = bytearray(whole[path])
        if dice.random() < 0.5:
            del content[dice.randrange(len(content)) :]
        for _ in range(dice.randrange(4)):
            content[dice.randrange(len(content))] = dice.randrange(256) if content else 0
        path.write_bytes(content)
        assert entry(results, "small").name == "small"
        with suppress(NnlabError):
            study = open_study(results, "small")
            with damage_told(results / "small"):
                study.layers.collect()
                study.curves.collect()
        path.write_bytes(whole[path])
