"""Question 1.2: two linear layers with ReLU, identity and squared error, followed by hand."""

from __future__ import annotations

import numpy as np

from nnlab.core.analysis.claims import judge_claims
from nnlab.core.analysis.five_steps import five_steps
from nnlab.core.analysis.two_layer_net import RELU_SQUARED, Forward, TwoLayerNet
from nnlab.core.analysis.worked_example import after_step, by_backward, forward, jacobians
from nnlab.core.questions.by_hand import EXAMPLE, agreement_claim, gradient_section, net_of
from nnlab.core.questions.work import Work
from nnlab.core.report.answer import Answer, Section
from nnlab.core.report.table import Table
from nnlab.core.report.wording import short
from nnlab.core.report.worked_example import (
    forward_table,
    given_blocks,
    jacobian_blocks,
    net_picture,
    vector_words,
)

LEARNING_RATE = 0.02
FIGURE = "worked-example"
CLAIMS = (agreement_claim("gradients-agree", "1.2", RELU_SQUARED, FIGURE),)


def answer(work: Work) -> Answer:
    """Follow one example through the net and back; the user's with `--input`."""
    net = net_of(work)
    at, d = forward(net, RELU_SQUARED), jacobians(net, RELU_SQUARED)
    moved = forward(after_step(net, RELU_SQUARED, LEARNING_RATE), RELU_SQUARED)
    gradients, apart = gradient_section(net, RELU_SQUARED, "(c) The gradients, three ways")
    picture = net_picture(net, at, d, FIGURE)
    shown = () if picture is None else (Section("The net with its numbers", pictures=(picture,)),)
    sections = (
        Section("The net", _given_words(net)),
        *shown,
        Section("(a) The five steps of training", tables=(steps_table(net, at, moved),)),
        Section(
            "(b) The forward pass",
            tables=(forward_table(net, at, ("max(z1, 0)", "z3", "Σ (yhat − y)²")),),
        ),
        gradients,
        Section(
            "(d) The derivatives in between, in numerator layout",
            (
                "Row i, column j of du/dv is du_i/dv_j: the rows are what is derived. Read from "
                "the loss back, each product has matching shapes.",
                jacobian_blocks(d),
            ),
        ),
    )
    return Answer(
        _sentences(net, at, moved, apart),
        sections,
        tuple(judge_claims(CLAIMS, None)),
        _corrections(),
    )


def steps_table(net: TwoLayerNet, at: Forward, moved: Forward) -> Table:
    """The five steps by name, each with the line of code that does it and what it does here."""
    largest = float(np.abs(by_backward(net, RELU_SQUARED).flat).max())
    here = (
        f"yhat = {vector_words(at.yhat)}",
        f"l = {short(at.loss, 4)}",
        "nothing is left of the last example",
        f"{net.parameters.size} numbers, the largest {short(largest, 4)}",
        f"learning rate {LEARNING_RATE}: l = {short(moved.loss, 4)} afterwards",
    )
    rows = tuple(
        (f"{step.number}. {step.name}", step.code, step.comment, step.place, what)
        for step, what in zip(five_steps(), here, strict=True)
    )
    return Table(("step", "code", "what it says", "where", "here"), rows)


def _given_words(net: TwoLayerNet) -> tuple[str, ...]:
    n, m, K = net.sizes
    return (
        f"{n} inputs, {m} hidden units with f = ReLU, {K} outputs with g = identity, "
        "l = ||yhat − y||², a sum over the outputs.",
        given_blocks(net),
        f"nnlab stores W as (in x out), the transpose of these, and its loss mse is the mean "
        f"over examples and outputs: on this one example l / {K}. So its gradients are 1/{K} of "
        "the homework's; the tables say where that is multiplied out.",
    )


def _sentences(net: TwoLayerNet, at: Forward, moved: Forward, apart: float) -> tuple[str, ...]:
    off = np.flatnonzero(at.z1 <= 0) + 1
    if off.size:
        units = f"unit {off[0]}" if off.size == 1 else f"units {', '.join(map(str, off))}"
        passes = (
            f"Hidden {units} of {at.z1.size} {'has' if off.size == 1 else 'have'} z1 ≤ 0: f' = 0 "
            "there, so that in this step neither the weights into nor those out of it move."
        )
    else:
        passes = f"All {at.z1.size} hidden units have z1 > 0 and pass the gradient on whole."
    return (
        f"Forward: z1 = {vector_words(at.z1)}, z2 = {vector_words(at.z2)}, yhat = z3 = "
        f"{vector_words(at.yhat)}, l = {short(at.loss, 4)}. One step of gradient descent with rate "
        f"{LEARNING_RATE} brings the loss down to {short(moved.loss, 4)}.",
        f"The {net.parameters.size} elements of the gradient by the matrix formulas, by nnlab's "
        f"backward pass and by central differences agree to {short(apart, 1)}.",
        passes,
    )


def _corrections() -> tuple[str, ...]:
    at = forward(EXAMPLE, RELU_SQUARED)
    alone = float(EXAMPLE.W2[0, 0] * at.z2[0] + EXAMPLE.b2[0])
    return (
        "1.2b writes the second layer unit by unit, W2_i (W1_i x + b1_i) + b2_i, as if output i "
        "saw only hidden unit i. Every output sees all hidden units: yhat_i = Σ_j W2_ij "
        f"max(z1_j, 0) + b2_i. On the net that comes along output 1 is "
        f"{short(float(at.yhat[0]))}; read unit by unit it would be {short(alone)}. "
        "(And there are K outputs but m hidden units.)",
        "1.2c writes dl/dz3 = 2 (yhat − y), a column, 1.2d dl/dyhat = 2 (yhat − y)^T, a row. In "
        "numerator layout it is the row, (1 x K); only then do the products of 1.2c have matching "
        "shapes: x (n x 1) times dl/dz1 (1 x m).",
        "1.2c's dl/dW1 = x dl/dyhat dyhat/dz3 W2 dz2/dz1 is (n x m) and dl/dW2 is (m x K): the "
        "transposes of W1 and W2. They have to be turned round before they are subtracted.",
        "1.2d gives dz2/dz1 as one number, 1 or 0. It is the (m x m) diagonal matrix of these "
        "numbers, diag(1[z1 > 0]): f works on each unit by itself.",
    )
