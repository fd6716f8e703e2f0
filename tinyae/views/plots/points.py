"""Figures of points: codes by class, data and reconstructions in the space of their components."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from tinyae.arguments import checked
from tinyae.errors import TinyaeError
from tinyae.views.pca import principal_components
from tinyae.views.plots import arguments
from tinyae.views.plots.style import (
    FAINT,
    INK,
    LABEL_SIZE,
    PALETTE,
    ROUND_STEPS,
    SMALL_SIZE,
    Picture,
    label,
    new_figure,
)

__all__ = ["latent_means", "pca_identity", "pca_scores"]


@checked
def latent_means(
    means: Any, labels: Any, *, limits: float | None = None, title: str | None = None
) -> Picture:
    """Draw the latent mean of each sample as a point, in the colour of its class.

    The points are drawn in a mixed order, so that no class hides another.

    Parameters
    ----------
    means : array (N, 2), or several of these by title
        Several are shown side by side, on one scale.
    labels : array (N,)
        Numbers or names, up to ten different ones.
    limits : float, optional
        Show what lies within ±limits in both directions, and say how many points do not.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the means are not (N, 2) or not finite, when the lengths differ, for more than ten
        labels, or when ``limits`` is not positive.
    """
    sheets = {
        name: arguments.table("latent_means", "means", values, columns=2)
        for name, values in arguments.named("latent_means", "means", means).items()
    }
    names, position = arguments.classes("latent_means", "labels", labels, len(PALETTE))
    for points in sheets.values():
        arguments.same_length("latent_means", means=points, labels=position)
    if limits is not None:
        arguments.positive("latent_means", "limits", limits)
    figure = new_figure(6.0 * len(sheets) + 1.0, 6.0, title)
    panels = figure.subplots(1, len(sheets), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, points) in zip(panels, sheets.items(), strict=True):
        _mixed_points(axes, points, position)
        label(axes, "$z_1$", title=name)
        axes.set_aspect("equal", adjustable="box" if limits or len(sheets) > 1 else "datalim")
        if limits:
            _limit(axes, points, limits)
    panels[0].set_ylabel("$z_2$", fontsize=LABEL_SIZE, color=INK)
    _legend(panels[-1], [str(name) for name in names])
    return figure


def _limit(axes: Axes, points: np.ndarray, limits: float) -> None:
    """Show what lies within ±limits, and say how much does not."""
    axes.set(xlim=(-limits, limits), ylim=(-limits, limits))
    outside = int((np.abs(points) > limits).any(axis=1).sum())
    if outside:
        note = f"{outside:,} of {len(points):,} points lie outside"
        axes.set_title(note, loc="right", fontsize=SMALL_SIZE, color=INK)


def _mixed_points(axes: Axes, points: np.ndarray, position: np.ndarray) -> None:
    """Points in the colours of their classes, smaller the more there are."""
    order = np.random.default_rng(0).permutation(len(points))
    axes.scatter(
        points[order, 0],
        points[order, 1],
        c=np.asarray(PALETTE)[position[order]],
        s=np.clip(30_000 / len(points), 4, 24),
        alpha=0.8,
        linewidths=0,
        rasterized=True,
    )


def _legend(axes: Axes, names: list[str]) -> None:
    handles = [
        Line2D([], [], ls="", marker="o", ms=8, mew=0, color=color, label=name)
        for name, color in zip(names, PALETTE, strict=False)
    ]
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=LABEL_SIZE,
        labelcolor=INK,
    )


def _joint_scores(
    figure: str, true: Any, reconstructed: Any, groups: Any, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores of both tables on the scaled components of all their points together."""
    x = arguments.table(figure, "true points", true)
    y = arguments.table(figure, "reconstructed points", reconstructed, columns=x.shape[1])
    names, position = arguments.classes(figure, "groups", groups, len(PALETTE))
    arguments.same_length(figure, true=x, reconstructed=y, groups=position)
    if x.shape[1] < n:
        raise TinyaeError(f"{figure}: expected points of at least {n} numbers, got {x.shape[1]}")
    components = principal_components(np.concatenate([x, y]), n, scaled=True)
    return components.encode(x), components.encode(y), components.shares, names, position


