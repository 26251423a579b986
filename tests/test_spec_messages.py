"""What a spec refuses, and how it says so: every message is read here."""

from __future__ import annotations

import time

import pytest

from nnlab.core.errors import SpecError
from nnlab.core.spec import (
    Spec,
    make_spec,
    parse_spec,
)
from nnlab.core.spec.phrases import SYNONYMS
from tests.spec_texts import refused, spec_of

COMBINATIONS = [
    ("epochs: 3\nsteps: 5", 3, 1, "'steps' and 'epochs' exclude one another: give one of them"),
    ("hidden_layer_sizes: [4]\ndepth: 2", 3, 1, "'depth' and 'hidden_layer_sizes' exclude one an"),
    ("width: 4\nhidden_layer_sizes: [4]", 2, 1, "'width' and 'hidden_layer_sizes' exclude one an"),
    ("loss: cross_entropy\noutput: sigmoid", 3, 9, "output 'sigmoid' goes with binary_cross_entropy"
     ", mse, and loss 'cross_entropy' with softmax"),
    ("beta1: 0.5", 2, 1, "'sgd' does not use 'beta1'; the optimizers that do: adam, adamw"),
    ("optimizer: [sgd, adam]\nmomentum: 0.5", 3, 1, "neither 'sgd' nor 'adam' uses 'momentum'; the "
     "optimizers that do: momentum, momentum_corrected, nesterov"),
    ("steps: 10\nwarmup_steps: 10", 3, 15, "warmup_steps (=10) must be below the number of steps (="
     "10)"),
    # 1797 digits: 1437 in the training part, 44 batches of 32
    ("epochs: 2\nwarmup_steps: 88", 3, 15, "warmup_steps (=88) must be below the number of steps (="
     "88)"),
    ("batch_size: [8, 1438]", 2, 17, "batch_size (=1438) is larger than the training part of digits"
     " (=1437 examples): at most 1437, or full"),
    ("dataset: diabetes\nloss: mse\noutput: softmax", 4, 9, "output 'softmax' is for classification"
     ", and diabetes is a regression data set: use identity"),
    ("dataset: sine\nloss: cross_entropy", 3, 7, "loss 'cross_entropy' is for classification, and s"
     "ine is a regression data set: use mse"),
    ("output: sigmoid", 2, 9, "output 'sigmoid' goes with binary_cross_entropy, mse, and loss 'cros"
     "s_entropy' with softmax; digits is a classification data set, whose loss is cross_entropy"),
    ("dataset: {name: moons, n: 4}\ntest_fraction: 0.9\nbatch_size: 1", 3, 16, "test_fraction (=0.9"
     ") leaves no training example of the 4 of moons(n=4)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column", "message"), COMBINATIONS, ids=[row[0] for row in COMBINATIONS]
)
def test_what_does_not_fit_together(text: str, line: int, column: int, message: str) -> None:
    (problem,) = refused(text)
    assert problem.message.startswith(message)
    assert (problem.line, problem.column) == (line, column)


def test_hyperparameters_fit_if_one_of_the_optimizers_uses_them() -> None:
    assert spec_of("optimizer: [sgd, momentum]\nmomentum: 0.5\nweight_decay: 0.1\n").momentum == 0.5


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a b", "letters a-z, digits"), ("a/b", "letters a-z"), ("../a", "letters a-z"),
        ("é", "letters a-z"), ("a~1", "letters a-z"), ('"a\\n"', "U\\+000A is not allowed"),
        (".runs", "begins with a letter"), ("-x", "begins with a letter"), ("..", "begins with"),
        ("a..b", "no two dots"), ("a.", "none at its end"), ("CON", "Windows"),
        ("lpt1.txt", "Windows"), ("''", "expected a name, got an empty text"),
        ("a" * 101, "101 characters are too many, the most is 100"),
        ("2024", "expected a name, got 2024: put it in quotes"), ("null", "a name, got nothing"),
    ],
)  # fmt: skip
def test_a_name_must_be_safe_as_a_folder(name: str, reason: str) -> None:
    with pytest.raises(SpecError, match=reason):
        parse_spec(f"name: {name}\n")


