"""Figures of images: each is in its place, unchanged, on the scale that is stated."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.views.plots.figures import (
    IMAGES,
    RNG,
    SIGNS,
    first_on_sheet,
    pictures,
    texts,
    tick_labels,
)
from tinyae.views import plots
from tinyae.views.plots.sheets import centers, show_sheet, tile
from tinyae.views.plots.style import GREY, SIGNED, new_figure


@pytest.mark.parametrize("shape", [(4, 784), (4, 28, 28), (4, 1, 28, 28)])
def test_images_come_in_three_shapes(shape):
    axes = plots.image_sheet(IMAGES[:4].reshape(shape)).axes[0]
    np.testing.assert_allclose(
        first_on_sheet(axes, at=(1, 0)), IMAGES[2].reshape(28, 28), rtol=1e-6
    )


def test_images_of_another_backend_are_brought_to_the_host(strict):
    axes = plots.image_sheet(strict.asarray(IMAGES[:1])).axes[0]
    np.testing.assert_allclose(first_on_sheet(axes), IMAGES[0].reshape(28, 28), rtol=1e-6)


def test_bytes_are_shown_as_numbers_from_0_to_1():
    axes = plots.image_sheet(np.array([[0, 51, 255, 0]], dtype=np.uint8)).axes[0]
    assert set(np.unique(pictures(axes)[2:-2, 2:-2]).round(6)) == {0.0, 0.2, 1.0}


@pytest.mark.parametrize("side", [3, 5, 7, 14, 28, 60])
def test_a_tile_keeps_every_pixel_of_every_size(side):
    images = RNG.random((5, side, side))
    sheet = tile(images, columns=3)
    size = (sheet.shape[1] - 2) // 3 - 2
    step = size // side
    for index, image in enumerate(images):
        top, left = (2 + (size + 2) * place for place in divmod(index, 3))
        shown = sheet[top : top + size, left : left + size]
        np.testing.assert_array_equal(shown, image.repeat(step, axis=0).repeat(step, axis=1))
        assert np.isnan(sheet[top - 2 : top, left]).all()
        assert centers(side, 3)[index % 3] == left + (size - 1) / 2
    assert np.isnan(sheet[2 + size + 2 :, 2 + 2 * (size + 2) :]).all()  # the sixth place


def test_places_without_an_image_are_paper():
    axes = new_figure(3, 3).subplots()
    show_sheet(axes, IMAGES[:5].reshape(5, 28, 28), columns=3)
    (cover,) = axes.patches
    assert to_hex(cover.get_facecolor()) == "#ffffff"
    assert cover.get_xy() == (2 + 2 * 58 - 0.5, 2 + 58 - 0.5)


def test_grid_points_go_up_and_to_the_right():
    points = plots.grid_points(2, 3)
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points[:4], [[-2, -2], [0, -2], [2, -2], [-2, 0]])
    np.testing.assert_array_equal(points[-1], [2, 2])


def test_a_decoded_point_lies_in_its_place():
    n, extent = 4, 3.0
    points = plots.grid_points(extent, n)
    numbers = np.linspace(0, 1, n * n)
    (axes,) = plots.latent_grid(numbers[:, None] * np.ones(25), extent).axes
    sheet, (left, right, bottom, top) = pictures(axes), axes.images[0].get_extent()
    rows, columns = sheet.shape
    for (z1, z2), number in zip(points, numbers, strict=True):
        column = (z1 - left) / (right - left) * columns
        row = (top - z2) / (top - bottom) * rows
        assert sheet[int(row), int(column)] == pytest.approx(number)
        pitch = (columns - 2) / n
        place = (column - 2 - (pitch - 2) / 2) / pitch  # whole in the middle of an image
        assert place == pytest.approx(round(place), abs=1e-3)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$z_1$", "$z_2$")


def test_reconstructions_lie_below_their_originals_on_one_scale():
    originals, rebuilt = 2 * IMAGES - 1, IMAGES
    figure = plots.reconstructions(originals, rebuilt, list("abcdefghijklmnopqrst"), columns=12)
    first, second = figure.axes
    np.testing.assert_array_equal(first_on_sheet(first, at=(0, 3)).ravel(), originals[3])
    np.testing.assert_array_equal(first_on_sheet(first, at=(1, 3)).ravel(), rebuilt[3])
    np.testing.assert_array_equal(first_on_sheet(second, at=(1, 7)).ravel(), rebuilt[19])
    assert tick_labels(first.xaxis) == list("abcdefghijkl")
    assert tick_labels(second.xaxis) == list("mnopqrst")
    assert tick_labels(second.yaxis) == ["original", "reconstruction"]
    for axes in figure.axes:
        assert axes.images[0].get_clim() == (originals.min(), originals.max())
        assert axes.images[0].get_cmap() == GREY


def test_a_class_sheet_has_a_row_a_class():
    images, labels = IMAGES[:6], np.array([7, 2, 7, 7, 2, 7])
    (axes,) = plots.class_sheet(images, labels, per_class=3).axes
    np.testing.assert_array_equal(first_on_sheet(axes, at=(0, 1)).ravel(), images[4])
    np.testing.assert_array_equal(first_on_sheet(axes, at=(1, 2)).ravel(), images[3])
    assert np.isnan(first_on_sheet(axes, at=(0, 2))).all()
    assert tick_labels(axes.yaxis) == ["2", "7"]


def test_a_layer_shows_input_code_and_reconstruction():
    codes = SIGNS[:2, :49]
    figure = plots.layer_views(IMAGES[:2], codes, IMAGES[2:4])
    panels, bars = figure.axes[:6], figure.axes[6:]
    np.testing.assert_array_equal(first_on_sheet(panels[1]).ravel(), IMAGES[1])
    np.testing.assert_array_equal(pictures(panels[3])[2:-2:8, 2:-2:8].ravel(), codes[1])
    np.testing.assert_array_equal(first_on_sheet(panels[5]).ravel(), IMAGES[3])
    names = [tick_labels(panels[index].yaxis) for index in (0, 2, 4)]
    assert names == [["input"], ["code"], ["reconstruction"]]
    assert [axes.images[0].get_cmap() for axes in panels[::2]] == [GREY, SIGNED, GREY]
    largest = np.abs(codes).max()
    assert panels[2].images[0].get_clim() == (-largest, largest)
    assert panels[4].images[0].get_clim() == (IMAGES[:2].min(), IMAGES[:2].max())
    assert len(bars) == 3
    assert texts(figure) == ["Layer 1: 784 → 49 → 784"]


def test_the_inputs_of_a_later_layer_are_codes():
    figure = plots.layer_views(SIGNS[:1, :49], SIGNS[:1, :25], SIGNS[1:2, :49], layer=1)
    assert [axes.images[0].get_cmap() for axes in figure.axes[:3]] == [SIGNED] * 3
    assert figure.axes[0].images[0].get_clim() == figure.axes[2].images[0].get_clim()
    assert texts(figure) == ["Layer 2: 49 → 25 → 49"]


def test_features_share_a_scale_around_0_or_have_one_each():
    pictures_of_units = SIGNS * np.arange(9)[:, None]  # the first unit is silent
    largest = np.abs(pictures_of_units).max()
    axes, bar = plots.features(pictures_of_units).axes
    assert axes.images[0].get_clim() == (-largest, largest)
    np.testing.assert_array_equal(first_on_sheet(axes, at=(1, 0)).ravel(), pictures_of_units[3])
    assert bar.get_ylabel() == "one scale for all pictures"
    axes, bar = plots.features(pictures_of_units, scale="each").axes
    assert axes.images[0].get_clim() == (-1, 1)
    assert np.abs(first_on_sheet(axes, at=(1, 0))).max() == 1
    assert not first_on_sheet(axes).any()
    assert bar.get_ylabel() == "relative to each picture's largest"


def test_faint_samples_look_faint():
    axes = plots.samples(0.2 * IMAGES[:4]).axes[0]
    assert axes.images[0].get_clim() == (0, 1)
    axes = plots.samples(IMAGES[:4], grey=(-1, 1)).axes[0]
    assert axes.images[0].get_clim() == (-1, 1)


def test_samples_of_two_models_lie_side_by_side():
    vae, em = plots.samples({"VAE": IMAGES[:4], "EM": IMAGES[4:8]}).axes
    assert (vae.get_title(), em.get_title()) == ("VAE", "EM")
    np.testing.assert_array_equal(first_on_sheet(em, at=(0, 1)).ravel(), IMAGES[5])


def test_long_trainings_are_shown_from_the_first_to_the_last_sheet():
    sheets = [np.full((4, 9), n / 30) for n in range(31)]
    figure = plots.samples_through_training(sheets, [str(n) for n in range(31)])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [str(n) for n in range(0, 31, 2)]
    assert np.nanmax(pictures(figure.axes[-1])) == 1
