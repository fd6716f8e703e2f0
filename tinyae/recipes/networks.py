"""The networks of the documents, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tinyae.layers import (
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    Unflatten,
)
from tinyae.models import VAE, Autoencoder

__all__ = [
    "compression",
    "conv_vae",
    "deep_conv_vae",
    "dense_relu",
    "dense_vae",
    "kmnist_vae",
    "mlp_vae",
]


def dense_relu(sizes: Sequence[int], *, last: Layer | None = None) -> Sequential:
    """Linear layers from size to size, ReLU between them, and ``last`` (or nothing) after them."""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes):
        layers += [Linear(inputs, outputs), ReLU()]
    return Sequential(*layers[:-1], *([last] if last else []))


def compression(latent_dim: int = 2) -> Autoencoder:
    """Document 002: ReLU everywhere but a sigmoid at the output, two models composed into one.

    The biases of the code start at 3. From near 0, where a layer's biases usually start, the
    ReLU kills one of the two code numbers, or both, in two runs of three (lesson 4).
    """
    encoder = dense_relu([784, 128, latent_dim], last=ReLU())
    encoder[2].bias.value += 3
    return Autoencoder(encoder, dense_relu([latent_dim, 128, 784], last=Sigmoid()))


def dense_vae(sizes: Sequence[int], latent_dim: int = 2) -> VAE:
    """Document 000, parts 1 and 2: a trunk of ``sizes`` and its mirror image, linear output."""
    return VAE(
        trunk=dense_relu(sizes, last=ReLU()),
        mean=Linear(sizes[-1], latent_dim),
        log_var=Linear(sizes[-1], latent_dim),
        decoder=dense_relu([latent_dim, *reversed(sizes)]),
        reconstruction="mse",
    )


def mlp_vae(pixels: int = 784, hidden: int = 400, latent_dim: int = 20) -> VAE:
    """One hidden layer on either side, sigmoid output: the best known small VAE."""
    return VAE(
        trunk=dense_relu([pixels, hidden], last=ReLU()),
        mean=Linear(hidden, latent_dim),
        log_var=Linear(hidden, latent_dim),
        decoder=dense_relu([latent_dim, hidden, pixels], last=Sigmoid()),
        reconstruction="bce",
    )


def conv_vae(latent_dim: int = 2) -> VAE:
    """Document 000, part 3: two convolutions down, three transposed convolutions up."""
    trunk = Sequential(
        Conv2d(1, 4, kernel_size=3),  # 1 × 28 × 28 → 4 × 26 × 26
        ReLU(),
        Conv2d(4, 8, kernel_size=3),  # → 8 × 24 × 24
        ReLU(),
        MaxPool2d(2),  # → 8 × 12 × 12
        Dropout(0.25),
        Flatten(),
        Linear(1152, 256),
        ReLU(),
        Dropout(0.25),
    )
    decoder = Sequential(
        Linear(latent_dim, 256),
        ReLU(),
        Linear(256, 1152),
        ReLU(),
        Unflatten((8, 12, 12)),
        ConvTranspose2d(8, 4, kernel_size=3, stride=2, padding=1, output_padding=1),  # 4 × 24 × 24
        ReLU(),
        ConvTranspose2d(4, 2, kernel_size=3),  # → 2 × 26 × 26
        ReLU(),
        ConvTranspose2d(2, 1, kernel_size=3),  # → 1 × 28 × 28
        Sigmoid(),
    )
    heads = Linear(256, latent_dim), Linear(256, latent_dim)
    return VAE(trunk, *heads, decoder, reconstruction="bce", beta=2.0)


def deep_conv_vae(latent_dim: int = 30, prior: str = "kl") -> VAE:
    """Document 003: 32 and 64 channels down; up by way of two 1 × 1 transposed convolutions."""
    trunk = Sequential(
        Conv2d(1, 32, kernel_size=3),  # 1 × 28 × 28 → 32 × 26 × 26
        ReLU(),
        Conv2d(32, 64, kernel_size=3),  # → 64 × 24 × 24
        ReLU(),
        MaxPool2d(2),  # → 64 × 12 × 12
        Dropout(0.25),
        Flatten(),
        Linear(9216, 128),
        ReLU(),
        Dropout(0.5),
    )
    decoder = Sequential(
        Linear(latent_dim, 128),
        ReLU(),
        Linear(128, 128),
        ReLU(),
        Unflatten((128, 1, 1)),
        ConvTranspose2d(128, 256, kernel_size=1),
        ReLU(),
        ConvTranspose2d(256, 784, kernel_size=1),  # a channel a pixel
        Flatten(),
        Sigmoid(),
    )
    heads = Linear(128, latent_dim), Linear(128, latent_dim)
    return VAE(trunk, *heads, decoder, reconstruction="bce", prior=prior)


def kmnist_vae(latent_dim: int = 128) -> VAE:
    """Document 004: four strided convolutions down, four transposed ones up, batch norm."""
    channels = [1, 28, 56, 112, 224]
    trunk: list[Layer] = []
    for inputs, outputs in pairwise(channels):  # 28 → 14 → 7 → 4 → 2 pixels
        convolution = Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1)
        trunk += [convolution, BatchNorm2d(outputs), LeakyReLU()]
    decoder: list[Layer] = [Linear(latent_dim, 224), Unflatten((224, 1, 1))]
    for inputs, outputs, stride, padding in (
        (224, 112, 1, 0),  # 1 → 4 pixels
        (112, 56, 2, 1),  # → 8
        (56, 28, 2, 2),  # → 14
        (28, 1, 2, 1),  # → 28
    ):
        decoder += [
            ConvTranspose2d(inputs, outputs, 4, stride=stride, padding=padding, bias=False),
            BatchNorm2d(outputs),
            LeakyReLU(),
        ]
    heads = Linear(896, latent_dim), Linear(896, latent_dim)
    return VAE(
        Sequential(*trunk, Flatten()),
        *heads,
        Sequential(*decoder[:-2], Sigmoid()),
        reconstruction="bce",
    )
