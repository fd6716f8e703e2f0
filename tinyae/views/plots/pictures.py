"""Figures of images: the data, and what a model gives back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.errors import TinyaeError
from tinyae.views.plots import arguments
from tinyae.views.plots.sheets import name_columns, name_rows, near_square, rows_of, show_sheet
from tinyae.views.plots.style import Picture, new_figure

__all__ = ["class_sheet", "image_sheet", "reconstructions"]

MOST_CLASSES = 50


@checked
def image_sheet(
    images: Any,
    *,
    columns: int | None = None,
    grey: tuple[float, float] | None = None,
    title: str | None = None,
) -> Picture:
    """Show images on one sheet, row by row from the upper left; a single one is shown large.

    Parameters
    ----------
    images : array (N, s²), (N, s, s) or (N, 1, s, s)
    columns : int, optional
        Images in a row; about as many as rows when left out.
    grey : (float, float), optional
        The numbers that are white and black; the smallest and the largest shown when left out.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the images are not square or not finite.
    """
    shown = arguments.images("image_sheet", "images", images)
    columns = near_square(len(shown)) if columns is None else columns
    arguments.count("image_sheet", "columns", columns)
    rows = rows_of(len(shown), columns)
    size = 3.0 if len(shown) == 1 else 0.6
    figure = new_figure(max(3.0, columns * size), rows * size + 0.4, title)
    show_sheet(figure.subplots(), shown, columns, grey or _range(shown))
    return figure


@checked
def class_sheet(
    images: Any,
    labels: Any,
    *,
    per_class: int = 10,
    grey: tuple[float, float] | None = None,
    title: str | None = None,
) -> Picture:
    """Show the first images of each class, a row a class.

    Parameters
    ----------
    images : array (N, s²), (N, s, s) or (N, 1, s, s)
    labels : array (N,)
    per_class : int
        Images in a row; a class with fewer leaves places empty.
    grey : (float, float), optional
        The numbers that are white and black; the smallest and the largest shown when left out.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the images are not square or not finite, or when the lengths differ.
    """
    arguments.count("class_sheet", "per_class", per_class)
    shown = arguments.images("class_sheet", "images", images)
    names, position = arguments.classes("class_sheet", "labels", labels, MOST_CLASSES)
    arguments.same_length("class_sheet", images=shown, labels=position)
    side, per_class = shown.shape[-1], min(per_class, int(np.bincount(position).max()))
    sheet = np.full((len(names), per_class, side, side), np.nan)
    for row in range(len(names)):
        chosen = shown[position == row][:per_class]
        sheet[row, : len(chosen)] = chosen
    figure = new_figure(0.6 * per_class + 0.6, 0.6 * len(names) + 0.4, title)
    axes = figure.subplots()
    show_sheet(axes, sheet.reshape(-1, side, side), per_class, grey or _range(sheet))
    name_rows(axes, side, [str(name) for name in names])
    return figure


@checked
def reconstructions(
    originals: Any,
    reconstructions: Any,
    labels: Sequence[Any] | None = None,
    *,
    columns: int = 10,
    title: str | None = None,
) -> Picture:
    """Show originals, and below each what the model made of it.

    Both have one grey scale, from the smallest to the largest number of the originals; what lies
    beyond is shown as white or black.

    Parameters
    ----------
    originals, reconstructions : array (N, s²), (N, s, s) or (N, 1, s, s)
    labels : sequence of N, optional
        Written above the originals.
    columns : int
        Pairs side by side; more than these go below.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the images are not square or not finite, or when there are not as many of each.
    """
    arguments.count("reconstructions", "columns", columns)
    above = arguments.images("reconstructions", "originals", originals)
    below = arguments.images("reconstructions", "reconstructions", reconstructions)
    arguments.same_length("reconstructions", originals=above, reconstructions=below)
    if labels is not None:
        arguments.same_length("reconstructions", originals=above, labels=labels)
    if above.shape != below.shape:
        raise TinyaeError(
            f"reconstructions: expected images of one size, got {above.shape} and {below.shape}"
        )
    columns, side = min(columns, len(above)), above.shape[-1]
    starts = range(0, len(above), columns)
    figure = new_figure(0.85 * columns + 1.2, 1.85 * len(starts) + 0.4, title)
    panels = figure.subplots(len(starts), 1, squeeze=False)[:, 0]
    for axes, start in zip(panels, starts, strict=True):
        part = slice(start, start + columns)
        pairs = np.full((2, columns, side, side), np.nan)
        pairs[:, : len(above[part])] = above[part], below[part]
        show_sheet(axes, pairs.reshape(-1, side, side), columns, _range(above))
        name_rows(axes, side, ["original", "reconstruction"])
        if labels is not None:
            name_columns(axes, side, [str(name) for name in labels[part]])
    return figure


def _range(images: np.ndarray) -> tuple[float, float]:
    return float(np.nanmin(images)), float(np.nanmax(images))
