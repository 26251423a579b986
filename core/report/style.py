"""How every picture of nnlab looks: colours, fonts, sizes, and text that cannot do harm.

One activation has one look everywhere: a colour, and a dash pattern and a marker as second cues.
The eight colours keep a lightness contrast of 3:1 on white and stay apart under protanopia,
deuteranopia and tritanopia (`tests/test_style.py` measures both). They are Okabe and Ito's blue,
vermillion, green, purple and black (2008, Color Universal Design), and three dark hues of Paul
Tol's kind for the places of their orange, sky blue and yellow, which are too pale for thin lines.

Sizes are in pixels of a page 1,600 wide. Pictures are drawn at twice that and the page is their
exact half, so that both are sharp.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import LoadFlags
from numpy.typing import NDArray
from PIL import Image

from nnlab.core.nn.activations import ACTIVATIONS

Pixels = NDArray[np.uint8]

PAGE_WIDTH = 1600
SCALE = 2
"""Picture files have this many pixels for each pixel of the page."""
DOTS = 100
"""Page pixels an inch, which makes a point 100/72 pixels."""

FONT, FIXED_FONT = "DejaVu Sans", "DejaVu Sans Mono"
TITLE, PANEL, LABEL, TICK = 18, 15, 14, 13
"""Font heights in page pixels: picture title, panel title, labels and captions, tick labels."""
INK, QUIET, FAINT, GRID_LINE = "#1a1a1a", "#555555", "#9a9a9a", "#e4e4e4"


@dataclass(frozen=True, slots=True)
class Look:
    """How one line is drawn."""

    color: str
    dashes: tuple[float, ...] = ()
    """On and off lengths in line widths; empty for a solid line."""
    marker: str = "o"

    @property
    def ink(self) -> str:
        """The colour, darkened until text in it has a contrast of 4.5 on white."""
        return _readable(self.color)


PALETTE = (
    "#0072b2",  # blue
    "#d55e00",  # vermillion
    "#009e73",  # green
    "#cc79a7",  # purple
    "#000000",  # black
    "#882255",  # wine
    "#332288",  # indigo
    "#8c564b",  # brown
)
DASHES: tuple[tuple[float, ...], ...] = ((), (4.0, 1.6), (1.2, 1.2), (6.0, 1.4, 1.2, 1.4))
MARKERS = "os^DvPX*"

# A newcomer to the table takes the next free look; the places here never change.
_PLACES = (
    "relu", "tanh", "sigmoid", "leaky_relu", "identity", "elu", "gelu", "selu",
    "softplus", "hard_tanh", "softsign", "silu", "mish",
)  # fmt: skip


def look_at(place: int) -> Look:
    """The look of the nth thing: colours first; each time round other dashes and other marks."""
    times, color = divmod(place, len(PALETTE))
    mark = (place + times) % len(MARKERS)
    return Look(PALETTE[color], DASHES[times % len(DASHES)], MARKERS[mark])


def activation_look(name: str) -> Look:
    """The look of an activation, fixed by its name (without a parameter)."""
    newcomers = [row for row in ACTIVATIONS if row not in _PLACES]
    order = [*_PLACES, *newcomers]
    return look_at(order.index(name)) if name in order else Look(FAINT)


def looks(axis: str, labels: Sequence[str]) -> dict[str, Look]:
    """The looks of a family of lines, by label.

    Activations have their fixed looks; several slopes of one activation share its hue, from
    light to dark. Numbers (rates, batches, depths) go from light to dark along one scale. Other
    names take the palette in turn.
    """
    if axis == "activation":
        return _activation_looks(labels)
    if axis in ("learning_rate", "batch_size", "hidden_layer_sizes"):
        return dict(zip(labels, _ramp(len(labels)), strict=True))
    return {label: look_at(place) for place, label in enumerate(labels)}


def _activation_looks(labels: Sequence[str]) -> dict[str, Look]:
    families: dict[str, list[str]] = {}
    for label in labels:
        families.setdefault(label.split(":")[0], []).append(label)
    family_looks = {}
    for name, members in families.items():
        look = activation_look(name)
        for place, label in enumerate(members):
            shade = 0.0 if len(members) == 1 else 0.45 - 0.95 * place / (len(members) - 1)
            marker = MARKERS[place % len(MARKERS)] if len(members) > 1 else look.marker
            family_looks[label] = Look(_shade(look.color, shade), look.dashes, marker)
    return {label: family_looks[label] for label in labels}


def _ramp(count: int) -> list[Look]:
    """Viridis without its pale end, dark for the smallest."""
    places = np.linspace(0.0, 0.72, count) if count > 1 else np.array([0.3])
    colors = [to_hex(color) for color in mpl.colormaps["viridis"](places)]
    return [Look(color, (), MARKERS[i % len(MARKERS)]) for i, color in enumerate(colors)]


def _shade(color: str, amount: float) -> str:
    """Mixed with white (amount > 0) or black (amount < 0)."""
    other = 1.0 if amount > 0 else 0.0
    red, green, blue = (c + (other - c) * abs(amount) for c in to_rgb(color))
    return to_hex((red, green, blue))


def contrast(color: str) -> float:
    """Contrast ratio with white, 1 to 21 (WCAG 2, relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


@lru_cache(maxsize=256)
def _readable(color: str) -> str:
    while contrast(color) < 4.5:
        color = _shade(color, -0.08)
    return color


# ------------------------------------------------------------------ text


def one_line(text: str) -> str:
    """The text without control and direction characters, white space as single spaces."""
    clean = "".join(" " if c.isspace() else c for c in text)
    clean = "".join(c for c in clean if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return " ".join(clean.split())


def inert(text: str, most: int = 400) -> str:
    """Text from a spec as a picture may show it: `one_line`, not too long, with glyphs there are.

    Characters the font lacks become a white square, what is longer than `most` ends in an
    ellipsis. Dollar signs stay dollar signs: `drawing` turns mathtext off.
    """
    clean = one_line(text)
    if len(clean) > most:
        clean = clean[: most - 1].rstrip() + "…"
    return "".join(c if ord(c) in _glyphs() else "\N{WHITE SQUARE}" for c in clean)


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    return frozenset(_font(False).get_charmap())


@lru_cache(maxsize=2)
def _font(bold: bool) -> Any:
    path = font_manager.findfont(FontProperties(family=FONT, weight="bold" if bold else "normal"))
    return font_manager.get_font(path)


@lru_cache(maxsize=4096)
def _advance(character: str, bold: bool) -> float:
    """How far a character moves the pen, in font heights."""
    font = _font(bold)
    font.set_size(100, 72)
    return float(font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / (
        65536 * 100
    )


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line of text in page pixels, at a font height of `size` page pixels.

    Kerning, which only ever draws letters together, is left out.
    """
    return size * sum(_advance(character, bold) for character in text)


def wrap(text: str, size: float, width: float, bold: bool = False) -> list[str]:
    """The text in lines no wider than `width` page pixels; a wider word is broken anywhere.

    Lines break at plain spaces, so that a no-break space keeps `95 %` together.
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] = f"{lines[-1]} {word}"
            continue
        lines.append("")
        for character in word:
            if lines[-1] and text_width(lines[-1] + character, size, bold) > width:
                lines.append("")
            lines[-1] += character
    return [line for line in lines if line]


def points(pixels: float) -> float:
    """Page pixels as points, for font sizes and line widths."""
    return pixels * 72 / DOTS


# ------------------------------------------------------------------ figures

_RC: Any = {
    "font.family": "sans-serif", "font.sans-serif": [FONT], "font.size": points(LABEL),
    "text.parse_math": False, "text.usetex": False, "text.color": INK, "text.hinting": "none",
    "axes.edgecolor": FAINT, "axes.labelcolor": QUIET, "axes.linewidth": points(1),
    "axes.spines.top": False, "axes.spines.right": False, "axes.unicode_minus": True,
    "xtick.color": FAINT, "ytick.color": FAINT,
    "xtick.labelcolor": QUIET, "ytick.labelcolor": QUIET,
    "xtick.labelsize": points(TICK), "ytick.labelsize": points(TICK),
    "figure.facecolor": "white", "savefig.facecolor": "white", "path.simplify": True,
}  # fmt: skip


@contextmanager
def drawing() -> Iterator[None]:
    """Matplotlib's defaults plus nnlab's, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many page pixels, with an Agg canvas: no pyplot, no display."""
    figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS * SCALE)
    FigureCanvasAgg(figure)
    return figure


def rasterize(figure: Figure) -> Pixels:
    """The figure as an array (height, width, 3) of bytes, `SCALE` times its page pixels."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    with drawing():
        canvas.draw()  # type: ignore[no-untyped-call]
        painted = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    return np.asarray(painted)[..., :3].copy()


def halved(pixels: Pixels) -> Pixels:
    """At page resolution: every square of `SCALE` by `SCALE` pixels averaged into one."""
    return np.asarray(Image.fromarray(pixels).reduce(SCALE))
