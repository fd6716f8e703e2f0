"""Figures of lines: their numbers are those given, their names say what they are."""

import matplotlib
import numpy as np
from matplotlib.colors import to_rgba

from tests.views.plots.figures import HISTORY, POINTS, tick_labels
from tinyae.views import plots


def test_losses_of_unlike_size_get_a_panel_each():
    figure = plots.loss_curves(HISTORY, unit="step", every=10, measure="nats")
    above, below = figure.axes
    shown = {line.get_label(): line for axes in figure.axes for line in axes.lines}
    for name, values in HISTORY.items():
        np.testing.assert_array_equal(shown[name].get_xdata(), [10, 20, 30])
        np.testing.assert_array_equal(shown[name].get_ydata(), values)
    assert [line.get_label() for line in below.lines] == ["prior"]
    assert above.get_ylabel() == "loss (nats)"
    assert below.get_ylabel() == "prior (nats)"
    assert below.get_xlabel() == "step"
    assert [text.get_text() for text in above.get_legend().texts] == ["loss", "reconstruction"]


def test_losses_of_like_size_share_a_panel():
    figure = plots.loss_curves({"loss": [3, 2], "reconstruction": [2, 1], "prior": [1, 1]})
    (axes,) = figure.axes
    assert len(axes.lines) == 3
    assert len({line.get_color() for line in axes.lines}) == 3


def test_a_loss_without_parts_needs_no_legend():
    (axes,) = plots.loss_curves({"loss": [3, 2], "seconds": [9, 9]}).axes
    assert [line.get_label() for line in axes.lines] == ["loss"]
    assert axes.get_legend() is None


def test_large_losses_are_written_out():
    (axes,) = plots.compare_losses({"VAE": [13.4e6, 12.0e6], "EM": [13.3e6, 11.0e6, 10e6]}).axes
    axes.figure.canvas.draw()
    assert "12,000,000" in tick_labels(axes.yaxis)
    assert [list(line.get_ydata()) for line in axes.lines] == [
        [13.4e6, 12.0e6],
        [13.3e6, 11.0e6, 10e6],
    ]
    assert [text.get_text() for text in axes.get_legend().texts] == ["VAE", "EM"]


def test_a_diverged_loss_is_still_drawn():
    (axes,) = plots.loss_curves({"loss": [3.0, np.inf, np.nan]}).axes
    axes.figure.canvas.draw()
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [3.0, np.inf, np.nan])


def test_latent_lines_are_the_columns_in_the_colour_of_their_dimension():
    figure = plots.latent_lines({"VAE": POINTS, "EM": 3 * POINTS[:, :4]})
    vae, em, bar = figure.axes
    assert (vae.get_title(), em.get_title()) == ("VAE", "EM")
    assert (vae.get_xlabel(), vae.get_ylabel()) == ("sample", "latent mean μ")
    assert (len(vae.lines), len(em.lines)) == (6, 4)
    assert vae.get_ylim() == em.get_ylim()
    assert bar.get_ylabel() == "dimension"
    colors = matplotlib.colormaps["viridis"].resampled(6)
    for line in vae.lines:
        (dimension,) = np.flatnonzero((line.get_ydata()[:, None] == POINTS).all(axis=0))
        assert to_rgba(line.get_color()) == colors(int(dimension))
    spreads = [line.get_ydata().std() for line in vae.lines]
    assert spreads == sorted(spreads, reverse=True)  # what lies flat is not hidden
