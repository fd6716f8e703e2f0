"""All figures: nothing is cut off, pyplot stays out of it, what makes no sense is refused."""

import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from tests.views.plots.figures import (
    FIGURES,
    GROUPS,
    HISTORY,
    IMAGES,
    LABELS,
    MEANS,
    POINTS,
    SIGNS,
    texts,
)
from tinyae.errors import TinyaeError
from tinyae.views import plots


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_saves_and_nothing_is_cut(name):
    figure = FIGURES[name](title="A title")
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    assert isinstance(figure, Figure)
    assert stream.getvalue().startswith(b"\x89PNG")
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 > -0.02
    assert drawn.y0 > -0.02
    assert drawn.x1 < width + 0.02
    assert drawn.y1 < height + 0.02


@pytest.mark.parametrize("name", sorted(FIGURES.keys() - {"latent_means_within"}))
def test_the_title_is_the_one_asked_for(name):
    assert "A title" in texts(FIGURES[name](title="A title"))


def test_every_public_function_has_a_figure_here():
    drawn = {name for name in plots.__all__ if any(key.startswith(name) for key in FIGURES)}
    assert set(plots.__all__) - drawn == {"grid_points"}


def test_pyplot_and_the_settings_of_the_user_stay_alone():
    program = """
import io, sys, matplotlib
def settings():  # asking for "backend" would choose one, and import pyplot for it
    return {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}
before = settings()
from tinyae.views import plots
plots.loss_curves({"loss": [2, 1]}).savefig(io.BytesIO())
plots.image_sheet([[0, 1, 1, 0]]).savefig(io.BytesIO())
assert "matplotlib.pyplot" not in sys.modules, "pyplot was imported"
assert settings() == before, "settings were changed"
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_notebook_can_show_a_figure_without_pyplot():
    assert plots.image_sheet(IMAGES)._repr_png_().startswith(b"\x89PNG")


def test_a_dark_style_of_the_user_does_not_reach_the_figures():
    with matplotlib.rc_context({"figure.facecolor": "black", "axes.facecolor": "black"}):
        figure = plots.loss_curves(HISTORY)
    assert to_hex(figure.get_facecolor()) == "#ffffff"
    assert {to_hex(axes.get_facecolor()) for axes in figure.axes} == {"#ffffff"}


REFUSED = {
    "no square": (lambda: plots.samples(np.ones((5, 783))), r"\(5, 783\)"),
    "two channels": (lambda: plots.samples(np.ones((5, 2, 28, 28))), r"\(5, 2, 28, 28\)"),
    "oblong": (lambda: plots.samples(np.ones((5, 28, 27))), r"\(5, 28, 27\)"),
    "no images": (lambda: plots.samples(np.ones((0, 784))), r"\(0, 784\)"),
    "one number": (lambda: plots.samples(np.float32(3)), r"\(\)"),
    "words": (lambda: plots.samples(np.array([["a"]])), "numbers"),
    "not finite": (lambda: plots.samples(np.full((1, 4), np.nan)), "got 4 of 4 not finite"),
    "no sheets": (lambda: plots.samples_through_training([], []), "at least one sheet"),
    "titles": (
        lambda: plots.samples_through_training([IMAGES], ["a", "b"]),
        "got 1 sheets, 2 titles",
    ),
    "fewer rebuilt": (
        lambda: plots.reconstructions(IMAGES, IMAGES[:3]),
        "got 20 originals, 3 reconstructions",
    ),
    "smaller rebuilt": (lambda: plots.reconstructions(IMAGES, IMAGES[:, :49]), "of one size"),
    "fewer labels": (
        lambda: plots.reconstructions(IMAGES, IMAGES, [1]),
        "got 20 originals, 1 labels",
    ),
    "columns": (lambda: plots.image_sheet(IMAGES, columns=0), "columns of at least 1, got 0"),
    "classes": (lambda: plots.class_sheet(IMAGES, LABELS[:4]), "got 20 images, 4 labels"),
    "codes": (
        lambda: plots.layer_views(IMAGES[:2], IMAGES[:1], IMAGES[:2]),
        "got 2 inputs, 1 codes, 2 reconstructions",
    ),
    "scale": (lambda: plots.features(SIGNS, scale="own"), "shared, each, got 'own'"),
    "three dimensions": (
        lambda: plots.latent_means(np.ones((4, 3)), np.ones(4)),
        r"means \(N, 2\), got \(4, 3\)",
    ),
    "other labels": (lambda: plots.latent_means(MEANS, LABELS), "got 30 means, 20 labels"),
    "table of labels": (lambda: plots.latent_means(MEANS, MEANS), r"labels \(N,\)"),
    "eleven classes": (lambda: plots.latent_means(MEANS, range(30)), "at most 10 different labels"),
    "limits": (lambda: plots.latent_means(MEANS, MEANS[:, 0] > 0, limits=0), "positive limits"),
    "grid": (lambda: plots.latent_grid(IMAGES, 4), "n × n images, n at least 2, got 20"),
    "extent": (lambda: plots.latent_grid(IMAGES[:4], -1), "positive extent, got -1"),
    "grid of one": (lambda: plots.grid_points(4, 1), "n of at least 2, got 1"),
    "no loss": (lambda: plots.loss_curves({"prior": [1]}), "history with 'loss', got prior"),
    "no epoch": (lambda: plots.loss_curves({"loss": []}), "list of numbers as 'loss'"),
    "parts": (
        lambda: plots.loss_curves({"loss": [1, 2], "prior": [1]}),
        "got 2 loss, 1 prior",
    ),
    "no runs": (lambda: plots.compare_losses({}), "1 to 10 runs, got 0"),
    "lines": (lambda: plots.latent_lines(np.ones(4)), r"means \(N, D\), got \(4,\)"),
    "no lines": (lambda: plots.latent_lines({}), "several by title, got none"),
    "other tables": (
        lambda: plots.pca_scores(POINTS, POINTS[:, :3], GROUPS),
        r"reconstructed points \(N, 6\), got \(40, 3\)",
    ),
    "groups": (lambda: plots.pca_scores(POINTS, POINTS, GROUPS[:3]), "3 groups"),
    "few columns": (
        lambda: plots.pca_identity(POINTS[:, :3], POINTS[:, :3], GROUPS),
        "at least 4 numbers, got 3",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    draw, message = REFUSED[name]
    with pytest.raises(TinyaeError, match=message):
        draw()
