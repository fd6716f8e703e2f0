"""Every figure drawn once, and ways to read off what was drawn."""

import numpy as np

from tinyae.checking import check_taylor
from tinyae.layers import Tanh
from tinyae.views import plots

RNG = np.random.default_rng(0)
IMAGES = RNG.random((20, 784))
SIGNS = RNG.standard_normal((9, 784))
LABELS = np.arange(20) % 3
HISTORY = {
    "loss": [30.0, 21.0, 16.0],
    "reconstruction": [29.0, 19.5, 14.0],
    "prior": [1.0, 1.5, 2.0],
}
POINTS = RNG.standard_normal((40, 6))
REBUILT = POINTS + 0.3 * RNG.standard_normal((40, 6))
GROUPS = np.repeat(["A", "B"], 20)
MEANS = RNG.standard_normal((30, 2))

FIGURES = {
    "class_sheet": lambda **o: plots.class_sheet(IMAGES, LABELS, **o),
    "compare_losses": lambda **o: plots.compare_losses(
        {"VAE": [3e7, 2e7], "EM": [2.5e7, 1e7]}, **o
    ),
    "features": lambda **o: plots.features(SIGNS, **o),
    "features_each": lambda **o: plots.features(SIGNS, scale="each", **o),
    "image_sheet": lambda **o: plots.image_sheet(IMAGES, **o),
    "one_image": lambda **o: plots.image_sheet(IMAGES[:1], **o),
    "latent_grid": lambda **o: plots.latent_grid(IMAGES[:9], 4, **o),
    "latent_lines": lambda **o: plots.latent_lines({"VAE": POINTS, "EM": REBUILT}, **o),
    "latent_means": lambda **o: plots.latent_means(MEANS, np.arange(30) % 10, **o),
    "latent_means_within": lambda **o: plots.latent_means(MEANS, LABELS.repeat(2)[:30], limits=1),
    "layer_views": lambda **o: plots.layer_views(IMAGES[:2], SIGNS[:2, :196], IMAGES[:2], **o),
    "loss_curves": lambda **o: plots.loss_curves(HISTORY, measure="nats an image", **o),
    "pca_identity": lambda **o: plots.pca_identity(POINTS, REBUILT, GROUPS, **o),
    "pca_scores": lambda **o: plots.pca_scores(POINTS, REBUILT, GROUPS, **o),
    "reconstructions": lambda **o: plots.reconstructions(
        IMAGES, IMAGES, list(range(20)), columns=7, **o
    ),
    "samples": lambda **o: plots.samples({"VAE": IMAGES[:16], "EM": IMAGES[:16]}, **o),
    "samples_through_training": lambda **o: plots.samples_through_training(
        [IMAGES[:4]] * 5, [f"batch {50 * n}" for n in range(5)], **o
    ),
    "taylor": lambda **o: plots.taylor(check_taylor(Tanh(), MEANS), **o),
}


def pictures(axes):
    """The images on a sheet, as they were before they were enlarged and laid out."""
    return np.asarray(axes.images[0].get_array().filled(np.nan))


def texts(figure):
    """What is written on a figure outside its diagrams: its title, labels for all of them."""
    return [text.get_text() for text in figure.texts]


def tick_labels(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def first_on_sheet(axes, side=28, at=(0, 0)):
    """One image of a sheet of 28 × 28 ones, each pixel of which is two dots wide."""
    top, left = (2 + 58 * place for place in at)
    return pictures(axes)[top : top + 2 * side : 2, left : left + 2 * side : 2]