@pytest.mark.parametrize("name", ["a", "1", "_x", "a-b.c_d", "reference", "console", "a" * 100])
def test_names_that_are_fine(name: str) -> None:
    assert parse_spec(f"name: '{name}'\n").name == name


def test_a_name_given_twice_is_not_missing_as_well() -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec("name: x\nname: y\n")
    (problem,) = caught.value.problems
    assert problem.message == "the key 'name' is given twice: it stands on line 1 already"


def test_thousands_of_unknown_keys_do_not_take_seconds() -> None:
    start = time.process_time()
    problems = refused("".join(f"batch_sise{i}: 1\n" for i in range(4900)))
    assert time.process_time() - start < 2
    assert problems[-1].message == "and 4850 more problems"


def test_a_spec_without_a_name() -> None:
    with pytest.raises(SpecError, match=r"^<spec>: the key 'name' is missing: add a line 'name: m"):
        parse_spec("seeds: 2\n")


@pytest.mark.parametrize(
    ("other", "ours"), [(other, key) for key, others in SYNONYMS.items() for other in others]
)
def test_other_tools_names_for_our_keys_are_understood(other: str, ours: str) -> None:
    (problem,) = refused(f"{other}: 1")
    assert problem.message.startswith(
        f"unknown key '{other}'; did you mean '{ours}'? Allowed: name"
    )
    assert (problem.line, problem.column) == (2, 1)


def test_synonyms_are_no_keys_and_stand_for_keys() -> None:
    keys = set(Spec.model_fields)
    assert keys >= set(SYNONYMS)
    others = [other for row in SYNONYMS.values() for other in row]
    assert len(set(others)) == len(others)
    assert not keys & set(others)


@pytest.mark.parametrize(
    ("typed", "ours"),
    [("batch_sise", "batch_size"), ("Batch-Size", "batch_size"), ("LR", "learning_rate"),
     ("learningrate", "learning_rate"), ("activaton", "activation")],
)  # fmt: skip
def test_slips_of_the_pen(typed: str, ours: str) -> None:
    assert f"did you mean '{ours}'?" in refused(f"{typed}: 1")[0].message


def test_an_unknown_key_unlike_any_other() -> None:
    message = refused("zzz: 1")[0].message
    assert message.startswith("unknown key 'zzz'. Allowed: name, description, ")
    assert message.endswith(", dtype, save_weights")


def test_everything_wrong_is_listed_at_once_in_the_order_of_the_file() -> None:
    problems = refused(
        "lr: 0.1\n"                                 # 2
        "activation: [relu, rleu, tnah]\n"          # 3
        "seeds: !!int 3\n"                          # 4
        "epochs: 3\n"                               # 5
        "epochs: 4\n"                               # 6
        "hidden_layer_sizes: [4]\n"                 # 7
        "width: 3\n"                                # 8
        "momentum: 0.1\n"                           # 9
        "batch_size: [5000, 0]\n"                   # 10
        "dataset: {name: moons, nois: 1, n: 2}\n",  # 11
        overrides=["records=1", "depth"],
    )  # fmt: skip
    assert [problem.line for problem in problems] == [
        2, 3, 3, 4, 6, 8, 9, 10, 11, 11, None, None,
    ]  # fmt: skip
    assert [p.message.split(":")[0] for p in problems[-2:]] == ["-s depth", "-s records=1"]


def test_a_wrong_key_is_not_judged_together_with_others() -> None:
    # without its optimizer, nothing can be said about beta1
    (problem,) = refused("optimizer: adan\nbeta1: 0.5\n")
    assert "did you mean 'adam'" in problem.message
    # the length is wrong already: whether the warm-up fits cannot be said
    (problem,) = refused("steps: -3\nwarmup_steps: 10\n")
    assert "steps: expected" in problem.message


