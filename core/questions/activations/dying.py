"""Dying ReLU: when units die, whether they come back, and whether LeakyReLU prevents it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nnlab.core.analysis.births import Birth, count_births, count_dead_units, inputs_of_cosine
from nnlab.core.analysis.dead_at_birth import dead_fraction
from nnlab.core.analysis.dying import dead_by_run, dead_means
from nnlab.core.analysis.silent_units import UnitHistory, unit_history
from nnlab.core.analysis.statistics import Floats
from nnlab.core.batches import encode
from nnlab.core.questions.activations.dying_claims import CLAIMS, COMPARED, CONTROL, LARGE, Dying
from nnlab.core.questions.activations.dying_words import (
    WATCH_EVERY,
    birth_text,
    dying_text,
    rates_table,
    revival_table,
    revival_text,
)
from nnlab.core.questions.activations.part import Part, setting_of
from nnlab.core.report.answer import Section
from nnlab.core.report.dying_pictures import dead_at_birth, dead_by_shape, dead_over_rate
from nnlab.core.report.pictures import Picture
from nnlab.core.report.silent_pictures import silent_over_training
from nnlab.core.wording import number
from nnlab.core.worker import one_thread

if TYPE_CHECKING:
    from nnlab.core.questions.work import Work
    from nnlab.core.results import Results
    from nnlab.core.study import Study

WATCHED = {"sgd": 1.0, "adam": 0.03}
"""Where every unit is watched: rates at which some units die and the net goes on."""
BIRTH_WIDTHS, DEEPEST = (2, 3, 5), 20
INPUTS = ((64, 0.5), (16, 0.5), (4, 0.5))
"""Numbers of inputs and their pairwise cosine."""
UNIT_WIDTH = 128
QUICK = ["seeds=[20, 21]", "learning_rate=[0.001, 0.01, 0.03, 0.1, 0.2, 1.0, 1.5]"]
QUICK_SHAPES = ["seeds=2", "width=[8, 64]", "depth=[2, 8]"]


def part(work: Work) -> Part:
    """Train, count, and say what was found."""
    results = work.study("dying", QUICK)
    shapes = work.study("dying_shape", QUICK_SHAPES)
    control = _train_control(work, results)
    with one_thread():  # on matrices so small more threads only wait for each other
        found = Dying(
            by_run=pl.concat([dead_by_run(each.runs, each.layers) for each in (results, control)]),
            shapes=dead_by_run(shapes.runs, shapes.layers),
            births=_births(1000 if work.quick else 4000),
            units=_units(10 if work.quick else 40),
            watched=_watch(work.prepare(results.spec), results),
            setting=setting_of(results),
        )
    return Part(
        sections=(_section(found),),
        claims=CLAIMS,
        findings=tuple(claim.measure(found) for claim in CLAIMS),
        runs=pl.concat([results.runs, control.runs, shapes.runs]),
    )


def _train_control(work: Work, results: Results) -> Results:
    study = work.prepare(results.spec).changed(
        name="dying-control",
        description="ReLU written as LeakyReLU of slope 0, where ReLU units die",
        activation=(CONTROL,),
        optimizer=(COMPARED[0],),
        learning_rate=(COMPARED[1],),
    )
    with work.watch(study.spec.name) as listener:
        return study.run(listener)


def _births(nets: int) -> list[Birth]:
    return [
        birth
        for width in BIRTH_WIDTHS
        for birth in count_births(width, DEEPEST, nets, seed=width)
        if birth.depth >= 2
    ]


def _units(nets: int) -> dict[str, tuple[Floats, Floats]]:
    found = {}
    for count, cosine in INPUTS:
        inputs = inputs_of_cosine(count, cosine)
        counted = count_dead_units(UNIT_WIDTH, DEEPEST, inputs, nets, seed=count)
        found[f"{count} inputs"] = counted, dead_fraction(count, cosine, DEEPEST)
    return found


def _watch(study: Study, results: Results) -> dict[str, dict[str, UnitHistory]]:
    """Every unit of the runs at `WATCHED` that finished, by setting and activation."""
    finished = set(results.runs.filter(pl.col("status") == "finished")["run"])
    watched: dict[str, dict[str, UnitHistory]] = {}
    for optimizer, rate in WATCHED.items():
        for activation in results.spec.activation:
            runs = [
                run
                for run in study.plan.runs
                if (run.recipe.optimizer, run.learning_rate) == (optimizer, rate)
                and run.activation == activation
                and run.id in finished
            ]
            if runs:
                examples = encode(study.plan.split, runs[0].recipe)
                history = unit_history(runs, examples, WATCH_EVERY)
                watched.setdefault(f"{optimizer} at {number(rate)}", {})[activation] = history
    return watched


def _section(found: Dying) -> Section:
    main = found.by_run.filter(pl.col("activation") != CONTROL)
    means = dead_means(main, ["activation", "optimizer", "learning_rate"])
    shapes = (
        found.shapes.with_columns(
            pl.col("hidden_layer_sizes").str.split("-").list.first().cast(pl.Int64).alias("width")
        )
        .group_by("depth", "width", "learning_rate")
        .agg(pl.col("dead_at_birth", "dead").mean())
    )
    optimizers = [name for name in LARGE if name in set(main["optimizer"])]
    pictures: list[Picture] = [
        dead_over_rate(means, optimizers),
        *([silent_over_training(found.watched)] if found.watched else []),
        dead_at_birth(found.births, found.units),
        dead_by_shape(shapes, sorted(set(shapes["learning_rate"]))),
    ]
    return Section(
        heading="Dying ReLU",
        text=(dying_text(found, means), birth_text(found), *revival_text(found)),
        tables=(rates_table(means), *([revival_table(found)] if found.watched else [])),
        pictures=tuple(pictures),
        printed=False,
    )
