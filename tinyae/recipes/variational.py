"""The variational autoencoders of documents 000, 003 and 004, and the best known small one."""

from __future__ import annotations

from functools import partial

from tinyae.data import DataLoader, gaussian_groups, scale
from tinyae.errors import TinyaeError
from tinyae.models.vae import VAE
from tinyae.recipes import networks
from tinyae.recipes.adam import AdamTraining
from tinyae.recipes.base import Data, Recipe, image_data
from tinyae.training import evaluate

__all__ = ["VARIATIONAL"]


def _gaussian_data(name: str, split: str) -> Data:
    """Document 000, part 1: two groups of 200 points; there is nothing to choose."""
    if (name, split) != ("gaussian-groups", "train"):
        raise TinyaeError(
            f"gaussian-vae: expected data 'gaussian-groups', split 'train', got {name!r}, {split!r}"
        )
    return gaussian_groups()


def _test_loss(model: VAE, data: Data) -> dict[str, float]:
    """The loss an image, z drawn as in training."""
    x, _ = data
    return {"test_loss": evaluate(model, DataLoader(x, batch_size=1000))["loss"] / len(x)}


IMAGES = (1, 28, 28)
PIXELS = (784,)

VARIATIONAL = (
    Recipe(
        name="gaussian-vae",
        about="VAE on two Gaussian groups in 15 dimensions (document 000, part 1)",
        dataset="gaussian-groups",
        load=_gaussian_data,
        train=AdamTraining(partial(networks.dense_vae, (15, 10, 5)), epochs=1000),
    ),
    Recipe(
        name="dense-vae",
        about="dense VAE on 10,000 digits, squared error, full batch (document 000, part 2)",
        dataset="mnist",
        load=image_data(PIXELS, scale),
        train=AdamTraining(partial(networks.dense_vae, (784, 100, 20)), epochs=250),
        limit=10_000,
    ),
    Recipe(
        name="conv-vae",
        about="convolutional VAE on 10,000 digits in batches (document 000, part 3)",
        dataset="mnist",
        load=image_data(IMAGES, scale),
        train=AdamTraining(networks.conv_vae, epochs=10, batch_size=256),
        limit=10_000,
    ),
    *(
        Recipe(
            name=name,
            about=about,
            dataset="mnist",
            load=image_data(IMAGES, scale),
            train=AdamTraining(
                partial(networks.deep_conv_vae, prior=prior),
                epochs=50,
                batch_size=250,
                drop_last=True,
            ),
        )
        for name, prior, about in (
            ("deep-conv-vae", "kl", "deeper convolutional VAE (document 003)"),
            ("deep-conv-emae", "em", "the same with ½ Σ μ² for KL (document 003, as coded)"),
            ("deep-conv-emae-strict", "em-strict", "the same with ½ Σ (μ² + σ²): no entropy"),
        )
    ),
    Recipe(
        name="kmnist-vae",
        about="convolutional VAE with batch norm on Kuzushiji (document 004)",
        dataset="kmnist",
        load=image_data(IMAGES, partial(scale, divisor=256)),
        train=AdamTraining(networks.kmnist_vae, epochs=3, batch_size=128, snapshot_every=50),
    ),
    Recipe(
        name="mlp-vae",
        about="one hidden layer, 20 latent dimensions: the best known small VAE",
        dataset="mnist",
        load=image_data(PIXELS, scale),
        train=AdamTraining(networks.mlp_vae, epochs=10, batch_size=128, measure=_test_loss),
    ),
)
