"""`nnlab check`, `schema` and `new`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from nnlab.cli.new import TEMPLATE
from nnlab.configs import shipped
from nnlab.core.data.datasets import DATASETS
from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.nn.initializers import INITIALIZERS
from nnlab.core.nn.optimizers import OPTIMIZERS, SCHEDULES
from nnlab.core.spec import json_schema, load_spec, parse_spec
from nnlab.core.spec.keys import SpecKeys
from tests.command_line import TINY, Nnlab, document


def test_check_says_what_would_run(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("check", "tiny.yaml")
    assert result.exit_code == 0
    assert result.stderr == ""
    facts = dict(re.findall(r"^(\w+)  +(.*)$", result.stdout, re.M))
    assert facts["data"] == "xor(n=60): 2 features, 2 classes; 48 examples to train on, 12 to test"
    # 2 x 4 + 4 into the hidden layer, 4 x 2 + 2 out of it
    assert facts["networks"] == "hidden layers 4; 22 parameters"
    assert facts["trains"] == "relu and tanh with cross_entropy after softmax, sgd"
    assert facts["runs"] == "2 activations × 2 seeds = 4 runs"
    assert facts["steps"] == "12 a run"
    assert facts["results"] == "results/tiny"
    assert sorted(path.name for path in folder.iterdir()) == ["tiny.yaml"]


def test_check_names_the_columns_of_a_table(nnlab: Nnlab, folder: Path) -> None:
    """So that an identifier among them is seen."""
    rows = [f"{i},{i % 3},{i % 2}" for i in range(20)]
    (folder / "d.csv").write_text("\n".join(["id,rooms,y", *rows]))
    data = ("-s", "dataset={csv: d.csv, target: y}", "-s", "loss=cross_entropy")
    assert re.search(r"^features  id and rooms$", nnlab("check", "tiny.yaml", *data).stdout, re.M)
    told = document(nnlab("check", "tiny.yaml", *data, "--json"))
    assert told["data"]["feature_names"] == ["id", "rooms"]


def test_a_column_of_texts_is_named_once(nnlab: Nnlab, folder: Path) -> None:
    rows = [f"{i},{town},{i % 2},k{i % 2}" for i, town in enumerate(["Bonn", "Jena", "Ulm"] * 7)]
    (folder / "d.csv").write_text("\n".join(["id,town,a=b,y", *rows]))
    data = ("-s", "dataset={csv: d.csv, target: y}", "-s", "loss=cross_entropy")
    told = nnlab("check", "tiny.yaml", *data)
    assert re.search(r"^features  id, town \(3 texts\) and a=b$", told.stdout, re.M)


@pytest.mark.parametrize(
    ("dataset", "column", "what"),
    [
        ("{csv: d.csv, target: rom}", 31, "has no column 'rom' to predict; did you mean 'rooms'?"),
        ("{csv: d.csv, target: y, leave_out: [id, idd]}", 50, "has no column 'idd' to leave out"),
        ("{csv: d.csv, target: y, leave_out: y}", 45, "'y' is to be predicted and left out, too"),
        ("{csv: d.csv, target: y, leave_out: [id, rooms]}", 45, "every column but the target"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_its_place_in_the_spec(
    nnlab: Nnlab, folder: Path, dataset: str, column: int, what: str
) -> None:
    (folder / "d.csv").write_text("id,rooms,y\n1,2,0\n2,3,1\n")
    (folder / "own.yaml").write_text(f"name: own\ndataset: {dataset}\n")
    result = nnlab("check", "own.yaml")
    assert result.exit_code == 2
    assert f"own.yaml:2:{column}: dataset, " in result.stderr
    assert f"d.csv: {what}" in result.stderr


def test_check_as_json(nnlab: Nnlab) -> None:
    told = document(nnlab("check", "tiny.yaml", "-s", "seeds=3", "--json"))
    assert (told["runs"], told["stored"], told["run_steps"]) == (6, 0, 72)
    assert told["data"]["training_examples"] == 48
    assert told["spec"]["loss"] == "cross_entropy"


def test_check_ignores_what_is_stored(nnlab: Nnlab) -> None:
    assert nnlab("train", "tiny.yaml", "--jobs", "1").exit_code == 0
    assert document(nnlab("check", "tiny.yaml", "--json"))["stored"] == 0


def test_everything_wrong_is_listed_at_once(nnlab: Nnlab, folder: Path) -> None:
    (folder / "bad.yaml").write_text(TINY.replace("batch_size", "batch_sise") + "lr: 1\n")
    result = nnlab("check", "bad.yaml", "-s", "seeds=none")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: 3 problems in bad.yaml\n")
    assert "bad.yaml:5:1: unknown key 'batch_sise'; did you mean 'batch_size'?" in result.stderr
    assert "    5 | batch_sise: 8\n        ^\n" in result.stderr


def test_problems_have_their_places_in_json(nnlab: Nnlab, folder: Path) -> None:
    (folder / "bad.yaml").write_text(TINY.replace("batch_size", "batch_sise"))
    result = nnlab("check", "bad.yaml", "--json")
    told = document(result)
    assert result.exit_code == told["exit_code"] == 2
    (problem,) = told["problems"]
    assert (problem["line"], problem["column"]) == (5, 1)
    assert problem["message"].startswith("unknown key 'batch_sise'")
    assert result.stderr.startswith("Error: bad.yaml:5:1: ")


def test_the_data_are_opened(nnlab: Nnlab, folder: Path) -> None:
    (folder / "bad.yaml").write_text("name: bad\ndataset: {csv: no.csv, target: y}\n")
    result = nnlab("check", "bad.yaml")
    assert result.exit_code == 2
    assert re.search(r"Error: .*no\.csv", result.stderr)


def test_text_of_data_is_inert(nnlab: Nnlab, folder: Path) -> None:
    """Markup in a file's name is not read, nor are the names of smileys."""
    name = "[bold]x:smile:.csv"
    rows = "".join(f"{i},{i % 2}\n" for i in range(20))
    (folder / name).write_text("a,y\n" + rows)
    spec = {"name": "odd", "dataset": {"csv": name, "target": "y"}, "batch_size": 4}
    (folder / "odd.yaml").write_text(json.dumps(spec))
    result = nnlab("check", "odd.yaml")
    assert result.exit_code == 0, result.stderr
    assert "data      [bold]x:smile:.csv: 1 feature, 2 classes" in result.stdout


