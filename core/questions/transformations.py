"""Question 1.4e: the linear maps of the plane, any matrix taken apart, and a net layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.core.analysis.claims import Claim, Finding, judge_claims
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import t_interval
from nnlab.core.analysis.trained_net import Stage, TrainedNet, load_net, readout_accuracy
from nnlab.core.analysis.transformations import (
    TRANSFORMATIONS,
    Parts,
    parse_matrix,
    rotation_matrix,
    take_apart,
)
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.plane import PlanePicture
from nnlab.core.report.table import Table
from nnlab.core.report.transformation_pictures import (
    kinds_picture,
    layers_picture,
    parts_picture,
)
from nnlab.core.report.wording import percent, short
from nnlab.core.report.worked_example import matrix_block
from nnlab.core.results import Results

Array = NDArray[np.float64]

STUDY = "spiral_plane"
MATRIX = "2 1; 0 1"
"""The matrix that is taken apart where the user gives none."""
VECTORS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The trained nets: what their steps achieve, and the one that is shown."""

    gains: tuple[tuple[float, float], ...]
    """(by the linear steps, by the non-linear ones) in accuracy of a straight line, one a seed."""
    lost_share: float
    """Share of the runs that did not finish."""
    scope: str
    shown: TrainedNet
    seed: int
    stages: tuple[Stage, ...]
    """Of the net that is shown, on the training points."""
    X: Array
    y: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """What the claims are judged on."""

    faults: dict[str, tuple[float, ...]]
    """By kind of map: how far it is from additive, one a pair of vectors."""
    layers: Layers


def _additive(found: Found) -> Finding:
    linear = [kind for kind in TRANSFORMATIONS if kind != "translation"]
    worst = [max(each) for each in zip(*(found.faults[kind] for kind in linear), strict=True)]
    return Finding(
        t_interval(found.faults["translation"]),
        f"{VECTORS} pairs of standard normal vectors in the plane",
        Measured(t_interval(worst)),
    )


def _bending(found: Found) -> Finding:
    linear, bending = zip(*found.layers.gains, strict=True)
    return Finding(
        t_interval(bending),
        found.layers.scope,
        Measured(t_interval(linear), found.layers.lost_share),
        found.layers.lost_share,
    )


CLAIMS = (
    Claim(
        id="translation-is-not-linear",
        question="1.4e",
        claim="A translation is no linear transformation: T(u + v) is not T(u) + T(v).",
        criterion=Criterion.greater("|T(u+v) − T(u) − T(v)| / (|u| + |v|)", 0.01),
        unit="",
        study="random vectors",
        control="rotation, scaling, reflection and shear, the worst of them",
        figure="kinds",
        source="homework 1.4e, which lists it as linear",
        measure=_additive,
    ),
    Claim(
        id="non-linear-steps-untangle",
        question="1.4e",
        claim="It is the non-linear steps of a net that make its classes separable by a line.",
        criterion=Criterion.greater(
            "accuracy of the best straight line, gained over all non-linear steps", 0.05
        ),
        unit="",
        study=STUDY,
        control="the same over all linear steps",
        figure="layers",
        source="homework 1.4e",
        measure=_bending,
    ),
)


def answer(work: Work) -> Answer:
    """Show the kinds, take the matrix apart, and follow a trained net through the plane."""
    parts = take_apart(parse_matrix(work.matrix or MATRIX))
    # Ten runs of a tiny net: a quick answer makes them all.
    results = work.study(STUDY)
    study = work.prepare(results.spec)
    layers = measure_layers(
        results, study.plan.split.X_train, study.plan.split.y_train.astype(np.int64)
    )
    found = Found(additive_faults(), layers)
    pictures = layers_picture(layers.shown, list(layers.stages), layers.y, layers.seed)
    return Answer(
        _sentences(parts, found),
        (
            Section("The kinds", tables=(_kinds_table(found),), pictures=(kinds_picture(),)),
            _matrix_section(parts, parts_picture(parts)),
            Section(
                "What a net does to the plane",
                (
                    "Two units a layer, so that each layer maps the plane to the plane. The last "
                    "column is the accuracy of the best straight line through the points there "
                    "(least squares).",
                ),
                (_layers_table(layers),),
                (pictures,),
            ),
        ),
        tuple(judge_claims(CLAIMS, found)),
        (
            "1.4e lists translation among the linear transformations. It moves the origin, so "
            "T(u + v) ≠ T(u) + T(v): it is affine. In a net it is the bias. Shear is missing from "
            "the list; it is linear, and by the singular value decomposition a rotation, a "
            "scaling and a rotation.",
            "1.4e says that the linear transformation selects and weighs, the non-linear one "
            "makes the relationship non-linear. The plane shows both: the linear step places the "
            "points where the non-linear one then bends.",
        ),
        results.runs,
    )


def additive_faults() -> dict[str, tuple[float, ...]]:
    """How far each kind is from T(u + v) = T(u) + T(v), on random pairs."""
    pairs = [np.random.default_rng(seed).standard_normal((2, 2)) for seed in range(VECTORS)]
    return {name: tuple(row.fault(u, v) for u, v in pairs) for name, row in TRANSFORMATIONS.items()}