def test_a_flood_of_problems_is_cut_short() -> None:
    problems = refused("learning_rate: [" + "x, " * 100 + "1]\n")
    assert len(problems) == 51
    assert problems[-1].message == "and 50 more problems"


def test_too_long_an_axis() -> None:
    assert "1001 values are too many, the most is 1000" in refused(
        f"learning_rate: {list(range(1, 1002))}"
    )[0].message  # fmt: skip
    with pytest.raises(SpecError, match="1001 hidden layers are too many, the most is 1000"):
        make_spec(name="x", hidden_layer_sizes=[1] * 1001)


def test_numbers_without_end_from_python() -> None:
    with pytest.raises(SpecError, match="got a whole number of hundreds of digits"):
        make_spec(name="x", epochs=10**5000)
    with pytest.raises(
        SpecError, match="a whole number of hundreds of digits, which is not finite"
    ):
        make_spec(name="x", learning_rate=10**5000)
    with pytest.raises(SpecError, match="got a Python complex"):
        make_spec(name="x", learning_rate=1j)


def test_text_from_a_spec_is_inert_in_messages() -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec('"\\e[31m": 1\nname: "\\e]0;x"\nactivation: "\\e[2J"\nloss: "a\\nb"\n')
    assert "\x1b" not in str(caught.value)
    assert len(caught.value.problems) == 4
    assert all(problem.message.isprintable() for problem in caught.value.problems)


# ------------------------------------------------------------------ overrides


def test_overrides_are_read_as_yaml() -> None:
    overrides = ["learning_rate=[1e-4, .5]", "dataset={name: moons, n: 50}", "seeds=3"]
    spec = spec_of("seeds: 1\n", overrides=overrides)
    assert spec.learning_rate == (1e-4, 0.5)
    assert spec.dataset.options["n"] == 50
    assert spec.seeds == (0, 1, 2)


@pytest.mark.parametrize(
    ("text", "override", "changed"),
    [
        ("epochs: 3", "steps=5", {"epochs": None, "steps": 5}),
        ("steps: 5", "epochs=3", {"epochs": 3, "steps": None}),
        ("hidden_layer_sizes: [4]", "depth=5", {"hidden_layer_sizes": None, "depth": (5,)}),
        ("width: 3\ndepth: 4", "hidden_layer_sizes=[4]", {"width": None, "depth": None}),
        ("width: 3\ndepth: 4", "depth=5", {"width": (3,), "depth": (5,)}),
    ],
)  # fmt: skip
def test_an_override_takes_the_place_of_what_it_excludes(
    text: str, override: str, changed: dict[str, object]
) -> None:
    spec = spec_of(text, overrides=[override])
    assert {key: getattr(spec, key) for key in changed} == changed


def test_two_overrides_that_exclude_one_another_are_an_error() -> None:
    (problem,) = refused("", overrides=["steps=3", "epochs=2"])
    assert problem.message == (
        "-s steps=3: 'steps' and 'epochs' exclude one another: give one of them"
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("lr=0.1", "-s lr=0.1: unknown key 'lr'; did you mean 'learning_rate'?"),
        ("seeds=[1,1]", "-s seeds=[1,1]: seeds, item 2: 1 is given twice"),
        (
            "seeds=",
            "-s seeds=: seeds: expected a whole number from 1 to 100000, got nothing (null)",
        ),
        ("seeds", "-s seeds: expected key=value"),
    ],
)
def test_a_wrong_override_is_shown_as_typed(override: str, message: str) -> None:
    (problem,) = refused("", overrides=[override])
    assert problem.message.startswith(message)


def test_wrong_overrides_are_told_even_when_the_file_is_no_yaml() -> None:
    with pytest.raises(SpecError, match=r"(?s)not valid YAML.*-s seeds: expected key=value"):
        parse_spec("name: [", overrides=["seeds"])
