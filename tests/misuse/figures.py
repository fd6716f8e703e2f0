"""Good calls of everything that draws."""

from __future__ import annotations

import numpy as np

import tinyae as ta
from tests.misuse.making import call, linear, random
from tests.misuse.values import Good
from tinyae.views import plots


def plot_calls() -> dict[str, Good]:
    """Figures."""
    images, labels = random(6, 4, 4), np.array([0, 1, 2, 0, 1, 2])
    points, curves = random(6, 2), {"loss": [3.0, 2.0]}
    wide = random(6, 5)
    return {
        "plots.class_sheet": call(plots.class_sheet, images=images, labels=labels, per_class=2,
                                  grey=(0, 1), title="t"),
        "plots.compare_losses": call(plots.compare_losses, runs=curves, unit="epoch", every=1,
                                     measure="m", title="t"),
        "plots.loss_curves": call(plots.loss_curves, history=curves, unit="epoch", every=1,
                                  measure="m", title="t"),
        "plots.features": call(plots.features, pictures=images, scale="shared", columns=3,
                               title="t"),
        "plots.grid_points": call(plots.grid_points, extent=2.0, n=3),
        "plots.image_sheet": call(plots.image_sheet, images=images, columns=3, grey=(0, 1),
                                  title="t"),
        "plots.latent_grid": call(plots.latent_grid, images=random(4, 4, 4), extent=2.0,
                                  grey=(0, 1), title="t"),
        "plots.latent_lines": call(plots.latent_lines, means=wide, title="t"),
        "plots.latent_means": call(plots.latent_means, means=points, labels=labels, limits=2.0,
                                   title="t"),
        "plots.layer_views": call(plots.layer_views, inputs=images, codes=images,
                                  reconstructions=images, layer=0, title="t"),
        "plots.pca_identity": call(plots.pca_identity, true=wide, reconstructed=wide,
                                   groups=labels, n=2, title="t"),
        "plots.pca_scores": call(plots.pca_scores, true=wide, reconstructed=wide, groups=labels,
                                 title="t"),
        "plots.reconstructions": call(plots.reconstructions, originals=images,
                                      reconstructions=images, labels=list("abcabc"), columns=3,
                                      title="t"),
        "plots.samples": call(plots.samples, images=images, grey=(0, 1), title="t"),
        "plots.samples_through_training": call(
            plots.samples_through_training, sheets=[images, images], titles=["a", "b"],
            grey=(0, 1), title="t"),
        "plots.taylor": call(plots.taylor, report=ta.check_taylor(linear(), random(4, 3)),
                             title="t"),
    }  # fmt: skip
