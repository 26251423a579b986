"""A comparison in words: numbers as tables show them, sentences, what is left open."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Sequence

import pytest

from nnlab.core.analysis.comparison import Comparison, compare_activations
from nnlab.core.report.contrast_sentences import (
    as_sentence,
    lost_words,
    reading,
    sentence,
    sentences,
)
from nnlab.core.report.contrasts import contrast_text, mean_text, measure_words
from tests.comparisons import Values, comparison_of, contrast_of, layers_of, runs_of

STEPS = [100.0, 102.0, 98.0, 101.0, 99.0, 100.0]
"""Of relu; what tanh does is a factor or a difference with a little noise."""
NOISE = [0.01, -0.01, 0.02, -0.02, 0.005, -0.005]


def told(comparison: Comparison, column: str, activation: str = "tanh") -> str:
    contrast = contrast_of(comparison, column, activation)
    return sentence(contrast, comparison.blocks[0], comparison)


def studied(column: str, relu: Sequence[float | None], tanh: Sequence[float | None]) -> Comparison:
    return comparison_of({"relu": {column: relu}, "tanh": {column: tanh}})


def test_steps_to_the_target() -> None:
    tanh = [steps * (0.78 + noise) for steps, noise in zip(STEPS, NOISE, strict=True)]
    comparison = studied("steps_to_target", STEPS, tanh)
    words = told(comparison, "steps_to_target")
    # logs of sd 0.0186, se 0.00759, times t(0.975, 5) = 2.5706: a factor of exp(+-0.0195)
    assert words == "tanh reaches loss 0.1 in 0.78 [0.765, 0.795] times relu's steps"
    assert contrast_of(comparison, "steps_to_target").clear


@pytest.mark.parametrize(
    ("column", "relu", "tanh", "words"),
    [
        ("train_loss", 0.2, 0.1, "tanh ends with 0.5 [{}] times relu's training loss"),
        ("test_accuracy", 0.9, 0.95, "tanh's test accuracy is 5 [{}] percentage points higher "
         "than relu's"),
        ("test_accuracy", 0.95, 0.9, "tanh's test accuracy is 5 [{}] percentage points lower "
         "than relu's"),
        ("test_r2", 0.4, 0.5, "tanh's test R² is 0.1 [{}] higher than relu's"),
    ],
)  # fmt: skip
def test_a_clear_difference_is_a_plain_sentence(
    column: str, relu: float, tanh: float, words: str
) -> None:
    noisy = [tanh * (1 + 0.001 * noise) for noise in NOISE]
    found = told(studied(column, [relu] * 6, noisy), column)
    before, after = words.split("[{}]")
    assert found.startswith(before + "[")
    assert found.endswith("]" + after)


def test_gradients_and_dead_units() -> None:
    runs = runs_of({"relu": {"train_loss": [0.1] * 8}, "tanh": {"train_loss": [0.1] * 8}})
    is_relu = runs["activation"] == "relu"
    layers = [
        layers_of(runs.filter(is_relu), deltas=[0.5, 1.0, 1.0], dead=5),
        layers_of(runs.filter(~is_relu), deltas=[0.25, 1.0, 1.0]),
    ]
    comparison = compare_activations(runs, layers[0].collect().vstack(layers[1].collect()).lazy())
    assert comparison is not None
    assert told(comparison, "gradient_ratio") == (
        "before training tanh lets 0.5 times relu's share of the gradient reach layer 1"
    )
    assert told(comparison, "dead_fraction") == (
        "tanh has 50 percentage points fewer dead units than relu"
    )


def test_what_cannot_be_told_from_nothing_says_so() -> None:
    words = told(studied("test_accuracy", [0.9] * 5, [0.91, 0.89, 0.92, 0.9, 0.9]), "test_accuracy")
    assert words.startswith("tanh's test accuracy is 0.4 [")
    assert words.endswith("(not told from no difference, p = 0.48)")


def test_one_pair_says_so() -> None:
    words = told(studied("train_loss", [0.2], [0.1]), "train_loss")
    assert words == "tanh ends with 0.5 times relu's training loss (one pair, so no interval)"


def test_lost_pairs_are_told() -> None:
    status = ["finished"] * 5 + ["diverged"]
    lost: Values = {"train_loss": [*[0.1 + n for n in NOISE[:5]], None], "status": status}
    comparison = comparison_of({"relu": {"train_loss": [0.4] * 6}, "tanh": lost})
    assert "(over the 5 of 6 seeds with a number for both)" in told(comparison, "train_loss")
    assert lost_words(comparison.blocks[0], comparison) == ["1 of 6 runs with tanh diverged"]


def test_who_never_reached_the_target() -> None:
    relu: Values = {"steps_to_target": [10.0, 11.0, 12.0, None, None], "train_loss": [0.2] * 5}
    tanh: Values = {"steps_to_target": [None] * 5, "train_loss": [0.2] * 5}
    comparison = comparison_of({"relu": relu, "tanh": tanh, "elu": relu})
    (block,) = comparison.blocks
    assert told(comparison, "steps_to_target") == (
        "tanh got to the target at no seed: steps to loss 0.1 not compared"
    )
    assert told(comparison, "steps_to_target", "elu") == (
        "elu and relu both have a number at 3 of 5 seeds only: steps to loss 0.1 not compared"
    )
    assert mean_text(block.entrants[1].standings[1]) == "not reached"
    assert lost_words(block, comparison) == [
        "2 of 5 runs with relu never reached loss 0.1",
        "2 of 5 runs with elu never reached loss 0.1",
    ]


def test_numbers_at_no_common_seed() -> None:
    words = told(studied("steps_to_target", [9.0, None], [None, 9.0]), "steps_to_target")
    why = "tanh and relu have no seed with a number for both"
    assert words == f"{why}: steps to loss 0.1 not compared"


def test_a_baseline_that_never_finished_is_told_once() -> None:
    gone: Values = {"status": ["diverged"] * 3, "train_loss": [None] * 3}
    comparison = comparison_of({"relu": gone, "tanh": {"train_loss": [0.1, 0.2, 0.3]}, "elu": gone})
    (block,) = comparison.blocks
    assert sentences(block, comparison) == [
        "relu finished at no seed: there is nothing to compare with"
    ]
    assert (
        told(comparison, "train_loss", "elu")
        == "relu and elu finished at no seed: training loss not compared"
    )


def test_equal_values_are_told_as_equal() -> None:
    comparison = studied("test_accuracy", [0.9, 0.8], [0.9, 0.8])
    assert told(comparison, "test_accuracy") == (
        "tanh and relu have the same test accuracy at every seed"
    )
    assert told(comparison, "dead_fraction") == ("neither tanh nor relu has a dead unit at the end")


def test_the_clear_ones_come_first_and_the_open_ones_together() -> None:
    columns = {"test_accuracy": [0.9] * 6, "train_loss": [0.2] * 6, "steps_to_target": STEPS}
    tanh = {
        "test_accuracy": [0.9 + noise for noise in NOISE],
        "train_loss": [0.1 + noise / 100 for noise in NOISE],
        "steps_to_target": [steps + 100 * noise for steps, noise in zip(STEPS, NOISE, strict=True)],
    }
    comparison = comparison_of({"relu": columns, "tanh": tanh})
    first, second = sentences(comparison.blocks[0], comparison)
    assert first.startswith("tanh ends with 0.5 [")
    assert second == "left open between tanh and relu: test accuracy and steps to loss 0.1"


def test_a_sentence_begins_with_a_capital_unless_it_is_a_name() -> None:
    comparison = studied("train_loss", [0.1], [0.1])
    assert as_sentence("left open", comparison) == "Left open."
    assert as_sentence("tanh's loss", comparison) == "tanh's loss."


@pytest.mark.parametrize(
    ("seeds", "note"),
    [(1, "One seed: no intervals"), (5, "5 seeds only explore"), (6, "")],
)
def test_the_note_says_how_far_the_numbers_go(seeds: int, note: str) -> None:
    comparison = studied("train_loss", [0.1] * seeds, [0.2 + n for n in [*NOISE][:seeds]])
    text = " ".join(reading(comparison))
    assert note in text
    assert ("only explore" in text) == (seeds == 5)
    assert ("Holm-adjusted" in text) == (seeds > 1)
    assert ("t-interval over" in text) == (seeds > 1)


def test_the_note_says_which_are_ratios() -> None:
    text = " ".join(reading(studied("test_accuracy", [0.9, 0.8], [0.7, 0.75])))
    ratios = "ratios (geometric means) for training loss and gradient reaching layer 1"
    assert f"{ratios}, differences (arithmetic means) for test accuracy and dead units" in text


def test_the_name_of_the_target() -> None:
    comparison = studied("steps_to_target", [9.0], [9.0])
    names = [measure_words(measure, comparison) for measure in comparison.measures]
    assert names == [
        "training loss", "steps to loss 0.1", "gradient reaching layer 1", "dead units",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "relu", "tanh", "mean", "contrast"),
    [
        ("test_accuracy", [0.9, 1.0], [0.95, 1.0], "0.975 [0.657, 1.000]",
         "+2.5 [−29, +34] points"),
        ("train_loss", [2e-4, 4e-4], [1e-4, 4e-4], "2·10⁻⁴ [2.99·10⁻⁸, 1.34]",
         "0.707 [0.00865, 57.8] times"),
        ("test_r2", [0.5, 0.6], [0.25, 0.6], "0.425 [−1.8, 2.65]", "−0.125 [−1.71, +1.46]"),
        ("train_loss", [0.5], [0.25], "0.25", "0.5 times"),
        ("train_loss", [0.5, 0.5], [0.25, 0.25], "0.25", "0.5 times"),
    ],
)  # fmt: skip
def test_numbers_as_a_table_shows_them(
    column: str, relu: list[float], tanh: list[float], mean: str, contrast: str
) -> None:
    comparison = studied(column, relu, tanh)
    found = contrast_of(comparison, column)
    assert contrast_text(found) == contrast
    assert mean_text(comparison.blocks[0].entrants[1].standing(found.measure)) == mean


def test_dead_units_are_shown_in_per_cent() -> None:
    runs = runs_of({"relu": {"train_loss": [0.1, 0.1]}, "tanh": {"train_loss": [0.1, 0.1]}})
    comparison = compare_activations(runs, layers_of(runs, dead=5))
    assert comparison is not None
    assert mean_text(comparison.blocks[0].entrants[0].standings[-1]) == "50 %"


def test_the_examples_in_the_docstrings() -> None:
    module = importlib.import_module("nnlab.core.report.contrasts")
    assert doctest.testmod(module).failed == 0
