"""Figures of what a decoder makes of points of latent space that no image was encoded to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from tinyae.arguments import checked
from tinyae.errors import TinyaeError
from tinyae.views.plots import arguments
from tinyae.views.plots.sheets import GAP, near_square, rows_of, show_sheet
from tinyae.views.plots.style import INK, LABEL_SIZE, Picture, label, new_figure

__all__ = ["grid_points", "latent_grid", "samples", "samples_through_training"]

MOST_SHEETS = 16


@checked
def samples(
    images: Any, *, grey: tuple[float, float] = (0.0, 1.0), title: str | None = None
) -> Picture:
    """Show what a model makes of random points of its prior.

    Parameters
    ----------
    images : array (N, s²), (N, s, s) or (N, 1, s, s), or several of these by title
        Several models are shown side by side.
    grey : (float, float)
        The numbers that are white and black; not taken from the samples, so that faint ones look
        faint.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the images are not square or not finite.
    """
    sheets = arguments.named("samples", "images", images)
    return _panels("samples", sheets.values(), sheets, len(sheets), 4.0, grey, title)


@checked
def samples_through_training(
    sheets: Sequence[Any],
    titles: Sequence[str],
    *,
    grey: tuple[float, float] = (0.0, 1.0),
    title: str | None = None,
) -> Picture:
    """Show sheets of samples drawn as training went on, in reading order.

    Parameters
    ----------
    sheets : sequence of arrays (N, s²), (N, s, s) or (N, 1, s, s)
        Of more than 16, the first, the last and 14 evenly between them are shown.
    titles : sequence of str
        When each was drawn.
    grey : (float, float)
        The numbers that are white and black.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the images are not square or not finite, or when there are not as many of each.
    """
    arguments.same_length("samples_through_training", sheets=sheets, titles=titles)
    chosen = range(len(sheets))
    if len(sheets) > MOST_SHEETS:
        chosen = np.linspace(0, len(sheets) - 1, MOST_SHEETS).round().astype(int)
    return _panels(
        "samples_through_training",
        [sheets[index] for index in chosen],
        [titles[index] for index in chosen],
        near_square(len(chosen)),
        2.5,
        grey,
        title,
    )


def _panels(
    figure_name: str,
    sheets: Any,
    titles: Any,
    columns: int,
    size: float,
    grey: tuple[float, float],
    title: str | None,
) -> Picture:
    """Sheets in rows, a title above each."""
    shown = [arguments.images(figure_name, "images", sheet) for sheet in sheets]
    if not shown:
        raise TinyaeError(f"{figure_name}: expected at least one sheet of images, got none")
    rows = rows_of(len(shown), columns)
    figure = new_figure(size * columns, (size + 0.25) * rows, title)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, sheet, name in zip(panels, shown, titles, strict=False):
        show_sheet(axes, sheet, limits=grey)
        axes.set_title(str(name), fontsize=LABEL_SIZE, color=INK)
    for axes in panels[len(shown) :]:
        axes.remove()
    return figure


@checked
def grid_points(extent: float, n: int) -> np.ndarray:
    """The points of an n × n grid from −extent to extent, in the order of ``latent_grid``.

    Parameters
    ----------
    extent : float
    n : int
        At least 2.

    Returns
    -------
    points : float32 array (n², 2)
        Row by row from the lowest z₂, in each row from the lowest z₁.

    Raises
    ------
    TinyaeError
        When ``extent`` is not positive, or ``n`` below 2.
    """
    arguments.positive("grid_points", "extent", extent)
    arguments.count("grid_points", "n", n, least=2)
    values = np.linspace(-extent, extent, n, dtype=np.float32)
    z2, z1 = np.meshgrid(values, values, indexing="ij")
    return np.stack([z1.ravel(), z2.ravel()], axis=1)


@checked
def latent_grid(
    images: Any,
    extent: float,
    *,
    grey: tuple[float, float] = (0.0, 1.0),
    title: str | None = None,
) -> Picture:
    """Show what the decoder makes of each point of a grid, in the place of the point.

    ``latent_grid(model.decode(grid_points(4, 15)), 4)``

    Parameters
    ----------
    images : array (n², s²), (n², s, s) or (n², 1, s, s)
        The points ``grid_points(extent, n)``, decoded.
    extent : float
        The grid goes from −extent to extent in both directions.
    grey : (float, float)
        The numbers that are white and black.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the images are not square, not finite, or not a square number of at least 4, and when
        ``extent`` is not positive.
    """
    shown = arguments.images("latent_grid", "images", images)
    n = math.isqrt(len(shown))
    if n < 2 or n * n != len(shown):
        raise TinyaeError(f"latent_grid: expected n × n images, n at least 2, got {len(shown)}")
    arguments.positive("latent_grid", "extent", extent)
    upwards = shown.reshape(n, n, *shown.shape[1:])[::-1].reshape(shown.shape)
    figure = new_figure(6.5, 6.5, title)
    axes = figure.subplots()
    sheet = show_sheet(axes, upwards, n, grey)
    dots = len(sheet.get_array())
    edge = extent / (n - 1) * n * dots / (dots - GAP)
    sheet.set_extent((-edge, edge, -edge, edge))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 4, 5, 10]))
    label(axes, "$z_1$", "$z_2$")
    return figure
