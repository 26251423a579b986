"""All pictures of a study, and the way from a picture to a figure and a PNG file.

    summary -> pictures_of -> (Picture, ...) -> draw -> Figure -> rasterize -> png

Making a picture is cheap and needs no drawing; drawing adds nothing to what the picture says.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from nnlab.core.analysis.summaries import Summary
from nnlab.core.report.comparison import comparison_picture
from nnlab.core.report.curves import learning_curves, outcome_against
from nnlab.core.report.forest import draw_forest, forest_height
from nnlab.core.report.heat import draw_heat, heat_height
from nnlab.core.report.layers import gradient_by_layer, gradient_over_time
from nnlab.core.report.lines import draw_lines, lines_height
from nnlab.core.report.overview import learning_rate_by_batch_size
from nnlab.core.report.pictures import ForestPicture, LinesPicture, Picture
from nnlab.core.report.plane import PlanePicture
from nnlab.core.report.plane_drawing import draw_plane, plane_height
from nnlab.core.report.units import dead_units, saturation


def pictures_of(summary: Summary) -> tuple[Picture, ...]:
    """The pictures of a study, in the order of the page; none where no run finished.

    A picture without anything to see (nothing of its kind was recorded) is left out.
    """
    if summary.counts.finished == 0:
        return ()
    pictures: list[Picture] = []
    if summary.comparison is not None:
        pictures.append(comparison_picture(summary))
    if summary.grid is not None:
        pictures.append(learning_rate_by_batch_size(summary))
    pictures.extend(outcome_against(summary, axis) for axis in summary.sweeps)
    pictures.append(learning_curves(summary))
    pictures.append(gradient_by_layer(summary))
    pictures.append(gradient_over_time(summary))
    pictures.append(dead_units(summary))
    pictures.append(saturation(summary))
    return tuple(picture for picture in pictures if not picture.is_empty)


def natural_height(picture: Picture, width: float) -> float:
    """The height in page pixels at which a picture of this width looks right."""
    if isinstance(picture, LinesPicture):
        return lines_height(picture, width)
    if isinstance(picture, ForestPicture):
        return forest_height(picture, width)
    if isinstance(picture, PlanePicture):
        return plane_height(picture, width)
    return heat_height(picture, width)


def draw(picture: Picture, width: float, height: float | None = None) -> Figure:
    """The figure of a picture, so many page pixels large."""
    height = natural_height(picture, width) if height is None else height
    if isinstance(picture, LinesPicture):
        return draw_lines(picture, width, height)
    if isinstance(picture, ForestPicture):
        return draw_forest(picture, width, height)
    if isinstance(picture, PlanePicture):
        return draw_plane(picture, width, height)
    return draw_heat(picture, width, height)


def is_wide(picture: Picture) -> bool:
    """Whether a picture wants the whole width of the page rather than half."""
    labelled = isinstance(picture, LinesPicture) and sum(p.labelled for p in picture.panels) > 1
    whole = isinstance(picture, ForestPicture | PlanePicture)
    return picture.columns > 3 or picture.rows > 1 or labelled or whole
