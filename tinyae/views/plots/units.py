"""Figures of a layer: what it makes of its input, and what its units stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tinyae.arguments import checked
from tinyae.views.plots import arguments
from tinyae.views.plots.sheets import name_rows, near_square, rows_of, show_sheet
from tinyae.views.plots.style import GREY, SIGNED, Picture, color_bar, new_figure

__all__ = ["features", "layer_views"]


@checked
def layer_views(
    inputs: Any,
    codes: Any,
    reconstructions: Any,
    *,
    layer: int = 0,
    title: str | None = None,
) -> Picture:
    """Show input, code and reconstruction of one layer of a stack, each as an image.

    Codes have signs, so they are drawn in colours around a white 0; the images of the first layer
    in grey. Input and reconstruction share the scale of the input.

    Parameters
    ----------
    inputs : array (N, s²), (N, s, s) or (N, 1, s, s)
        The first layer's are the images; a later layer's are the codes of the layer before.
    codes : array (N, h²), (N, h, h) or (N, 1, h, h)
    reconstructions : array like the inputs
    layer : int
        Counted from 0, as ``StackedAutoencoder`` does.
    title : str, optional
        ``Layer 1: 784 → 196 → 784`` when left out.

    Raises
    ------
    TinyaeError
        When the images are not square or not finite, or when there are not as many of each.
    """
    rows = {
        name: arguments.images("layer_views", f"{name}s", values)
        for name, values in (
            ("input", inputs),
            ("code", codes),
            ("reconstruction", reconstructions),
        )
    }
    arguments.same_length("layer_views", **{f"{name}s": images for name, images in rows.items()})
    sizes = [images[0].size for images in rows.values()]
    count = len(rows["code"])
    title = title or f"Layer {layer + 1}: {' → '.join(map(str, sizes))}"
    figure = new_figure(1.1 * count + 2.2, 3.9, title)
    panels = figure.subplots(3, count, squeeze=False)
    for axes, (name, images) in zip(panels, rows.items(), strict=True):
        scale = rows["code" if name == "code" else "input"]
        _signed_or_grey(figure, axes, images, scale, signed=layer > 0 or name == "code")
        name_rows(axes[0], images.shape[-1], [name])
    return figure


def _signed_or_grey(
    figure: Figure, row: np.ndarray, images: np.ndarray, scale: np.ndarray, signed: bool
) -> None:
    """Draw a row of images on the scale of ``scale``, and the scale beside it."""
    largest = float(np.abs(scale).max()) or 1.0
    limits = (-largest, largest) if signed else (float(scale.min()), float(scale.max()))
    for axes, image in zip(row, images, strict=True):
        drawn = show_sheet(axes, image[None], 1, limits, SIGNED if signed else GREY)
    ticks = [limits[0], 0.0, limits[1]] if signed else list(limits)
    color_bar(figure, drawn, row.tolist(), ticks=ticks, format="%.2g")


@checked
def features(
    pictures: Any, *, scale: str = "shared", columns: int | None = None, title: str | None = None
) -> Picture:
    """Show what each hidden unit stands for: its picture in the space of the input.

    White is 0, red more, blue less.

    Parameters
    ----------
    pictures : array (units, s²), (units, s, s) or (units, 1, s, s)
        Such as ``StackedAutoencoder.features(layer)``.
    scale : "shared" or "each"
        One scale of colours for all, so that units can be compared, or each picture up to its own
        largest number, so that weak units show their shape too.
    columns : int, optional
        Pictures in a row; about as many as rows when left out.
    title : str, optional
        The number of units when left out; how they are scaled is said in any case.

    Raises
    ------
    TinyaeError
        When the pictures are not square or not finite, or for another ``scale``.
    """
    shown = arguments.images("features", "pictures", pictures)
    arguments.one_of("features", "scale", scale, ("shared", "each"))
    columns = near_square(len(shown)) if columns is None else columns
    arguments.count("features", "columns", columns)
    rows = rows_of(len(shown), columns)
    largest = np.abs(shown).max(axis=(1, 2), keepdims=True)
    limit = float(largest.max()) or 1.0
    if scale == "each":
        shown, limit = shown / np.where(largest == 0, 1, largest), 1.0
    size = 0.7 if len(shown) > 25 else 1.0
    height = max(size * rows + 0.5, 2.3)  # room for the words beside the colours
    figure = new_figure(size * columns + 1.4, height, title or f"{len(shown)} units")
    axes = figure.subplots()
    drawn = show_sheet(axes, shown, columns, (-limit, limit), SIGNED)
    meaning = {
        "shared": "one scale for all pictures",
        "each": "relative to each picture's largest",
    }
    color_bar(figure, drawn, axes, meaning[scale], shrink=0.6)
    return figure
