"""Recipes that are one model and one call of ``fit``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinyae.backend import Array
from tinyae.data import DataLoader, gaussian_groups, scale
from tinyae.errors import TinyaeError
from tinyae.layers.module import Module
from tinyae.models.vae import VAE
from tinyae.optimizers import Adam
from tinyae.recipes import networks
from tinyae.recipes.base import Data, Recipe, Settings, Stopwatch, Trained, image_data
from tinyae.training import evaluate, fit

__all__ = ["AdamTraining", "CONV_VAE", "DENSE_VAE", "GAUSSIAN_VAE", "MLP_VAE"]


@dataclass(frozen=True)
class AdamTraining:
    """Training with Adam at its usual rate of 10⁻³.

    Attributes
    ----------
    build : callable
        Makes the model.
    epochs : int
        The document's number.
    batch_size : int or None
        Of shuffled batches; all samples at once when ``None``.
    measure : callable or None
        From the model, in evaluation mode, and the test data to final scores by name.
    """

    build: Callable[[], Module]
    epochs: int
    batch_size: int | None = None
    measure: Callable[[Any, Data], dict[str, float]] | None = None

    def batches(self, x: Array) -> DataLoader:
        """The batches of an epoch."""
        shuffle = self.batch_size is not None
        return DataLoader(x, batch_size=self.batch_size or len(x), shuffle=shuffle)

    def __call__(self, data: Data, test: Callable[[], Data], settings: Settings) -> Trained:
        """Build, train, measure."""
        model, watch, epochs = self.build(), Stopwatch(), settings.epochs or self.epochs
        optimizer = Adam(model.parameters(), lr=1e-3)
        with watch:
            batches = self.batches(data[0])
            history = fit(model, batches, epochs, optimizer, progress=settings.progress)
        return Trained(
            model=model,
            history=history,
            parameters=model.count_parameters(),
            epochs=epochs,
            metrics=self.measure(model.eval(), test()) if self.measure else {},
            seconds=watch.seconds,
        )


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


GAUSSIAN_VAE = Recipe(
    name="gaussian-vae",
    about="VAE on two Gaussian groups in 15 dimensions (document 000, part 1)",
    dataset="gaussian-groups",
    load=_gaussian_data,
    train=AdamTraining(lambda: networks.dense_vae([15, 10, 5], latent_dim=2), epochs=1000),
)

DENSE_VAE = Recipe(
    name="dense-vae",
    about="dense VAE on 10,000 digits, squared error, full batch (document 000, part 2)",
    dataset="mnist",
    load=image_data((784,), scale),
    train=AdamTraining(lambda: networks.dense_vae([784, 100, 20], latent_dim=2), epochs=250),
    limit=10_000,
)

CONV_VAE = Recipe(
    name="conv-vae",
    about="convolutional VAE on 10,000 digits in batches (document 000, part 3)",
    dataset="mnist",
    load=image_data((1, 28, 28), scale),
    train=AdamTraining(networks.conv_vae, epochs=10, batch_size=256),
    limit=10_000,
)

MLP_VAE = Recipe(
    name="mlp-vae",
    about="one hidden layer, 20 latent dimensions: the best known small VAE",
    dataset="mnist",
    load=image_data((784,), scale),
    train=AdamTraining(networks.mlp_vae, epochs=10, batch_size=128, measure=_test_loss),
)
