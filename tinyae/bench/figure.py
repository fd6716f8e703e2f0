"""The ratios of tinyae's training times to PyTorch's, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinyae.atomic import whole_file
from tinyae.bench.timing import Timing
from tinyae.errors import TinyaeError

__all__ = ["draw_ratios"]


def draw_ratios(timings: Sequence[Timing], path: Path) -> None:
    """A bar a recipe on a logarithmic axis, with the line where both take as long.

    Raises
    ------
    TinyaeError
        For timings without PyTorch's.
    """
    from tinyae.views.plots.style import INK, PALETTE, SMALL_SIZE, label, new_figure

    compared = [(timing.recipe, timing.ratio) for timing in timings if timing.ratio is not None]
    if not compared:
        raise TinyaeError("bench: expected ratios to draw, got none; add --against torch")
    names, ratios = zip(*reversed(compared), strict=True)
    figure = new_figure(7, 0.9 + 0.36 * len(names))
    axes = figure.subplots()
    axes.barh(names, [ratio - 1 for ratio in ratios], left=1, color=PALETTE[0], height=0.6)
    axes.axvline(1, color=INK, lw=1)
    axes.set_xscale("log")
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5) if min(ratios) / 2 < tick < max(ratios) * 2]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.margins(x=0.12)
    words = "time of tinyae ÷ time of PyTorch (left of 1, tinyae is faster)"
    label(axes, x=words, title="Training times beside PyTorch's")
    for row, ratio in enumerate(ratios):
        side = "left" if ratio >= 1 else "right"
        axes.annotate(f" {ratio:.2f} ", (ratio, row), ha=side, va="center", fontsize=SMALL_SIZE)
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=150, bbox_inches="tight")
