"""A worked example on the page: vectors and matrices in print, and the net as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnlab.core.analysis.two_layer_net import (
    NAMES,
    Array,
    Forward,
    Gradients,
    Jacobians,
    TwoLayerNet,
)
from nnlab.core.report.plane import PlanePanel, PlanePicture, Stroke, Words
from nnlab.core.report.style import FAINT, INK, PALETTE, QUIET, Look
from nnlab.core.report.table import Table
from nnlab.core.report.wording import short

MOST_NUMBERS = 8
"""Numbers of a vector, rows and columns of a matrix, that are shown; the rest is an ellipsis."""
MOST_ROWS = 60
MOST_DRAWN = 5
"""Units a layer in the picture of a net."""
_FORWARD, _BACKWARD = Look(PALETTE[0]), Look(PALETTE[1])
_OFF = Look("#c4c4c4")


def vector_words(values: Array) -> str:
    """`(1, −2, 0.5)`; a long vector is cut.

    >>> vector_words(np.array([1.0, -2.0, 0.5]))
    '(1, −2, 0.5)'
    """
    shown = [short(float(v), 4) for v in values[:MOST_NUMBERS]]
    return f"({', '.join(shown)}{', …' if values.size > MOST_NUMBERS else ''})"


def matrix_block(name: str, matrix: Array, remark: str = "") -> str:
    """A matrix in fixed-width print, its name and shape in front, as a paragraph of a section."""
    head = f"{name:<11}{matrix.shape[0]} x {matrix.shape[1]:<4}"
    cut = matrix[:MOST_NUMBERS, :MOST_NUMBERS]
    cells = [[short(float(v), 4) for v in row] for row in cut]
    more = "  …" if matrix.shape[1] > MOST_NUMBERS else ""
    wide = max(len(cell) for row in cells for cell in row)
    lines = []
    for i, row in enumerate(cells):
        start = head if i == 0 else " " * len(head)
        end = f"   {remark}" if i == 0 and remark else ""
        lines.append(f"    {start}[ {'  '.join(cell.rjust(wide) for cell in row)}{more} ]{end}")
    if matrix.shape[0] > MOST_NUMBERS:
        lines.append("    " + " " * len(head) + "  …")
    return "\n".join(lines)


def given_blocks(net: TwoLayerNet) -> str:
    """The numbers of a net, as one fixed-width paragraph."""
    rows = [("x", net.x[:, None]), ("y", net.y[:, None])]
    rows += [("W1", net.W1), ("b1", net.b1[:, None]), ("W2", net.W2), ("b2", net.b2[:, None])]
    remarks = {"W1": "hidden x inputs", "W2": "outputs x hidden"}
    return "\n".join(matrix_block(name, M, remarks.get(name, "")) for name, M in rows)


def jacobian_blocks(d: Jacobians) -> str:
    """The three derivatives that are asked for, and the chain rule through them."""
    rows = (
        ("dl/dyhat", d.dl_dyhat, "a row: one number by K"),
        ("dyhat/dz3", d.dyhat_dz3, "K by K, diagonal: g works on each by itself"),
        ("dl/dz3", d.dl_dz3, "= dl/dyhat dyhat/dz3"),
        ("dl/dz2", d.dl_dz2, "= dl/dz3 W2"),
        ("dz2/dz1", d.dz2_dz1, "m by m, diagonal: f'(z1)"),
        ("dl/dz1", d.dl_dz1, "= dl/dz2 dz2/dz1"),
    )
    return "\n".join(matrix_block(name, M, remark) for name, M, remark in rows)


def forward_table(net: TwoLayerNet, at: Forward, words: Sequence[str]) -> Table:
    """What goes into each stage and what comes out; `words` are the formulas of f, g and loss."""
    n, m, K = net.sizes
    f, g, loss = words
    stages = (
        ("Linear1", "z1 = W1 x + b1", net.x, at.z1, f"{n} → {m}"),
        ("f", f"z2 = {f}", at.z1, at.z2, f"{m} → {m}"),
        ("Linear2", "z3 = W2 z2 + b2", at.z2, at.z3, f"{m} → {K}"),
        ("g", f"yhat = {g}", at.z3, at.yhat, f"{K} → {K}"),
    )
    rows = [
        (name, formula, vector_words(into), vector_words(out), size)
        for name, formula, into, out, size in stages
    ]
    into = f"{vector_words(at.yhat)}, y = {vector_words(net.y)}"
    rows.append(("loss", f"l = {loss}", into, short(at.loss, 4), f"{K} → 1"))
    return Table(("stage", "formula", "in", "out", "numbers"), tuple(rows))


def gradient_table(ways: Sequence[tuple[str, Gradients]], note: str) -> Table:
    """Every element of every gradient, one column a way, and how far the ways are apart."""
    rows = []
    for name in NAMES:
        arrays = [getattr(way, name) for _, way in ways]
        for place in np.ndindex(*arrays[0].shape):
            values = [float(array[place]) for array in arrays]
            known = [value for value in values if math.isfinite(value)]
            index = ",".join(str(i + 1) for i in place)
            cells = [short(v, 6) if math.isfinite(v) else "at a kink" for v in values]
            rows.append((f"dl/d{name}[{index}]", *cells, short(max(known) - min(known), 2)))
    left = len(rows) - MOST_ROWS
    if left > 0:
        note = f"{note} {left} further elements are compared, too, and not shown."
    heads = ("element", *(name for name, _ in ways), "apart by")
    return Table(heads, tuple(rows[:MOST_ROWS]), note=note)


# ------------------------------------------------------------------ the net as a picture


def net_picture(net: TwoLayerNet, at: Forward, d: Jacobians, name: str) -> PlanePicture | None:
    """The net with its numbers: forward in black, the gradient in red; None for a large one."""
    n, m, K = net.sizes
    if max(n, m, K) > MOST_DRAWN:
        return None
    slopes = np.diagonal(d.dz2_dz1)
    columns = (0.0, 4.0, 8.0, 11.0)
    tall = 1.55 * max(n, m, K)
    places = [[(x, _height(i, size, tall)) for i in range(size)] for x, size in
              zip(columns, (n, m, K), strict=False)]  # fmt: skip
    goal = (columns[3], _height(0, 1, tall))
    strokes: list[Stroke] = []
    words: list[Words] = []
    for weights, sources, targets, live in (
        (net.W1, places[0], places[1], slopes != 0),
        (net.W2, places[1], places[2], np.ones(K, bool)),
    ):
        for j, end in enumerate(targets):
            for i, start in enumerate(sources):
                on = bool(live[j]) and not (targets is places[2] and slopes[i] == 0)
                strokes.append(_edge(start, end, _FORWARD if on else _OFF))
                x, y = (start[k] + (0.27 + 0.07 * (j % 2)) * (end[k] - start[k]) for k in (0, 1))
                text = short(float(weights[j, i]), 3)
                words.append(Words(x, y + 0.14, text, QUIET if on else FAINT, 12.0))
    strokes += [_edge(place, goal, _FORWARD) for place in places[2]]
    for i, place in enumerate(places[0]):
        _node(strokes, words, place, (f"x{i + 1}", float(net.x[i]), None, True))
    for i, place in enumerate(places[1]):
        on = bool(slopes[i] != 0)
        _node(strokes, words, place, (f"z1 = {short(float(at.z1[i]), 3)}", float(at.z2[i]),
              f"dl/dz1 = {short(float(d.dl_dz1[0, i]), 3)}", on))  # fmt: skip
    for i, place in enumerate(places[2]):
        _node(strokes, words, place, (f"z3 = {short(float(at.z3[i]), 3)}", float(at.yhat[i]),
              f"dl/dz3 = {short(float(d.dl_dz3[0, i]), 3)}", True))  # fmt: skip
    _node(strokes, words, goal, ("loss", at.loss, None, True))
    for x, text in zip(columns, ("x", "Linear1, f", "Linear2, g", "l"), strict=True):
        words.append(Words(x, tall / 2 + 0.35, text, QUIET, 15.0, bold=True))
    off = int(np.count_nonzero(slopes == 0))
    title = (
        f"{off} of {m} hidden units {'is' if off == 1 else 'are'} off for this example: "
        "no gradient reaches the weights in front"
        if off
        else f"All {m} hidden units pass the gradient on"
    )
    panel = PlanePanel(
        "", (-0.9, 11.9), (-tall / 2 - 0.1, tall / 2 + 0.7), tuple(strokes), words=tuple(words),
        origin=False,
    )  # fmt: skip
    caption = (
        "In each circle what the unit gives out, above it what goes in, below it in red the "
        "gradient of the loss there. Beside each line its weight. Grey: f' = 0, so that nothing "
        "passes in either direction."
    )
    return PlanePicture(name, title, caption, (panel,), 1)


def _height(i: int, count: int, tall: float) -> float:
    return tall * (0.5 - (i + 0.5) / count)


def _edge(start: tuple[float, float], end: tuple[float, float], look: Look) -> Stroke:
    """A line from the border of one circle to that of another."""
    length = math.dist(start, end)
    unit = [(end[k] - start[k]) / length for k in (0, 1)]
    first = [start[k] + 0.36 * unit[k] for k in (0, 1)]
    last = [end[k] - 0.36 * unit[k] for k in (0, 1)]
    return Stroke((first[0], last[0]), (first[1], last[1]), look, 1.6, arrow=True, opacity=0.75)


def _node(
    strokes: list[Stroke],
    words: list[Words],
    place: tuple[float, float],
    said: tuple[str, float, str | None, bool],
) -> None:
    above, value, below, on = said
    angle = np.linspace(0.0, 2.0 * np.pi, 60)
    x = tuple((place[0] + 0.34 * np.cos(angle)).tolist())
    y = tuple((place[1] + 0.34 * np.sin(angle)).tolist())
    look = _FORWARD if on else _OFF
    strokes.append(Stroke(x, y, look, 2.0, fill=0.12))
    color = INK if on else QUIET
    words.append(Words(*place, short(value, 3), color, 15.0, bold=True))
    words.append(Words(place[0], place[1] + 0.5, above, color, 13.0))
    if below is not None:
        words.append(Words(place[0], place[1] - 0.5, below, _BACKWARD.ink if on else QUIET, 13.0))
