"""A sheet of paper measured in inches, for drawings made of boxes, arrows and words."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from tinyae.views.plots.style import INK, PAPER, Picture, new_figure

__all__ = ["Canvas", "text_width"]

POINTS = 72
MARGIN = 0.25
EDGE = "#5f6b7a"


class Canvas:
    """Draws, and knows how far it has come: the paper is cut to size at the end.

    Attributes
    ----------
    left, right, bottom, top : float
        Of all that is drawn so far, in inches.
    """

    def __init__(self) -> None:
        self.figure = new_figure(1, 1)
        self.figure.set_layout_engine("none")
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.left = self.bottom = float("inf")
        self.right = self.top = float("-inf")

    def reach(self, x: float, y: float) -> None:
        """Make sure that this point is on the paper."""
        self.left, self.right = min(self.left, x), max(self.right, x)
        self.bottom, self.top = min(self.bottom, y), max(self.top, y)

    def write(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        side: int = 0,
        color: str = INK,
        weight: str = "normal",
    ) -> None:
        """Write one line, centred on (x, y) or starting (side 1) or ending (−1) there."""
        width = text_width(words, size, weight)
        start = x + (side - 1) / 2 * width
        align = {-1: "right", 0: "center", 1: "left"}[side]
        self.axes.text(
            x, y, words, fontsize=size, ha=align, va="center", color=color, weight=weight
        )
        half = 0.7 * size / POINTS
        self.reach(start, y - half)
        self.reach(start + width, y + half)

    def polygon(self, corners: Sequence[tuple[float, float]], color: str) -> None:
        """Fill an outline."""
        self.axes.add_patch(
            Polygon(corners, facecolor=color, edgecolor=EDGE, lw=0.7, joinstyle="round")
        )
        for corner in corners:
            self.reach(*corner)

    def pill(self, x: float, y: float, words: str, size: float, height: float, color: str) -> float:
        """A rounded box around words, centred on (x, y); returns its width."""
        width, round_ = text_width(words, size) + height, 0.4 * height
        corner = (x - width / 2 + round_, y - height / 2 + round_)
        style = f"round,pad={round_},rounding_size={round_}"
        self.axes.add_patch(
            FancyBboxPatch(
                corner, width - 2 * round_, height - 2 * round_, boxstyle=style,
                facecolor=color, edgecolor=EDGE, lw=0.7,
            )
        )  # fmt: skip
        self.write(x, y, words, size)
        self.reach(x - width / 2, y - height / 2)
        self.reach(x + width / 2, y + height / 2)
        return width

    def line(self, *points: tuple[float, float], head: bool = False) -> None:
        """A line through the points, or an arrow to the last of them."""
        style = "-|>,head_width=2.2,head_length=4" if head else "-"
        self.axes.add_patch(
            FancyArrowPatch(path=Path(points), arrowstyle=style, color=EDGE, lw=0.9)
        )
        for point in points:
            self.reach(*point)

    def finish(self) -> Picture:
        """Cut the paper to size."""
        left, right = self.left - MARGIN, self.right + MARGIN
        bottom, top = self.bottom - MARGIN, self.top + MARGIN
        self.axes.set(xlim=(left, right), ylim=(bottom, top))
        self.figure.set_size_inches(right - left, top - bottom)
        self.figure.set_facecolor(PAPER)
        return self.figure


@functools.lru_cache(maxsize=1000)
def text_width(words: str, size: float, weight: str = "normal") -> float:
    """The width of a line of text in inches."""
    path = TextPath((0, 0), words, size, prop=FontProperties(weight=weight))
    return path.get_extents().width / POINTS
