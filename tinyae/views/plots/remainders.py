"""The remainder of Taylor's formula over the step: a line of slope 2 for a right gradient."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from tinyae.arguments import checked
from tinyae.checking.taylor import TaylorReport
from tinyae.errors import TinyaeError
from tinyae.views.plots.style import FAINT, INK, PALETTE, SMALL_SIZE, Picture, label, new_figure

__all__ = ["taylor"]

REFERENCES = {2: "slope 2: right", 1: "slope 1: wrong"}


@checked
def taylor(report: TaylorReport, *, title: str | None = None) -> Picture:
    """Draw R(h) = |f(θ + h v) − f(θ) − h g·v| over h for every tensor, on logarithmic scales.

    Two dashed lines show what slopes 2 and 1 look like. The grey band is what rounding alone
    may make of R.

    Parameters
    ----------
    report : TaylorReport
        What ``ta.check_taylor`` gave.
    title : str, optional

    Raises
    ------
    TinyaeError
        For another report, or one without remainders.
    """
    remainders = getattr(report, "remainders", None)
    if not remainders:
        raise TinyaeError(
            f"taylor: expected a report of ta.check_taylor with remainders, got "
            f"{type(report).__name__}"
        )
    figure = new_figure(6.5, 4.6, title)
    axes = figure.subplots()
    steps = next(iter(remainders.values())).steps
    noise = max(r.noise for r in remainders.values()) or np.finfo(float).eps
    for number, (name, remainder) in enumerate(remainders.items()):
        order = "only rounding" if np.isinf(remainder.order) else f"order {remainder.order:.2f}"
        values = np.where(remainder.values > 0, remainder.values, np.nan)
        color = PALETTE[number % len(PALETTE)]
        axes.loglog(steps, values, "o-", color=color, ms=3.5, lw=1.4, label=f"{name}: {order}")
    top = max(float(r.values.max()) for r in remainders.values()) or 1.0
    _draw_references(axes, steps, 3 * top)
    axes.axhspan(noise / 1e3, noise, color=FAINT, alpha=0.35, lw=0)
    axes.text(0.01, 0.02, "rounding", transform=axes.transAxes, size=SMALL_SIZE, color=INK)
    axes.set_ylim(noise / 1e3, 20 * top)
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_minor_formatter(NullFormatter())
    label(axes, "step h", "remainder |f(θ + h v) − f(θ) − h g·v|")
    axes.legend(frameon=False, fontsize=SMALL_SIZE, labelcolor=INK, loc="lower right")
    return figure


def _draw_references(axes: Axes, steps: np.ndarray, top: float) -> None:
    """What both orders look like, from one point at the largest step."""
    for slope, words in REFERENCES.items():
        line = top * (steps / steps[0]) ** slope
        axes.loglog(steps, line, "--", color=INK, lw=0.9, alpha=0.7, zorder=1)
        middle = len(steps) // 2
        axes.annotate(
            words, (steps[middle], line[middle]), (-4, 5), textcoords="offset points",
            fontsize=SMALL_SIZE, color=INK, ha="right",
        )  # fmt: skip
