"""Figures: one function each, which returns a matplotlib figure and leaves pyplot alone."""

from tinyae.views.plots.curves import compare_losses, latent_lines, loss_curves
from tinyae.views.plots.generated import (
    grid_points,
    latent_grid,
    samples,
    samples_through_training,
)
from tinyae.views.plots.pictures import class_sheet, image_sheet, reconstructions
from tinyae.views.plots.points import latent_means, pca_identity, pca_scores
from tinyae.views.plots.remainders import taylor
from tinyae.views.plots.units import features, layer_views

__all__ = [
    "class_sheet",
    "compare_losses",
    "features",
    "grid_points",
    "image_sheet",
    "latent_grid",
    "latent_lines",
    "latent_means",
    "layer_views",
    "loss_curves",
    "pca_identity",
    "pca_scores",
    "reconstructions",
    "samples",
    "samples_through_training",
    "taylor",
]
