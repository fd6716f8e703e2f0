"""Many fits in one process: ``python -m tests.soak.fits NUMBER`` prints its memory after each."""

from __future__ import annotations

import gc
import sys

import numpy as np

import tinyae as ta
from tinyae.recipes import networks

WARM_UP = 40
"""Fits before the first look: caches fill, and the allocator finds its size."""


def resident() -> int:
    """Bytes of memory that this process has now."""
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:")) * 1024


def fit_one(number: int) -> None:
    """A model of one of four kinds learns a little, is saved nowhere and forgotten."""
    x = np.random.default_rng(number).uniform(0.1, 0.9, (64, 784)).astype("float32")
    images = x.reshape(-1, 1, 28, 28)
    kind = number % 4
    if kind == 0:
        model, data = networks.mlp_vae(latent_dim=2), x
    elif kind == 1:
        model, data = networks.conv_vae(), images
    elif kind == 2:
        model, data = ta.Autoencoder(ta.Linear(784, 32), ta.Linear(32, 784)), x
    else:
        stacked = ta.StackedAutoencoder((784, 64, 16))
        stacked.pretrain(x, 4, 16, progress=False)
        return
    loss = None if hasattr(model, "loss") else ta.MSELoss()
    batches = ta.data.DataLoader(data, batch_size=16, shuffle=True)
    ta.fit(model, batches, 1, ta.Adam(model.parameters()), loss, progress=False)


def main(fits: int) -> None:
    """Print the memory in use after each fit."""
    for number in range(WARM_UP + fits):
        fit_one(number)
        gc.collect()
        if number >= WARM_UP - 1:
            print(resident(), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
