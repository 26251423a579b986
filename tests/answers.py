"""Answers made by hand: claims of every verdict, pictures of every kind, sections of every form."""

from __future__ import annotations

import dataclasses
import math

import polars as pl

from nnlab.core.analysis.claims import Claim, Finding, Judged, judge_findings
from nnlab.core.analysis.seed_findings import Measured
from nnlab.core.analysis.statistics import Interval
from nnlab.core.analysis.verdicts import Criterion
from nnlab.core.report.answer import Answer, AnswerPage, Section
from nnlab.core.report.pictures import (
    Axis,
    HeatPanel,
    HeatPicture,
    Line,
    LinesPicture,
    Panel,
    Picture,
)
from nnlab.core.report.style import looks
from nnlab.core.report.table import Table

SCOPE = "digits, 32 wide, 2 to 30 hidden layers, SGD, 10 seeds"
NAMES = ("relu", "tanh", "sigmoid", "leaky_relu")


def claim(name: str, text: str, criterion: Criterion, figure: str, unit: str = "x") -> Claim:
    """A claim; its finding is handed to `judge_findings`."""
    control = "the identity, which lets all gradients through"

    def measure(found: object) -> Finding:
        raise AssertionError("not called")

    return Claim(name, "1.4d", text, criterion, unit, "vanishing", control, figure, measure)


def interval(estimate: float, spread: float = 0.04, seeds: int = 10) -> Interval:
    """A ratio with an interval so many per cent wide to each side."""
    low, high = estimate * math.exp(-spread), estimate * math.exp(spread)
    return Interval(estimate, low, high, seeds, scale="log")


def four_claims() -> list[Judged]:
    """A claim of each verdict, in the order supported, refuted, conditional, inconclusive."""
    loss = Criterion.greater("how much the gradient shrinks in a layer", 1.1)
    claims = [
        claim("sigmoid", "Sigmoid suffers from vanishing gradients.", loss, "lines_0"),
        claim("relu", "ReLU suffers from vanishing gradients.", loss, "lines_1"),
        claim("tanh", "Tanh suffers from vanishing gradients.", loss, "heat"),
        claim("leaky", "The slope of LeakyReLU must be tuned.", loss, "lines_2"),
    ]
    identity = Measured(interval(1.0))
    parts = {"variance 1": Measured(interval(1.3)), "variance 2": Measured(interval(0.9))}
    findings = [
        Finding(interval(4.2363), SCOPE, identity),
        Finding(interval(1.01), SCOPE, identity),
        Finding(interval(1.08), SCOPE, identity, sub_ranges=parts),
        Finding(interval(1.1, seeds=4), SCOPE, identity),
    ]
    return judge_findings(claims, findings)


def lines_picture(name: str, panels: int = 1, labelled: bool = False) -> LinesPicture:
    """Four activations over ten layers."""
    family = looks("activation", NAMES)
    x = tuple(float(layer) for layer in range(1, 11))
    lines = tuple(
        Line(each, family[each], x, tuple((k + 1.0) ** -layer for layer in x), marks=True)
        for k, each in enumerate(NAMES)
    )
    axes = Axis("hidden layer", "layer"), Axis("gradient, over the last layer's", "log")
    panel = Panel("32 units wide", *axes, lines, labelled=labelled)
    title = "Through sigmoid the gradient shrinks 4.2-fold in a layer, through ReLU it does not"
    caption = "How to read it: a line that falls to the left loses gradient on its way back."
    return LinesPicture(name, title, caption, (panel,) * panels, panels)


def heat_picture(name: str) -> HeatPicture:
    """Accuracy over depth and width."""
    panels = tuple(
        HeatPanel(each, (0.0, 1.0, 2.0), (0.0, 1.0), ((0.9, 0.8, 0.1), (0.95, 0.9, None)))
        for each in NAMES
    )
    return HeatPicture(
        name,
        "Deep sigmoid nets stay at chance",
        "Accuracy of the test part; darker is better.",
        panels,
        4,
        Axis("hidden layers", "category", ("2", "10", "30")),
        Axis("width", "category", ("32", "64")),
        Axis("test accuracy", "percent"),
        written=True,
    )


def pictures() -> tuple[Picture, ...]:
    """Eight pictures, wide and narrow."""
    narrow: list[Picture] = [lines_picture(f"lines_{i}") for i in range(5)]
    wide = lines_picture("wide", panels=2, labelled=True)
    return (*narrow[:3], wide, heat_picture("heat"), *narrow[3:], heat_picture("heat_again"))


def answer() -> Answer:
    """One with something of everything."""
    shown = pictures()
    cost = Table(
        ("activation", "forward, ns an element", "share of a step"),
        (("relu", "0.28", "1.2 %"), ("sigmoid", "1.35", "5.4 %")),
        looks=tuple(looks("activation", ("relu", "sigmoid")).values()),
        note="Interleaved, float32, 100,000 elements.",
    )
    sections = (
        Section(
            "Vanishing gradients",
            ("The gradient of each layer, at the start.", "    delta^l = f'(z^l) * (W^T delta)"),
            pictures=shown[:4],
        ),
        Section("Depth", ("Where training stops working.",), pictures=shown[4:], printed=False),
        Section("Cost", ("What an element costs.",), (cost,)),
    )
    return Answer(
        sentences=(
            "ReLU lets gradients pass: over ten layers they keep 0.97 of their size.",
            "It stops learning where its input is negative for all data: 44 % at rate 1.5.",
        ),
        sections=sections,
        claims=tuple(four_claims()),
        corrections=("1.4d: a unit is dead only when its input is negative for all data.",),
        runs=pl.DataFrame({"run": ["000000000000"], "status": ["finished"]}),
    )


def page(made: Answer | None = None, quick: bool = False) -> AnswerPage:
    """The page of an answer, that of `answer` if none is given."""
    return AnswerPage(
        "1.4d",
        "ReLU, tanh, sigmoid, LeakyReLU: an advantage and a disadvantage each",
        "One advantage and one disadvantage of ReLU, tanh, sigmoid and LeakyReLU.",
        answer() if made is None else made,
        quick,
        {"versions": {"nnlab": "0.1.0"}, "finished": "2026-01-02T03:04:05+00:00"},
    )


def large_page() -> AnswerPage:
    """As large as the answer to 1.4d: twelve claims, eight pictures, eight paragraphs."""
    base = answer()
    sentence = (
        "{}: its advantage is that the gradient reaches the first layer (0.97 [0.95, 0.99] of the "
        "last layer's over ten layers, ten seeds). Its disadvantage is that units die at large "
        "steps: 44 % [39, 50] of them at learning rate 1.5, none at 0.1."
    )
    sentences = tuple(sentence.format(name) for name in (*NAMES, *NAMES))
    return page(dataclasses.replace(base, sentences=sentences, claims=base.claims * 3))
