"""Figures of lines: losses as training goes on, codes of one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm
from matplotlib.ticker import MaxNLocator, ScalarFormatter, StrMethodFormatter

from tinyae.arguments import checked
from tinyae.errors import TinyaeError
from tinyae.views.plots import arguments
from tinyae.views.plots.style import (
    FAINT,
    INK,
    LABEL_SIZE,
    PALETTE,
    ROUND_STEPS,
    SMALL_SIZE,
    Picture,
    color_bar,
    label,
    new_figure,
)

__all__ = ["compare_losses", "latent_lines", "loss_curves"]

PARTS = {"loss": PALETTE[0], "reconstruction": PALETTE[1], "prior": PALETTE[2]}

FAR_APART = 5
"""A part so many times smaller than the whole would lie flat on the axis: its own panel."""


@checked
def loss_curves(
    history: Mapping[str, Sequence[float]],
    *,
    unit: str = "epoch",
    every: int = 1,
    measure: str = "",
    title: str | None = None,
) -> Picture:
    """Draw the loss as training went on, and its parts where it has them.

    A part much smaller than the whole, as the prior's is early in the training of a VAE, gets a
    panel and a scale of its own.

    Parameters
    ----------
    history : mapping of name to list
        ``loss``, and ``reconstruction`` and ``prior`` if there are such parts; others are left out.
    unit : str
        What was counted: ``epoch``, ``step``, ``batch``.
    every : int
        How many of these lie between two entries of a list; the first entry comes after as many.
    measure : str
        What the numbers are, such as ``nats an image``; written at the axis.
    title : str, optional

    Raises
    ------
    TinyaeError
        When there is no ``loss``, when a list is empty, or when the lists differ in length.
    """
    if "loss" not in history:
        raise TinyaeError(
            f"loss_curves: expected a history with 'loss', got {', '.join(history) or 'nothing'}"
        )
    arguments.count("loss_curves", "every", every)
    lines = {name: _curve("loss_curves", name, history[name]) for name in PARTS if name in history}
    arguments.same_length("loss_curves", **lines)
    whole = _size(lines["loss"])
    small = {name: line for name, line in lines.items() if _size(line) * FAR_APART < whole}
    groups = [group for group in (lines.keys() - small.keys(), small.keys()) if group]
    figure = new_figure(6.5, 4.0 if len(groups) == 1 else 5.5, title)
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    for axes, group in zip(panels, groups, strict=True):
        chosen = {name: line for name, line in lines.items() if name in group}
        _draw_curves(axes, chosen, PARTS, every)
        name = next(iter(chosen)) if len(chosen) == 1 else "loss"
        label(axes, y=_measured(name, measure))
    panels[-1].set_xlabel(unit, fontsize=LABEL_SIZE, color=INK)
    return figure


@checked
def compare_losses(
    runs: Mapping[str, Sequence[float]],
    *,
    unit: str = "epoch",
    every: int = 1,
    measure: str = "",
    title: str | None = None,
) -> Picture:
    """Draw the losses of several runs in one diagram.

    Parameters
    ----------
    runs : mapping of label to list
        Up to ten; they need not be of one length.
    unit : str
        What was counted: ``epoch``, ``step``, ``batch``.
    every : int
        How many of these lie between two entries of a list.
    measure : str
        What the numbers are, such as ``nats an image``; written at the axis.
    title : str, optional

    Raises
    ------
    TinyaeError
        When there is no run or more than ten, or when a list is empty.
    """
    if not 1 <= len(runs) <= len(PALETTE):
        raise TinyaeError(f"compare_losses: expected 1 to {len(PALETTE)} runs, got {len(runs)}")
    arguments.count("compare_losses", "every", every)
    lines = {name: _curve("compare_losses", name, values) for name, values in runs.items()}
    figure = new_figure(6.5, 4.0, title)
    axes = figure.subplots()
    _draw_curves(axes, lines, dict(zip(lines, PALETTE, strict=False)), every)
    label(axes, unit, _measured("loss", measure))
    return figure


def _curve(figure: str, name: str, values: Any) -> np.ndarray:
    line = arguments.numbers(figure, name, values)
    if line.ndim != 1 or line.size == 0:
        raise TinyaeError(f"{figure}: expected a list of numbers as {name!r}, got {line.shape}")
    return line.astype(np.float64)


def _measured(name: str, measure: str) -> str:
    return f"{name} ({measure})" if measure else name


def _size(line: np.ndarray) -> float:
    """The typical size of a curve; a first entry far off the rest does not count."""
    return float(np.nanmedian(np.abs(line)))


def _draw_curves(
    axes: Axes, lines: Mapping[str, np.ndarray], colors: Mapping[str, str], every: int
) -> None:
    for name, line in lines.items():
        x = every * np.arange(1, len(line) + 1)
        marker = "o" if len(line) <= 30 else ""
        axes.plot(x, line, color=colors[name], marker=marker, markersize=4, lw=1.8, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=ROUND_STEPS, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    low, high = axes.get_ylim()
    thousands, plain = StrMethodFormatter("{x:,.0f}"), ScalarFormatter(useOffset=False)
    axes.yaxis.set_major_formatter(thousands if high - low > 100 else plain)
    axes.grid(axis="y", color=FAINT, lw=0.5, alpha=0.6)
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=SMALL_SIZE, labelcolor=INK)


@checked
def latent_lines(means: Any, *, title: str | None = None) -> Picture:
    """Draw the latent means of one batch as lines, a dimension each, over the samples.

    A dimension that the model uses goes up and down with the samples; one that it ignores lies
    flat near 0.

    Parameters
    ----------
    means : array (N, D), or several of these by title
        Several models are shown side by side, on one scale.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the means are not such a table or not finite.
    """
    models = {
        name: arguments.table("latent_lines", "means", values)
        for name, values in arguments.named("latent_lines", "means", means).items()
    }
    most = max(values.shape[1] for values in models.values())
    colors = colormaps["viridis"].resampled(most)
    figure = new_figure(5.5 * len(models) + 1.0, 4.0, title)
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axes, (name, values) in zip(panels, models.items(), strict=True):
        for dimension in np.argsort(-values.std(axis=0)):  # flat lines last, on top
            axes.plot(values[:, dimension], color=colors(dimension), lw=0.8)
        axes.margins(x=0.01)
        label(axes, "sample", title=name)
    panels[0].set_ylabel("latent mean μ", fontsize=LABEL_SIZE, color=INK)
    steps = ScalarMappable(BoundaryNorm(np.arange(most + 1) + 0.5, most), colors)
    ticks = MaxNLocator(steps=ROUND_STEPS, integer=True)
    color_bar(figure, steps, panels.tolist(), "dimension", ticks=ticks, pad=0.02)
    return figure
