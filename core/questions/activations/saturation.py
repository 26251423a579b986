"""Saturation and centring: where the outputs of hidden layers lie, and the silence of sigmoid's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nnlab.core.analysis.claims import Claim, Finding
from nnlab.core.analysis.saturation import Silence, off_centre, outputs_by_layer, silences
from nnlab.core.analysis.seed_findings import BySeed, mean_of
from nnlab.core.analysis.trainability import TRAINED_BELOW, plateau
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.probes import SATURATED_BELOW
from nnlab.core.questions.activations.part import Part
from nnlab.core.report.answer import Section
from nnlab.core.report.saturation_pictures import centring, top_layer_silence
from nnlab.core.report.style import activation_look
from nnlab.core.report.table import Table
from nnlab.core.report.wording import fixed, percent, plural, short
from nnlab.core.wording import number

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work

CENTRED = 0.25
"""Outputs are centred where their mean is below a quarter of their spread."""
OFF_CENTRE = 1.0
"""They are off centre where the mean is larger than the spread."""
SILENT = 0.25
"""A layer fell silent where its mean output fell below a quarter of what it was."""
MOMENTS = {"before training": "start", "after training": "end"}
QUICK = ["seeds=2", "records=16"]


@dataclass(frozen=True)
class Saturation:
    """What the study of outputs found."""

    outputs: pl.DataFrame
    """`outputs_by_layer`"""
    centres: dict[str, dict[str, dict[int, float | None]]]
    """`off_centre` by moment, activation and seed."""
    silences: dict[tuple[str, int], dict[int, Silence | None]]
    losses: pl.DataFrame
    """`activation`, `epoch`, `train_loss` of every finished run."""
    depth: int
    floor: float
    """ln K."""
    scope: str

    def left(self, layer: int) -> BySeed:
        """What was left of the mean output of one of sigmoid's layers, by seed."""
        episodes = self.silences["sigmoid", layer]
        return {seed: each.left if each else None for seed, each in episodes.items()}


def part(work: Work) -> Part:
    """Train, look at the outputs of every layer, and say what was found."""
    spec = work.spec("saturation", QUICK)
    results = work.train(spec)
    runs, layers = results.runs, results.layers
    epochs = results.curves.select("run", "step", "epoch", "train_loss").collect()
    floor = plateau(len(work.prepare(spec).plan.split.classes))
    finished = runs.filter(pl.col("status") == "finished").select("run", "activation")
    rates = dict(runs.select("activation", "learning_rate").unique(maintain_order=True).iter_rows())
    found = Saturation(
        outputs=outputs_by_layer(runs, layers, epochs),
        centres={moment: off_centre(runs, layers, moment) for moment in ("all", *MOMENTS.values())},
        silences=silences(runs, layers, epochs, TRAINED_BELOW * floor),
        losses=epochs.join(finished, on="run"),
        depth=int(runs["depth"][0]),
        floor=floor,
        scope=f"{runs['dataset'][0]}, {runs['hidden_layer_sizes'][0]}, weights of "
        f"{runs['initialization'][0]}, SGD, batch {runs['batch_size'][0]}, "
        f"{results.spec.epochs} epochs, "
        + ", ".join(f"{name} at {number(rate)}" for name, rate in rates.items()),
    )
    return Part(
        sections=(_section(found),),
        claims=CLAIMS,
        findings=tuple(claim.measure(found) for claim in CLAIMS),
        runs=runs,
    )


# ------------------------------------------------------------------ claims


def _centre(activation: str, control: str) -> Callable[[Saturation], Finding]:
    """|mean| / spread over layers and training; the control is the other activation."""

    def measure(found: Saturation) -> Finding:
        whole = mean_of(found.centres["all"][activation])
        return Finding(
            interval=whole.interval,
            scope=found.scope,
            control=mean_of(found.centres["all"][control]),
            non_finite_share=whole.lost_share,
            sub_ranges={
                words: mean_of(found.centres[moment][activation])
                for words, moment in MOMENTS.items()
            },
        )

    return measure


def _silent(found: Saturation) -> Finding:
    top = mean_of(found.left(found.depth))
    return Finding(
        interval=top.interval,
        scope=found.scope,
        control=mean_of(found.left(1)),
        non_finite_share=top.lost_share,
    )


_OFF = "|mean| over spread of a hidden layer's outputs"

