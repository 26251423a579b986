"""Trainability: the depth at which training stops working, and the gradient on the way there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nnlab.core.analysis.pairs import finite_part
from nnlab.core.analysis.seed_findings import BySeed
from nnlab.core.analysis.trainability import (
    TRAINED_BELOW,
    BestRate,
    Cell,
    best_rates,
    depths_of,
    final_losses,
    plateau,
    trained,
)
from nnlab.core.questions.activations.part import Part
from nnlab.core.questions.activations.trainability_claims import CLAIMS, DEEP, Trainability
from nnlab.core.questions.activations.vanishing_claims import own_initialization
from nnlab.core.report.answer import Section
from nnlab.core.report.style import activation_look
from nnlab.core.report.table import Table
from nnlab.core.report.trainability_pictures import (
    fading_by_layer,
    fading_over_time,
    trained_over_depth,
)
from nnlab.core.report.wording import listed, percent, ratio, short
from nnlab.core.spec.rates import OwnRates
from nnlab.core.wording import number

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work
    from nnlab.core.results import Results
    from nnlab.core.study import Study

SEEDS, QUICK_SEEDS = tuple(range(20, 30)), (20, 21)
"""Those that are reported; the spec's own only choose the rate. Fresh ones: the rates that are
searched were widened after the seeds from 0 had been seen."""
QUICK = ["depth=[2, 6, 12]", "seeds=[1000]", "learning_rate=[0.01, 0.04, 0.16, 0.64, 2.56, 10.24]",
         "epochs=10"]  # fmt: skip
QUICK_FADING = ["seeds=2", "records=6", "epochs=10"]


def part(work: Work) -> Part:
    """Tune on seeds of its own, train at the best rates, and say what was found."""
    study = work.prepare(work.spec("trainability", QUICK))
    with work.watch(study.spec.name) as listener:
        tuning = study.run(listener)
    rates = best_rates(tuning.runs)
    rows = _reported(work, study, rates)
    found = Trainability(
        rates=rates,
        losses=final_losses(rows),
        floor=plateau(len(study.plan.split.classes)),
        tried=tuple(sorted(set(tuning.runs["learning_rate"]))),
        scope=f"{rows['dataset'][0]}, width {study.spec.width[0] if study.spec.width else '?'}, "
        f"SGD, batch {rows['batch_size'][0]}, {study.spec.epochs} epochs, each kind of net at its "
        "own learning rate",
    )
    fading = _fading(work, found)
    return Part(
        sections=(_section(found), _fading_section(found, fading)),
        claims=CLAIMS,
        findings=tuple(claim.measure(found) for claim in CLAIMS),
        runs=pl.concat([rows, tuning.runs, fading.runs]),
    )


def _reported(work: Work, study: Study, rates: Mapping[Cell, BestRate]) -> pl.DataFrame:
    """The runs that are reported: each kind of net at its best rate, on fresh seeds."""
    fresh = study.changed(seeds=QUICK_SEEDS if work.quick else SEEDS)
    chosen = []
    for run in fresh.plan.runs:
        cell = Cell(run.activation, run.initialization, len(run.recipe.hidden_layer_sizes))
        if run.learning_rate == rates[cell].learning_rate:
            chosen.append(run)
    with work.watch(f"{study.spec.name} at the best rates") as listener:
        return fresh.of(chosen).rows(listener)


def _fading(work: Work, found: Trainability) -> Results:
    """The gradient through training, each activation at the rate found for that depth."""
    study = work.prepare(work.spec("fading", QUICK_FADING))
    depth = study.spec.depth[0] if study.spec.depth else 0
    own = tuple(
        (name, found.rates[Cell(name, own_initialization(name), depth)].learning_rate)
        for name in study.spec.activation
    )
    with work.watch(study.spec.name) as listener:
        return study.changed(learning_rate=OwnRates(own)).run(listener)


# ------------------------------------------------------------------ what is shown


def _section(found: Trainability) -> Section:
    return Section(
        heading="The depth at which training stops working",
        text=(_depth_text(found), _tuning_text(found)),
        tables=(_table(found),),
        pictures=(trained_over_depth(found.losses, found.floor),),
        printed=False,
    )


def _depth_text(found: Trainability) -> str:
    names = dict.fromkeys(cell.activation for cell in found.losses)
    words = [f"{name} {_reach_words(found.own_deepest(name), found)}" for name in names]
    return (
        f"A net that only guesses has a loss of ln K = {short(found.floor, 4)}; one counts as "
        f"trained with less than {percent(TRAINED_BELOW)} of it. Each activation with its own "
        f"initial weights, geometric means over the seeds: {'; '.join(words)}."
    )


def _reach_words(deepest: BySeed, found: Trainability) -> str:
    kept, lost = finite_part(list(deepest.values()))
    if not kept.size:
        return "trained at no depth tried"
    mean = float(np.exp(np.log(kept).mean()))
    bound = " or deeper" if kept.max() == max(depths_of(found.losses)) else ""
    missing = f" ({lost} seeds at no depth)" if lost else ""
    return f"trained up to {short(mean)} layers{bound}{missing}"


def _tuning_text(found: Trainability) -> str:
    deep = [
        best.best_loss / found.floor
        for cell, best in found.rates.items()
        if cell.activation == "sigmoid" and cell.depth >= DEEP
    ]
    rates = ", ".join(number(rate) for rate in found.tried)
    edges = [f"{c.activation} from {c.initialization} at {c.depth}" for c in found.at_edge()]
    text = (
        f"The learning rate of each kind of net is the best of {rates} on throw-away seeds; the "
        "losses here are of other seeds. "
    )
    text += (
        f"For {listed(edges)} layers the best is the smallest or largest tried, and a better one "
        "may lie beyond: no claim is judged on them."
        if edges
        else "No kind of net that learned anything has its best rate at an end of them. (One that "
        "stays at ln K whatever the rate has no best.)"
    )
    if deep and min(deep) >= TRAINED_BELOW:
        text += (
            f" Of the sigmoid nets of {DEEP} and more layers none left the plateau at any of the "
            f"rates: their best loss was {ratio(min(deep))} of ln K."
        )
    return text


def _table(found: Trainability) -> Table:
    kinds = list(dict.fromkeys((c.activation, c.initialization) for c in found.losses))
    depths = depths_of(found.losses)
    rows = []
    for activation, rule in kinds:
        cells = []
        for depth in depths:
            cell = Cell(activation, rule, depth)
            losses = found.losses[cell]
            count = sum(trained(loss, found.floor) for loss in losses.values())
            cells.append(f"{count}/{len(losses)} at {found.rates[cell].learning_rate:.3g}")
        rows.append((activation, rule, *cells))
    return Table(
        heads=("activation", "weights", *(f"{depth} layers" for depth in depths)),
        rows=tuple(rows),
        looks=tuple(activation_look(name) for name, _ in kinds),
        note="Nets that trained, of how many, and the learning rate that was chosen for them.",
    )


def _fading_section(found: Trainability, fading: Results) -> Section:
    depth = int(fading.runs["depth"][0])
    untrained = [
        name
        for name in fading.spec.activation
        if not any(
            trained(loss, found.floor)
            for loss in found.losses[Cell(name, own_initialization(name), depth)].values()
        )
    ]
    none = f" (none trained {listed(untrained)})" if untrained else ""
    pictures = (
        fading_by_layer(fading.runs, fading.layers),
        fading_over_time(fading.runs, fading.layers, fading.curves),
    )
    return Section(
        heading="The gradient through training",
        text=(
            f"{depth} hidden layers, each activation at the rate found above{none}. The weight "
            "gradient alone hides what happens: |dW| is delta times the activations that come in, "
            "and what vanishes on the way back may grow on the way forward. So delta, the weight "
            "gradient and the update as a share of the weights stand beside each other.",
        ),
        pictures=pictures,
        printed=False,
    )
