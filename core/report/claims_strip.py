"""The claims of an answer as a strip of its page: verdicts as coloured words with a sign."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from nnlab.core.report.canvas import PAD, write
from nnlab.core.report.claim_rows import HEADS, ClaimRow
from nnlab.core.report.sheet import FULL, rule
from nnlab.core.report.style import LABEL, QUIET, drawing, new_figure
from nnlab.core.report.typeset import Print, Run, height_of, lines_of, put
from nnlab.core.report.verdict_looks import VERDICT_LOOKS

_WIDTHS = (500.0, 190.0, 330.0, 120.0, 60.0)
"""Of all columns but the last, which takes the rest."""
_CELL, _BASIS = Print(LABEL + 1), Print(13, QUIET)
_AIR, _GAP = 7.0, 18.0


def claims_strip(rows: Sequence[ClaimRow]) -> Figure:
    """A row a claim; beneath it what was measured, and the scope."""
    cells = [_cells(row) for row in rows]
    bases = [lines_of(row.basis, _BASIS, FULL - 2 * PAD) for row in rows]
    heights = [
        max(height_of(cell) for cell in line) + height_of(basis) + 2 * _AIR
        for line, basis in zip(cells, bases, strict=True)
    ]
    height = PAD + 26 + sum(heights) + PAD
    with drawing():
        figure = new_figure(FULL, height)
        y = height - PAD - 22
        for left, head in zip(_places(), HEADS, strict=True):
            write(figure, (left, y + 4), head, LABEL, color=QUIET)
        for line, basis, high in zip(cells, bases, heights, strict=True):
            rule(figure, y - 2, height)
            ends = [
                put(figure, (left, y - _AIR), cell)
                for left, cell in zip(_places(), line, strict=True)
            ]
            put(figure, (PAD, min(ends)), basis)
            y -= high
    return figure


def _places() -> list[float]:
    places = [float(PAD)]
    for width in _WIDTHS:
        places.append(places[-1] + width)
    return places


def _cells(row: ClaimRow) -> list[list[Run]]:
    widths = [*_WIDTHS, FULL - 2 * PAD - sum(_WIDTHS) + _GAP]
    texts = (
        (row.claim,), (row.signed,), row.estimates, (row.claimed,), (row.seeds,),
        (row.control or "–",),
    )  # fmt: skip
    verdict = Print(LABEL + 1, VERDICT_LOOKS[row.verdict].light, bold=True)
    bold = Print(LABEL + 1, bold=True)
    kinds = (bold, verdict, _CELL, _CELL, _CELL, Print(13))
    return [
        [line for text in cell for line in lines_of(text, kind, width - _GAP)]
        for cell, kind, width in zip(texts, kinds, widths, strict=True)
    ]
