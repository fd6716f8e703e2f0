"""The main job in one command: a stacked autoencoder and a VAE learn, five figures show it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tinyae.backend import Array, seed
from tinyae.data import DataLoader, load, scale
from tinyae.layers.linear import Linear
from tinyae.losses import CrossEntropyLoss
from tinyae.models import VAE, StackedAutoencoder
from tinyae.optimizers import Adam
from tinyae.recipes.networks import mlp_vae
from tinyae.training import History, descend, fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["run_demo"]

SIZES = (784, 100, 25)
BATCH_SIZE = 100
EPOCHS = 20


def run_demo(out: Path, data: str = "digits", seed_number: int = 0) -> None:
    """Train both models, print their scores, and write the figures to ``out``.

    Parameters
    ----------
    out : Path
        Folder for five PNG files; made if it is not there.
    data : str
        Name of a data set.
    seed_number : int
    """
    seed(seed_number)
    images, labels = load(data)
    test_images, test_labels = load(data, "test")
    print(f"{data}: {len(images):,} images to learn from, {len(test_images):,} to test with\n")
    stacked, _ = _stacked(images, labels, test_images, test_labels)
    vae, history = _variational(images)
    out.mkdir(parents=True, exist_ok=True)
    for name, figure in _figures(stacked, vae, history, test_images, test_labels).items():
        figure.savefig(out / f"{name}.png", dpi=150)
    print(f"\nfive figures: {out.resolve()}")