def test_long_facts_keep_to_the_width(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (60, 80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        stdout = nnlab("check", "depth").stdout
        assert max(map(len, stdout.splitlines())) <= width


def test_schema_is_the_schema(nnlab: Nnlab) -> None:
    result = nnlab("schema")
    assert result.exit_code == 0
    assert document(result) == json.loads(json.dumps(json_schema()))


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_spec_checks(nnlab: Nnlab, name: str) -> None:
    result = nnlab("check", name)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(f"{name}\n")


@pytest.mark.parametrize(("name", "path"), shipped().items())
def test_every_shipped_spec_keeps_to_the_schema_and_teaches(name: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text), json_schema())
    assert load_spec(path).name == name
    assert max(map(len, text.splitlines())) <= 80
    comments = sum(line.startswith("#") for line in text.splitlines())
    assert comments > len(text.splitlines()) / 3
    for words in re.findall(r"nnlab train (\S+)((?: -s \S+)*)", text):
        overrides = words[1].split()[1::2]
        load_spec(shipped()[words[0]], overrides)  # what a comment tells to try works


@pytest.mark.parametrize("name", ["mine", "mine.yaml", "a.b-c_1", "1e3", "null", "no", "12"])
def test_new_writes_a_spec_that_is_valid_as_it_stands(
    nnlab: Nnlab, folder: Path, name: str
) -> None:
    study = name.removesuffix(".yaml")
    result = nnlab("new", name)
    assert result.exit_code == 0, result.stderr
    first, second = result.stdout.splitlines()
    assert first == f"{study}.yaml: edit it, then `nnlab train {study}.yaml`"
    assert second.startswith("nnlab.schema.json: for the editor")
    assert load_spec(folder / f"{study}.yaml").name == study
    assert nnlab("check", f"{study}.yaml").exit_code == 0


def test_new_does_not_overwrite(nnlab: Nnlab, folder: Path) -> None:
    result = nnlab("new", "tiny")
    assert result.exit_code == 2
    assert result.stderr == "Error: tiny.yaml is there already; take another name\n"
    assert (folder / "tiny.yaml").read_text() == TINY


@pytest.mark.parametrize(
    "name", ["../up", "a/b", "", "a b", "{name}", "\x1b[31m", ".hidden", "CON"]
)
def test_new_refuses_what_cannot_name_a_study(nnlab: Nnlab, folder: Path, name: str) -> None:
    result = nnlab("new", name)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: name: ")
    assert "\x1b" not in result.output
    assert [path.name for path in folder.iterdir()] == ["tiny.yaml"]


def test_new_where_nothing_can_be_written(nnlab: Nnlab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *given: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    result = nnlab("new", "mine")
    assert result.exit_code == 1
    assert result.stderr == "Error: mine.yaml cannot be written: Permission denied\n"


def test_a_disk_that_is_full_leaves_no_half_spec(
    nnlab: Nnlab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, path: Path) -> None:
            path.touch()

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def write(self, text: str) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda path, *given, **more: Full(path))
    result = nnlab("new", "mine")
    assert result.exit_code == 1
    assert result.stderr == "Error: mine.yaml cannot be written: No space left on device\n"
    assert not (folder / "mine.yaml").exists()


@pytest.mark.parametrize("key", SpecKeys.model_fields)
def test_the_template_tells_every_key(key: str) -> None:
    assert re.search(rf"^(# )?{key}: \S", TEMPLATE, re.M)


@pytest.mark.parametrize("table", [ACTIVATIONS, DATASETS, INITIALIZERS, OPTIMIZERS, SCHEDULES])
def test_the_template_names_everything_there_is(table: dict[str, object]) -> None:
    words = set(re.findall(r"\w+", TEMPLATE))
    assert set(table) <= words


_COMMENTED = re.findall(r"^# (\w+): (.*?)(?:  +#.*)?$", TEMPLATE.format(name="x", key="x"), re.M)[
    1:
]


@pytest.mark.parametrize(("key", "value"), _COMMENTED)
def test_what_the_template_comments_out_is_valid_too(key: str, value: str) -> None:
    instead = {
        "width": ["hidden_layer_sizes"],
        "depth": ["hidden_layer_sizes"],
        "steps": ["epochs"],
    }
    written = yaml.safe_load(TEMPLATE.format(name="x", key="x"))
    for other in (key, *instead.get(key, ())):
        written.pop(other, None)
    if key in ("momentum", "beta1", "beta2", "epsilon"):
        written["optimizer"] = ["adam", "momentum"]
    spec = parse_spec(yaml.safe_dump(written) + f"\n{key}: {value}\n")
    assert getattr(spec, key) is not None


def test_enough_of_the_template_is_commented_out() -> None:
    assert len(_COMMENTED) > 20


def test_faults_of_the_data_are_listed_at_once(nnlab: Nnlab, folder: Path) -> None:
    (folder / "d.csv").write_text("a,b,y\n1,2,0\n,2,1\n3,NA,0\n4,5,1\n")
    result = nnlab("check", "tiny.yaml", "-s", "dataset={csv: d.csv, target: y}")
    told = " ".join(result.stderr.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert "d.csv, line 3, column 'a': the value is missing" in told
    assert told.endswith("further faults: line 4, column 'b'")
