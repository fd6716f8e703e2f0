"""Document 002: 784 pixels through a code of two numbers, a compression by 392."""

from __future__ import annotations

from tinyae.data import scale
from tinyae.losses import BCELoss
from tinyae.recipes import networks
from tinyae.recipes.adam import AdamTraining
from tinyae.recipes.base import Recipe, image_data

__all__ = ["COMPRESSION"]

COMPRESSION = Recipe(
    name="compression",
    about="dense autoencoder 784-128-2-128-784, compression by 392 (document 002)",
    dataset="mnist",
    load=image_data((784,), scale),
    train=AdamTraining(networks.compression, epochs=10, batch_size=256, loss=BCELoss),
)
