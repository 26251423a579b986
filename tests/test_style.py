"""Looks: one colour an activation everywhere, readable, and text that cannot do harm."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from PIL import Image

from nnlab.core.nn.activations import ACTIVATIONS
from nnlab.core.report import style
from nnlab.core.report.png import png
from nnlab.core.report.style import Look, activation_look, contrast, inert, looks, text_width

# Viénot's kind of simulation by Machado et al. 2009, severity 1, on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
# Oklab (Ottosson 2020): distances in it are near to seen ones.
TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def seen(color: str, vision: str) -> np.ndarray:
    """The colour in Oklab, as someone with this vision sees it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(TO_LAB @ np.cbrt(TO_CONES @ np.clip(VISIONS[vision] @ linear, 0, 1)))


@pytest.mark.parametrize("vision", VISIONS)
def test_the_palette_stays_apart_for_every_eye(vision: str) -> None:
    distances = [
        np.linalg.norm(seen(a, vision) - seen(b, vision))
        for a, b in itertools.combinations(style.PALETTE, 2)
    ]
    assert min(distances) > 0.07  # 0.02 is just noticeable


def test_lines_and_labels_have_contrast_on_white() -> None:
    assert min(map(contrast, style.PALETTE)) >= 3.0  # WCAG 2, graphics
    for name in ACTIVATIONS:
        assert contrast(activation_look(name).ink) >= 4.5  # WCAG 2, text
    assert [contrast("#000000"), contrast("#ffffff")] == pytest.approx([21, 1])


def test_every_activation_has_a_look_of_its_own() -> None:
    family = [activation_look(name) for name in ACTIVATIONS]
    assert len({(look.color, look.dashes) for look in family}) == len(ACTIVATIONS)


def test_the_four_of_the_homework_have_the_clearest_colours() -> None:
    colors = [activation_look(name).color for name in ("relu", "tanh", "sigmoid", "leaky_relu")]
    assert colors == list(style.PALETTE[:4])


@given(st.permutations(sorted(ACTIVATIONS)), st.integers(1, 13))
def test_a_look_does_not_depend_on_the_company(names: list[str], count: int) -> None:
    for name, look in looks("activation", names[:count]).items():
        assert look == activation_look(name)


def test_slopes_of_one_activation_share_its_hue_and_differ() -> None:
    labels = ["leaky_relu:0.1", "relu", "leaky_relu:0.2", "leaky_relu:0.5"]
    family = looks("activation", labels)
    assert list(family) == labels
    assert len({look.color for look in family.values()}) == 4
    assert looks("activation", ["leaky_relu:0.2"])["leaky_relu:0.2"] == activation_look(
        "leaky_relu"
    )


@pytest.mark.parametrize("axis", ["learning_rate", "batch_size", "optimizer", "initialization"])
def test_other_families_have_distinct_looks(axis: str) -> None:
    labels = [f"value {i}" for i in range(14)]
    assert len({(look.color, look.dashes) for look in looks(axis, labels).values()}) == 14


def test_an_unknown_activation_is_grey() -> None:
    assert activation_look("of the future") == Look(style.FAINT)


# ------------------------------------------------------------------ text


def test_inert_text_is_one_line_of_glyphs_there_are() -> None:
    assert inert("a\x1b[31m\tb\u202e\n\n c\u200b") == "a[31m b c"
    assert inert("日本") == "□□"
    assert inert("x" * 50, most=10) == "x" * 9 + "…"
    assert inert("$x_1$ \\frac") == "$x_1$ \\frac"


@given(st.text(max_size=60), st.floats(20, 400))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: float) -> None:
    clean = inert(text)
    lines = style.wrap(clean, 14, width)
    assert "".join(lines).replace(" ", "") == clean.replace(" ", "")
    assert all(text_width(line, 14) <= width or len(line) == 1 for line in lines)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["leaky_relu 0.974", "10⁻¹² of layer 1", "WAVE"])
def test_a_width_is_that_of_the_drawn_text(text: str, bold: bool) -> None:
    with style.drawing():
        figure = style.new_figure(600, 50)
        drawn = figure.text(
            0.1, 0.5, text, fontsize=style.points(20), weight="bold" if bold else "normal"
        )
        extent = drawn.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    assert text_width(text, 20, bold) == pytest.approx(
        extent.width / style.SCALE, rel=0.05
    )  # kerning


def test_mathtext_is_off() -> None:
    with style.drawing():
        figure = style.new_figure(100, 50)
        text = figure.text(0, 0, "$\\undefined{$ a $b")
    assert not text.get_parse_math()
    style.rasterize(figure)  # would raise if it were read as mathtext


# ------------------------------------------------------------------ figures


def test_drawing_leaves_the_users_settings_alone() -> None:
    with mpl.rc_context({"font.size": 33, "text.parse_math": True}):
        with style.drawing():
            assert mpl.rcParams["font.size"] != 33
            assert mpl.rcParams["text.parse_math"] is False
        assert mpl.rcParams["font.size"] == 33
        assert mpl.rcParams["text.parse_math"] is True


def test_a_figure_has_twice_its_page_pixels() -> None:
    pixels = style.rasterize(style.new_figure(120, 40))
    assert pixels.shape == (80, 240, 3)
    assert style.halved(pixels).shape == (40, 120, 3)


def test_a_png_holds_the_pixels_and_no_date() -> None:
    pixels = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    data = png(pixels)
    image = Image.open(io.BytesIO(data))
    assert image.info == {}
    assert np.array_equal(np.asarray(image), pixels)
    assert png(pixels) == data


def test_half_the_size_is_the_mean_of_four_pixels() -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    pixels[0, 0] = 200
    assert style.halved(pixels).tolist() == [[[50, 50, 50]]]


def test_the_library_needs_no_matplotlib_and_the_report_no_pyplot() -> None:
    code = (
        "import sys, nnlab.core, nnlab.core.study, nnlab.core.analysis.summaries as s\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import nnlab.core.report.page\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
