"""The networks of the documents, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tinyae.layers import (
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    Unflatten,
)
from tinyae.models.vae import VAE

__all__ = ["conv_vae", "dense_relu", "dense_vae", "mlp_vae"]


def dense_relu(sizes: Sequence[int], *, last: Layer | None = None) -> Sequential:
    """Linear layers from size to size, ReLU between them, and ``last`` (or nothing) after them."""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes):
        layers += [Linear(inputs, outputs), ReLU()]
    return Sequential(*layers[:-1], *([last] if last else []))


def dense_vae(sizes: Sequence[int], latent_dim: int) -> VAE:
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
