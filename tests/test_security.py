"""Nothing that a spec, a data file or a results folder says is run, obeyed or written elsewhere."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.core.claim import claim_folder
from nnlab.core.errors import SpecError, StoreError, UsageError
from nnlab.core.export import texts
from nnlab.core.saved import locate
from nnlab.core.settings import Settings
from nnlab.core.spec import make_spec, parse_spec
from nnlab.core.spec.reader import read
from nnlab.core.study import prepare
from tests.small import small_spec, small_study

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "cli").rglob("*.py")])


def called(node: ast.Call) -> str:
    """`os.system` for a call of it."""
    return ast.unparse(node.func)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_can_run_what_it_reads(path: Path) -> None:
    """No eval, no shell, no object from YAML or NumPy; pickle only between our own processes."""
    banned = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load",
              "yaml.unsafe_load", "yaml.full_load", "yaml.safe_load", "pickle.load", "shelve.open",
              "marshal.loads", "joblib.load", "pl.read_ipc", "torch.load"}  # fmt: skip
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert {called(node) for node in calls} & banned == set()
    for node in calls:
        words = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        assert words.get("allow_pickle", "False") == "False"
        assert words.get("shell", "False") == "False"
        if called(node) == "pickle.loads":
            assert path.name in {"worker.py", "cluster.py", "cluster_worker.py"}


def settled(folder: Path) -> dict[str, bytes]:
    """Everything under a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("link", ["small", "small/figures", "small/weights", "small/runs.csv"])
def test_no_link_leads_the_results_out_of_their_folder(tmp_path: Path, link: str) -> None:
    outside, results = tmp_path / "outside", tmp_path / "results"
    outside.mkdir()
    (outside / "runs.csv").write_text("precious")
    path = results / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside / "runs.csv" if link.endswith("csv") else outside)
    with pytest.raises(
        StoreError, match=r"is a link out of .*results; nothing is written there: t"
    ):
        small_study(results).run()
    assert settled(outside) == {"runs.csv": b"precious"}


def test_a_link_that_stays_inside_is_followed_by_nobody_but_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "spec.yaml").write_text("name: a")
    (tmp_path / "b").symlink_to("a")
    said: list[str] = []
    claim_folder(tmp_path / "b", "name: b", said.append)
    assert (tmp_path / "a" / "spec.yaml").read_text() == "name: a"
    assert (tmp_path / "b" / "spec.yaml").read_text() == "name: b"
    assert len(said) == 1


names = st.text(
    st.sampled_from("./\\~:*?\"'<>|$%&;` \0\n\x1b\u202eab-_09é") | st.characters(), max_size=12
) | st.sampled_from(["..", ".", "../x", "/x", "~", "con", "NUL.txt", "a..b", "x.", ".runs", "a/b"])


@given(names)
def test_whatever_the_name_the_folder_is_inside(name: str) -> None:
    results = Path("results").resolve()
    try:
        spec = make_spec(name=name)
    except SpecError as error:
        assert str(error).replace("\n", "").isprintable()  # noqa: PT017
        return
    folder = Settings(results=results).folder_of(spec.name)
    assert folder.resolve().parent == results
    assert folder.name == name
    assert name.isascii()
    assert not name.startswith((".", "-"))


@given(names)
def test_whatever_the_name_nothing_outside_is_read(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        locate(ROOT / "tests" / "bad_specs", name)  # a folder without studies
    assert str(caught.value).replace("\n", "").isprintable()


HOSTILE = '=HYPERLINK("http://x")|[red]bold[/red]<script>alert(1)</script>\x1b]0;x\x07\u202e'


def test_a_file_of_hostile_names_is_inert_all_the_way(tmp_path: Path) -> None:
    """Names of columns, classes and the file itself: through the tables, exports and reports."""
    data = tmp_path / "=cmd()[red]<b>.csv"
    rows = "".join(f"{i},{HOSTILE.replace(chr(34), '')}{i % 2}\n" for i in range(40))
    data.write_text(f"\x1b[31m<i>,y\n{rows}", encoding="utf-8")
    results = tmp_path / "results"
    study = prepare(
        small_spec(dataset={"csv": str(data), "target": "y"}, activation="relu", seeds=1),
        Settings(results=results, jobs=1),
    ).run()
    for path in study.folder.rglob("*"):
        if path.suffix in {".csv", ".json", ".md", ".html", ".yaml"}:
            text = path.read_text(encoding="utf-8")
            assert "\x1b" not in text, path
            assert "\x07" not in text, path
            assert "\u202e" not in text, path
            if path.suffix == ".html":
                assert "[red]<b>" not in text
                assert "&lt;b&gt;" in text
            if path.suffix == ".md":
                assert "[red]<b>" not in re.sub(r"```.*?```", "", text, flags=re.S)
    exported = "".join(texts(study, "runs", "csv"))
    (row,) = csv.DictReader(io.StringIO(exported))
    assert row["dataset"] == "'=cmd()[red]<b>.csv"
    assert json.loads("".join(texts(study, "runs", "json")))[0]["dataset"] == "=cmd()[red]<b>.csv"


@given(st.text(max_size=30))
def test_a_description_survives_as_text_whatever_it_says(text: str) -> None:
    """No tag, no anchor and no key comes out of it when the resolved spec is read back."""
    try:
        spec = make_spec(name="x", description=text)
    except SpecError:
        return
    assert read(spec.to_yaml(), "spec.yaml").values["description"] == text
    assert parse_spec(spec.to_yaml()) == spec


def test_numbers_of_the_resolved_spec_are_numbers_in_the_json(tmp_path: Path) -> None:
    """YAML 1.1 reads 1e-07 as text: the document must come from our own reader."""
    from nnlab.cli.outlook import document

    study = prepare(
        small_spec(learning_rate=1e-7, description="no"), Settings(results=tmp_path, jobs=1)
    )
    told = document(study, study.outlook())["spec"]
    assert told["learning_rate"] == 1e-7
    assert told["description"] == "no"


def test_weights_are_plain_arrays(tmp_path: Path) -> None:
    study = small_study(tmp_path, save_weights=True, activation="relu", seeds=1)
    folder = study.run().folder
    (path,) = (folder / "weights").iterdir()
    with np.load(path, allow_pickle=False) as arrays:
        assert {array.dtype.kind for array in arrays.values()} == {"f"}


def test_openml_is_checked_by_scikit_learn() -> None:
    """Its checksum compares what was downloaded with what OpenML says of it."""
    import inspect

    from sklearn.datasets import fetch_openml

    from nnlab.core.data import openml

    assert "fetch_openml" in inspect.getsource(openml)
    assert "md5_checksum" in inspect.getsource(inspect.getmodule(fetch_openml))  # type: ignore[arg-type]
