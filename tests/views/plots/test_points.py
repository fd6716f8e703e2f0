"""Figures of points: each lies where it should, in the colour of its class."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgba

from tests.views.plots.figures import GROUPS, MEANS, POINTS, REBUILT, RNG, texts
from tinyae.views import plots
from tinyae.views.plots.style import PALETTE


def test_latent_means_are_points_in_the_colour_of_their_class():
    labels = np.arange(30) % 10
    (axes,) = plots.latent_means(MEANS, labels).axes
    (points,) = axes.collections
    colors = [to_hex(color) for color in points.get_facecolors()]
    shown = {
        (*map(float, xy), color) for xy, color in zip(points.get_offsets(), colors, strict=True)
    }
    expected = {(*map(float, xy), PALETTE[n]) for xy, n in zip(MEANS, labels, strict=True)}
    assert shown == expected
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$z_1$", "$z_2$")
    assert axes.get_aspect() == 1
    legend = {
        text.get_text(): handle.get_color()
        for text, handle in zip(
            axes.get_legend().texts, axes.get_legend().legend_handles, strict=True
        )
    }
    assert legend == {str(n): PALETTE[n] for n in range(10)}


def test_several_means_are_drawn_side_by_side_on_one_scale():
    figure = plots.latent_means({"one": MEANS, "two": 3 * MEANS}, np.arange(30) % 10)
    one, two = figure.axes
    assert (one.get_title(), two.get_title()) == ("one", "two")
    assert (one.get_xlim(), one.get_ylim()) == (two.get_xlim(), two.get_ylim())
    drawn = [np.sort(axes.collections[0].get_offsets(), axis=0) for axes in (one, two)]
    np.testing.assert_allclose(drawn[1], 3 * drawn[0])
    assert drawn[1].max() <= max(one.get_xlim()[1], one.get_ylim()[1])


def test_classes_are_mixed_when_drawn():
    labels = np.repeat([0, 1], 500)
    (axes,) = plots.latent_means(RNG.standard_normal((1000, 2)), labels).axes
    colors = [to_hex(color) for color in axes.collections[0].get_facecolors()]
    assert 150 < colors[:500].count(PALETTE[0]) < 350


def test_limits_are_kept_and_say_what_they_leave_out():
    means = np.array([[0, 0], [4.5, 0], [1, -9], [-4, 4]])
    (axes,) = plots.latent_means(means, ["a", "a", "b", "b"], limits=4).axes
    assert axes.get_xlim() == axes.get_ylim() == (-4, 4)
    assert axes.get_title(loc="right") == "2 of 4 points lie outside"
    (axes,) = plots.latent_means(means, ["a", "a", "b", "b"], limits=9).axes
    assert axes.get_title(loc="right") == ""


def test_the_palette_keeps_its_distances():
    """As its description says; simulated after Machado et al., measured in Oklab."""
    blindness = {
        "usual": (np.eye(3), 0.19),
        "protan": ([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]], 0.118),
        "deutan": ([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]], 0.118),
        "tritan": ([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]], 0.118),
    }
    to_cones = np.array(
        [[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]]
    )
    to_lab = np.array(
        [[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]]
    )
    srgb = np.array([to_rgba(color)[:3] for color in PALETTE])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    for eye, (seen, least) in blindness.items():
        colors = np.cbrt(np.clip(linear @ np.transpose(seen), 0, 1) @ to_cones.T) @ to_lab.T
        distances = np.linalg.norm(colors[:, None] - colors, axis=-1)[np.triu_indices(10, 1)]
        assert distances.min() > least - 0.001, eye


def test_pca_scores_are_those_of_all_points_together():
    figure = plots.pca_scores(POINTS, REBUILT, GROUPS)
    together = np.concatenate([POINTS, REBUILT])
    scaled = (together - together.mean(axis=0)) / together.std(axis=0, ddof=1)
    _, singular_values, directions = np.linalg.svd(scaled, full_matrices=False)
    expected = scaled @ directions[:2].T
    for index, axes in enumerate(figure.axes):
        true, rebuilt = (np.asarray(part.get_offsets()) for part in axes.collections)
        rows = slice(20 * index, 20 * index + 20)
        np.testing.assert_allclose(abs(true), abs(expected[:40][rows]))
        np.testing.assert_allclose(abs(rebuilt), abs(expected[40:][rows]))
        assert axes.get_aspect() == 1
    share = singular_values[0] ** 2 / (singular_values**2).sum()
    assert figure.axes[0].get_xlabel() == f"PC1 ({share:.0%} of variance)"
    assert [axes.get_title() for axes in figure.axes] == ["group A", "group B"]
    legend = figure.axes[-1].get_legend()
    assert [text.get_text() for text in legend.texts] == ["true", "reconstructed"]


def test_perfect_reconstructions_lie_on_the_identity_line():
    figure = plots.pca_identity(POINTS, POINTS, GROUPS, n=3)
    assert len(figure.axes) == 6
    for axes in figure.axes:
        offsets = np.asarray(axes.collections[0].get_offsets())
        np.testing.assert_allclose(offsets[:, 0], offsets[:, 1])
        assert len(offsets) == 20
        (line,) = axes.lines
        assert tuple(line.get_xdata()) == tuple(line.get_ydata()) == axes.get_xlim()
        assert axes.get_xlim() == axes.get_ylim()
    assert figure.axes[0].get_title().startswith("PC1 (")
    assert [figure.axes[index].get_ylabel() for index in (0, 3)] == ["group A", "group B"]
    assert texts(figure) == ["true score", "reconstructed score"]


def test_imperfect_reconstructions_show_true_across_and_reconstructed_up():
    figure = plots.pca_identity(POINTS, 0.5 * POINTS, GROUPS)
    offsets = np.asarray(figure.axes[0].collections[0].get_offsets())
    slope = np.polyfit(*offsets.T, 1)[0]
    assert slope == pytest.approx(0.5)