@checked
def pca_scores(true: Any, reconstructed: Any, groups: Any, *, title: str | None = None) -> Picture:
    """Draw true and reconstructed points on their first two principal components.

    The components are those of all the points together, each column scaled to unit variance.

    Parameters
    ----------
    true, reconstructed : array (N, D)
    groups : array (N,)
        Numbers or names; a panel each.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the tables are not alike or not finite, when the lengths differ, for more than ten
        groups, or for a column that is constant.
    """
    before, after, shares, names, position = _joint_scores(
        "pca_scores", true, reconstructed, groups, 2
    )
    spread = np.ptp([before, after], axis=(0, 1))
    width = 3.6 * np.clip(spread[0] / spread[1], 0.6, 1.6)  # panels are 3.6 inches high
    figure = new_figure(width * len(names) + 2.3, 4.5, title)
    panels = figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
    for index, (axes, name) in enumerate(zip(panels, names, strict=True)):
        for scores, color in ((before, PALETTE[0]), (after, PALETTE[1])):
            x, y = scores[position == index].T
            axes.scatter(x, y, s=16, color=color, alpha=0.6, linewidths=0)
        axes.set_aspect("equal")
        label(axes, f"PC1 ({shares[0]:.0%} of variance)", title=f"group {name}")
    panels[0].set_ylabel(f"PC2 ({shares[1]:.0%} of variance)", fontsize=LABEL_SIZE, color=INK)
    _legend(panels[-1], ["true", "reconstructed"])
    return figure


@checked
def pca_identity(
    true: Any, reconstructed: Any, groups: Any, *, n: int = 4, title: str | None = None
) -> Picture:
    """Draw the reconstructed against the true scores, a row a group and a column a component.

    Points on the grey line are reconstructed exactly. The components are those of all the points
    together, each column scaled to unit variance.

    Parameters
    ----------
    true, reconstructed : array (N, D)
    groups : array (N,)
        Numbers or names.
    n : int
        Components to show.
    title : str, optional

    Raises
    ------
    TinyaeError
        When the tables are not alike or not finite, when the lengths differ, for more than ten
        groups, or for a column that is constant.
    """
    arguments.count("pca_identity", "n", n)
    before, after, shares, names, position = _joint_scores(
        "pca_identity", true, reconstructed, groups, n
    )
    figure = new_figure(2.4 * n + 0.6, 2.35 * len(names) + 0.6, title)
    panels = figure.subplots(len(names), n, sharex="col", squeeze=False)
    low, high = np.min([before, after], axis=(0, 1)), np.max([before, after], axis=(0, 1))
    margin = 0.05 * (high - low)
    for row, name in enumerate(names):
        for column, axes in enumerate(panels[row]):
            chosen = position == row
            limits = (low[column] - margin[column], high[column] + margin[column])
            axes.plot(limits, limits, color=FAINT, lw=1)
            axes.scatter(
                before[chosen, column],
                after[chosen, column],
                s=12,
                color=PALETTE[row],
                alpha=0.6,
                linewidths=0,
            )
            axes.set(xlim=limits, ylim=limits, box_aspect=1)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=ROUND_STEPS))
            axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=ROUND_STEPS))
            label(axes, title=f"PC{column + 1} ({shares[column]:.0%})" if row == 0 else "")
        panels[row, 0].set_ylabel(f"group {name}", fontsize=LABEL_SIZE, color=INK)
    figure.supxlabel("true score", fontsize=LABEL_SIZE, color=INK)
    figure.supylabel("reconstructed score", fontsize=LABEL_SIZE, color=INK)
    return figure
