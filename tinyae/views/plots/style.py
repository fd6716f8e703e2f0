"""How all figures look: size, type, colours."""

from __future__ import annotations

import io
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

__all__ = [
    "GREY",
    "PALETTE",
    "SIGNED",
    "ROUND_STEPS",
    "Picture",
    "color_bar",
    "label",
    "new_figure",
]

PALETTE = (
    "#2a5fcc",
    "#e27c02",
    "#3caa94",
    "#b7347d",
    "#5d1688",
    "#94e27a",
    "#810200",
    "#fcabeb",
    "#786604",
    "#ac77ef",
)
"""Ten colours for ten classes, found by a search that kept every two of them as far apart as it
could, for the usual eye and for eyes without red, green or blue cones (Machado et al., 2009).
Distances are Oklab's (Ottosson, 2020): 0.19 and more for the usual eye, 0.118 for the others."""

PAPER = "white"
INK = "#222222"
FAINT = "#b8b8b8"
GAP = "#d4d4d4"
"""The lines between the images of a sheet."""

TITLE_SIZE, LABEL_SIZE, SMALL_SIZE = 13, 11, 9

ROUND_STEPS = [1, 2, 5, 10]
"""Ticks are 1, 2 or 5 times a power of ten apart."""

GREY: Colormap = colormaps["gray_r"].with_extremes(bad=GAP)
"""Images: ink on paper."""

SIGNED: Colormap = colormaps["RdBu_r"].with_extremes(bad=GAP)
"""Numbers on both sides of 0: blue below, white at 0, red above."""


class Picture(Figure):
    """A matplotlib figure that a notebook shows by itself, without pyplot."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()


def new_figure(width: float, height: float, title: str | None = None) -> Picture:
    """An empty figure.

    Parameters
    ----------
    width, height : float
        Inches, at 100 dots each.
    title : str, optional
    """
    figure = Picture(figsize=(width, height), dpi=100, facecolor=PAPER)
    FigureCanvasAgg(figure)
    figure.set_layout_engine("compressed", h_pad=0.07)
    if title:
        figure.suptitle(title, fontsize=TITLE_SIZE, color=INK)
    return figure


def label(axes: Axes, x: str = "", y: str = "", title: str = "") -> None:
    """Name the axes of a diagram, and take away the two sides of its frame that say nothing."""
    axes.set_xlabel(x, fontsize=LABEL_SIZE, color=INK)
    axes.set_ylabel(y, fontsize=LABEL_SIZE, color=INK)
    axes.set_title(title, fontsize=LABEL_SIZE, color=INK)
    axes.set_facecolor(PAPER)
    axes.tick_params(labelsize=SMALL_SIZE, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)


def color_bar(figure: Figure, drawn: Any, axes: Any, title: str = "", **options: Any) -> None:
    """Say which number is which colour."""
    bar = figure.colorbar(drawn, ax=axes, **options)
    bar.set_label(title, fontsize=SMALL_SIZE, color=INK)
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=SMALL_SIZE, colors=INK)
    bar.outline.set_edgecolor(FAINT)