def measure_layers(results: Results, X: Array, y: NDArray[np.int64]) -> Layers:
    """What the linear and the non-linear steps of every finished net achieve."""
    spec = results.spec
    assert spec.loss is not None
    assert spec.output is not None
    finished = results.runs.filter(results.runs["status"] == "finished").sort("train_loss")
    gains, best = [], None
    for row in finished.iter_rows(named=True):
        net = load_net(results.folder, row["run"], row["activation"], spec.loss, spec.output)
        stages = net.stages(X)
        lines = [readout_accuracy(stage.points, y) for stage in stages]
        steps = np.diff(lines)
        gains.append((float(steps[0::2].sum()), float(steps[1::2].sum())))
        best = best or (net, int(row["seed"]), tuple(stages))
    assert best is not None
    net, seed, shown = best
    sizes = "-".join(map(str, net.layer_sizes[1:-1]))
    scope = f"{results.runs['dataset'][0]}, {sizes}, {net.activation}, {len(gains)} seeds"
    lost_share = 1.0 - len(gains) / len(results.runs)
    return Layers(tuple(gains), lost_share, scope, net, seed, shown, X, y)


def _sentences(parts: Parts, found: Found) -> tuple[str, ...]:
    layers = found.layers
    lines = [readout_accuracy(stage.points, layers.y) for stage in layers.stages]
    moved = float(np.abs(np.diff(lines)[0::2]).max())
    alone = (
        "No linear step changes that number; every change is the work of a non-linear one."
        if moved == 0.0
        else f"A linear step changes that number by {percent(moved)} at most."
    )
    steps = ", then ".join(words for words, _ in parts.steps)
    given = "; ".join(" ".join(short(float(v), 4) for v in row) for row in parts.matrix)
    return (
        "Rotation, scaling, reflection and shear keep the origin, straight lines and even "
        "spacing: a grid stays a grid of parallelograms. Translation moves the origin and is "
        "affine, not linear.",
        f"Any matrix is made of them: [{given}] is {steps}.",
        f"A net alternates the two. In the one shown a straight line separates {percent(lines[0])} "
        f"of the points as they come and {percent(lines[-1])} after the last layer. {alone}",
    )


def _kinds_table(found: Found) -> Table:
    rows = []
    for name, row in TRANSFORMATIONS.items():
        (a, b), (c, d) = row.matrix.tolist()
        matrix = f"[{short(a)} {short(b)}; {short(c)} {short(d)}]"
        shift = f" + ({short(float(row.shift[0]))}, {short(float(row.shift[1]))})"
        rows.append(
            (
                name,
                matrix + (shift if row.shift.any() else ""),
                short(row.determinant, 3),
                short(max(found.faults[name]), 2),
                row.keeps,
            )
        )
    heads = ("kind", "matrix", "determinant", "T(u+v) off T(u)+T(v) by", "keeps")
    return Table(heads, tuple(rows))


def _matrix_section(parts: Parts, picture: PlanePicture) -> Section:
    last = "V^T, a rotation; S, a scaling; U, a rotation"
    if parts.mirrored:
        last = "V^T, a rotation; S, a scaling; U, a reflection"
    stretch = np.diag(parts.stretches)
    V_t, U = rotation_matrix(parts.first), parts.steps[2][1]
    blocks = "\n".join(
        matrix_block(name, matrix)
        for name, matrix in (("A", parts.matrix), ("U", U), ("S", stretch), ("V^T", V_t))
    )
    apart = float(np.abs(parts.product - parts.matrix).max())
    kind = {2: "It has full rank.", 1: "It has rank 1: the plane becomes a line.",
            0: "It has rank 0: the plane becomes a point."}[parts.rank]  # fmt: skip
    text = (
        f"A = U S V^T, from the right: {last}. {kind} Multiplied together again they differ from "
        f"A by {short(apart, 1)}.",
        blocks,
    )
    return Section("A matrix taken apart", text, pictures=(picture,))


def _layers_table(layers: Layers) -> Table:
    rows = []
    for stage in layers.stages:
        line = percent(readout_accuracy(stage.points, layers.y))
        if stage.kind == "linear":
            matrix = layers.shown.weights[stage.layer - 1].T
            done = ", ".join(words for words, _ in take_apart(matrix).steps)
            bias = layers.shown.biases[stage.layer - 1]
            what = f"{done}, move by ({short(float(bias[0]))}, {short(float(bias[1]))})"
            rows.append((f"layer {stage.layer}, linear", what, line))
        elif stage.kind == "activation":
            rows.append((f"layer {stage.layer}, {layers.shown.activation}", "bends", line))
        else:
            rows.append(("input", "two spiral arms", line))
    accuracy = layers.shown.accuracy(layers.X, layers.y)
    note = f"The whole net: {percent(accuracy)} of its training points (seed {layers.seed})."
    return Table(("after", "what it did", "best straight line"), tuple(rows), note=note)