CLAIMS = (
    Claim(
        id="tanh-zero-centred",
        question="1.4d",
        claim="Tanh's outputs are zero-centred",
        criterion=Criterion.less(_OFF, CENTRED),
        unit="",
        study="saturation",
        control="sigmoid in place of tanh",
        figure="centring",
        source="homework 1.4d; LeCun et al. 1998",
        measure=_centre("tanh", "sigmoid"),
        about="tanh",
        side="advantage",
    ),
    Claim(
        id="sigmoid-off-centre",
        question="1.4d",
        claim="Sigmoid's outputs are not zero-centred",
        criterion=Criterion.greater(_OFF, OFF_CENTRE),
        unit="",
        study="saturation",
        control="tanh in place of sigmoid",
        figure="centring",
        source="LeCun et al. 1998",
        measure=_centre("sigmoid", "tanh"),
        about="sigmoid",
        side="disadvantage",
    ),
    Claim(
        id="sigmoid-top-layer-falls-silent",
        question="1.4d",
        claim="Early in training the top hidden layer of a sigmoid net is driven to outputs near 0 "
        "(Glorot and Bengio 2010)",
        criterion=Criterion.less(
            "lowest mean output of the layer in training, over that before", SILENT
        ),
        unit="x",
        study="saturation",
        control="the first hidden layer of the same nets",
        figure="top_layer_silence",
        source="Glorot & Bengio 2010",
        measure=_silent,
        about="sigmoid",
        side="disadvantage",
    ),
)


# ------------------------------------------------------------------ what is shown


def _section(found: Saturation) -> Section:
    return Section(
        heading="Saturation and centring",
        text=(_bounds_text(), _silence_text(found)),
        tables=(_table(found),),
        pictures=(
            top_layer_silence(found.outputs, found.losses, found.floor),
            centring(found.outputs),
        ),
        printed=False,
    )


def _bounds_text() -> str:
    return (
        "By construction, and in need of no experiment: tanh's outputs lie in (-1, 1) and "
        "sigmoid's in (0, 1), which makes a probability of the latter; and sigmoid's derivative is "
        "simply a (1 - a) of its output a, as tanh's is 1 - a^2."
    )


def _silence_text(found: Saturation) -> str:
    episodes = [each for each in found.silences["sigmoid", found.depth].values() if each]
    if not episodes:
        return "Every sigmoid net diverged: there is no layer to look at."
    woke = [each.wakes_at for each in episodes if each.wakes_at is not None]
    lowest = float(np.mean([each.lowest for each in episodes]))
    start = float(np.mean([each.start for each in episodes]))
    waking = (
        f"{len(woke)} of {plural(len(episodes), 'net')} leave the plateau, at epoch "
        f"{short(min(woke))} to {short(max(woke))}"
        if woke
        else f"none of {plural(len(episodes), 'net')} leaves the plateau in this time"
    )
    saturated = found.outputs.filter(
        pl.col("quantity") == "saturated_fraction",
        pl.col("activation") == "sigmoid",
        pl.col("layer") == found.depth,
    ).sort("epoch")
    at = float(np.mean([each.lowest_at for each in episodes]))
    rows = saturated.filter((pl.col("epoch") - at).abs() == (pl.col("epoch") - at).abs().min())
    share = percent(float(rows["mean"][0])) if rows.height else "no share"
    best = fixed(100.0 * min(each.loss_until for each in episodes) / found.floor, 1)
    why = (
        "The output layer learns first that what comes to it is no use, and turns it off; there "
        f"the slope a (1 - a) is {fixed(lowest * (1.0 - lowest), 3)}, after "
        f"{fixed(start * (1.0 - start), 3)}, and the layers below hear even less. "
    )
    return (
        f"The mean output of sigmoid's top hidden layer (of {found.depth}) goes from "
        f"{fixed(start, 2)} to {fixed(lowest, 3)}, at epoch {short(at, 2)} on average; up to there "
        f"no loss is below {best} % of guessing. {why if lowest < SILENT * start else ''}"
        f"{waking[0].upper()}{waking[1:]}. By the strict measure (a slope below "
        f"{percent(SATURATED_BELOW)} of the largest) {share} of the layer is saturated at that "
        "time."
    )


def _table(found: Saturation) -> Table:
    names = list(dict.fromkeys(found.outputs["activation"]))
    rows = []
    for name in names:
        centres = [mean_of(found.centres[m][name]).interval for m in ("all", *MOMENTS.values())]
        own = found.outputs.filter(pl.col("activation") == name)
        last = own.filter(pl.col("epoch") == pl.col("epoch").max())
        saturated = last.filter(pl.col("quantity") == "saturated_fraction")["mean"].mean()
        share = percent(saturated) if isinstance(saturated, float) else "–"
        rows.append((name, *(short(each.estimate) for each in centres), share))
    return Table(
        heads=(
            "activation",
            "|mean| over spread, all of training",
            *MOMENTS,
            "saturated in the end",
        ),
        rows=tuple(rows),
        looks=tuple(activation_look(name) for name in names),
        note="Means over hidden layers and seeds. Saturated: unit-example pairs with a slope below "
        f"{percent(SATURATED_BELOW)} of the largest; for ReLU that is every pair with z <= 0.",
    )
