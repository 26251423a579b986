"""Saturation and centring: outputs by layer, |mean| over spread, and a layer's silence."""

from __future__ import annotations

import polars as pl
import pytest

from nnlab.core.analysis.saturation import Silence, off_centre, outputs_by_layer, silence, silences
from nnlab.core.report.figures import draw
from nnlab.core.report.saturation_pictures import centring, top_layer_silence

RUNS = pl.DataFrame(
    {
        "run": ["s", "t", "x"],
        "activation": ["sigmoid", "tanh", "tanh"],
        "depth": [2, 2, 2],
        "seed": [0, 0, 1],
        "status": ["finished", "finished", "diverged"],
    }
)
EPOCHS = pl.DataFrame(
    {
        "run": ["s"] * 3 + ["t"] * 3 + ["x"],
        "step": [0, 10, 20] * 2 + [0],
        "epoch": [0.0, 1.0, 2.0] * 2 + [0.0],
        "train_loss": [2.3, 2.3, 0.5, 2.3, 0.2, 0.1, 2.3],
    }
)


def layers() -> pl.DataFrame:
    """Three records of two hidden layers and an output layer, which has no outputs."""
    outputs = {
        ("s", 1): [(0.5, 0.1), (0.5, 0.1), (0.5, 0.25)],
        ("s", 2): [(0.5, 0.1), (0.1, 0.01), (0.2, 0.2)],
        ("t", 1): [(0.1, 0.5), (-0.1, 0.5), (0.0, 0.5)],
        ("t", 2): [(0.0, 0.5), (0.0, 0.5), (0.1, 0.5)],
    }
    rows: list[tuple[str, int, int, float | None, float | None, float | None]] = [
        (run, 10 * i, layer, mean, spread, 0.25)
        for (run, layer), records in outputs.items()
        for i, (mean, spread) in enumerate(records)
    ]
    rows += [(run, step, 3, None, None, None) for run in "st" for step in (0, 10, 20)]
    rows.append(("x", 0, 1, 9.0, 1.0, 0.0))
    names = (
        "run", "step", "layer", "activation_mean", "activation_std", "saturated_fraction",
    )  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row")


def test_off_centre_by_hand() -> None:
    """Sigmoid: (5 + 5 + 2 + 5 + 10 + 1) / 6; the run that diverged is None."""
    found = off_centre(RUNS, layers())
    assert found["sigmoid"] == {0: pytest.approx(28 / 6)}
    assert found["tanh"] == {0: pytest.approx((0.2 + 0.2 + 0.0 + 0.0 + 0.0 + 0.2) / 6), 1: None}
    assert off_centre(RUNS, layers(), "start")["sigmoid"] == {0: pytest.approx(5.0)}
    assert off_centre(RUNS, layers(), "end")["sigmoid"] == {0: pytest.approx(1.5)}


def test_outputs_without_spread_are_at_no_centre() -> None:
    flat = layers().with_columns(
        pl.when(pl.col("run") == "s")
        .then(0.0)
        .otherwise(pl.col("activation_std"))
        .alias("activation_std")
    )
    assert off_centre(RUNS, flat)["sigmoid"] == {0: None}
    assert off_centre(RUNS, flat)["tanh"][0] is not None


def test_outputs_are_of_hidden_layers_and_finished_runs() -> None:
    found = outputs_by_layer(RUNS, layers(), EPOCHS)
    assert set(found["layer"]) == {1, 2}
    row = found.filter(
        pl.col("activation") == "tanh",
        pl.col("layer") == 1,
        pl.col("epoch") == 1.0,
        pl.col("quantity") == "activation_mean",
    ).row(0, named=True)
    assert (row["mean"], row["n"]) == (-0.1, 1)


def test_an_episode_by_hand() -> None:
    """Lowest at epoch 2; the loss dips at 1, is back, and stays off the plateau from 3 on."""
    found = silence([0, 1, 2, 3, 4], [0.5, 0.3, 0.1, 0.2, 0.4], [2.3, 1.9, 2.2, 1.0, 0.5], 2.0)
    assert found == Silence(0.5, 0.1, 2, 1.9, 3)
    assert found.left == pytest.approx(0.2)
    assert silence([0, 1], [0.5, 0.4], [2.3, 2.3], 2.0).wakes_at is None
    assert silence([0, 1], [0.5, 0.4], [1.0, 1.0], 2.0).wakes_at == 0
    with pytest.raises(ValueError, match="an episode needs at least one record; there is none"):
        silence([], [], [], 2.0)


def test_episodes_of_every_layer() -> None:
    found = silences(RUNS, layers(), EPOCHS, 2.0)
    assert found["sigmoid", 2] == {0: Silence(0.5, 0.1, 1.0, 2.3, 2.0)}
    assert found["sigmoid", 1][0] == Silence(0.5, 0.5, 0.0, 2.3, 2.0)
    assert found["tanh", 2][1] is None


def test_pictures_by_value() -> None:
    outputs = outputs_by_layer(RUNS, layers(), EPOCHS)
    losses = EPOCHS.join(RUNS.filter(pl.col("status") == "finished"), on="run")
    silent = top_layer_silence(outputs, losses, 2.302)
    assert [line.label for line in silent.panels[0].lines] == ["layer 1", "layer 2"]
    assert silent.panels[0].lines[1].y == (0.5, 0.1, 0.2)
    assert [line.label for line in silent.panels[1].lines] == ["", "sigmoid", "tanh"]
    assert silent.title == (
        "The top hidden layer of sigmoid goes from 0.50 to 0.10 by epoch 1; until then the loss is "
        "never below 99.9 % of guessing"
    )
    centred = centring(outputs)
    before, after = centred.panels[0].lines
    assert (before.label, after.label) == ("before", "after")
    assert before.y == (0.5, 0.5)
    assert before.low == pytest.approx((0.4, 0.4))
    assert after.high == pytest.approx((0.75, 0.4))
    assert centred.title.endswith("4.7 for sigmoid and 0.1 for tanh")
    for picture in (silent, centred):
        draw(picture, 1560)
