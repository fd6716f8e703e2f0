"""Images side by side: the sheet that most figures are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import Rectangle

from tinyae.views.plots.style import GREY, INK, LABEL_SIZE, PAPER, SMALL_SIZE

__all__ = [
    "GAP",
    "centers",
    "name_columns",
    "name_rows",
    "near_square",
    "rows_of",
    "show_sheet",
    "tile",
]

SIDE = 56
"""Dots along an image, at least: smaller images are enlarged, so that gaps look alike."""

GAP = 2
"""Dots between two images, and around the sheet."""


def near_square(n: int) -> int:
    """Columns of a sheet of ``n`` images that is as wide as it is high, or a little wider."""
    return math.ceil(math.sqrt(n))


def rows_of(n: int, columns: int) -> int:
    """Rows that ``n`` images need."""
    return -(-n // columns)


def enlargement(side: int) -> int:
    """Dots along one pixel of an image with ``side`` pixels along its side."""
    return math.ceil(SIDE / side)


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """Lay images (N, s, s) on one sheet, row by row from the upper left.

    Gaps and places left over are NaN.
    """
    factor = enlargement(images.shape[-1])
    enlarged = images.repeat(factor, axis=1).repeat(factor, axis=2)
    pitch = enlarged.shape[-1] + GAP
    rows = rows_of(len(images), columns)
    sheet = np.full((rows * pitch + GAP, columns * pitch + GAP), np.nan)
    for index, image in enumerate(enlarged):
        top, left = (GAP + pitch * place for place in divmod(index, columns))
        sheet[top : top + len(image), left : left + len(image)] = image
    return sheet


def centers(side: int, count: int) -> np.ndarray:
    """Where on the sheet the middles of ``count`` images in a row or a column are."""
    size = side * enlargement(side)
    return GAP + (size - 1) / 2 + (size + GAP) * np.arange(count)


def show_sheet(
    axes: Axes,
    images: np.ndarray,
    columns: int | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    colors: Colormap = GREY,
) -> Any:
    """Draw images (N, s, s) as a sheet, its numbers from ``limits`` on one scale of colours.

    A place whose image is NaN stays paper. Returns what ``Axes.imshow`` returns.
    """
    columns = columns or near_square(len(images))
    drawn = axes.imshow(
        tile(images, columns),
        cmap=colors,
        vmin=limits[0],
        vmax=limits[1],
        interpolation="antialiased",
    )
    _clear_empty(axes, images, columns)
    axes.set(xticks=[], yticks=[])
    axes.tick_params(length=0, labelsize=SMALL_SIZE, colors=INK)
    axes.spines[:].set_visible(False)
    return drawn


def _clear_empty(axes: Axes, images: np.ndarray, columns: int) -> None:
    """Cover the places without an image, and the gaps that no image needs, with paper."""
    pitch = images.shape[-1] * enlargement(images.shape[-1]) + GAP
    places = rows_of(len(images), columns) * columns
    empty = [*np.flatnonzero(np.isnan(images[:, 0, 0])), *range(len(images), places)]
    for row, column in (divmod(int(place), columns) for place in empty):
        left, top = GAP + column * pitch, GAP + row * pitch if row else 0
        height = GAP + (row + 1) * pitch - top
        cover = Rectangle((left - 0.5, top - 0.5), pitch, height, color=PAPER)
        axes.add_patch(cover)


def name_columns(axes: Axes, side: int, names: list[str]) -> None:
    """A name above each image of the first row."""
    axes.xaxis.tick_top()
    axes.set_xticks(centers(side, len(names)), names)


def name_rows(axes: Axes, side: int, names: list[str]) -> None:
    """A name left of each row."""
    axes.set_yticks(centers(side, len(names)), names, fontsize=LABEL_SIZE)
